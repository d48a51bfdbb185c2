"""What a source and a vendor differ in, worked out before anything is written: no request, no clock, plain values."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.core.errors import SourceRefused
from harness.core.keys import compared
from harness.core.masking import names_a_secret
from harness.core.source import Record, keyed
from harness.dialects.writing import Activation, KeysCompare

Owned = Callable[[Record], bool]
"""Whether the source answers for this record of the vendor's: it is out of use once the source does not list it."""
_EXACTLY = KeysCompare()


def every_record(record: Record) -> bool:
    """The source answers for all that the vendor holds."""
    return True


@dataclass(frozen=True, slots=True)
class Create:
    """A record that the vendor does not hold."""

    key: str
    record: Record = field(repr=False)


@dataclass(frozen=True, slots=True)
class Update:
    """A record that the vendor holds otherwise."""

    key: str
    record: Record = field(repr=False)
    """As it shall be; fields that are not in it stay as they are."""
    was: Record = field(repr=False)
    """What the vendor holds in the fields that differ; None where it lacks one."""

    def __str__(self) -> str:
        return f"{self.key}  {', '.join(self._told(name) for name in self.was)}"

    def _told(self, name: str) -> str:
        if names_a_secret(name):
            return f"{name}: another one, not shown"
        return f"{name}: {self.was[name]!r} -> {self.record[name]!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What has to be written so that the vendor holds what the source lists. Its text is the dry run."""

    creates: tuple[Create, ...] = ()
    updates: tuple[Update, ...] = ()
    deactivations: tuple[str, ...] = ()
    """Natural keys as the vendor spells them."""
    unchanged: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """Keys of which the vendor holds several records: not touched, and named as failed."""
    in_use: int = 0
    """How many records in use the source lists, or answers for."""
    retired: int = 0
    """How many of those would be out of use: the ``deactivations``, and the updates that say so."""

    @property
    def listed(self) -> tuple[Create | Update, ...]:
        """The records of the source that are to be written."""
        return (*self.creates, *self.updates)

    def __str__(self) -> str:
        return "\n".join((*self._lines(), self._counted()))

    def _lines(self) -> Iterator[str]:
        yield from (f"create      {create.key}" for create in self.creates)
        yield from (f"update      {update}" for update in self.updates)
        yield from (f"deactivate  {key}" for key in self.deactivations)
        yield from (f"ambiguous   {key}  the vendor holds several records of this key" for key in self.ambiguous)

    def _counted(self) -> str:
        told = f"{len(self.creates)} to create, {len(self.updates)} to update, {len(self.deactivations)} to deactivate"
        left = f"{len(self.ambiguous)} ambiguous, {len(self.unchanged)} unchanged"
        return f"{told}, {left}; {self.retired} of {self.in_use} in use go out of use"


def reconcile(
    desired: Iterable[Record],
    actual: Iterable[Record],
    *,
    key: str,
    compares: KeysCompare = _EXACTLY,
    activation: Activation | None = None,
    owned: Owned = every_record,
    fewest_records: int = 1,
) -> Changes:
    """What has to be written so that the vendor, who holds ``actual``, holds ``desired``.

    A listed record that is out of use is put into use again; one in use that is owned and not listed is to be
    deactivated. Without ``activation`` the vendor knows neither.

    Args:
        key: The field that holds the natural key, on both sides.
        compares: When two keys are one to the vendor.
        activation: The field that says whether a record is in use.
        owned: Which of the vendor's records the source answers for.
        fewest_records: A source of fewer came up short; 0 lets an empty one pass.

    Raises:
        SourceRefused: Records are malformed, lack their key or share one, or there are too few.
    """
    wanted = keyed(desired, key=key, compares=compares)
    check_enough(len(wanted), fewest_records)
    held = _by_key(actual, key, compares)
    creates, updates, unchanged, ambiguous = [], [], [], []
    for same, (own_key, record) in wanted.items():
        match held.get(same, ()):
            case []:
                creates.append(Create(own_key, record))
            case [there]:
                update = _update(own_key, record, there, key, activation)
                unchanged.append(own_key) if update is None else updates.append(update)
            case _:
                ambiguous.append(own_key)
    leaving, in_use = _leaving(held, wanted.keys(), key, activation, owned)
    return Changes(
        creates=tuple(creates),
        updates=tuple(updates),
        deactivations=leaving,
        unchanged=tuple(unchanged),
        ambiguous=tuple(ambiguous),
        in_use=in_use,
        retired=len(leaving) + sum(_retires(update, activation) for update in updates),
    )


def retirements(
    keep: Iterable[str],
    actual: Iterable[Record],
    *,
    key: str,
    activation: Activation,
    compares: KeysCompare = _EXACTLY,
    owned: Owned = every_record,
    fewest_records: int = 1,
) -> Changes:
    """What has to be taken out of use so that of the owned records that the vendor holds only ``keep`` are in use.

    Raises:
        SourceRefused: Too few are to be kept.
    """
    kept = {compared(compares, own_key) for own_key in keep}
    check_enough(len(kept), fewest_records)
    leaving, in_use = _leaving(_by_key(actual, key, compares), kept, key, activation, owned)
    return Changes(deactivations=leaving, in_use=in_use, retired=len(leaving))


def check_enough(records: int, fewest_records: int) -> None:
    """Return if the source lists so many.

    Raises:
        SourceRefused: It lists fewer.
    """
    if records < fewest_records:
        raise SourceRefused(
            f"the source lists {records} records, and fewer than {fewest_records} means that it came up short; nothing "
            f"was written: look at the source, or pass fewest_records={records} where that is right"
        )


def _by_key(actual: Iterable[Record], key: str, compares: KeysCompare) -> dict[str, list[Record]]:
    held: dict[str, list[Record]] = {}
    for record in actual:
        # A record without a key is no other's match and nobody's to take out of use.
        if isinstance(own_key := record.get(key), str):
            held.setdefault(compared(compares, own_key), []).append(record)
    return held


def _update(own_key: str, listed: Record, there: Record, key: str, activation: Activation | None) -> Update | None:
    """None where the vendor holds the record as it is listed."""
    # The key is the vendor's own spelling, for one that it trims or folds would differ again after each update.
    record = {**listed, key: there[key]}
    if activation is not None and there.get(activation.field) == activation.inactive:
        record.setdefault(activation.field, activation.active)
    differing = [name for name, value in record.items() if name not in there or there[name] != value]
    return Update(own_key, record, {name: there.get(name) for name in differing}) if differing else None


def _retires(update: Update, activation: Activation | None) -> bool:
    """Whether the source lists a record in use as out of use."""
    if activation is None or activation.field not in update.was:
        return False
    return bool(update.record[activation.field] == activation.inactive)


def _leaving(
    held: Mapping[str, list[Record]], kept: Collection[str], key: str, activation: Activation | None, owned: Owned
) -> tuple[tuple[str, ...], int]:
    """The keys of the owned records in use that are not kept, and how many in use are kept or owned."""
    if activation is None:
        return (), 0
    in_use = [
        (same, record[key])
        for same, records in held.items()
        for record in records
        if record.get(activation.field) != activation.inactive and (same in kept or owned(record))
    ]
    return tuple(own_key for same, own_key in in_use if same not in kept), len(in_use)
