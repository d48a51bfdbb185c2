"""What a source lists, and what the vendor holds before, where names and records are not as tidy as in a demo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import ById
from harness.stage.faults.runs import OfTheWholeRun
from harness.stage.faults.scene import Asks
from harness.stage.history import Exchange
from harness.stage.shown import Shown

Record = Mapping[str, Any]
UNUSUAL = "Zoë+ops/ä 9007199254740993"
"""Letters outside ASCII, signs that mean something in URLs, and digits that no 64-bit float holds."""
_LARGE = 2**53 + 1
_BY_HAND = "kept by hand"


class OtherRecords(OfTheWholeRun):
    """The run is about other records than usual."""

    __slots__ = ()

    def before(self, shown: Shown) -> Sequence[dict[str, Any]]:
        """What the vendor holds at first."""
        return shown.records

    def listed(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        """What the source lists, made of what it usually does."""
        return records

    def due(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        """What a push is to leave at the vendor."""
        return self.listed(shown, records)

    def told(self, collection: Collection, row: Record) -> Record:
        """A record as the vendor's listing shows it."""
        return row


@dataclass(frozen=True, slots=True)
class UnusualText(OtherRecords):
    """Names and texts hold what is lost on the way through a wrong charset, an unescaped URL or a float; twice."""

    family: ClassVar[str] = "errors"

    def listed(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        key, held = shown.collection.key_field, {record[shown.collection.key_field] for record in shown.records}
        writing = shown.collection.writing
        # Where a key stands in an address, or is of a form of its own, it stays as it is.
        bound = writing is not None and (isinstance(writing.finding, ById) or bool(writing.keys.form))
        texts = ({name: f"{UNUSUAL} {value}" for name, value in record.items()} for record in records)
        return [
            record if record[key] in held else text | ({key: record[key]} if bound else {})
            for record, text in zip(records, texts, strict=True)
        ]

    def told(self, collection: Collection, row: Record) -> Record:
        key = collection.key_field
        named = {} if key == collection.id_field else {key: f"{UNUSUAL} {row.get(key)}"}
        return {**row, **named, "remark": UNUSUAL, "number": _LARGE}


@dataclass(frozen=True, slots=True)
class Backwards(OtherRecords):
    """The source lists its last record first: what is to be changed comes before what is new."""

    def listed(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        return tuple(reversed(records))


@dataclass(frozen=True, slots=True)
class TwinRows(OtherRecords):
    """Two rows of the source have one key: spelled differently, where the vendor takes both spellings for one."""

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud"

    def listed(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        key = shown.collection.key_field
        first = records[0]
        twin = dict.fromkeys(first, "twin@example.org") | {key: self._spelled(shown, first[key])}
        return [*records, twin]

    def due(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        return records

    def _spelled(self, shown: Shown, key: str) -> str:
        compares = shown.collection.writing.keys if shown.collection.writing else None
        if compares is None:
            return key
        key = key.upper() if compares.case == "ignored" else key
        key = key[:1].upper() + key[1:] if compares.first_letter == "capital" else key
        return f"{key} " if compares.outer_space == "ignored" else key


@dataclass(frozen=True, slots=True)
class Returner(OtherRecords):
    """The source lists a record that the vendor holds out of use."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        writing = dialect.collections[0].writing
        return super(Returner, self).fits(clean, dialect) and writing is not None and writing.activation is not None

    def before(self, shown: Shown) -> Sequence[dict[str, Any]]:
        *others, last = shown.records
        return [*others, {**last, **self._in_use(shown, False)}]

    def due(self, shown: Shown, records: Sequence[Record]) -> Sequence[Record]:
        key = shown.collection.key_field
        returner = shown.records[-1][key]
        return [{**one, **(self._in_use(shown, True) if one[key] == returner else {})} for one in records]

    def _in_use(self, shown: Shown, active: bool) -> Record:
        activation = shown.collection.writing.activation if shown.collection.writing else None
        assert activation is not None, "the fault fits no other vendor"
        return {activation.field: activation.active if active else activation.inactive}


@dataclass(frozen=True, slots=True)
class KeptByHand(OtherRecords):
    """People have written into a field of the vendor's records that the source knows nothing of."""

    def before(self, shown: Shown) -> Sequence[dict[str, Any]]:
        foreign = [name for name in sorted(shown.fields_sent) if not any(name in record for record in shown.records)]
        return [{**record, **dict.fromkeys(foreign[:1], _BY_HAND)} for record in shown.records]
