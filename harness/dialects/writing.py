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


@dataclass(frozen=True, slots=True, kw_only=True)
class PostForm:
    """``POST path`` with a form writes one record; what is done stands in its parameters, not in method and address.

    The form holds the record's fields by their own names, its natural key among them.
    """

    told_by: Pairs
    """The parameters that tell such a form from every other one at the same path."""
    flag: str
    """The parameter that says, by being there, that only a new record is to be created, or only one that is there to
    be changed."""
    params: Pairs = ()
    """What else every such form holds."""
    absent_code: str = ""
    """The error's code where there is no record to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormToken:
    """``GET path?query`` gives a token against forged requests; every form holds it, for as long as it is taken."""

    query: Pairs
    path: JsonPath
    """Where the answer holds it."""
    param: str
    """The form's parameter that holds it."""
    refused_code: str
    """The error's code where it is no longer taken: nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOnce:
    """``POST path/BUYING`` gives an address, and a POST to that address creates, once; the vendor gives the id. A POST
    to the path itself creates as well, as often as it is sent."""

    buying: str
    address: JsonPath
    """Where the answer holds the address."""
    ends: JsonPath = ()
    """Where it says until when the address is good, in seconds since 1970; empty where it does not."""
    spent_status: int = 400
    spent_says: str
    """What stands in the refusal of an address that was used, whatever became of it, and in no other."""


Creating = PostNew | PutNew | PostForm | PostOnce


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """How a create is refused whose key is held already."""

    status: int = 409
    code: str = ""
    """The error's code that says so, where the status is that of a success; empty where the status alone does."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTitle:
    """``GET path?PARAM=KEY`` with ``query`` shows the record, or that there is none, in a list of one and with 200."""

    param: str
    query: Pairs
    """Query parameters that every lookup carries."""
    told_by: tuple[str, ...]
    """Names of those that tell a lookup from everything else at the same path."""
    rows: JsonPath
    absent: tuple[str, ...]
    """A row with one of these is no record: there is none of that key, or there can be none."""
    separator: str
    """What stands between several keys, and in none."""
    respelled: JsonPath = ()
    """Where the answer tells which keys it has spelled otherwise; empty where it does not."""


Finding = ByParam | ByFilter | ById | ByTitle


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysCompare:
    """When two natural keys are one to the vendor."""

    case: Literal["matters", "ignored"] = "matters"
    outer_space: Literal["matters", "ignored"] = "matters"
    """White space before and behind."""
    inner_space: Literal["matters", "runs_are_one"] = "matters"
    """``runs_are_one``: white space and underscores are one space, however many stand in a row."""
    first_letter: Literal["as_written", "capital"] = "as_written"
    """``capital``: the vendor makes it one, so a key that begins with a small letter is the same key."""
    form: str = ""
    """The regular expression that all of a key matches, or it is refused as a taken one is; empty: any text is one."""


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


Changing = MergePatch | PutWhole | PatchOp | PostForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """How an update says which state of the record it was made for: in ``If-Match`` (RFC 9110 s13.1.1) or in a form."""

    header: str = ""
    """The header of a single record's reply that holds the value of ``If-Match`` as it is."""
    path: JsonPath = ()
    """Where the record itself holds its version; empty where only the header does."""
    form: str = "{version}"
    """What ``If-Match`` makes of the version at ``path``."""
    stale_status: int = 412
    """The answer to an update that was made for an older state: nothing was done."""
    unnamed: Literal["done", "refused"] = "done"
    """What becomes of an update that names no version; refused is as stale."""
    param: str = ""
    """The form's parameter that holds the version in the place of ``If-Match``."""
    stale_code: str = ""
    """The error's code that tells of an older state, where the status is that of a success."""
    before: str = ""
    """The record's field that holds the version before; empty where there is none."""
    told_as: str = ""
    told_before_as: str = ""
    """The names of the new version and the one before in the answer to a write, where it does not show the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The word in an answer to a write by which it was done; with another word nothing was, under any status."""

    path: JsonPath
    word: str


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


# -- answers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRecord:
    """How an answer shows one record, where it is not in the envelope that it is sent in."""

    path: JsonPath
    """Where the record stands."""
    fields: str = ""
    """The name within it under which its fields stand, apart from the id; empty where they stand beside it."""
    changed: str = ""
    """The name under which the answer to an update shows the fields that are now other than before, and no others."""


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
    """What else every write carries; ``{origin}`` stands for the vendor's address without a path."""
    answer: OneRecord | None = None
    """None: an answer shows one record in the envelope."""
    asking: Pairs = ()
    """Query parameters that ask for the fields, of a lookup and of a look at one record."""
    defaults: Fields = ()
    """Fields that every new record needs and that no source provides."""
    shown_at: tuple[tuple[str, JsonPath], ...] = ()
    """Fields that a record which was looked up shows deeper inside: their names, and where."""
    token: FormToken | None = None
    """None: forms hold none."""
    success: Success | None = None
    """None: what came without an error was done."""
    duplicate: Duplicate = field(default_factory=Duplicate)
    version: Version | None = None
    """None: the vendor keeps no track of states, and the last update wins."""
    activation: Activation | None = None
    """None: a record cannot be taken out of use, only deleted."""
    keys: KeysCompare = field(default_factory=KeysCompare)
    batch: Batch | None = None
    idempotency_header: str | None = None
    """The header whose value makes a repeated request count once; None: the vendor has none."""
