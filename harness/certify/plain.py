"""Recorded text made fit for a terminal, for Markdown and for XML: nothing in it acts, and nothing is lost silently."""

import html
import re
import unicodedata

_XML_FORBIDS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN_ACTS = re.compile(r"[\\`*_{}\[\]#!|~$^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
# A name after @ is told of the comment that it stands in, escaped or not; a space of no width takes that away.
_MENTION = "&#64;&#8203;"


def plain(text: str, *, most: int = 400) -> str:
    """The text on one line of at most ``most`` characters; what controls a terminal or turns the writing direction is
    spelled out."""
    shown = "".join(_spelled(character) for character in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _spelled(character: str) -> str:
    if character in "\n\t\r":
        return " "
    # Cc: control; Cf: format, bidi among it; Cs: half of a pair; Zl, Zp: line ends of their own.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def in_markdown(text: str) -> str:
    """The text as Markdown that renders as exactly these characters, in a paragraph, a list or a table."""
    escaped = html.escape(plain(text), quote=False).replace("@", _MENTION)
    return re.sub(r"&(#?\w+;)|" + _MARKDOWN_ACTS.pattern, _entity, escaped, flags=re.IGNORECASE)


def _entity(found: re.Match[str]) -> str:
    return found[0] if found[1] else f"&#{ord(found[0])};"


def in_xml(text: str) -> str:
    """The text with every character that XML 1.0 forbids spelled out (https://www.w3.org/TR/xml/#charsets)."""
    return _XML_FORBIDS.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)
