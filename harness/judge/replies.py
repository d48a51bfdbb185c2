"""Requirements on answers that are not what they seem: a redirected write, a body without end, text from all
over the world."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import failing, outcome, truth
from harness.judge.reading import after, ending, has, last_act, made_good, struck
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.singles import singles
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Run, Tally

LARGEST_ANSWER_MIB = 64
"""Nobody's page of records is as large as that."""


def _redirected(run: Run) -> bool:
    return bool(struck(run, "RedirectedWrite"))


def _took_a_redirect_for_the_write(run: Run) -> Iterator[Finding]:
    for moved in struck(run, "RedirectedWrite"):
        if outcome(run) == "silent" and not made_good(run, moved):
            yield finding(
                run,
                f"It took what it found behind status {moved.status} for the answer to {moved.method} {moved.target}. "
                f"{ending(run)}",
                expected="the same write again, or a loud end",
                seen=f"{moved.method} {moved.target} was not done",
                at_us=moved.answered_us,
            )
            return


def _met_an_oversized_answer(run: Run) -> bool:
    return bool(struck(run, "Oversized"))


def _read_to_the_end(run: Run) -> Iterator[Finding]:
    for answer in struck(run, "Oversized"):
        if outcome(run) in ("correct", "silent") and not made_good(run, answer):
            yield finding(
                run,
                f"It read an answer of more than {LARGEST_ANSWER_MIB} MiB to its end, and took it.",
                expected=f"no more than {LARGEST_ANSWER_MIB} MiB read of one answer, unpacked",
                seen=f"{answer.method} {answer.target} was not asked again, and did not end the run",
                at_us=answer.answered_us,
            )
            return


def _saw_not_found(run: Run) -> bool:
    return bool(struck(run, "NotFoundForWant"))


def _took_it_for_absence(run: Run) -> Iterator[Finding]:
    for hidden in struck(run, "NotFoundForWant"):
        for one in after(run, hidden):
            about_it = [single for single in singles(one) if single.record_key == hidden.record_key]
            if any(not single.write and not failing(single) for single in about_it):
                break
            if any(single.write for single in about_it):
                yield finding(
                    run,
                    f"A lookup of {hidden.record_key} ended with 404, and it sent {one.method} {one.target} for it.",
                    expected="no write before a lookup that is answered",
                    seen=f"{one.method} {one.target}",
                    at_us=one.sent_us,
                )
                return


def _unusual(run: Run) -> bool:
    return has(run, "UnusualText")


def _spoilt(run: Run, act: Acted) -> bool:
    """Whether a text is another than it was: of a push only in what it made, for that is what had such texts."""
    tally = truth(act) or Tally(0, 0)
    if act.job == "pull":
        return bool(tally.altered or tally.unexpected)
    sent = (single for one in run.exchanges() if one.act == act.act for single in singles(one))
    made = {one.record_key for one in sent if one.operation.endswith(".create") and not one.error}
    return not made.isdisjoint((*tally.altered, *tally.missing))


def _changed_on_its_way(run: Run) -> Iterator[Finding]:
    first, last = run.acts()[0], last_act(run)
    if _spoilt(run, first) or last.ended != "returned" or last.named_failures:
        yield finding(
            run,
            f"Names held other letters than A to Z, signs, and a long number. {ending(run)}",
            expected="each text and number unchanged, and found again",
            seen="not so",
            at_us=last.ended_us,
        )


REPLIES = (
    Requirement(
        id="errors.redirect-not-a-write",
        sentence="a redirect does not turn a POST into a GET that counts as done",
        source="RFC 9110 s15.4.2-s15.4.4",
        why="A client that follows a 301 or 302 asks for a page with GET, gets 200, and has written nothing.",
        remedy="Follow no redirect of a write; and look into its answer for the record that was to be written.",
        needs=frozenset({"push"}),
        check=each_run(_redirected, _took_a_redirect_for_the_write),
    ),
    Requirement(
        id="errors.body-bounded",
        sentence="an oversized or bomb reply is refused at a set size",
        source=f"{PRACTICE}; RFC 9110 s15.5.14 for the other direction",
        why="A body without end, or 80 KB of gzip that unpack to gigabytes, kills the process and all its work.",
        remedy=f"Read the body in parts, count them unpacked, and give up at a size of your own below "
        f"{LARGEST_ANSWER_MIB} MiB.",
        needs=frozenset({"pull", "pages"}),
        check=each_run(_met_an_oversized_answer, _read_to_the_end),
    ),
    Requirement(
        id="errors.not-found-not-deleted",
        sentence="a 404 under a weak or expired token never triggers a create or a delete",
        source="RFC 9110 s15.5.4-s15.5.5",
        why="Who lost the right to see a record gets 404; taken for absence, it is made again, or deleted.",
        remedy="Take an empty list for absence, and a 404 to a question that has an answer for a failure.",
        needs=frozenset({"push", "search"}),
        check=each_run(_saw_not_found, _took_it_for_absence),
    ),
    Requirement(
        id="errors.text-exact",
        sentence="unicode keys, charsets, `+` and `/`, big integers survive unchanged",
        source="RFC 8259 s8.1, s6; RFC 3986 s2.1",
        why="A name that is changed on its way is another key: its record is not found again, and made twice.",
        remedy="Read and write UTF-8, quote every part of a URL, and keep integers as integers or as text.",
        needs=frozenset({"recorded"}),
        check=each_run(_unusual, _changed_on_its_way),
    ),
)
