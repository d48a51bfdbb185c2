"""How a session that was begun outside pytest gets to the scenarios inside it."""

import pytest

from harness.certify.session import Session

SESSION = pytest.StashKey[Session]()


class Given:
    """A session that was begun by the caller of pytest."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the session over before anything is collected."""
        config.stash[SESSION] = self._session
