"""The sentences of a certificate, made from its document alone."""

import shlex
from collections.abc import Mapping
from typing import Any

from harness.certify.evidence import LIVE_SUFFIX
from harness.certify.waivers import waived
from harness.dialects import SHIPPED

_VERDICTS = {
    "certified": "{name} is certified{waivers} against recordings of {dates}",
    "not_certified": "{name} is not certified{waivers}: {failed} of {total} requirements failed against recordings of"
    " {dates}",
    "inconclusive": "{name} is neither certified nor refused{waivers}: {unknown} of {total} requirements could not be"
    " judged",
}
_STALE = (
    "{name} is neither certified nor refused{waivers}: {stale} of its recordings are stale (--max-age {max_age}), and"
    " {unknown} of {total} requirements could not be judged"
)


def headline(document: Mapping[str, Any]) -> str:
    """The verdict sentence; a narrowed certification says so in it, and a waived one."""
    values = [one["verdict"] for one in document["requirements"]]
    set_aside = waived(document)
    aged = document["verdict"] == "inconclusive" and document.get("stale")
    sentence = (_STALE if aged else _VERDICTS[document["verdict"]]).format(
        name=document["subject"]["name"],
        dates=recording_dates(document),
        failed=sum(one["level"] == "MUST" and _fails(one, set_aside) for one in document["requirements"]),
        unknown=values.count("unknown"),
        total=len(values),
        waivers=_waivers(len(set_aside)),
        stale=len(document.get("stale", ())),
        max_age=document.get("max_age", ""),
    )
    if document["verdict"] != "inconclusive":
        sentence += "".join(f" and live against {one['product']} at {one['host']}" for one in stays(document))
    return sentence if document["selection"] == "all" else f"{sentence} (only {document['selection']})"


def stays(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the certificate says of each live account."""
    return list({one["live"]["host"]: one["live"] for one in document["vendors"] if "live" in one}.values())


def stay_told(stay: Mapping[str, Any]) -> list[str]:
    """What became of a live account, one sentence a line: what stood in the way first."""
    limited = f", {stay['limited']} of them limited and asked again" if stay["limited"] else ""
    lines = [stay["trouble"]] if stay["trouble"] else []
    lines += [f"Changed since the recording: {one}." for one in stay["drift"]]
    lines += [f"Left in the account: {one}" for one in stay["left_behind"]]
    lines += [f"Nothing was written: {stay['reads_only']}."] if stay["reads_only"] else []
    left_out = f"; {len(stay['left_out'])} plans were left to the recording" if stay["left_out"] else ""
    return [*lines, f"{stay['requests']} of {stay['most_requests']} requests to {stay['host']}{limited}{left_out}."]


def _fails(requirement: Mapping[str, Any], set_aside: frozenset[tuple[str, str]]) -> bool:
    return any(
        verdict["verdict"] == "failed" and (requirement["id"], vendor) not in set_aside
        for vendor, verdict in requirement["by_vendor"].items()
    )


def _waivers(count: int) -> str:
    return f" with {count} waiver{'s' if count > 1 else ''}" if count else ""


def recording_dates(document: Mapping[str, Any]) -> str:
    """The dates of the recordings, as a span."""
    dates = sorted({one["recorded_at"][:10] for vendor in document["vendors"] for one in vendor["recordings"]} - {""})
    if not dates:
        return "unknown date"
    return dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"


def claim(document: Mapping[str, Any]) -> str:
    """What was tried, in one sentence."""
    vendors = sorted({vendor["name"] for vendor in document["vendors"]})
    plans, outcomes = document["plans"], document["outcomes"]
    ended = ", ".join(f"{count} {kind}" for kind, count in outcomes.items())
    return (
        f"{document['runs']} runs on {', '.join(vendors) or 'no vendor'}:"
        f" {plans['fired']} of {plans['armed']} planned faults struck at {plans['points']} exchanges;"
        f" the runs ended {ended}. Seed {document['seed']}, profile {document['profile']},"
        f" {document['virtual_s'] / 3600:.1f} virtual hours in {document['wall_s']:.0f} s."
    )


def reproduce_command(document: Mapping[str, Any], plan: str) -> str:
    """What to type to see one plan again."""
    # What a live run found is repeated against the recording, where anybody can.
    plan = plan.replace(f"{LIVE_SUFFIX} ", " ", 1)
    # A plan may hold single quotes, and is easier to read within double ones.
    quoted = f'"{plan}"' if "'" in plan and not set(plan) & set('"$`\\!') else shlex.quote(plan)
    seed = f" --seed {document['seed']}" if document["seed"] else ""
    # The document does not hold where the user's own dialect and recordings are.
    shipped = plan.partition(" ")[0] in {dialect.name for dialect in SHIPPED}
    own = "" if shipped else " --cassettes DIR --dialect MODULE:NAME"
    return f"harness reproduce {shlex.quote(document['subject']['name'])} {quoted}{seed}{own}"
