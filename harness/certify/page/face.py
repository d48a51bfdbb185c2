"""The first screen: verdict, subject, evidence with its age, what is claimed and what is not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.certify.judged import Judged
from harness.certify.page.claims import FAMILIES, sentence
from harness.certify.page.failures import Failure
from harness.certify.page.source import Source, family_of
from harness.certify.plain import plain
from harness.certify.wording import headline

WORDS = {"certified": "Certified", "not_certified": "Not certified", "inconclusive": "Inconclusive"}
_MOST_NOT_CLAIMED = 7
_LONGEST_SENTENCE = 120
_PROFILES = {
    "first": "first: each fault at the first exchange of each operation",
    "quick": "quick: each fault at the first, middle and last exchange of each operation",
    "full": "full: each fault at every exchange where it can occur",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How old a vendor's oldest recording was when the certificate was issued."""

    vendor: str
    products: str
    days: int | None
    """None where the recording tells no date."""
    date: str
    oldest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of the first screen, with the place on the page that shows it."""

    title: str
    rest: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """The first screen."""

    word: str
    headline: str
    lede: str
    profile: str
    requirements: str
    faults: str
    ages: tuple[Age, ...]
    broken: tuple[Claim, ...]
    held: tuple[Claim, ...]
    unknown: tuple[Claim, ...]
    not_claimed: tuple[Claim, ...]


def face(source: Source, failures: Sequence[Failure]) -> Face:
    """The first screen of the certificate."""
    document = source.document
    values: list[str] = [judged.value for judged in source.judged]
    counts = (("passed", "passed"), ("failed", "failed"), ("unknown", "unknown"), ("not_applicable", "not applicable"))
    plans = document["plans"]
    return Face(
        word=WORDS[document["verdict"]],
        headline=headline(document),
        lede=_lede(source),
        profile=_PROFILES[document["profile"]],
        requirements=", ".join(f"{values.count(value)} {word}" for value, word in counts if values.count(value)),
        faults=f"{plans['fired']:,} of {plans['armed']:,} struck, at {plans['points']:,} exchanges",
        ages=ages(source),
        broken=tuple(_broken(failures)),
        held=tuple(_held(source.judged)),
        unknown=tuple(_unknown(source.judged)),
        not_claimed=tuple(_not_claimed(source)),
    )


def _lede(source: Source) -> str:
    outcomes = source.document["outcomes"]
    wrong = [f"{outcomes[kind]:,} {kind}" for kind in ("silent", "unexplained", "hung") if outcomes[kind]]
    runs = f"{source.document['runs']:,} runs"
    if not wrong:
        return (
            f"In {runs} it did its job {outcomes['correct']:,} times, and said why it could not"
            f" {outcomes['loud']:,} times. It never said done when it was not, and every run ended."
        )
    silent = " A silent run said done, and it was not." if outcomes["silent"] else ""
    return f"Of {runs}, {outcomes['correct']:,} ended correct, {outcomes['loud']:,} loud, {', '.join(wrong)}.{silent}"


def ages(source: Source) -> tuple[Age, ...]:
    """The age of each vendor's evidence against the day of issue, in whole days."""
    issued_at = datetime.fromisoformat(source.document["issued_at"])
    told = {}
    for vendor in source.vendors:
        recordings = [
            one for entry in source.document["vendors"] if entry["name"] == vendor for one in entry["recordings"]
        ]
        live = [entry["live"] for entry in source.document["vendors"] if entry["name"] == vendor and "live" in entry]
        dates = sorted([one["recorded_at"] for one in recordings if one["recorded_at"]] + [one["at"] for one in live])
        products = ", ".join(dict.fromkeys(one["product"] for one in (*recordings, *live)))
        told[vendor] = (products, dates[0] if dates else "")
    days = {vendor: _days(date, issued_at) for vendor, (_, date) in told.items()}
    oldest = max((age for age in days.values() if age is not None), default=None)
    return tuple(
        Age(
            vendor=vendor,
            products=products,
            days=days[vendor],
            date=date[:10] or "no date",
            oldest=len(told) > 1 and bool(oldest) and days[vendor] == oldest,
        )
        for vendor, (products, date) in told.items()
    )


def _days(recorded_at: str, issued_at: datetime) -> int | None:
    try:
        then = datetime.fromisoformat(recorded_at)
    except ValueError:
        return None
    return max(0, (issued_at.date() - then.date()).days)


def _broken(failures: Sequence[Failure]) -> Iterable[Claim]:
    by_family: dict[str, list[Failure]] = {}
    for one in failures:
        if one.level == "MUST":
            by_family.setdefault(family_of(one.requirement), []).append(one)
    for family, some in by_family.items():
        yield Claim(
            title=FAMILIES.get(family, family),
            rest=plain(some[0].short, most=_LONGEST_SENTENCE),
            href=f"#{some[0].anchor}",
        )


def _held(judged: Iterable[Judged]) -> Iterable[Claim]:
    by_family: dict[str, list[str]] = {}
    for one in judged:
        if one.value == "passed":
            by_family.setdefault(family_of(one.requirement.id), []).append(one.requirement.id)
    for family, passed in by_family.items():
        yield Claim(title=FAMILIES.get(family, family), rest=sentence(family, passed), href=f"#{passed[0]}")


def _unknown(judged: Iterable[Judged]) -> Iterable[Claim]:
    for one in judged:
        vendors = [vendor for vendor, verdict in one.by_vendor.items() if verdict.value == "unknown"]
        if one.value == "unknown":
            rest = f"could not be judged on {', '.join(vendors)}."
            yield Claim(title=one.requirement.id, rest=rest, href=f"#{one.requirement.id}")


def _not_claimed(source: Source) -> Iterable[Claim]:
    document = source.document
    waivers = [one for one in document["waivers"] if one["state"] == "waived"]
    if waivers:
        names = ", ".join(f"{one['requirement']} on {one['vendor']}" for one in waivers)
        yield Claim(title="What is waived:", rest=f"{names}.", href="#waivers")
    unknown = [one.requirement.id for one in source.judged if one.value == "unknown"]
    if unknown:
        yield Claim(title="What could not be judged:", rest=f"{', '.join(unknown)}.", href="#requirements")
    if document["selection"] != "all":
        yield Claim(title="Anything left out:", rest=f"only {document['selection']} was tried.", href="#environment")
    if all(vendor["against"] != "live" for vendor in document["vendors"]):
        yield Claim(
            title="Anything against live vendors:",
            rest="all runs are against recordings and simulators.",
            href="#evidence",
        )
    nowhere = [one.requirement.id for one in source.judged if one.value == "not_applicable"]
    if nowhere:
        rest = f"{', '.join(nowhere)}: no selected vendor can show it of this subject."
        yield Claim(title="What nobody could show:", rest=rest, href="#not-claimed")
    for one in document["not_claimed"][:_MOST_NOT_CLAIMED]:
        title, _, rest = one.partition(": ")
        yield Claim(title=f"{title[:1].upper()}{title[1:]}{':' if rest else '.'}", rest=f"{rest}." if rest else "")
    more = len(document["not_claimed"]) - _MOST_NOT_CLAIMED
    if more > 0:
        yield Claim(title=f"And {more} more,", rest="listed below.", href="#not-claimed")
