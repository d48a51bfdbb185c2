"""The page about the recordings, written from the recordings: what each shows, of which product, from when."""

from pathlib import Path

from harness.stage.recordings import load_folder
from tests.vendors.flows import SERIES, Series

HEAD = """\
# Recordings

Exchanges with real products that ran on loopback, recorded by vcrpy through `requests`, never typed and never edited.
Faults are laid over them in a run; the files stay clean. `python -m tests.vendors.record` records all of them again,
says what changed, and writes this page.

- One folder is one server in one configuration. Its flows were played in the order of the tables, against one state:
  a flow sees what those before it wrote. Each file's metadata holds its place (`sequence`), the product, the
  configuration and the time. Replaying a Keystone folder starts from the state that its `pull_users` shows.
- Host names are the dialect's (`https://keystone.test`), in links and headers too. `Accept-Encoding: identity` was
  sent, so bodies and their headers are as the product wrote them; a content length is that of the body in the file.
- Every secret is a pseudonym of the same shape (`pseudonym-...`, `gAAAAApseudonym-...`, `facade000...`), the same one
  wherever it stood, so the token that is granted is the token that is used. Record ids are as they were.
- All persons are invented.
"""


def page(cassettes: Path) -> str:
    """The text of ``cassettes/README.md`` for the recordings in the folder."""
    return "\n".join([HEAD, *(_section(series, cassettes) for series in SERIES)])


def _section(series: Series, cassettes: Path) -> str:
    recordings = {recording.name: recording for recording in load_folder(cassettes / series.folder)}
    first = recordings[series.flows[0].name]
    lines = [
        f"## {series.folder}\n",
        f"{first.product}, licence {series.licence}, recorded {first.recorded_at[:10]}.",
        f"Configuration: {first.configuration}.\n",
        "| flow | exchanges | what it shows |",
        "|---|---|---|",
    ]
    lines += [f"| `{flow.name}` | {len(recordings[flow.name].exchanges)} | {flow.shows} |" for flow in series.flows]
    return "\n".join(lines) + "\n"
