"""Finds fields in a text by their names, in each form in which one is written, and puts something else there."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from harness.stage.secret_rules import FieldRule, HeaderRule, Rule

Swap = Callable[[str, str], str]
"""Kind and secret in, what shall stand there out."""

# Of each, the group before the last but one is the field's name, and the last one its value.
_NAME = r"[A-Za-z_][\w.-]{0,63}"
_IN_JSON = re.compile(rf'(")({_NAME})("\s*:\s*)("(?:[^"\\]|\\.)*")')
_IN_TEXT_OF_JSON = re.compile(rf'(?<!\\)(\\{{1,31}})"({_NAME})(\1"\s*:\s*\1")((?:[^"\\]|\\+(?!["\\]))+)(?=\1")')
_IN_SINGLE_QUOTES = re.compile(rf"(')({_NAME})('\s*:\s*')([^'\"\\]+)(?=')")
_IN_XML = re.compile(rf"(<(?:\w{{1,64}}:)?)({_NAME})((?:\s[^<>]*)?>)([^<>]+)(?=</)")
_IN_ATTRIBUTE = re.compile(rf"""(\s)({_NAME})(=\\?["'])([^"'<>\\]+)(?=\\?["'])""")
_IN_QUERY = re.compile(rf"(?m)(^|[?&#;]|\\u0026)({_NAME})(=)([^&#;\s\"'<>\\]+)")
_IN_ENCODED_QUERY = re.compile(rf"(?i)(%3F|%26|%23)({_NAME})(%3D)((?:(?!%26|%23)[^&#;\s\"'<>\\])+)")
_IN_ENCODED_JSON = re.compile(
    rf"(?i)(%22)({_NAME})(%22(?:%20|\+)*%3A(?:%20|\+)*%22)((?:(?!%22)[^&#;\s\"'<>\\])+)(?=%22)"
)
_IN_MULTIPART = re.compile(rf'(;\s?name=")({_NAME})("(?:\r?\n[^\r\n]+){{0,5}}(?:\r\n\r\n|\n\n))([^\r\n]+)')

_Named = TypeVar("_Named", FieldRule, HeaderRule)


class Names(Generic[_Named]):
    """Which rule a name falls under, whatever its case and whatever joins its words."""

    def __init__(self, rules: Iterable[tuple[str, _Named]]) -> None:
        self._whole: dict[str, _Named] = {}
        self._ends: dict[str, _Named] = {}
        for name, rule in rules:
            (self._ends if name.startswith("*") else self._whole).setdefault(_joined(name.removeprefix("*")), rule)
        self._all_ends = tuple(self._ends)

    def rule_of(self, name: str) -> _Named | None:
        """The rule that has the name, or else the first one that has its end and does not say it is harmless."""
        joined = _joined(name)
        if joined in self._whole or not joined.endswith(self._all_ends):
            return self._whole.get(joined)
        rule = next(rule for end, rule in self._ends.items() if joined.endswith(end))
        return None if name in rule.harmless or any(word in joined for word in rule.harmless) else rule


def _joined(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(".", "").lower()


@lru_cache(maxsize=8)
def fields_of(rules: tuple[Rule, ...]) -> Names[FieldRule]:
    """The names in the rules for fields."""
    return Names((field, rule) for rule in rules if isinstance(rule, FieldRule) for field in rule.fields)


@lru_cache(maxsize=8)
def headers_of(rules: tuple[Rule, ...]) -> Names[HeaderRule]:
    """The names in the rules for headers."""
    return Names((rule.header, rule) for rule in rules if isinstance(rule, HeaderRule))


def swapped_fields(text: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    """The text with ``swap(kind, value)`` in the place of every field whose name a rule has."""
    rule_of = fields_of(rules).rule_of
    for form, (sign, read, spell) in _FORMS.items():
        if sign not in text:
            continue

        def new(match: re.Match[str], read: _Read = read, spell: _Read = spell) -> str:
            spelled = match[match.re.groups]
            rule = rule_of(match[match.re.groups - 2])
            value = read(spelled) if rule else ""
            if not rule or not value or value in rule.public or (put := swap(rule.name, value)) == value:
                return match[0]
            return match[0].removesuffix(spelled) + spell(put)

        text = form.sub(new, text)
    return text


def _member(spelled: str) -> str:
    try:
        return str(json.loads(spelled, strict=False))
    except ValueError:
        return ""


_Read = Callable[[str], str]
_FORMS: Mapping[re.Pattern[str], tuple[str, _Read, _Read]] = {
    _IN_JSON: ('"', _member, json.dumps),
    _IN_TEXT_OF_JSON: ("\\", str, str),
    _IN_SINGLE_QUOTES: ("'", str, str),
    _IN_XML: ("<", str, str),
    _IN_ATTRIBUTE: ("=", str, str),
    _IN_QUERY: ("=", unquote_plus, quote_plus),
    _IN_ENCODED_QUERY: ("%", lambda one: unquote_plus(unquote(one)), lambda one: quote(quote_plus(one))),
    _IN_ENCODED_JSON: ("%", unquote_plus, quote_plus),
    _IN_MULTIPART: ("name=", str, str),
}
"""Each form with what a text must hold to have it at all, how a value is read there, and how it is spelled."""
