"""What the recorded vendors hold before the first flow, and what is pushed to them. All persons are invented."""

_FIRST = ("amara", "bruno", "chidi", "daria", "emre", "farah", "goran", "hana")
_LAST = ("okafor", "lindqvist", "moreau", "tanaka", "silva", "novak")

KEYSTONE_USERS = tuple(
    {"name": f"{first}.{last}", "email": f"{first}.{last}@example.org"} for last in _LAST for first in _FIRST
)[:47]
"""With the administrator 48: ten pages of five, the last one of three."""

KEYSTONE_NEW = (
    {"name": "ines.ferreira", "email": "ines.ferreira@example.org"},
    {"name": "jonas.weber", "email": "jonas.weber@example.org"},
    {"name": "kofi.mensah", "email": "kofi.mensah@example.org"},
    {"name": "leila.haddad", "email": "leila.haddad@example.org"},
    {"name": "zoë.müller", "email": "zoe.mueller@example.org"},
    {"name": "mateo.rojas+ops", "email": "mateo.rojas+ops@example.org"},
    {"name": "nadia o'brien", "email": "nadia.obrien@example.org"},
    {"name": "oskar.dahl", "email": "oskar.dahl@example.org"},
    {"name": "priya.raman", "email": "priya.raman@example.org"},
    {"name": "quentin.dubois", "email": "quentin.dubois@example.org"},
    {"name": "rosa.conti", "email": "rosa.conti@example.org"},
    {"name": "sven.aalto", "email": "sven.aalto@example.org"},
)

KEYSTONE_2_USERS = tuple(
    {"name": f"svc-{team}-{number}", "description": f"Service account {number} of {team}"}
    for team in ("billing", "search", "mail", "edge")
    for number in (1, 2, 3, 4)
)
"""With the administrator 17: six pages of three, the last one of two."""

KEYSTONE_2_NEW = tuple({"name": f"svc-audit-{number}", "description": "Reads only"} for number in (1, 2, 3, 4, 5))

ROUNDUP_TITLES = (
    "Login page shows a blank form",
    "Export stops after 500 rows",
    "Invoice date is a day early",
    "Search ignores accents",
    "Mail footer has the old address",
    "Report takes four minutes",
    "Avatar upload turns pictures",
    "Time zone is lost on save",
    "Duplicate customers after import",
    "Session ends in mid-edit",
    "Menu covers the first row",
)
"""Eleven: six pages of two, the last one of one."""

ROUNDUP_MORE = tuple(f"Imported ticket {number:02}" for number in range(1, 36))
"""With the eleven 46: 23 pages of two, more than the 20 calls that the limit allows at once."""

ROUNDUP_USERS = tuple(
    {"username": f"{first}.novak", "realname": f"{first.title()} Novak", "phone": f"+43 1 55501{number:02}"}
    for number, first in enumerate(_FIRST, start=1)
)
"""With the tracker's own three eleven: six pages of two, the last one of one."""

ROUNDUP_NEW = (
    {"username": "ines.ferreira", "realname": "Inês Ferreira", "phone": "+43 1 5550121"},
    {"username": "jonas.weber", "realname": "Jonas Weber", "phone": "+43 1 5550122"},
    {"username": "mateo+ops@example.org", "realname": "Mateo Rojas", "phone": "+43 1 5550123"},
)

ROUNDUP_NEW_ONCE = (
    {"username": "kofi.mensah", "realname": "Kofi Mensah", "phone": "+43 1 5550124"},
    {"username": "leila.haddad", "realname": "Leila Haddad", "phone": "+43 1 5550125"},
)

ROUNDUP_2_USERS = tuple(
    {"username": f"svc-{team}-{number}", "realname": f"Service account {number} of {team}"}
    for team in ("billing", "search")
    for number in (1, 2)
)
"""With the tracker's own three seven: three pages of three, the last one of one."""

ROUNDUP_2_NEW = tuple({"username": f"svc-audit-{number}", "realname": "Reads only"} for number in (1, 2))

ROUNDUP_2_NEW_ONCE = ({"username": "svc-audit-3", "realname": "Reads only"},)

MEDIAWIKI_TITLES = tuple(f"Contact/{number}" for number in range(1, 11))
"""With the main page eleven: six pages of two, the last one of one."""

MEDIAWIKI_NEW = (
    {"title": "Supplier/North", "text": "Delivers on Mondays."},
    {"title": "supplier/south_coast", "text": "Delivers on [[Tuesday]]s; see ''terms''."},
    {"title": "Zoë Müller+ops/ä", "text": 'Zoë+Müller & Söhne: 100 % = "all"'},
    {"title": "Supplier/East", "text": "First line.\n\nThird line."},
)
"""The second comes with a small first letter and an underscore, as no title of the wiki is spelled."""

MEDIAWIKI_2_TITLES = ("Depot/Graz", "Depot/Linz", "Depot Wien", "Fleet", "Mail room", "Archive", "Z")
"""With the main page eight: three pages of three, the last one of two."""

MEDIAWIKI_2_NEW = (
    {"title": "depot/Wels", "text": "Opens at seven."},
    {"title": "Depot/Krems", "text": "Closed."},
)

SCIM_USERS = tuple(
    {"userName": f"{first}.{last}", "displayName": f"{first.title()} {last.title()}"}
    for last in _LAST[:2]
    for first in _FIRST
)[:13]
"""Five pages of three, the last one of one."""

SCIM_NEW = (
    {"userName": "ines.ferreira", "displayName": "Inês Ferreira"},
    {"userName": "jonas.weber", "displayName": "Jonas Weber"},
    {"userName": "nadia o'brien", "displayName": "Nadia O'Brien"},
    {"userName": "zoë.müller", "displayName": "Zoë Müller"},
    {"userName": "mateo+ops@example.org", "displayName": "Mateo Rojas"},
)

SCIM_2_USERS = tuple(
    {"userName": f"svc-{team}-{number}", "displayName": f"Service account {number} of {team}"}
    for team in ("billing", "search", "mail")
    for number in (1, 2, 3)
)
"""Three pages of four, the last one of one."""

SCIM_2_NEW = tuple({"userName": f"svc-audit-{number}", "displayName": "Reads only"} for number in (1, 2, 3))

KINTO_CONTACTS = tuple(
    {
        "id": f"{first}-{last}",
        "name": f"{first.title()} {last.title()}",
        "email": f"{first}.{last}@example.org",
    }
    for last in _LAST[3:]
    for first in _FIRST
)[:23]
"""Five pages of five, the last one of three."""

KINTO_NEW = tuple(
    {"id": user["name"].replace(".", "-"), "name": user["name"].replace(".", " ").title(), "email": user["email"]}
    for user in KEYSTONE_NEW[:4]
)

KINTO_2_CONTACTS = tuple(
    {"id": f"shop-{number:02}", "name": f"Shop {number}", "city": city}
    for number, city in enumerate(("Graz", "Linz", "Wels", "Steyr", "Wien", "Zwettl", "Krems", "Melk"), start=1)
)
"""Three pages of three, the last one of two."""

KINTO_2_NEW = (
    {"id": "shop-98", "name": "Shop 98", "city": "Lienz"},
    {"id": "shop-99", "name": "Shop 99", "city": "Hall"},
)
