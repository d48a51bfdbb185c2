"""What the beginning of an address says."""

import re

_HOME = re.compile(r"https?://[^/?#@]+(?=[/?#]|\Z)", re.ASCII)


def home(url: str) -> str:
    """Scheme, host and port as they are written there; empty where they are not plain, or names of users among them."""
    found = _HOME.match(url)
    return found[0] if found else ""
