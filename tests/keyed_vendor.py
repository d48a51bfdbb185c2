"""Keystone as a vendor that knows the Idempotency-Key header, which none of the recorded products does."""

from dataclasses import replace

from harness.certify.reference import CoreSubject
from harness.certify.shipped import shipped
from harness.dialects import KEYSTONE

_USERS = KEYSTONE.collections[0]
assert _USERS.writing is not None, "users are written"
KEYED = replace(
    KEYSTONE,
    collections=(replace(_USERS, writing=replace(_USERS.writing, idempotency_header="Idempotency-Key")),),
)
OPTIONS = {"dialect": KEYED, "cassettes": shipped("cassettes") / "keystone"}


class Core(CoreSubject):
    """The core, told of the header."""

    def __init__(self) -> None:
        super().__init__(KEYED)
