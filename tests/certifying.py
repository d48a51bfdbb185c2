"""Certifies a subject from a test, and says which requirements failed."""

import contextlib
import io
from pathlib import Path

from harness.certify.command import certification
from harness.certify.session import Options

ROOT = Path(__file__).parents[1]


def certified(subject, folder, **options):
    """The certificate of the subject; options as ``harness certify`` takes them."""
    with contextlib.redirect_stderr(io.StringIO()):
        return certification(Options(subject=subject, folder=ROOT, **options), unfinished=folder)


def values(certificate, value):
    """The ids of the requirements with that verdict."""
    return {judged.requirement.id for judged in certificate.judged if judged.value == value}
