"""Certifies subjects from a test, alone or many side by side, and says which requirements failed."""

import contextlib
import inspect
import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness.certify.command import certification
from harness.certify.session import Options

ROOT = Path(__file__).parents[1]
Answer = TypeVar("Answer")


def certified(subject, folder=None, **options):
    """The certificate of the subject, with all that belongs to it in the folder where one is named.

    Options are as ``harness certify`` takes them.
    """
    with contextlib.redirect_stderr(io.StringIO()):
        return certification(Options(subject=subject, folder=ROOT, **options), unfinished=folder)


def values(certificate, value):
    """The ids of the requirements with that verdict."""
    return {judged.requirement.id for judged in certificate.judged if judged.value == value}


def name_of(subject):
    """The subject as ``harness certify`` is told it."""
    return f"{subject.__module__}:{subject.__name__}"


@dataclass(frozen=True)
class Told:
    """What a certificate says, short enough to cross from one process to another."""

    verdict: str
    failed: frozenset[str]
    alarms: tuple[tuple[str, str, str], ...]
    """Requirement, its verdict and the first finding, of all that neither passed nor do not apply."""


def told_of(subject: str, options: dict[str, Any]) -> Told:
    """What the certificate of that subject says."""
    certificate = certified(subject, workers=1, **options)
    alarms = tuple(
        (judged.requirement.id, judged.value, "".join(finding.sentence for finding in judged.findings[:1]))
        for judged in certificate.judged
        if judged.value not in ("passed", "not_applicable")
    )
    return Told(certificate.verdict, frozenset(values(certificate, "failed")), alarms)


def histories_of(subject: str, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """What three certifications of that subject, one after the other, saw."""
    first, second, third = (certified(subject, workers=2, **options).runs for _ in range(3))
    return first, second, third


def side_by_side(
    request: pytest.FixtureRequest, ask: Callable[[str, dict[str, Any]], Answer], options: Callable[[type], Any]
) -> Iterator[Callable[[type], Answer]]:
    """The answer for each subject that a selected test of the module asks the fixture for.

    Each process certifies mostly with one worker: a supervisor that judges would leave a core idle. Whoever speaks to
    most vendors comes first: a long certification that starts last would have the other processes wait for its end.
    """
    tests = [item for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    wanted = dict.fromkeys(
        item.callspec.params["subject"]
        for item in tests
        if request.fixturename in inspect.signature(item.function).parameters
    )
    pool: ProcessPoolExecutor = request.getfixturevalue("certifying_processes")
    futures: dict[type, Future[Answer]] = {
        subject: pool.submit(ask, name_of(subject), options(subject))
        for subject in sorted(wanted, key=lambda subject: -len(options(subject).get("vendors", ())))
    }
    yield lambda subject: futures[subject].result()
    for future in futures.values():
        future.cancel()
