"""What may be done to a sandbox account: which host, whether writes, how many requests and how fast."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_OF_SANDBOXES = re.compile(
    r"(?<![a-z])(sandbox|test|testing|dev|develop|staging|stage|demo|qa|uat|local|localhost|trial)(?![a-z])"
)


class SandboxError(Exception):
    """A live run is not allowed, or not possible as it was asked for; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """One account that a live run may use."""

    base_url: str
    """Where the account is, without a slash at its end."""
    writes: bool
    """Whether records may be created, changed and removed in it."""
    max_requests: int
    per_second: float

    @property
    def host(self) -> str:
        """``host``, or ``host:port`` where the address names a port."""
        return host_of(self.base_url)


def host_of(url: str) -> str:
    """Host and port of an address as it spells them, in lower case."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def looks_like_production(host: str) -> bool:
    """Whether nothing in the host's name, and no private address, says that it is for trying things out."""
    name = (urlsplit(f"//{host}").hostname or host).lower()
    try:
        return not ipaddress.ip_address(name).is_private
    except ValueError:
        return not _OF_SANDBOXES.search(name)
