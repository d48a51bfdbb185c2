"""What is recorded of Kinto, flow by flow."""

from harness.dialects.kinto import KINTO
from tests.vendors import flows_kinto, kinto, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
    Series(
        folder="kinto",
        dialect=KINTO,
        licence="Apache-2.0",
        start=lambda state, port: kinto.start(
            state, port, contacts=seeds.KINTO_CONTACTS, page_cap=5, batch_cap=5, backoff_s=10
        ),
        flows=(
            Flow(
                name="pull_contacts",
                shows="23 contacts on 5 pages of at most 5, by the header Next-Page; every answer says Backoff: 10",
                play=flows_kinto.pull_contacts,
            ),
            Flow(
                name="silent_cap",
                shows="_limit=100 is cut to a page of 5 without a word, and the next page's address says _limit=5",
                play=flows_kinto.silent_cap,
            ),
            Flow(
                name="bad_password",
                shows="a wrong password is a 401, and so is none",
                play=flows_kinto.bad_password,
            ),
            Flow(
                name="forbidden",
                shows="an account without permission is a 403 for listing and for creating",
                play=flows_kinto.forbidden,
            ),
            Flow(
                name="lookup",
                shows="a contact by its id; another case and an id that nobody has are a 404",
                play=flows_kinto.lookup_of("daria-tanaka"),
            ),
            Flow(
                name="taken",
                shows="PUT with If-None-Match on a known id is a 412 that shows it; POST of it changes nothing (200)",
                play=flows_kinto.taken_of("daria-tanaka"),
            ),
            Flow(
                name="update_contact",
                shows="PATCH with If-Match sets the named fields and keeps the others; an unknown id is a 404",
                play=flows_kinto.update_of("goran-silva", {"email": "g.silva@example.org", "city": "Graz"}),
            ),
            Flow(
                name="stale_update",
                shows="PATCH and PUT for an older state are a 412 that shows the record; for the new state a 200",
                play=flows_kinto.stale_update,
            ),
            Flow(
                name="replaced",
                shows="PUT without a condition puts the whole record: fields that are left out are gone",
                play=flows_kinto.replaced,
            ),
            Flow(
                name="delete_then_list",
                shows="DELETE answers with a tombstone; again it is a 404; the listing holds 22 contacts",
                play=flows_kinto.delete_then_list,
            ),
            Flow(
                name="push_contacts",
                shows="4 new contacts: each looked up (404), then created by PUT with If-None-Match (201)",
                play=flows_kinto.push_contacts(seeds.KINTO_NEW),
            ),
            Flow(
                name="push_contacts_again",
                shows="the same push once more: 4 lookups that find, and no write",
                play=flows_kinto.push_contacts(seeds.KINTO_NEW),
            ),
            Flow(
                name="create_other_case",
                shows="an id that differs in case alone is another contact (201), and a GET tells the two apart",
                play=flows_kinto.create_other_case,
            ),
            Flow(
                name="invalid_key",
                shows="an id with a space in it is a 400",
                play=flows_kinto.invalid_key,
            ),
            Flow(
                name="batch_mixed",
                shows="a 200 whose five answers are 412, 201, 404, 412 and 200, in the order of the requests",
                play=flows_kinto.batch_mixed(
                    "emre-silva", ({"id": "late-joiner", "name": "Late Joiner"},), "amara-novak"
                ),
            ),
            Flow(
                name="batch_too_large",
                shows="6 requests in a batch are a 400, and none of them is carried out",
                play=flows_kinto.batch_too_large(5),
            ),
            Flow(
                name="pull_after_push",
                shows="28 contacts on 6 pages: those created since stand among the others, ordered by id",
                play=flows_kinto.pull_contacts,
            ),
        ),
    ),
    Series(
        folder="kinto-2",
        dialect=KINTO,
        licence="Apache-2.0",
        start=lambda state, port: kinto.start(state, port, contacts=seeds.KINTO_2_CONTACTS, page_cap=3, batch_cap=7),
        flows=(
            Flow(
                name="pull_contacts",
                shows="8 contacts on 3 pages of at most 3; no Backoff",
                play=flows_kinto.pull_contacts,
            ),
            Flow(
                name="lookup",
                shows="hit, other case, miss, with other names",
                play=flows_kinto.lookup_of("shop-03"),
            ),
            Flow(
                name="taken",
                shows="the 412 and the 200 of an id that is taken",
                play=flows_kinto.taken_of("shop-04"),
            ),
            Flow(
                name="update_contact",
                shows="city set on an existing contact",
                play=flows_kinto.update_of("shop-05", {"city": "Baden"}),
            ),
            Flow(
                name="push_contacts",
                shows="2 new contacts",
                play=flows_kinto.push_contacts(seeds.KINTO_2_NEW),
            ),
            Flow(
                name="batch_mixed",
                shows="412, 201, 201, 201, 404, 412 and 200 in one batch of seven",
                play=flows_kinto.batch_mixed(
                    "shop-01",
                    tuple({"id": f"shop-{number}", "name": f"Shop {number}"} for number in (50, 51, 52)),
                    "shop-02",
                ),
            ),
            Flow(
                name="batch_too_large",
                shows="8 requests in a batch are a 400",
                play=flows_kinto.batch_too_large(7),
            ),
            Flow(
                name="pull_after_push",
                shows="13 contacts on 5 pages of at most 3",
                play=flows_kinto.pull_contacts,
            ),
        ),
    ),
)
