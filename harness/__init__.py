"""Certifies that an API integration survives what vendors really do to it; ``harness.core`` is one that does."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``harness.recording`` is there without what certifies being imported by those who only deploy the core."""
    if name == "recording":
        from harness.certify.flow_recording import recording

        return recording
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
