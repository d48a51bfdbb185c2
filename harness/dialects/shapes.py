"""How facts speak of JSON documents and of name-value pairs."""

from typing import Any

JsonPath = tuple[str | int, ...]
"""Keys and indexes that lead into a JSON document: ``("data", "@links", "next", 0, "uri")``; ``()`` is the document."""

Pairs = tuple[tuple[str, str], ...]

Fields = tuple[tuple[str, Any], ...]
"""Names with JSON values; a list stands as a tuple."""
