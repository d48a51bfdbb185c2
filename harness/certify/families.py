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
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay"),
            ("kinto", "replay"),
            ("scim", "simulator"),
        ),
        (
            (
                "mediawiki",
                "nobody signs in at the wiki: its one token is everybody's, and there is no secret",
            ),
        ),
    ),
    Family(
        "rate_limit_storms",
        "too many requests, once, three times, for ever",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay, simulator"),
            ("mediawiki", "replay, simulator"),
            ("kinto", "replay, simulator"),
            ("scim", "simulator"),
        ),
    ),
    Family(
        "error_bodies",
        "a success that is none, an answer that breaks",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay, simulator"),
            ("mediawiki", "replay, simulator"),
            ("kinto", "replay, simulator"),
            ("scim", "simulator"),
        ),
    ),
    Family(
        "truncated_pages",
        "pages short, empty, repeated, endless, broken off, changed meanwhile",
        (
            ("keystone", "replay"),
            ("roundup", "replay"),
            ("mediawiki", "replay"),
            ("kinto", "replay"),
            ("scim", "simulator"),
        ),
    ),
    Family(
        "double_runs",
        "the same run twice, two at once, a run that died or was stopped, a source cut short",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay, simulator"),
            ("mediawiki", "replay, simulator"),
            ("kinto", "replay, simulator"),
            ("scim", "simulator"),
        ),
    ),
    Family(
        "silent_death",
        "runs that fail, die or stop, and nobody looks",
        (
            ("keystone", "replay, simulator"),
            ("roundup", "replay, simulator"),
            ("mediawiki", "replay, simulator"),
            ("kinto", "replay, simulator"),
            ("scim", "simulator"),
        ),
    ),
)

NOTES = (
    (
        "Requirements about OAuth tokens are shown on keystone alone: roundup and kinto sign with Basic, scim with a"
        " token that does not change, mediawiki not at all; on those three the family shows that what signs a request"
        " stays home and out of sight."
    ),
    "Pushes are shown on every vendor: each has a simulator; batches on kinto and scim alone.",
    "A pull of scim is a simulator's too: its subject counts the records, and no recording holds every place.",
    "Quotas that another app has used up are shown on roundup alone: its answers tell what is left.",
    (
        "Records that move while others delete are shown on roundup and scim alone: they count pages or places and tell"
        " a total; behind a marker or a cursor no record moves."
    ),
    "A listing that breaks off cannot be noticed on mediawiki and kinto: they tell no total and set no flag.",
)
