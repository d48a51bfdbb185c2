"""The integration with one vendor: import and provisioning."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from harness.core.client import Client
from harness.core.clock import Clock, Jitter, SystemClock
from harness.core.journal import Counts
from harness.core.listing import Listing, Record
from harness.core.pacing import Pacing
from harness.core.push import Push, PushReport
from harness.core.retry import RetryPolicy
from harness.core.transport import Bounds
from harness.dialects.credentials import Credentials
from harness.dialects.facts import Dialect, OAuth2


class Integration:
    """Imports from one vendor and provisions it. Threads may share it. Close it, or use it as a context.

    Args:
        base_url: Where the vendor is; the dialect's address where left out.
        token_url: Where tokens are bought; the dialect's path at ``base_url`` where left out.
        session: What requests are sent over: adapters, proxies, certificates. Credentials are not taken from it.
        policy: How often and how long is tried.
        pacing: What the vendor allows this account, and how many refusals are too many.
        deadline_s: How long one ``pull`` or ``push`` may take, the caller's own time between two records included;
            without end where left out. What would have to wait longer fails at once and says when to run again.
        bounds: What one exchange may take.
        jitter: A random number from 0 to 1 at each call.

    Raises:
        ValueError: The address holds a password, or the credentials are not of the vendor's kind.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        credentials: Credentials = None,
        base_url: str | None = None,
        token_url: str | None = None,
        session: requests.Session | None = None,
        policy: RetryPolicy | None = None,
        pacing: Pacing | None = None,
        deadline_s: float = math.inf,
        bounds: Bounds | None = None,
        clock: Clock | None = None,
        jitter: Jitter = random.random,
    ) -> None:
        self.dialect = dialect
        self._clock = clock or SystemClock()
        self._deadline_s = deadline_s
        self._url = (base_url or dialect.base_url).rstrip("/")
        token_path = dialect.signing.token_path if isinstance(dialect.signing, OAuth2) else ""
        for url in (self._url, token_url or ""):
            if "@" in urlsplit(url).netloc:
                raise ValueError(f"the address of {dialect.name} holds a password; give it as credentials")
        self._client = Client(
            dialect,
            token_url=token_url or self._url + token_path,
            credentials=credentials,
            session=session or requests.Session(),
            policy=policy or RetryPolicy(),
            pacing=pacing or Pacing(),
            bounds=bounds or Bounds(),
            clock=self._clock,
            jitter=jitter,
        )

    def __repr__(self) -> str:
        return f"Integration({self.dialect.name!r}, base_url={self._url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("an Integration holds secrets and connections and is not pickled; make one where it is needed")

    def __enter__(self) -> "Integration":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pull(self, collection: str, *, deadline_s: float | None = None) -> Iterator[Record]:
        """Every record of the collection once, page by page. Complete only when it ends without an error.

        Raises:
            KeyError: The dialect has no such collection.
            IntegrationError: The listing could not be read to its end.
        """
        facts = self.dialect.collection(collection)
        listing = Listing(self._by(deadline_s), facts, self._url + facts.path, operation=f"{collection}.list")
        return listing.records()

    def push(
        self, collection: str, records: Sequence[Mapping[str, Any]], *, deadline_s: float | None = None
    ) -> PushReport:
        """Afterwards the vendor holds each record once, but for those that the report names as failed.

        Raises:
            KeyError: The dialect has no such collection.
            ValueError: It cannot be written to.
            IntegrationError: Nothing gets through: credentials, limits, failure after failure.
        """
        facts = self.dialect.collection(collection)
        if facts.writing is None:
            raise ValueError(f"{self.dialect.name} does not say how {collection} are written")
        return Push(self._by(deadline_s), facts, self._url + facts.path, facts.writing).run(records)

    def counts(self) -> Counts:
        """Requests, retries, limit hits and token fetches so far."""
        return self._client.journal.counts()

    def _by(self, deadline_s: float | None) -> Client:
        """The client for a call that begins now."""
        allowed_s = self._deadline_s if deadline_s is None else deadline_s
        return self._client if allowed_s == math.inf else self._client.by(self._clock.monotonic_s() + allowed_s)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
