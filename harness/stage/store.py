"""What a simulated vendor holds: records by id, by natural key, and in the vendor's order. Each act takes the same
time however many there are, but for the shift of a list."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Record = dict[str, Any]


class Store:
    """Records ordered by id, or by what ``place`` makes of a record, which never changes.

    ``compared`` makes equal texts of keys that are one to the vendor.
    """

    def __init__(
        self,
        records: Iterable[Record],
        *,
        id_field: str,
        compared: Callable[[Mapping[str, Any]], str],
        place: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        self._id_field = id_field
        self._compared = compared
        self._place = place
        self._by_id = {str(record[id_field]): record for record in records}
        self._by_key = {compared(record): record_id for record_id, record in self._by_id.items()}
        self._id_at = {} if place is None else {place(record): one for one, record in self._by_id.items()}
        self._order = sorted(self._by_id if place is None else self._id_at)

    def __len__(self) -> int:
        return len(self._order)

    def records(self) -> tuple[Record, ...]:
        """All of them, in the vendor's order."""
        return tuple(self._at(place) for place in self._order)

    def get(self, record_id: str) -> Record | None:
        """The record of that id."""
        return self._by_id.get(record_id)

    def of_key(self, compared: str) -> Record | None:
        """The record whose natural key compares like this."""
        record_id = self._by_key.get(compared)
        return None if record_id is None else self._by_id[record_id]

    def after(self, record_id: str | None, most: int) -> tuple[Record, ...]:
        """At most so many records behind the one of that id; from the beginning where none is named."""
        begin = 0 if record_id is None else bisect_right(self._order, record_id)
        return self.slice(begin, most)

    def slice(self, begin: int, most: int) -> tuple[Record, ...]:
        """At most so many records from the place ``begin``, counted from 0."""
        return tuple(self._at(place) for place in self._order[begin : begin + most])

    def beginning_at(self, place: str, most: int) -> tuple[Record, ...]:
        """At most so many records from the first that is not before the place."""
        return self.slice(bisect_left(self._order, place), most)

    def put(self, record: Record) -> None:
        """Hold the record, in the place of an older one of its id."""
        record_id = str(record[self._id_field])
        if record_id not in self._by_id:
            insort(self._order, self._placed(record_id, record))
        self._by_id[record_id] = record
        self._by_key[self._compared(record)] = record_id

    def remove(self, record_id: str) -> None:
        """Hold it no longer."""
        record = self._by_id.pop(record_id)
        self._by_key.pop(self._compared(record), None)
        del self._order[bisect_left(self._order, self._placed(record_id, record))]

    def _placed(self, record_id: str, record: Record) -> str:
        if self._place is None:
            return record_id
        place = self._place(record)
        self._id_at[place] = record_id
        return place

    def _at(self, place: str) -> Record:
        return self._by_id[place if self._place is None else self._id_at[place]]
