"""The certificate as one self-contained HTML page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from harness.certify.certificate import Certificate
from harness.certify.wording import claim, headline, recording_dates

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_FAILURES = 40


def page(certificate: Certificate) -> str:
    """The certificate as one self-contained HTML page; every recorded text in it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    document = certificate.document
    vendors = list(dict.fromkeys(vendor["name"] for vendor in document["vendors"]))
    return environment.get_template("certificate.html.j2").render(
        document=document,
        headline=headline(document),
        claim=claim(document),
        dates=recording_dates(document),
        vendors=vendors,
        failures=_failures(certificate),
        matrix=_fault_matrix(document, vendors),
    )


def _failures(certificate: Certificate) -> list[dict[str, Any]]:
    ranked = sorted(
        (judged for judged in certificate.judged if judged.findings), key=lambda judged: judged.level != "MUST"
    )
    return [
        {
            "id": judged.requirement.id,
            "level": judged.level,
            "sentence": judged.requirement.sentence,
            "remedy": judged.requirement.remedy,
            "findings": judged.findings[:_MOST_FAILURES],
            "more": max(0, len(judged.findings) - _MOST_FAILURES),
        }
        for judged in ranked
    ]


def _fault_matrix(document: Mapping[str, Any], vendors: list[str]) -> list[dict[str, Any]]:
    """For each kind of fault and vendor: how many runs ended how."""
    rows: dict[str, dict[str, dict[str, int]]] = {}
    for fault in document["faults"]:
        cell = rows.setdefault(fault["kind"], {}).setdefault(fault["vendor"], {})
        cell[fault["outcome"]] = cell.get(fault["outcome"], 0) + 1
    return [{"kind": kind, "cells": [rows[kind].get(vendor, {}) for vendor in vendors]} for kind in rows]
