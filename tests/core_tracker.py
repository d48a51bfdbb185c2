"""A small tracker: it gives out addresses that are good for one create, and minds no name that comes twice."""

from dataclasses import replace

from harness.dialects.writing import ByParam, OneRecord, PostOnce, Version, Writing
from tests.core_dialects import dialect
from tests.core_vendor import reply

WRITING = Writing(
    finding=ByParam(param="name"),
    creating=PostOnce(buying="@once", address=("data", "link"), spent_says="not valid"),
    answer=OneRecord(path=("data",), fields="attributes", changed="attribute"),
    headers=(("Origin", "{origin}"),),
    asking=(("fields", "name,email"),),
    version=Version(header="ETag", path=("version",), unnamed="refused"),
)
STALE = {"error": {"code": 412, "message": "does not match"}}
SPENT = {"error": {"code": 400, "message": "the address is not valid"}}


def spoken(**changes):
    """The dialect of a tracker."""
    known = dialect()
    return replace(known, collections=(replace(known.collections[0], writing=replace(WRITING, **changes)),))


class Tracker:
    """Holds users in the order they came. ``ruin`` turns the reply to the request of that kind and number (``create``
    2, from 1) into something else; the first ``lag`` lookups behind a create do not see it yet."""

    def __init__(self, *held, ruin=None, lag=0, origin="", ends=()):
        self.held = [{"id": str(number), "version": '"1"', **user} for number, user in enumerate(held, start=1)]
        self.ruin, self.lag, self.origin = ruin or {}, lag, origin
        self.ends = set(ends)
        """Which of the addresses, from 1, are good no longer when they are used for the first time."""
        self.asked, self.given, self.good = [], 0, set()

    def __call__(self, asked):
        kind = self.kind(asked)
        self.asked.append(kind)
        ruin = self.ruin.get((kind, self.asked.count(kind)))
        answer = getattr(self, kind)
        return ruin(lambda: answer(asked)) if ruin else answer(asked)

    def kind(self, asked):
        below = asked.path.removeprefix("/users").strip("/")
        if asked.method == "POST":
            return "buy" if below == "@once" else "create"
        return {"GET": "look" if below else "find", "PATCH": "update"}[asked.method]

    def buy(self, asked):
        self.given += 1
        if self.given not in self.ends:
            self.good.add(f"/users/@once/{self.given}")
        origin = self.origin or asked.headers["origin"]
        return reply({"data": {"link": f"{origin}/users/@once/{self.given}"}})

    def create(self, asked):
        if asked.path not in self.good:
            return reply(SPENT, 400)
        self.good.remove(asked.path)
        self.held.append({"id": str(len(self.held) + 1), "version": '"1"', **asked.document})
        return reply({"data": {"id": self.held[-1]["id"]}}, 201)

    def find(self, asked):
        rows = [user for user in self.held if user["name"] == asked.query["name"]]
        if rows and self.lag:
            self.lag -= 1
            rows = []
        assert asked.query["fields"] == "name,email"
        return reply({"rows": [{name: user.get(name) for name in ("id", "name", "email")} for user in rows]})

    def look(self, asked):
        user = self.user(asked)
        told = {name: user.get(name) for name in asked.query["fields"].split(",")}
        return reply({"data": {"id": user["id"], "version": user["version"], "attributes": told}})

    def update(self, asked):
        user = self.user(asked)
        if asked.headers.get("if-match") != user["version"]:
            return reply(STALE, 412)
        user |= asked.document | {"version": f'"{int(user["version"][1:-1]) + 1}"'}
        return reply({"data": {"id": user["id"], "attribute": asked.document}})

    def user(self, asked):
        return next(user for user in self.held if asked.path == f"/users/{user['id']}")
