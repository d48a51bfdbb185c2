"""Prometheus metrics, read from the ledger: a job that ends cannot be scraped, and its ledger can. Needs the extra
``metrics``."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from harness.core.ledger import Ledger
from harness.core.usage import Usage


class LedgerCollector(Collector):
    """What the ledger tells, anew at each scrape. Register it, or print it with ``metrics_text``."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering it does not read the ledger."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Runs by their end, records by what became of them, and what was asked of the vendor.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        yield from self._stand()
        yield from self._history()

    def _stand(self) -> Iterable[Metric]:
        success = GaugeMetricFamily(
            "harness_last_success_timestamp_seconds", "When the last success ended.", labels=["integration"]
        )
        expected = GaugeMetricFamily(
            "harness_expected_every_seconds", "How often a success is expected.", labels=["integration"]
        )
        well = GaugeMetricFamily("harness_well", "1 where nobody needs to look, else 0.", labels=["integration"])
        for one in self._ledger.status():
            if one.last_success_s is not None:
                success.add_metric([one.integration], one.last_success_s)
            if one.expected_every_s is not None:
                expected.add_metric([one.integration], one.expected_every_s)
            well.add_metric([one.integration], float(one.well))
        yield from (success, expected, well)

    def _history(self) -> Iterable[Metric]:
        ends, records, used = Counter[tuple[str, str]](), Counter[tuple[str, str]](), defaultdict[str, Usage](Usage)
        for run in self._ledger.runs():
            ends[run.integration, run.state] += 1
            records.update({(run.integration, kind): count for kind, count in run.counts.items()})
            used[run.integration] += run.usage
        yield _counter("harness_runs", "Runs, by how they ended.", ("integration", "end"), ends)
        yield _counter("harness_records", "Records, by what became of them.", ("integration", "outcome"), records)
        limits = {(name,): usage.limit_hits for name, usage in used.items()}
        yield _counter("harness_limit_hits", "Requests refused as too much.", ("integration",), limits)
        tokens = {(name,): usage.token_refreshes for name, usage in used.items()}
        yield _counter("harness_token_refreshes", "Tokens bought.", ("integration",), tokens)
        requests = SummaryMetricFamily("harness_request_seconds", "Requests and their time.", labels=["integration"])
        for name, usage in sorted(used.items()):
            requests.add_metric([name], usage.requests, usage.request_s)
        yield requests


def metrics_text(ledger: Ledger) -> str:
    """The ledger's metrics in Prometheus' text format, as node_exporter's textfile collector takes them.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ledger))
    return generate_latest(registry).decode()


def _counter(name: str, told: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
