"""Puts hostile text into everything of a certificate that a vendor, a subject or a plan had a word in."""

from dataclasses import replace

from harness.stage.history import Acted, Exchange, Logged, Noted

POISON = (
    "</script></style></svg><script>window.poisoned=1;alert(1)</script><img src=x onerror=alert(2)>"
    "\"' onload=alert(3) javascript:alert(4) {{7*7}}{% raw %} \x00\x1b[2J\u202eright to left\u2028\ud800 "
)
LONG = POISON + "x" * 1_000_000
_PAIR = (("x-request-id", LONG), (POISON, POISON))


def poisoned_everywhere(certificate):
    """The certificate with the same runs and verdicts; each text in bodies, headers, keys, errors, logs, names and
    plans hostile. One run holds a megabyte in every field."""
    runs = tuple(_run(run, LONG if number == 0 else POISON) for number, run in enumerate(certificate.runs))
    plans = {old.plan: new.plan for old, new in zip(certificate.runs, runs, strict=True)}
    judged = tuple(replace(one, by_vendor=_verdicts(one.by_vendor, plans)) for one in certificate.judged)
    document = {
        **certificate.document,
        "subject": dict.fromkeys(("name", "version", "digest", "commit"), LONG),
        "selection": LONG,
        "not_claimed": [*certificate.document["not_claimed"], LONG],
    }
    return replace(certificate, runs=runs, judged=judged, document=document)


def _verdicts(by_vendor, plans):
    return {
        vendor: replace(
            verdict,
            findings=tuple(
                replace(one, plan=plans[one.plan], sentence=LONG, expected=LONG, seen=LONG) for one in verdict.findings
            ),
            why=verdict.why and LONG,
        )
        for vendor, verdict in by_vendor.items()
    }


def _run(run, text):
    return replace(run, plan=f"{run.plan} {POISON}", events=tuple(_event(event, text) for event in run.events))


def _event(event, text):
    match event:
        case Exchange():
            names = ("target", "reply_body", "request_body", "vendor_message", "record_key", "request_id", "host")
            fault = event.fault and f"{event.fault[:-1]}text={text})"
            headers = {"request_headers": _PAIR, "reply_headers": _PAIR}
            return replace(event, fault=fault, **headers, **dict.fromkeys(names, text))
        case Logged():
            return replace(event, message=text, logger=text, fields=((text, text),))
        case Noted():
            return replace(event, text=text)
        case Acted():
            return replace(event, error=event.error and text, named_failures=((text, text),))
        case _:
            return event
