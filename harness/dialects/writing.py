"""How records get into a collection: created, found by their natural key, changed, deactivated, many at a time.

Facts only, as in ``facts``. Each vendor has its own mixture, so each part is a value of its own.
"""

from dataclasses import dataclass, field
from typing import Literal

from harness.dialects.shapes import Fields, JsonPath, Pairs

# -- creating --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNew:
    """``POST path`` creates; the vendor gives the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutNew:
    """``PUT path/KEY`` with ``If-None-Match: *`` creates; the natural key is the id (RFC 9110 s13.1.2)."""


Creating = PostNew | PutNew


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """How a create is refused whose key is held already."""

    status: int = 409
    existing: JsonPath | None = None
    """Where the refusal shows the record that holds the key; None where it does not."""
    known_id_status: int | None = None
    """What a POST is answered with whose id is held already: the record that is there, unchanged. None where that is
    refused as well."""


# -- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ByParam:
    """``GET path?PARAM=KEY`` lists the records of that natural key."""

    param: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ByFilter:
    """``GET path?PARAM=TEXT`` lists them, where ``{key}`` in the text stands for the key as a JSON string: quoted, and
    escaped as RFC 8259 s7 says (RFC 7644 s3.4.2.2)."""

    text: str
    param: str = "filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ById:
    """``GET path/KEY`` shows the record, for the key is the id, or as good as one; a miss is a 404."""

    miss_status: int = 404


Finding = ByParam | ByFilter | ById


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysCompare:
    """When two natural keys are one to the vendor."""

    case: Literal["matters", "ignored"] = "matters"
    outer_space: Literal["matters", "ignored"] = "matters"
    """White space before and behind."""


# -- changing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePatch:
    """``PATCH path/ID`` with the changed fields; the others stay (RFC 7396)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWhole:
    """``PUT path/ID`` with the whole record; a field that is left out is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOp:
    """``PATCH path/ID`` with one SCIM ``replace`` of the changed fields; the others stay (RFC 7644 s3.5.2)."""

    schema: str = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


Changing = MergePatch | PutWhole | PatchOp


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """How an update says which state of the record it was made for: in ``If-Match`` (RFC 9110 s13.1.1)."""

    header: str = ""
    """The header of a single record's reply that holds the value of ``If-Match`` as it is."""
    path: JsonPath = ()
    """Where the record itself holds its version; empty where only the header does."""
    form: str = "{version}"
    """What ``If-Match`` makes of the version at ``path``."""
    stale_status: int = 412
    """The answer to an update that was made for an older state: nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """The field that says whether a record is in use, and its two values."""

    field: str
    active: bool | str = True
    inactive: bool | str = False


# -- many at a time --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """The names of the parts of one request, or one answer, within a batch; an empty name: it has no such part."""

    status: str = ""
    method: str = "method"
    path: str = "path"
    body: str = "body"
    headers: str = "headers"
    version: str = ""
    """Where the value of ``If-Match`` stands if not among the headers."""
    label: str = ""
    """A word of the sender's that the answer repeats, by which it is told to which request it belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``POST path`` carries out several requests, and answers each with a status of its own under one 200."""

    path: str
    most: int
    """So many requests the vendor takes at most in one batch."""
    too_many_status: int = 400
    """The answer to more: nothing of them was done."""
    requests: JsonPath
    """Where the list of requests stands."""
    answers: JsonPath
    """Where the list of answers stands."""
    root: str = ""
    """What the paths within a batch leave out at their beginning."""
    constants: Fields = ()
    """What else the document holds."""
    request: BatchItem = field(default_factory=BatchItem)
    answer: BatchItem = field(default_factory=lambda: BatchItem(status="status", method=""))


# -- all of it -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How records get into a collection."""

    finding: Finding
    confirming: Finding | None = None
    """How a record is found by reading that sees every write at once, where ``finding`` reads from a copy or an index
    that may be behind; None: ``finding`` sees it."""
    creating: Creating = field(default_factory=PostNew)
    changing: Changing = field(default_factory=MergePatch)
    envelope: str = ""
    """The key under which one record travels; empty where the record is the whole document."""
    content_type: str = "application/json"
    headers: Pairs = ()
    """What else every write carries."""
    defaults: Fields = ()
    """Fields that every new record needs and that no source provides."""
    duplicate: Duplicate = field(default_factory=Duplicate)
    version: Version | None = None
    """None: the vendor keeps no track of states, and the last update wins."""
    activation: Activation | None = None
    """None: a record cannot be taken out of use, only deleted."""
    keys: KeysCompare = field(default_factory=KeysCompare)
    batch: Batch | None = None
    idempotency_header: str | None = None
    """The header whose value makes a repeated request count once; None: the vendor has none."""
