"""How a simulated vendor shows the records of the titles that are asked for, as recorded lookups do."""

import re
from typing import Any

from harness.dialects.writing import ByTitle, KeysCompare, Writing
from harness.stage.documents import put, without, written
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked
from harness.stage.store import Store
from harness.stage.title_spelling import BAD_IN_TITLES, spelled
from harness.stage.titled import Record, Titled, row_of, without_titles
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, renamed, replied

_UNSHOWN = re.compile(r"[#<>\]{}:~%&\t\r\n]|^$|^\s*[./]")
"""Titles with these mean something to the vendor that no recording shows: a section, another space of names."""


class TitledLookups:
    """Shows one row for each title: the record, or that it is missing, or that it can be no title."""

    def __init__(self, words: Words, store: Store, writing: Writing, finding: ByTitle, shown: Titled) -> None:
        self._words, self._store, self._writing = words, store, writing
        self._finding, self._shown = finding, shown
        self._key = words.shown.collection.key_field

    def answer(self, request: Request, what: Asked) -> Reply:
        """The rows: what is not there first, then the records by their ids; and which titles were respelled.

        Raises:
            NotRecorded: No lookup was recorded with such parameters, or no such title.
        """
        if without_titles(self._finding, request.target) not in self._shown.queries:
            raise NotRecorded(f"{request.method} {request.target}")
        records, absent, respelled = [], [], []
        for title in what.record_key.split(self._finding.separator):
            known = plain(title, request, keys=self._writing.keys)
            if known is None:
                absent.append(self._absent(self._shown.bad, title, request))
                continue
            if known != title:
                respelled.append(self._respelled(title, known, request))
            holder = self._store.of_key(self._words.shown.compared_key(known))
            if holder is None:
                absent.append(self._absent(self._shown.missing, known, request))
            elif holder not in records:
                records.append(holder)
        records.sort(key=lambda record: record[self._words.shown.collection.id_field])
        found = [row_of(self._writing, record, self._shown.row) for record in records]
        document = put(without(self._shown.found.document, self._finding.respelled), self._finding.rows, absent + found)
        if respelled:
            document = put(document, self._finding.respelled, respelled)
        return replied(self._shown.found.reply, written(document))

    def _absent(self, like: Record | None, title: str, request: Request) -> Record:
        if like is None:
            raise NotRecorded(f"{request.method} {request.target}")
        return {**like, self._key: title}

    def _respelled(self, title: str, known: str, request: Request) -> Any:
        if (like := self._shown.respelled) is None:
            raise NotRecorded(f"{request.method} {request.target}")
        source, target = (value for value in like.values() if isinstance(value, str))
        return renamed(renamed(dict(like), source, title), target, known)


def plain(title: str, request: Request, *, keys: KeysCompare) -> str | None:
    """The title as the vendor spells it; None where no record can have it.

    Raises:
        NotRecorded: Nothing shows what it means to the vendor.
    """
    if _UNSHOWN.search(title):
        raise NotRecorded(f"{request.method} {request.target} with the title {title!r}")
    return None if BAD_IN_TITLES in title else spelled(keys, title)
