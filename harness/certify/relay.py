"""How a worker asks a live account: over a socket to the supervisor, where secrets, budget and pace stay."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.certify.own_records import OwnRecords
from harness.certify.pipes import receive, send
from harness.dialects.facts import Collection
from harness.stage.account import Account, Changed, Record
from harness.stage.http1 import Reply, Request
from harness.stage.live import Trouble, TroubleKind


@dataclass(frozen=True, slots=True)
class _Asked:
    verb: str
    argument: Any = None


@dataclass(frozen=True, slots=True)
class _Answered:
    value: Any
    lag_us: int


@dataclass(frozen=True, slots=True)
class _Failed:
    kind: TroubleKind | None
    """None: the vendor has changed."""
    sentence: str


class Relayed:
    """The account, as a worker sees it: the vendor of its runs, and the truth about them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.lag_us = 0
        """What the last answer took in real time, without what was waited for a limit."""
        self.told_again = False
        """Whether the last answer had been given before, to a copy of this process, where its time has passed."""
        self._answered: list[_Answered | _Failed] = []
        self._again: deque[_Answered | _Failed] = deque()

    def handle(self, request: Request) -> Reply:
        """The account's answer, with its effect.

        Raises:
            Trouble: The account cannot be asked any more.
        """
        self.told_again = bool(self._again)
        answer = self._again.popleft() if self._again else self._asked("handle", request)
        self._answered.append(answer)
        reply: Reply = self._read(answer)
        return reply

    def answered(self) -> Sequence[Any]:
        """What ``handle`` answered since this was last called."""
        answers, self._answered = tuple(self._answered), []
        return answers

    def tell_again(self, answers: Sequence[Any]) -> None:
        """The next requests are answered by these; the account hears nothing of them."""
        self._again.extend(answers)

    def truth(self) -> Sequence[Record]:
        """What the account lists, as last read.

        Raises:
            Trouble: As ``handle``.
        """
        records: Sequence[Record] = self._ask("truth")
        return records

    def changed(self) -> str:
        """Read the account again; what is different since, in a sentence, empty where nothing is.

        Raises:
            Trouble: As ``handle``.
        """
        return str(self._ask("changed"))

    def held(self, keys: Sequence[str]) -> Sequence[Record]:
        """Every record under one of these natural keys.

        Raises:
            Trouble: As ``handle``.
        """
        records: Sequence[Record] = self._ask("held", tuple(keys))
        return records

    def remove(self, keys: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Delete the records under these keys; key and reason of each that is still there.

        Raises:
            Trouble: As ``handle``.
        """
        left: Sequence[tuple[str, str]] = self._ask("remove", tuple(keys))
        return left

    def _ask(self, verb: str, argument: Any = None) -> Any:
        return self._read(self._asked(verb, argument))

    def _asked(self, verb: str, argument: Any) -> _Answered | _Failed:
        send(self._descriptor, _Asked(verb, argument))
        answer = receive(self._descriptor)
        assert isinstance(answer, _Answered | _Failed)
        return answer

    def _read(self, answer: _Answered | _Failed) -> Any:
        if isinstance(answer, _Failed):
            raise Trouble(answer.kind, answer.sentence) if answer.kind else Changed(answer.sentence)
        self.lag_us = answer.lag_us
        return answer.value


class Attendant:
    """Answers the workers of one live certification from its account."""

    def __init__(self, account: Account, truth: Sequence[Record]) -> None:
        self._account, self._listed = account, tuple(truth)
        self._found: dict[str, tuple[Record, ...]] = {}
        self._own = OwnRecords(account.live.dialect)
        self._verbs: Mapping[str, Callable[[Any], Any]] = {
            "handle": self._handled,
            "truth": lambda _: self._listed,
            "changed": lambda _: self._changed(),
            "held": self._held,
            "remove": self._remove,
        }

    def worker_end(self) -> int:
        """A descriptor for a new worker, by which it asks; closed here once the worker has it."""
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._attend, args=(ours,), daemon=True).start()
        return theirs.detach()

    def _attend(self, end: socket.socket) -> None:
        with end:
            while True:
                try:
                    asked = receive(end.fileno())
                    send(end.fileno(), self._answer(asked))
                except (EOFError, OSError):
                    return

    def _answer(self, asked: _Asked) -> _Answered | _Failed:
        live = self._account.live
        began_s, limited_s = time.monotonic(), live.limited_wait_s
        try:
            value = self._verbs[asked.verb](asked.argument)
        except Trouble as trouble:
            return _Failed(trouble.kind, str(trouble))
        except Changed as changed:
            return _Failed(None, str(changed))
        taken_s = time.monotonic() - began_s - (live.limited_wait_s - limited_s)
        return _Answered(value, max(0, round(taken_s * 1e6)))

    def _handled(self, request: Request) -> Reply:
        """The account's answer; no record is written that does not carry the tag of a live run.

        Raises:
            Trouble: It would be, or the account cannot be asked.
        """
        self._own.check(request)
        reply = self._account.live.handle(request)
        self._own.learn(request, reply)
        return reply

    def _changed(self) -> str:
        before, self._listed = self._listed, self._account.records()
        return difference(self._account.collection, before, self._listed)

    def _held(self, keys: Sequence[str]) -> Sequence[Record]:
        self._found = {key: self._account.held(key) for key in keys}
        return [record for records in self._found.values() for record in records]

    def _remove(self, keys: Sequence[str]) -> Sequence[tuple[str, str]]:
        """What was found under the keys when it was last looked, or is found now."""
        found, self._found = self._found, {}
        if not found.keys() >= set(keys):
            found = {key: self._account.held(key, self._account.live.tidy) for key in keys}
        return self._account.remove(record for key in keys for record in found[key]).left


def difference(collection: Collection, before: Sequence[Record], after: Sequence[Record]) -> str:
    """What is different between two readings of the account, in a sentence; empty where nothing is."""
    was, now = _steady(collection, before), _steady(collection, after)
    gone, new = len(was.keys() - now.keys()), len(now.keys() - was.keys())
    other = sum(was[key] != now[key] for key in was.keys() & now.keys())
    if not (gone or new or other):
        return ""
    return f"between two readings of the account {gone} records went, {new} came and {other} changed"


def _steady(collection: Collection, records: Sequence[Record]) -> dict[str, Record]:
    return {
        str(one[collection.id_field]): {name: value for name, value in one.items() if name not in collection.volatile}
        for one in records
    }
