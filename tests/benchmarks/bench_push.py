"""What a push with nothing to do costs: 50,000 records in the source, the same at the vendor.

Run it with ``python -m tests.benchmarks.bench_push``. The vendor is Keystone's simulator, whose answers are kept from
a first round, so that the processor time of the others is the core's alone. That time is compared with what parsing
the vendor's pages takes, because times on a shared machine are good for ratios alone.
"""

import io
import json
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import count
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from harness.certify.evidence import evidence_for
from harness.certify.shipped import shipped
from harness.core import Integration
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials
from harness.stage.http1 import Reply, Request
from harness.stage.recordings import load_folder
from harness.stage.shown import Shown, learn
from harness.stage.simulator import Simulator

RECORDS = 50_000
PAGE_CAP = 1_000
LOOKED_UP = 500
ROUNDS = 5
MOST_TIMES_PARSING = 12.0
FIELDS = ("name", "email")


class Remembering(HTTPAdapter):
    """The simulator, whose answer to one address is always the first one; ``sent`` counts requests."""

    def __init__(self, vendor: Simulator) -> None:
        super().__init__()
        self.vendor = vendor
        self.sent = 0
        self.pages: dict[str, Reply] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The simulator's answer, without a network."""
        self.sent += 1
        url = request.url or ""
        if url not in self.pages:
            split = urlsplit(url)
            target = split.path + (f"?{split.query}" if split.query else "")
            body = request.body.encode() if isinstance(request.body, str) else request.body or b""
            self.pages[url] = self.vendor.handle(Request(request.method or "", target, (), body, split.netloc, True))
        reply = self.pages[url]
        raw = HTTPResponse(
            io.BytesIO(reply.body), headers=dict(reply.headers), status=reply.status, preload_content=False
        )
        return self.build_response(request, raw)


def people(shown: Shown) -> Iterator[dict[str, Any]]:
    """Records as the vendor holds them, each with an id, a name and an address of its own."""
    for number in range(RECORDS):
        name = f"person-{number:05d}"
        yield {**shown.records[0], "id": f"{number:032x}", "name": name, "email": f"{name}@example.org"}


def main() -> int:
    """Print the figures; 1 when more is asked than the pages, or when the core takes too long beside the parsing."""
    evidence = evidence_for(KEYSTONE, load_folder(shipped("cassettes") / "keystone"))
    shown = learn(KEYSTONE, evidence.pull, evidence.simulates)
    ids = count()
    held = tuple(people(shown))
    adapter = Remembering(Simulator(shown, new_id=lambda: f"{next(ids):032x}", records=held, cap=PAGE_CAP))
    source = [{name: record[name] for name in FIELDS} for record in held]
    _push_once(adapter, source)
    sent_before = adapter.sent
    cpu_s = [_push_once(adapter, source) for _ in range(ROUNDS)]
    sent = (adapter.sent - sent_before) / ROUNDS
    parsing_s = median(_parse_once(adapter.pages) for _ in range(ROUNDS))
    ratio, pages = median(cpu_s) / parsing_s, -(-RECORDS // PAGE_CAP)
    looked_up = _looked_up_one_by_one(adapter, source[:LOOKED_UP])
    print(f"records in the source         {RECORDS:8,}")
    print(f"requests sent                 {sent:8,.0f} ({pages} pages of {PAGE_CAP:,}, and the token)")
    print(f"requests of a push by lookup  {looked_up * RECORDS:8,.0f} ({looked_up:.2f} for each record)")
    print(f"processor time a record       {median(cpu_s) / RECORDS * 1e6:8.1f} us")
    print(f"{ratio:.1f} times what parsing the pages takes; at most {MOST_TIMES_PARSING:g} is accepted")
    return int(sent > pages + 1 or ratio > MOST_TIMES_PARSING)


def _opened(adapter: Remembering) -> Integration:
    session = requests.Session()
    session.mount(KEYSTONE.base_url, adapter)
    return Integration(KEYSTONE, credentials=ClientCredentials("client", "secret"), session=session)


def _push_once(adapter: Remembering, source: list[dict[str, Any]]) -> float:
    """Processor time of a push that finds everything as it should be."""
    with _opened(adapter) as keystone:
        began_s = time.process_time()
        report = keystone.apply("users", keystone.reconcile("users", source))
        spent_s = time.process_time() - began_s
    if len(report.unchanged) != RECORDS:
        raise RuntimeError(f"something was to do: {report}")
    return spent_s


def _parse_once(pages: Mapping[str, Reply]) -> float:
    began_s = time.process_time()
    for reply in pages.values():
        json.loads(reply.body)
    return time.process_time() - began_s


def _looked_up_one_by_one(adapter: Remembering, source: list[dict[str, Any]]) -> float:
    """Requests for each record where every one is looked up."""
    before = adapter.sent
    with _opened(adapter) as keystone:
        keystone.push("users", source)
    return (adapter.sent - before - 1) / len(source)


if __name__ == "__main__":
    sys.exit(main())
