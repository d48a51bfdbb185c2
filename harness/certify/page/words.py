"""The words that a reader of the page needs, and the surroundings in which it was made."""

import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

GLOSSARY = (
    ("subject", "the integration that was certified"),
    (
        "vendor",
        "the API that answered it: a recording, a simulator that was checked against recordings, or a live account",
    ),
    ("run", "the subject did its job once, or as often as the plan says, under one plan"),
    ("plan", "which faults strike which exchanges, how often; it prints as one line and can be run again"),
    ("exchange", "one request and its answer; users.list#2 is the second listing of users in the fault-free run"),
    ("fault", "what the vendor, or the connection, was made to do to one exchange"),
    ("virtual time", "the clock of the run; a wait on it costs nothing"),
    ("correct", "said done, and what is there is the truth"),
    ("loud", "failed, and told what an operator needs to know; right for a fault that cannot be survived"),
    ("unexplained", "failed, and did not say enough to find out why"),
    ("silent", "said done, and it was not: the worst ending"),
    ("hung", "did not end"),
    ("not exercised", "a planned fault never struck; the run counts for nothing"),
    ("unknown", "nothing was seen that could be judged; never counted as passed"),
    ("not applicable", "the vendor or the subject has nothing to which the requirement applies"),
    ("MUST, SHOULD", "a failed MUST refuses the certificate; a failed SHOULD is shown and refuses nothing"),
    ("waived", "a failure that somebody has set aside until a day, with a reason"),
)
_PACKAGES = ("requests", "httpx", "urllib3", "tenacity", "freezegun", "vcrpy", "pytest", "jinja2")


def environment(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and value of what a repetition needs; nothing else of the machine."""
    packages = [f"{name} {found}" for name in _PACKAGES if (found := _version(name))]
    return (
        ("Command", _command(document)),
        ("Harness", document["harness_version"]),
        ("Seed", str(document["seed"])),
        ("Selection", document["selection"]),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("Libraries", ", ".join(packages)),
        ("Time", f"{document['virtual_s'] / 3600:.1f} virtual hours in {document['wall_s']:.0f} s"),
    )


def _command(document: Mapping[str, Any]) -> str:
    selection = "" if document["selection"] == "all" else f" {document['selection']}"
    seed = f" --seed {document['seed']}" if document["seed"] else ""
    return (
        f"harness certify {shlex.quote(document['subject']['name'])} --profile {document['profile']}{seed}{selection}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
