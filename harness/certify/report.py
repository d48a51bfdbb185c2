"""Writes the certificate's folder: the JSON document, the page, the histories."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.certify.certificate import Certificate
from harness.certify.folder import write_histories
from harness.certify.junit import junit
from harness.certify.page import page


def write_folder(folder: Path, certificate: Certificate) -> None:
    """Write everything but what pytest writes itself (``report.html``)."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "certificate.json", certificate.document)
    if certificate.comparison is not None:
        _write_json(folder / "comparison.json", certificate.comparison)
    (folder / "junit.xml").write_text(junit(certificate), encoding="utf-8")
    (folder / "certificate.html").write_text(page(certificate), encoding="utf-8")
    write_histories(folder, certificate)


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    # Half a surrogate pair cannot be encoded; as \udc80 it is the same JSON.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
