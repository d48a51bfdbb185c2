"""How a session that was begun outside pytest gets to the scenarios inside it, and its certificate back."""

import pytest

from harness.certify.certificate import Certificate
from harness.certify.session import Session

SESSION = pytest.StashKey[Session]()
ISSUED = pytest.StashKey[Certificate]()
"""The certificate as it was written; issued once, since what it says of itself holds a time."""


class Given:
    """A session that was begun by the caller of pytest."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stash = pytest.Stash()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the session over before anything is collected."""
        config.stash[SESSION] = self._session
        self._stash = config.stash

    @property
    def certificate(self) -> Certificate:
        """What pytest's session ended with."""
        return self._stash[ISSUED]
