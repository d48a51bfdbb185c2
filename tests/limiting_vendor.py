"""Keystone as a vendor that limits single records and says so, as Jira does; none of the recorded products does."""

from dataclasses import replace

from harness.certify.reference import CoreSubject
from harness.certify.shipped import shipped
from harness.dialects import KEYSTONE
from harness.dialects.facts import OneRecord

LIMITING = replace(
    KEYSTONE,
    limits=replace(KEYSTONE.limits, one_record=OneRecord(header="RateLimit-Reason", value="jira-per-issue-on-write")),
)
OPTIONS = {"dialect": LIMITING, "cassettes": shipped("cassettes") / "keystone"}


class Core(CoreSubject):
    """The core, told of the header."""

    def __init__(self) -> None:
        super().__init__(LIMITING)
