"""The certificate as one self-contained HTML page."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from harness.certify.certificate import Certificate
from harness.certify.changes import told
from harness.certify.evidence_age import days_old, drift_told
from harness.certify.page import words
from harness.certify.page.face import face
from harness.certify.page.failures import anchors, failures
from harness.certify.page.matrices import fault_matrices, requirements_matrix
from harness.certify.page.source import Source
from harness.certify.page.survived import survived
from harness.certify.page.totals import accounts, conduct, endings, retries
from harness.certify.plain import plain
from harness.judge.outcome import outcome

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST_TEXT = 600


def page(certificate: Certificate) -> str:
    """The certificate as one self-contained HTML page; every recorded text in it is cut, spelled out and escaped."""
    source = Source.of(certificate)
    broken = failures(source)
    found = anchors(broken)
    style, script = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(
            document=source.document,
            face=face(source, broken),
            failures=broken,
            requirements=requirements_matrix(source, found),
            faults=fault_matrices(source),
            endings=endings(source),
            accounts=accounts(source),
            conduct=conduct(source),
            retries=retries(source),
            survived=survived(source) if certificate.verdict == "certified" else (),
            comparison=certificate.comparison,
            compared=told(certificate.comparison) if certificate.comparison else "",
            runs=_runs(source),
            not_struck=[(run.plan, run.not_fired) for run in certificate.runs if not run.exercised],
            environment=words.environment(source.document),
            glossary=words.GLOSSARY,
            style=Markup(style),
            script=Markup(script),
            style_digest=_digest(style),
            script_digest=_digest(script),
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_fit,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup
    environment.filters["drift"] = drift_told
    environment.filters["age"] = lambda recorded_at, issued_at: _days_told(days_old(recorded_at, issued_at))
    environment.filters["spaced"] = lambda text: text.replace("_", " ")
    return environment


def _days_told(days: int | None) -> str:
    return "unknown" if days is None else f"{days} day{'' if days == 1 else 's'}"


def _fit(value: Any) -> Any:
    """Whatever is written: of readable length, with nothing in it that turns the writing direction."""
    return plain(value, most=_LONGEST_TEXT) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(text: str) -> str:
    """As a content security policy names the one style, or script, that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _runs(source: Source) -> dict[str, list[tuple[str, str, str]]]:
    """Of each vendor: every run's plan, ending and history."""
    found: dict[str, list[tuple[str, str, str]]] = {vendor: [] for vendor in source.vendors}
    for run in source.certificate.runs:
        ended = outcome(run) if run.exercised else "not_exercised"
        found.setdefault(run.vendor, []).append((run.plan, ended, source.places[run.plan]))
    return found
