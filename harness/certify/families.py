"""Which family of scenarios is expected on which vendor, and why an empty cell is empty."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One scenario module, and for each shipped vendor a word: what it is run against, or why it is not."""

    scenarios: str
    """The module's name: ``token_expiry``."""
    sentence: str
    expected: tuple[tuple[str, str], ...]
    """Vendor -> ``replay``, ``simulator`` or both."""
    empty: tuple[tuple[str, str], ...] = ()
    """Vendor -> why the family is not run there."""


FAMILIES = (
    Family(
        "token_expiry",
        "tokens end, are taken back, cannot be had",
        (("keystone", "replay, simulator"), ("roundup", "replay"), ("kinto", "replay")),
        (("mediawiki", "the wiki is read without signing in: there is no token and no secret"),),
    ),
    Family(
        "rate_limit_storms",
        "too many requests, once, three times, for ever",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay"),
            ("mediawiki", "replay"),
            ("kinto", "replay, simulator"),
        ),
    ),
    Family(
        "error_bodies",
        "a success that is none, an answer that breaks",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay"),
            ("mediawiki", "replay"),
            ("kinto", "replay, simulator"),
        ),
    ),
    Family(
        "truncated_pages",
        "pages short, empty, repeated, endless, broken off",
        (("keystone", "replay"), ("roundup", "replay"), ("mediawiki", "replay"), ("kinto", "replay")),
    ),
    Family(
        "double_runs",
        "the same run twice, two at once, a run that died or was stopped, a source cut short",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay"),
            ("mediawiki", "replay"),
            ("kinto", "replay, simulator"),
        ),
    ),
    Family(
        "silent_death",
        "runs that fail, die or stop, and nobody looks",
        (("keystone", "replay, simulator"), ("roundup", "replay"), ("mediawiki", "replay")),
    ),
)

NOTES = (
    (
        "Requirements about OAuth tokens are shown on keystone alone: roundup and kinto sign with Basic, mediawiki not"
        " at all; on those two the family shows that a password stays home and out of sight."
    ),
    "Pushes are shown on keystone and kinto, the vendors with a simulator; batches on kinto alone.",
    "Quotas that another app has used up are shown on roundup alone: its answers tell what is left.",
    "A listing that breaks off cannot be noticed on mediawiki and kinto: they tell no total and set no flag.",
)
