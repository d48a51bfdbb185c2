"""Which values of an exchange are secrets, as data: a rule has a name, and says where such values stand.

A rule's name is the kind of its secrets and part of their pseudonyms: one word in lower-case letters. Names of headers
and fields hold in any case and with whatever joins their words: ``client_secret`` is ``clientSecret`` too. A name that
begins with ``*`` holds for all that end so, but for those with a word in them that the rule calls harmless.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeaderRule:
    """This header holds a secret: alone, after a scheme, as both halves of a Basic pair, or in quoted parameters."""

    name: str
    header: str
    harmless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CookieRule:
    """Every cookie in this header is a secret."""

    name: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldRule:
    """Text members of JSON, elements and attributes of XML, form fields, parameters of these names are secrets.

    JSON that stands as a text within JSON, in Base64 or in a URL is looked into as well.
    """

    name: str
    fields: tuple[str, ...]
    harmless: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    """Values that everybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathRule:
    """The text at this path of a JSON body is a secret; ``*`` is any member, or any item."""

    name: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatternRule:
    """Whatever looks like this is a secret, wherever it stands; of a pattern with a group, the group alone.

    Texts come from anywhere and are long: no pattern may look at one piece of a text from each of its places, so what
    repeats without bound begins where nothing of its kind stands before it, or after something that ends it.
    """

    name: str
    pattern: str


Rule = HeaderRule | CookieRule | FieldRule | PathRule | PatternRule

_PLACES = ("page", "next", "continuation", "cursor", "sync", "skip", "resume", "marker", "delta")
"""Tokens of these kinds say where a listing goes on."""
_WORDS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
"""Tokens of these kinds are pieces of a language model's text."""

_HEADERS = (
    HeaderRule(name="token", header="*authorization"),
    HeaderRule(name="token", header="authentication"),
    HeaderRule(name="token", header="x-auth"),
    HeaderRule(name="token", header="*-token", harmless=_PLACES),
    HeaderRule(name="key", header="*api-key"),
    HeaderRule(name="key", header="*-auth-key"),
    HeaderRule(name="key", header="*-access-key"),
    HeaderRule(name="key", header="*-application-key"),
    HeaderRule(name="key", header="*-subscription-key"),
    HeaderRule(name="key", header="x-functions-key"),
    HeaderRule(name="secret", header="*-secret"),
    HeaderRule(name="session", header="*-session-id"),
    CookieRule(name="cookie", header="cookie"),
    CookieRule(name="cookie", header="set-cookie"),
    CookieRule(name="cookie", header="set-cookie2"),
)
_FIELDS = (
    FieldRule(
        name="token",
        fields=(
            "*token",
            "session_id",
            "session_key",
            "device_code",
            "authorization_code",
            "auth_code",
            "SAMLResponse",
        ),
        harmless=(*_PLACES, *_WORDS, "_token"),  # Kinto's place in a listing
        public=("+\\",),  # MediaWiki gives this one to everybody who is not signed in.
    ),
    FieldRule(
        name="secret",
        fields=("*secret", "secret_key", "secret_access_key", "aws_secret_access_key", "*assertion", "code_verifier"),
    ),
    FieldRule(
        name="password",
        fields=("*password", "*passwd", "*pwd", "passphrase", "passcode", "user_pass", "password_confirmation"),
    ),
    FieldRule(
        name="key",
        fields=(
            "*api_key",
            "hapikey",
            "private_key",
            "subscription_key",
            "access_key",
            "access_key_id",
            "encryption_key",
            "hmac_key",
            "shared_key",
            "account_key",
            "consumer_key",
        ),
    ),
    FieldRule(name="password", fields=("connection_string",)),
    FieldRule(name="client", fields=("client_id", "application_credential_id")),
    FieldRule(name="signature", fields=("X-Amz-Signature", "X-Goog-Signature", "oauth_signature")),
    # Only a signed URL of Azure Storage has a short parameter of this name with a hash in it.
    PatternRule(name="signature", pattern=r"(?i)[?&]sig=([A-Za-z0-9%+/_-]{40,}={0,2})"),
    PathRule(name="password", path=("credentials", "password", "value")),
    PathRule(name="password", path=("credentials", "recovery_question", "answer")),
    PathRule(name="key", path=("keys", "*", "value")),
)
_PATTERNS = (
    PatternRule(
        name="key",
        pattern=r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\\{1,8}n|\s)*+"
        r"((?:(?!-----)[\s\S])+?)(?:\\{1,8}n|\s){0,64}-----END ",
    ),
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9_-])gAAAAA[A-Za-z0-9_-]{60,}={0,2}"),  # a fernet token
    PatternRule(
        name="jwt",
        pattern=r"(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2}))eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    PatternRule(name="key", pattern=r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),  # AWS
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,}"),  # GitHub
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{40,}"),
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}"),  # GitLab
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"),  # Slack
    PatternRule(name="hook", pattern=r"(?i)hooks\.slack\.com/services/([A-Z0-9]+/[A-Z0-9]+/[A-Z0-9]{16,})"),
    PatternRule(name="key", pattern=r"(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),  # Stripe
    PatternRule(name="key", pattern=r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),  # Google
    PatternRule(name="key", pattern=r"(?<![A-Za-z0-9])sk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),  # Anthropic, OpenAI
    PatternRule(name="key", pattern=r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}"),  # SendGrid
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),  # Shopify
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}"),
    PatternRule(name="token", pattern=r"api\.telegram\.org/bot(\d{6,12}:[A-Za-z0-9_-]{30,})"),
    PatternRule(name="hook", pattern=r"discord(?:app)?\.com/api/webhooks/\d+/([A-Za-z0-9_-]{30,})"),
    PatternRule(name="key", pattern=r"(?i)AccountKey=([A-Za-z0-9+/]{20,}={0,2})"),  # Azure Storage
    PatternRule(name="token", pattern=r"(?i)\bbearer (?=[a-z._~+/-]*[0-9])([a-z0-9._~+/-]{12,}={0,2})(?![\w=])"),
    PatternRule(name="token", pattern=r"(?<=[A-Za-z0-9])://([^/\s:@\"'<>?&#=]{16,})@"),
    PatternRule(name="password", pattern=r"(?<=[A-Za-z0-9])://[^/\s:@\"'<>]+:([^/\s@\"'<>]+)@"),  # in an address
)

RULES: tuple[Rule, ...] = (*_HEADERS, *_FIELDS, *_PATTERNS)
"""What is always taken out."""

PEOPLE: tuple[Rule, ...] = (
    PatternRule(
        name="email",
        pattern=r"(?<![\w.+%-])[A-Za-z0-9][\w.+-]*(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    ),
    FieldRule(
        name="person",
        fields=(
            "givenName",
            "given_name",
            "firstName",
            "first_name",
            "familyName",
            "family_name",
            "lastName",
            "last_name",
            "displayName",
            "display_name",
            "fullName",
            "full_name",
            "nickName",
            "nickname",
            "realname",
        ),
    ),
)
"""E-mail addresses and people's names: taken out on request."""
