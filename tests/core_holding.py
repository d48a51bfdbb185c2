"""A small vendor that holds users, finds them by name, and refuses a name that it has."""

from tests.core_vendor import reply


class Holding:
    """A vendor that holds users by name. ``ruin`` turns the reply to request n (from 1) into something else.

    A ruin is called with the request and the clean answer's maker, so that it may let the effect happen or not.
    """

    def __init__(self, *held, ruin=None):
        self.held = {user["name"]: {"id": f"u{n}", **user} for n, user in enumerate(held)}
        self.ruin = ruin or {}
        self.count = 0

    def __call__(self, asked):
        self.count += 1
        ruin = self.ruin.get(self.count)
        return ruin(lambda: self.answer(asked)) if ruin else self.answer(asked)

    def answer(self, asked):
        if asked.method == "POST":
            user = asked.document["user"]
            if user["name"] in self.held:
                return reply({"error": {"code": 409, "message": "duplicate entry"}}, 409, x_request_id="req-dup")
            self.held[user["name"]] = {"id": f"u{len(self.held)}", **user}
            return reply({"user": self.held[user["name"]]}, 201)
        if asked.method == "PATCH":
            user = next(user for user in self.held.values() if asked.path == f"/users/{user['id']}")
            user |= asked.document["user"]
            return reply({"user": user})
        name = asked.query.get("name")
        return reply({"rows": [user for user in self.held.values() if name in (None, user["name"])]})


def before(sent):
    """The reply goes wrong and nothing was done."""
    return lambda answer: sent


def after(sent):
    """It was done, and the reply goes wrong."""

    def ruined(answer):
        answer()
        return sent

    return ruined
