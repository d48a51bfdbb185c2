"""Where alerts go: a web hook, or any service that Apprise knows. Addresses hold secrets and are never repeated."""

from urllib.parse import urlsplit

import requests

_TIMEOUT_S = 10.0


class AlertFailed(Exception):
    """The channel did not take the alert. Names the channel's host, or its kind, and never its address."""


class Webhook:
    """Posts ``{"text": ...}``, as Slack, Mattermost, Teams workflows and Rocket.Chat read it.

    Raises:
        ValueError: The address is no web address.
    """

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ValueError("a web hook's address begins with http:// or https://, and then names a host")
        self._url = url
        self._host = split.hostname

    def __repr__(self) -> str:
        return f"Webhook({self._host!r})"

    def __call__(self, text: str) -> None:
        """Deliver the text.

        Raises:
            AlertFailed: It was not taken.
        """
        try:
            # What it answers beside its status is nobody's, and may never end.
            with requests.post(
                self._url, json={"text": text}, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
            ) as reply:
                taken = reply.ok and not reply.is_redirect
        except requests.RequestException as error:
            # The error's text holds the address.
            raise AlertFailed(f"the web hook at {self._host} cannot be reached: {type(error).__name__}") from None
        if not taken:
            raise AlertFailed(f"the web hook at {self._host} answered {reply.status_code}")


class Apprise:
    """Tells one service by its Apprise address: ``mailto://``, ``slack://``, ``pagerduty://``.

    Raises:
        ValueError: Apprise is not installed, or knows no such address.
    """

    def __init__(self, url: str) -> None:
        try:
            import apprise
        except ModuleNotFoundError:
            raise ValueError("an Apprise address needs Apprise: pip install 'integration-harness[alerts]'") from None
        self._kind = urlsplit(url).scheme
        self._channel = apprise.Apprise()
        if not self._channel.add(url):
            raise ValueError(f"Apprise knows no such {self._kind or 'nameless'}:// address; see its documentation")

    def __repr__(self) -> str:
        return f"Apprise({self._kind!r})"

    def __call__(self, text: str) -> None:
        """Deliver the text.

        Raises:
            AlertFailed: It was not taken.
        """
        if not self._channel.notify(body=text, title="integration harness"):
            raise AlertFailed(f"the {self._kind} channel did not take the alert; Apprise's log says why")
