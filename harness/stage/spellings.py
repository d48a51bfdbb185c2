"""The forms in which one value stands in a text: as it is, URL-encoded, escaped, in Base64 alone or amid something
longer. What is replaced, and what is searched for, is both made of them."""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

SHORTEST_EVERYWHERE = 8
"""Shorter values are replaced only where a rule finds them: ``admin`` is a password here and a name there."""

_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: quote(quote(value, safe=""), safe=""),
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),  # as PHP writes JSON
    html.escape,
    lambda value: value.encode().hex(),
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
)
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


def spellings(value: str) -> tuple[str, ...]:
    """Every form of the value, in Base64 also the part that stays the same in the middle of something longer."""
    return tuple(dict.fromkeys(form for form in (*(spell(value) for spell in _SPELLINGS), *_cores(value)) if form))


def everywhere(mapping: Mapping[str, str]) -> Callable[[str], str]:
    """A function that puts each value's stand-in wherever a form of the value stands. Short values are left out."""
    long = {value: stand_in for value, stand_in in mapping.items() if len(value) >= SHORTEST_EVERYWHERE}
    forms: dict[str, str] = {}
    for value, stand_in in long.items():
        for spell in _SPELLINGS:
            forms.setdefault(spell(value), spell(stand_in))
    for stand_in in mapping.values():  # What stands in already is left whole: one value may be part of another's.
        forms.setdefault(stand_in, stand_in)
    plainly, cores = replacing(forms), re.compile("|".join(re.escape(core) for value in long for core in _cores(value)))

    def replaced(text: str) -> str:
        text = plainly(text)
        if not cores.pattern or not cores.search(text):
            return text
        return _BASE64_RUN.sub(lambda match: _recoded(match[0], long), text)

    return replaced


def replacing(forms: Mapping[str, str]) -> Callable[[str], str]:
    """A function that replaces each key by its value, the longest first, and nothing twice."""
    if not forms:
        return lambda text: text
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(form) for form in longest_first))
    return lambda text: pattern.sub(lambda match: forms[match.group()], text)


def _cores(value: str) -> tuple[str, ...]:
    """What every Base64 of a text around the value contains: one form for each place it can begin at."""
    cores = []
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + value.encode()).decode().rstrip("=")
        core = encoded[(offset * 8 + 5) // 6 : len(encoded) - 1]
        if len(core) >= SHORTEST_EVERYWHERE:
            cores += [core, core.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(cores))


def _recoded(run: str, mapping: Mapping[str, str]) -> str:
    """The Base64 run with the values in what it encodes replaced; as it is where it encodes none."""
    replaced = inner = decoded_run(run)
    for value, stand_in in mapping.items():
        replaced = replaced.replace(value.encode(), stand_in.encode())
    return run if replaced == inner else encoded_like(run, replaced)


def decoded_run(run: str) -> bytes:
    """What the run of Base64 encodes, in either alphabet, padded or not; nothing where it is none."""
    padded = run.rstrip("=")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), altchars=_alphabet(run), validate=True)
    except (binascii.Error, ValueError):
        return b""


def encoded_like(run: str, content: bytes) -> str:
    """The content in the run's alphabet, padded if the run is."""
    encoded = base64.b64encode(content, altchars=_alphabet(run)).decode()
    return encoded if run.endswith("=") or len(run) % 4 == 0 else encoded.rstrip("=")


def _alphabet(run: str) -> bytes | None:
    return b"-_" if "-" in run or "_" in run else None
