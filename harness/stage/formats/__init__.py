"""Recorded traffic in the forms in which tools store it: one module a tool, each a pure function of the document."""

from typing import Any

from harness.stage.formats import (
    azure_call_records,
    azure_test_proxy,
    betamax,
    dvr,
    go_vcr,
    har,
    mockserver,
    nock,
    ruby_vcr,
    vcrpy,
    wiremock,
)
from harness.stage.formats.reading import Format

FORMATS = (
    vcrpy.FORMAT,
    vcrpy.ALONE,
    betamax.FORMAT,
    ruby_vcr.FORMAT,
    go_vcr.FORMAT,
    dvr.FORMAT,
    har.POLLY,
    har.HAR,
    nock.FORMAT,
    mockserver.FORMAT,
    azure_test_proxy.FORMAT,
    azure_call_records.FORMAT,
    wiremock.FORMAT,
)


def recognised(document: Any) -> Format | None:
    """The format whose words the document uses; None where no known tool writes so."""
    return next((one for one in FORMATS if one.recognises(document)), None)
