"""Certifies that an API integration survives what vendors really do to it; ``harness.core`` is one that does."""

__version__ = "0.1.0"
