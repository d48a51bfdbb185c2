"""Writes the certificate's folder: the JSON document, the page, the histories."""

import json
from pathlib import Path

from harness.certify.certificate import Certificate
from harness.certify.folder import write_histories
from harness.certify.page import page


def write_folder(folder: Path, certificate: Certificate) -> None:
    """Write everything but what pytest writes itself (``report.html``, ``junit.xml``)."""
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(certificate.document, ensure_ascii=False, indent=2)
    (folder / "certificate.json").write_text(document + "\n", encoding="utf-8")
    (folder / "certificate.html").write_text(page(certificate), encoding="utf-8")
    write_histories(folder, certificate)
