"""Makes two sample certificates: the core's, certified, and a naive integration's, not certified.

python -m tests.samples FOLDER
"""

import sys
import tempfile
from pathlib import Path

from harness.certify.command import certification
from harness.certify.session import Options
from harness.certify.summary import print_summary

ROOT = Path(__file__).parents[1]
SAMPLES = {"certified": "core", "not_certified": "tests.naive_integration:Naive"}


def main(folder: Path) -> None:
    """Certify both, each into a folder named after its verdict."""
    for verdict, subject in SAMPLES.items():
        with tempfile.TemporaryDirectory() as unfinished:
            out = folder / verdict
            certificate = certification(Options(subject=subject, folder=ROOT, out=out), unfinished=Path(unfinished))
        print_summary(certificate.document, out, reasons=certificate.reasons)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "certificates"))
