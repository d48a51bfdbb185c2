"""How facts speak of JSON documents and of name-value pairs."""

from typing import Any, Literal

JsonPath = tuple[str | int, ...]
"""Keys and indexes that lead into a JSON document: ``("data", "@links", "next", 0, "uri")``; ``()`` is the document."""

Pairs = tuple[tuple[str, str], ...]

Fields = tuple[tuple[str, Any], ...]
"""Names with JSON values; a list stands as a tuple."""

Form = Literal["retry_after", "delta_s", "delta_ms", "epoch_s", "epoch_ms", "iso8601", "ratelimit"]
"""How a wait is written. ``retry_after`` is whole seconds or an HTTP date (RFC 9110 s10.2.3); ``delta_s`` seconds from
now, fractions allowed; ``delta_ms`` milliseconds from now; ``epoch_s`` and ``epoch_ms`` seconds and milliseconds since
1970; ``iso8601`` a date and time; ``ratelimit`` the ``RateLimit`` field, ``"name";r=0;t=30`` (IETF draft)."""
