"""The ``networkCallRecords`` of the Azure SDKs for Android, C++ and Java. They keep no body of a request."""

from collections.abc import Mapping
from typing import Any

from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import body_bytes, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, part_of, read_each

_NOT_HEADERS = frozenset({"statuscode", "status_code", "body", "reason_phrase"})


def recognises(document: Any) -> bool:
    """Whether there are network call records."""
    return bool(entries_of(document, "networkCallRecords"))


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The records in order."""
    return read_each("record", document["networkCallRecords"], _convert)


def _convert(entry: Mapping[str, Any]) -> Converted:
    response = part_of(entry, "Response")
    facts = {name.lower(): value for name, value in response.items() if name.lower() in _NOT_HEADERS}
    status = facts.get("statuscode", facts.get("status_code"))
    if status is None:
        return Converted(None, ("left out, for it failed without an answer",))
    method = str(entry["Method"])
    recorded = RecordedExchange(
        method=method,
        url=entry["Uri"] if "Uri" in entry else entry["Url"],
        request_headers=header_lines(entry.get("Headers")),
        request_body=b"",
        status=int(status),
        reply_headers=header_lines({name: value for name, value in response.items() if name.lower() not in facts}),
        reply_body=body_bytes(facts.get("body")),
        reason=str(facts.get("reason_phrase") or ""),
    )
    writes = method.upper() not in ("GET", "HEAD", "DELETE", "OPTIONS")
    return converted(recorded, left_out=("the request's body is not kept by this format",) if writes else ())


FORMAT = Format(name="Azure call records", recognises=recognises, read=read)
