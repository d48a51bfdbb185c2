"""Runs that leave nothing behind: each in a process forked off for it."""

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

from harness.certify.pipes import receive, send

Result = TypeVar("Result")


class Ended(Exception):
    """The forked process ended before it gave its result."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


def in_a_fork(function: Callable[[Callable[[Result], NoReturn]], Result]) -> Result:
    """What the function returns, called in a copy of this process that is gone afterwards.

    The function is given another way out: called with a result, it ends the copy at once, without a clean-up. Call it
    while no other thread exists.

    Raises:
        Ended: The copy ended first.
    """
    taken, given = os.pipe()
    child = os.fork()
    if child == 0:

        def leave(result: Result) -> NoReturn:
            send(given, result)
            os._exit(0)

        # Whatever happens in here, the copy must never go on as if it were the worker.
        try:
            leave(function(leave))
        finally:
            os._exit(0)
    os.close(given)
    try:
        result: Result = receive(taken)
    except EOFError:
        raise Ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) from None
    finally:
        os.close(taken)
    os.waitpid(child, 0)
    return result
