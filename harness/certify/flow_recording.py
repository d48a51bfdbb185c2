"""A flow against a vendor's sandbox becomes a sanitised cassette with its provenance: whole, or not at all."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import harness
from harness.certify.recording_import import unfit
from harness.certify.sandbox_file import SANDBOX_FILE, sandbox_at
from harness.certify.visit import VendorTrouble
from harness.dialects import SHIPPED, Dialect
from harness.stage.recorder import NotRecordable, Recorder
from harness.stage.recordings import RecordedExchange, RecordingError, save
from harness.stage.sandbox import Sandbox, SandboxError
from harness.stage.sanitise import pseudonyms, rehosted, sanitised
from harness.stage.serve import serve

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_STOP_S = 5.0
_TELLS_THE_PRODUCT = ("server", "x-powered-by", "x-generator")


class FlowFailed(Exception):
    """The program did not do what was to be recorded; nothing was written. The sentence says what it did."""


@contextlib.contextmanager
def recording(
    vendor: str,
    flow: str,
    *,
    base_url: str,
    out: Path | str = "cassettes",
    sandbox: Path | str = SANDBOX_FILE,
    present: Literal["kept", "replaced"] = "kept",
    product: str = "",
    dialect: Dialect | None = None,
    max_requests: int | None = None,
    per_second: float | None = None,
) -> Iterator[Recorder]:
    """What is asked of ``base_url`` of the given recorder meanwhile is written to ``OUT/VENDOR/FLOW.yaml`` at the end.

    After an exception nothing is written. Secrets give way to pseudonyms, and the vendor's host to its dialect's
    (``https://VENDOR.test`` where there is no dialect), before anything reaches the disk.

    Args:
        sandbox: The file that lists the hosts that may be touched.
        present: What becomes of a cassette that is there already.
        product: Product and version; what the answers tell (``Server`` and the like) where left out.
        max_requests, per_second: Where they are stricter than the sandbox's rules.

    Raises:
        RecordingError: A name cannot be used, the cassette is there already, or it would hold a secret.
        SandboxError: The host may not be touched, or a rule of the sandbox stood in the way.
        FlowFailed: Nothing was asked.
        VendorTrouble: The vendor gave no answer.
    """
    target = _target(Path(out), vendor, flow, present)
    rules = sandbox_at(base_url, Path(sandbox), max_requests=max_requests, per_second=per_second)
    recorded_at = datetime.now(UTC).isoformat(timespec="seconds")
    recorder = Recorder(rules)
    with serve(recorder.answer) as server:
        recorder.address = f"http://127.0.0.1:{server.port}"
        yield recorder
        exchanges = recorder.exchanges
    _check(recorder, flow)
    known = {one.name: one for one in (*SHIPPED, *((dialect,) if dialect else ()))}
    address = known[vendor].base_url if vendor in known else f"https://{vendor}.test"
    _write(target, exchanges, rules, address=address, product=product, recorded_at=recorded_at)


def run_recorded(command: Sequence[str], recorder: Recorder) -> None:
    """Run the program against the recorder, to its end; a program that is left is ended.

    Raises:
        RecordingError: There is no such program.
        FlowFailed: It did not exit with 0.
    """
    arguments = [part.replace("{base_url}", recorder.base_url) for part in command]
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy"), recorder.address)
    kept = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    try:
        process = subprocess.Popen(arguments, env={**kept, **proxies, "HARNESS_BASE_URL": recorder.base_url})
    except OSError as error:
        raise RecordingError(f"{command[0]} cannot be started ({error.strerror}); nothing was recorded") from error
    try:
        ended = process.wait()
    except BaseException:
        _end(process)
        raise
    if ended and recorder.trouble is None:
        refused = sum(one.status in (401, 403) for one in recorder.exchanges)
        why = (
            f"; the vendor refused {refused} of its requests with 401 or 403, check its credentials" if refused else ""
        )
        raise FlowFailed(f"{command[0]} {_told_end(ended)}{why}; nothing was written")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _told_end(code: int) -> str:
    return f"ended with exit code {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"


def _target(out: Path, vendor: str, flow: str, present: Literal["kept", "replaced"]) -> Path:
    for what, name in (("vendor", vendor), ("flow", flow)):
        if not _NAME.fullmatch(name):
            raise RecordingError(f"{name[:80]!r} is no name for a {what}; use small letters, digits, - and _")
    target = out / vendor / f"{flow}.yaml"
    if target.exists() and present == "kept":
        raise RecordingError(f"{target} is there already; give --overwrite, or another flow")
    return target


def _check(recorder: Recorder, flow: str) -> None:
    trouble = recorder.trouble
    if trouble is None:
        if not recorder.exchanges:
            raise FlowFailed(
                f"nothing was asked of {recorder.sandbox.host} in {flow}; let the program take the vendor's address "
                "from {base_url} in its arguments, from HARNESS_BASE_URL, or its proxy from HTTP_PROXY"
            )
        return
    _raise(trouble)


def _raise(trouble: NotRecordable) -> None:
    match trouble.kind:
        case "vendor_down":
            raise VendorTrouble(f"VENDOR-DOWN: {trouble}; nothing was written") from None
        case "unknown_host" | "tls":
            raise SandboxError(
                f"{trouble}; check --base-url, or name your own CA in SSL_CERT_FILE; nothing was written"
            ) from None
        case "form":
            raise RecordingError(f"{trouble}, so it cannot be recorded; nothing was written") from None
        case _:
            raise SandboxError(f"{trouble}; nothing was written") from None


def _write(
    target: Path,
    exchanges: Sequence[RecordedExchange],
    rules: Sandbox,
    *,
    address: str,
    product: str,
    recorded_at: str,
) -> None:
    origin = f"{rules.base_url.partition('://')[0]}://{rules.host}"
    mapping = pseudonyms(exchanges)
    clean = tuple(rehosted(sanitised(one, mapping), origin=origin, address=address) for one in exchanges)

    def write(place: Path) -> None:
        save(
            place,
            clean,
            product=product or product_told(exchanges),
            recorded_at=recorded_at,
            recorded_with=f"harness {harness.__version__}",
        )

    with tempfile.TemporaryDirectory() as trial:
        place = Path(trial) / target.name
        write(place)
        if reason := unfit(place, clean):
            raise RecordingError(f"{target} {reason}")
    try:
        write(target)
    except OSError as error:
        raise RecordingError(
            f"{target} cannot be written ({error.strerror}); choose another folder with --out"
        ) from error


def product_told(exchanges: Sequence[RecordedExchange]) -> str:
    """Product and version as the vendor's answers tell them (RFC 9110 s10.2.4); empty where none does."""
    told = (
        value
        for wanted in _TELLS_THE_PRODUCT
        for one in exchanges
        for name, value in one.reply_headers
        if name.lower() == wanted
    )
    return next(told, "")
