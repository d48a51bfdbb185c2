"""Natural keys, compared as the vendor compares them."""

import re
import unicodedata

from harness.dialects.writing import KeysCompare

_BLANKS = re.compile(r"[\s_]+")


def compared(keys: KeysCompare, key: str) -> str:
    """Equal for two keys that are one to the vendor. Unicode's two spellings of one letter are always one here."""
    key = unicodedata.normalize("NFC", key)
    if keys.inner_space == "runs_are_one":
        key = _BLANKS.sub(" ", key)
    key = key.strip() if keys.outer_space == "ignored" else key
    if keys.first_letter == "capital":
        key = key[:1].upper() + key[1:]
    return key.casefold() if keys.case == "ignored" else key


def one_key(keys: KeysCompare, one: object, other: str) -> bool:
    """Whether the two are one key to the vendor."""
    return isinstance(one, str) and compared(keys, one) == compared(keys, other)


def alike(one: object, other: str) -> bool:
    """Whether a vendor could take the two for one key: they differ in case, outer white space or spelling alone."""
    lenient = KeysCompare(case="ignored", outer_space="ignored")
    return isinstance(one, str) and compared(lenient, one) == compared(lenient, other)
