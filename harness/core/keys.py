"""Natural keys, compared as the vendor compares them."""

import unicodedata

from harness.dialects.writing import KeysCompare


def compared(keys: KeysCompare, key: str) -> str:
    """Equal for two keys that are one to the vendor. Unicode's two spellings of one letter are always one here."""
    key = unicodedata.normalize("NFC", key)
    key = key.strip() if keys.outer_space == "ignored" else key
    return key.casefold() if keys.case == "ignored" else key


def alike(one: object, other: str) -> bool:
    """Whether a vendor could take the two for one key: they differ in case, outer white space or spelling alone."""
    lenient = KeysCompare(case="ignored", outer_space="ignored")
    return isinstance(one, str) and compared(lenient, one) == compared(lenient, other)
