"""The token against forged requests that every form holds: asked for once, and again when it is refused."""

from threading import Lock

from harness.core.client import Client
from harness.core.documents import at
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import FormToken

FORM_TOKEN = "form_token"
"""What asking for it is called: ``pages.form_token``."""


class FormTokens:
    """Threads may share it: the first that needs the token asks, and the others wait for its answer."""

    def __init__(self, client: Client, collection: Collection, url: str, facts: FormToken) -> None:
        self._client, self._url, self._facts = client, url, facts
        self._operation = f"{collection.name}.{FORM_TOKEN}"
        self._lock = Lock()
        self._token = ""

    def param(self, key: str) -> Pairs:
        """The form's parameter with the token in it; ``key`` is the record that it is needed for.

        Raises:
            IntegrationError: It could not be had.
        """
        with self._lock:
            self._token = self._token or self._asked(key)
            return ((self._facts.param, self._token),)

    def refused(self, form: Pairs) -> None:
        """Give up the token that this form held; another thread may have given it up already."""
        with self._lock:
            if (self._facts.param, self._token) in form:
                self._token = ""

    def _asked(self, key: str) -> str:
        outgoing = Outgoing(
            operation=self._operation, method="GET", url=self._url, params=self._facts.query, record_key=key
        )

        def read(answer: Answer) -> str:
            token = at(answer.document, self._facts.path)
            if not isinstance(token, str) or not token:
                raise answer.malformed("the answer holds no token")
            return token

        return self._client.ask(outgoing, read)
