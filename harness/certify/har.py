"""A run's exchanges as an HTTP Archive (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/).

Times are the run's virtual ones; ``START`` of every run is the same day. What HAR has no word for is in fields whose
names begin with an underscore, as the specification asks.
"""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import harness
from harness.stage.history import Exchange, Headers, Run
from harness.stage.play import START

_UNKNOWN = -1


def har(run: Run) -> dict[str, Any]:
    """The archive of one run; an exchange without a whole answer has the status 0, as browsers write it."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "integration-harness", "version": harness.__version__},
            "entries": [_entry(exchange) for exchange in run.exchanges()],
            "comment": f"{run.plan}, against the {run.against}; times are virtual",
        }
    }


def _entry(exchange: Exchange) -> dict[str, Any]:
    took_ms = (exchange.answered_us - exchange.sent_us) / 1000 if exchange.answered_us is not None else 0
    return {
        "startedDateTime": (START + timedelta(microseconds=exchange.sent_us)).isoformat(timespec="milliseconds"),
        "time": took_ms,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        "_act": exchange.act,
        "_point": exchange.point,
        "_fault": exchange.fault,
        **({"comment": f"struck by {exchange.fault}"} if exchange.fault else {}),
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    url = exchange.target if "://" in exchange.target else f"https://{exchange.host}{exchange.target}"
    headers = exchange.request_headers
    body = {"postData": {"mimeType": _first(headers, "content-type"), "text": exchange.request_body}}
    return {
        "method": exchange.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [_pair(part) for line in _all(headers, "cookie") for part in line.split(";")],
        "headers": _listed(headers),
        "queryString": _query(exchange.target),
        "headersSize": _UNKNOWN,
        "bodySize": _bytes(exchange.request_body),
        **(body if exchange.request_body else {}),
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    headers, status = exchange.reply_headers, exchange.status or 0
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "",
        "httpVersion": "HTTP/1.1" if status else "unknown",
        "cookies": [_pair(line.partition(";")[0]) for line in _all(headers, "set-cookie")],
        "headers": _listed(headers),
        "content": {
            "size": _bytes(exchange.reply_body),
            "mimeType": _first(headers, "content-type") or "x-unknown",
            "text": exchange.reply_body,
        },
        "redirectURL": _first(headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": _bytes(exchange.reply_body) if status else _UNKNOWN,
    }


def _query(target: str) -> list[dict[str, str]]:
    try:
        query = urlsplit(target).query
    except ValueError:  # a subject may send an address that is none
        query = target.partition("?")[2]
    return [{"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)]


def _listed(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _all(headers: Headers, wanted: str) -> Iterator[str]:
    return (value for name, value in headers if name == wanted)


def _first(headers: Headers, wanted: str) -> str:
    return next(_all(headers, wanted), "")


def _pair(text: str) -> dict[str, str]:
    name, _, value = text.strip().partition("=")
    return {"name": name, "value": value}


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
