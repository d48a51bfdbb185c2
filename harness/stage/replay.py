"""A vendor that answers from a recording. Finds by index; several equal requests are answered in order, the last
repeats."""

import json
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from harness.stage.documents import parsed
from harness.stage.http1 import Reply, Request
from harness.stage.recordings import RecordedExchange
from harness.stage.vendor import NotRecorded

_Shape = tuple[str, str, tuple[tuple[str, str], ...], str]


class Replay:
    """Answers what was recorded; of anything else it knows nothing.

    Requests match by method, path, sorted query, and body: JSON and forms by their content, anything else byte by byte.
    At ``any_body_at`` the body does not count: at a token endpoint it holds credentials, which no recording keeps.
    """

    def __init__(self, exchanges: Sequence[RecordedExchange], *, any_body_at: str = "") -> None:
        self._any_body_at = any_body_at
        self._answers: dict[_Shape, list[RecordedExchange]] = defaultdict(list)
        self._given: dict[_Shape, int] = defaultdict(int)
        for exchange in exchanges:
            split = urlsplit(exchange.url)
            target = split.path + (f"?{split.query}" if split.query else "")
            self._answers[self._shape(exchange.method, target, exchange.request_body)].append(exchange)

    def handle(self, request: Request) -> Reply:
        """The recorded answer.

        Raises:
            NotRecorded: The recording holds no such request.
        """
        shape = self._shape(request.method, request.target, request.body)
        answers = self._answers.get(shape)
        if answers is None:
            raise NotRecorded(f"{request.method} {request.target}")
        exchange = answers[min(self._given[shape], len(answers) - 1)]
        self._given[shape] += 1
        return Reply(exchange.status, exchange.reply_headers, exchange.reply_body)

    def begin_again(self) -> None:
        """From here on the recording is answered from its start."""
        self._given.clear()

    def _shape(self, method: str, target: str, body: bytes) -> _Shape:
        split = urlsplit(target)
        query = tuple(sorted(parse_qsl(split.query, keep_blank_values=True)))
        return method, split.path, query, "" if split.path == self._any_body_at else _canonical(body)


def _canonical(body: bytes) -> str:
    if not body:
        return ""
    document = parsed(body)
    if document is not None:
        return json.dumps(document, sort_keys=True, ensure_ascii=False)
    text = body.decode("utf-8", "surrogateescape")
    return repr(sorted(parse_qsl(text, keep_blank_values=True))) if "=" in text else text
