"""Betamax for requests (https://betamax.readthedocs.io): VCR's document, with the answer's address, and below version
0.4 with a bare status code."""

from collections.abc import Mapping
from typing import Any

from harness.stage.exchange import Converted
from harness.stage.formats import ruby_vcr
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, first_part, part_of


def recognises(document: Any) -> bool:
    """Whether there are HTTP interactions whose answer names its address."""
    return "url" in first_part(entries_of(document, "http_interactions"), "response")


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The interactions in order."""
    return ruby_vcr.read_interactions(document, lambda entry: _convert(entry, surroundings))


def _convert(entry: Mapping[str, Any], surroundings: Surroundings) -> Converted:
    response = part_of(entry, "response")
    if "status_code" in response:
        response = {**response, "status": {"code": response["status_code"]}}
    return ruby_vcr.convert({**entry, "response": response}, surroundings)


FORMAT = Format(name="betamax", recognises=recognises, read=read)
