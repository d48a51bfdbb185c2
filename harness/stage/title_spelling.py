"""Titles as a vendor spells them that folds blanks and begins each with a capital."""

import re
from collections.abc import Mapping
from typing import Any

from harness.dialects.facts import Collection
from harness.dialects.writing import KeysCompare

BAD_IN_TITLES = "["
"""No record can have a title with it."""
_BLANKS = re.compile("[ _]+")


def spelled(keys: KeysCompare, key: str) -> str:
    """The natural key as the vendor itself spells it; as it is where the vendor spells none otherwise."""
    if keys.inner_space == "runs_are_one":
        key = _BLANKS.sub(" ", key).strip()
    if keys.first_letter == "capital" and len(key[:1].upper()) == 1:
        key = key[:1].upper() + key[1:]
    return key


def listed_place(collection: Collection, record: Mapping[str, Any]) -> str:
    """What a record's place in a listing by key goes by: the key, with underscores where it has spaces."""
    return str(record[collection.key_field]).replace(" ", "_")
