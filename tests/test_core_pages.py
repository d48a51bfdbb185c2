"""Walking through listings: every record once, or a loud end."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core import Incomplete, Integration, LeadsElsewhere, PageLoop, RetriesExhausted
from harness.core.errors import Context
from harness.core.pages import PageAddress, next_page, origin
from harness.core.replies import Answer
from harness.dialects.credentials import Bearer
from harness.dialects.facts import Cursor, Header, PageNumber
from harness.dialects.scim import SCIM
from harness.stage.operations import query_of
from harness.stage.recordings import load
from tests.core_dialects import COUNTED, PAGINGS, dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor


class Pages:
    """Shows the pages given, in each paging's own way, and leads on as long as there are more."""

    def __init__(self, style, pages, *, total=None):
        self.style, self.pages, self.total = style, pages, total

    def __call__(self, asked):
        at = self._place(asked)
        rows = self.pages[at] if at < len(self.pages) else []
        document = {"rows": rows} | ({} if self.total is None else {"total": self.total})
        further, headers = at + 1 < len(self.pages), {}
        match self.style:
            case "next_link":
                document["next"] = f"/users?at={at + 1}" if further else None
            case "link_header":
                headers["link"] = (
                    f'</users?at=0&a,b>;rel="first",</users?at={at + 1}&c,d>;rel="next"' if further else ""
                )
            case "cursor":
                document["cursor"] = f"c{at + 1}=" if further else ""
            case "continue" if further:
                document["continue"] = {"at": at + 1, "continue": "-||"}
            case "next_header" if further:
                headers["next_page"] = f"/users?at={at + 1}"
            case "marker":
                document["more"] = further
        return reply(document, **headers)

    def _place(self, asked):
        query = asked.query
        match self.style:
            case "cursor":
                return int(query.get("after", "c0=").strip("c="))
            case "page_number":
                return int(query["page"]) - 1
            case "offset":
                return self._beginning_at(int(query["skip"]))
            case "offset_from_one":
                return self._beginning_at(int(query["startIndex"]) - 1)
            case "marker":
                lasts = [None, *(str(page[-1]["id"]) for page in self.pages if page)]
                return lasts.index(query.get("marker"))
            case _:
                return int(query.get("at", 0))

    def _beginning_at(self, count):
        """The page before which so many records stand."""
        before = itertools.accumulate((len(page) for page in self.pages), initial=0)
        return list(before).index(count)


def pulled(script, spoken):
    """The records, and how many requests it took."""
    clock = Clock()
    with vendor(script) as serving, integration(serving, spoken, clock) as core:
        return list(core.pull("users")), len(serving.asked)


def failed(script, spoken, error=RetriesExhausted):
    with vendor(script) as serving, integration(serving, spoken, Clock()) as core:
        with pytest.raises(error) as raised:
            list(core.pull("users"))
        return raised.value, serving.asked


def users(*ids):
    return [{"id": each, "name": f"n{each}"} for each in ids]


EACH_STYLE = pytest.mark.parametrize("style", PAGINGS)
BY_LINK = pytest.mark.parametrize("style", ["next_link", "link_header", "next_header"])


@EACH_STYLE
def test_every_record_comes_once_in_order(style):
    pages = Pages(style, [users(1, 2), users(3, 4), users(5)])

    rows, requests = pulled(pages, dialect(paging=PAGINGS[style]))

    assert rows == users(1, 2, 3, 4, 5)
    assert requests == (4 if style in COUNTED else 3)


@EACH_STYLE
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_split_into_pages_that_overlap_or_are_empty_gives_back_the_records_once(style, data):
    count = data.draw(st.integers(0, 20))
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=6)))
    rows = users(*range(1, count + 1))
    pages = []
    for start, end in itertools.pairwise([0, *cuts, count]):
        again = data.draw(st.integers(0, min(start, 3))) if end > start else 0
        pages.append(rows[start - again : end])
    if style in (*COUNTED, "marker"):
        # From an empty page these lead nowhere, so none stands in the middle.
        pages = [page for page in pages if page]

    total = data.draw(st.sampled_from([None, count]))

    assert pulled(Pages(style, pages, total=total), dialect(paging=PAGINGS[style], total=("total",)))[0] == rows


@EACH_STYLE
def test_a_record_shown_on_two_pages_is_returned_once(style):
    pages = Pages(style, [users(1, 2), users(2, 3)])

    assert pulled(pages, dialect(paging=PAGINGS[style]))[0] == users(1, 2, 3)


def test_a_record_shown_twice_on_one_page_is_returned_once():
    assert pulled(Pages("next_link", [users(1, 1, 2)]), dialect())[0] == users(1, 2)


@pytest.mark.parametrize("style", ["next_link", "link_header", "next_header", "cursor", "continue"])
def test_an_empty_page_that_leads_on_is_not_the_last(style):
    pages = Pages(style, [users(1), [], [], users(2)])

    assert pulled(pages, dialect(paging=PAGINGS[style]))[0] == users(1, 2)


@pytest.mark.parametrize("style", COUNTED)
def test_a_short_page_is_not_the_last_where_it_is_counted(style):
    pages = Pages(style, [users(1, 2), users(3), users(4, 5)])

    assert pulled(pages, dialect(paging=PAGINGS[style]))[0] == users(1, 2, 3, 4, 5)


@pytest.mark.parametrize("style", COUNTED)
def test_counting_ends_where_the_total_is_reached(style):
    pages = Pages(style, [users(1, 2), users(3)], total=3)

    assert pulled(pages, dialect(paging=PAGINGS[style], total=("total",))) == (users(1, 2, 3), 2)


@pytest.mark.parametrize("cap", [2, 3, 10])
def test_the_page_size_that_the_vendor_serves_is_asked_for_from_then_on(cap):
    held = users(*range(1, 8))

    def serve_less_than_asked(asked):
        size, number = int(asked.query["size"]), int(asked.query["page"])
        begin = (number - 1) * size
        return reply({"rows": held[begin : begin + min(size, cap)], "total": len(held)})

    spoken = dialect(paging=PageNumber(param="page", size_param="size"), total=("total",), query=(("size", "100"),))

    assert pulled(serve_less_than_asked, spoken)[0] == held


def test_markers_without_a_flag_end_at_a_page_without_records():
    spoken = dialect(paging=PAGINGS["marker"], more=None)

    assert pulled(Pages("marker", [users(1, 2), users(3)]), spoken) == (users(1, 2, 3), 3)


def test_a_flag_that_promises_more_after_no_record_is_loud():
    error, _ = failed(in_turn(reply({"rows": [], "more": True})), dialect(paging=PAGINGS["marker"]))

    assert "there is more but not where; 0 records so far" in str(error)


# -- incomplete --------------------------------------------------------------------------------------------------------


@EACH_STYLE
def test_rows_missing_against_the_total_are_loud(style):
    pages = Pages(style, [users(1, 2), users(3)], total=5)

    error, _ = failed(pages, dialect(paging=PAGINGS[style], total=("total",)))

    assert isinstance(error.__cause__, Incomplete)
    assert "told of 5 records and showed 3" in str(error)


def test_a_total_in_a_header_counts_too():
    error, _ = failed(in_turn(reply({"rows": users(1)}, x_total="2")), dialect(total=Header(name="X-Total")))

    assert "told of 2 records and showed 1" in str(error)


def test_a_total_in_digits_counts_too():
    error, _ = failed(Pages("next_link", [users(1)], total="2"), dialect(total=("total",)))

    assert "told of 2 records and showed 1" in str(error)


def test_a_total_told_on_an_earlier_page_counts_too():
    first = reply({"rows": users(1), "total": 4, "next": "/users?at=1"})

    error, _ = failed(in_turn(first, reply({"rows": users(2), "total": 2})), dialect(total=("total",)))

    assert "told of 4 records and showed 2" in str(error)


def test_a_page_that_lost_its_next_link_is_read_again():
    whole = reply({"rows": users(1), "total": 2, "next": "/users?at=1"})
    broken = reply({"rows": users(1), "total": 2})

    rows, requests = pulled(in_turn(broken, whole, reply({"rows": users(2), "total": 2})), dialect(total=("total",)))

    assert rows == users(1, 2)
    assert requests == 3


def test_a_flag_that_promises_more_without_a_next_link_is_loud_after_three_readings():
    error, asked = failed(in_turn(reply({"rows": users(1), "more": True})), dialect())

    assert "there is more but not where; 1 records so far" in str(error)
    assert len(asked) == 3


def test_nothing_of_a_page_that_makes_no_sense_is_returned():
    seen = []
    with (
        vendor(in_turn(reply({"rows": [{"id": 1}, None]}))) as serving,
        integration(serving, dialect(), Clock()) as core,
        pytest.raises(RetriesExhausted, match="record 2 of 2 is null"),
    ):
        seen.extend(core.pull("users"))

    assert seen == []


# -- loops -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["/users?at=1", "/users", "?at=1"])
def test_a_page_that_leads_back_is_loud_after_three_readings(place):
    script = in_turn(reply({"rows": users(1), "next": "/users?at=1"}), reply({"rows": users(2), "next": place}))

    error, asked = failed(script, dialect())

    assert isinstance(error.__cause__, PageLoop)
    assert len(asked) == 4


def test_a_page_that_leads_back_once_is_read_again():
    loop = reply({"rows": users(2), "next": "/users?at=1"})

    rows, _ = pulled(
        in_turn(reply({"rows": users(1), "next": "/users?at=1"}), loop, reply({"rows": users(2)})), dialect()
    )

    assert rows == users(1, 2)


def test_a_cursor_seen_before_is_loud():
    script = in_turn(*(reply({"rows": users(n), "cursor": cursor}) for n, cursor in enumerate("aba")))

    error, _ = failed(script, dialect(paging=PAGINGS["cursor"]))

    assert isinstance(error.__cause__, PageLoop)


def test_the_same_records_under_ever_new_addresses_are_loud():
    pages = (reply({"rows": users(1), "next": f"/users?at={n}"}) for n in range(1, 100))

    error, asked = failed(in_turn(*pages), dialect())

    assert "nothing but records that earlier pages had" in str(error)
    assert len(asked) == 4


def test_empty_pages_without_end_are_loud():
    pages = (reply({"rows": [], "next": f"/users?at={n}"}) for n in range(1, 100))

    error, asked = failed(in_turn(*pages), dialect())

    assert "50 pages in a row are empty" in str(error)
    assert len(asked) == 53


# -- elsewhere ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["//{host}/users", "http://{host}/users", "https://127.0.0.1/users"])
@BY_LINK
def test_a_next_page_on_another_host_is_not_asked_for(style, place):
    with vendor(in_turn(reply({"rows": []}))) as elsewhere:
        place = place.format(host=elsewhere.url.removeprefix("http://"))
        first = reply({"rows": users(1), "next": place}, link=f'<{place}>; rel="next"', next_page=place)
        error, asked = failed(in_turn(first), dialect(paging=PAGINGS[style]), LeadsElsewhere)

    assert elsewhere.asked == []
    assert len(asked) == 1
    assert "no credential is sent there" in str(error)


def test_a_name_of_a_user_in_the_address_is_not_taken_for_the_vendors_host():
    answer = Answer({"next": "http://127.0.0.1:9/users"}, {}, Context())
    page = PageAddress("http://127.0.0.1:9@vendor.test/users")

    with pytest.raises(LeadsElsewhere):
        next_page(dialect().collections[0], page, answer, rows=(), missing=None)


@pytest.mark.parametrize("place", [7, {"href": "/users"}, ["/users"], "http://[bad"])
def test_a_next_link_that_is_no_address_is_a_malformed_reply(place):
    error, _ = failed(in_turn(reply({"rows": users(1), "next": place})), dialect())

    assert "no address" in str(error)


def test_an_absolute_next_link_home_is_followed():
    with vendor(lambda asked: None) as serving:
        link = f"{serving.url.replace('http', 'HTTP')}/users?at=1"
        serving.script = in_turn(reply({"rows": users(1), "next": link}), reply({"rows": users(2)}))
        with integration(serving, dialect(), Clock()) as core:
            assert list(core.pull("users")) == users(1, 2)


@pytest.mark.parametrize(
    ("header", "followed"),
    [
        ('</users?at=1>; rel="next"', True),
        ("</users?at=1>;rel=next", True),
        ('</users?at=1>; title="x"; rel="last next"', True),
        ('</users?at=0>; rel="prev", </users?at=1>; REL="NEXT"', True),
        ('</users?at=1>; rel="prev"', False),
        ('</users?at=1>; rel="nextish"', False),
        ("nonsense", False),
    ],
)
def test_a_link_header_is_read_by_its_rel(header, followed):
    script = in_turn(reply({"rows": users(1)}, link=header), reply({"rows": users(2)}))

    rows, _ = pulled(script, dialect(paging=PAGINGS["link_header"]))

    assert rows == users(*((1, 2) if followed else (1,)))


def test_two_spellings_of_one_page_are_one_page():
    assert (
        PageAddress("https://v.test/u?b=2&a=1").identity
        == PageAddress("https://V.test:443/u", (("a", "1"), ("b", "2"))).identity
    )


def test_the_port_and_the_scheme_are_part_of_home():
    assert origin("https://v.test") == origin("https://V.test:443/x")
    assert origin("https://v.test") != origin("http://v.test")
    assert origin("https://v.test:8443") != origin("https://v.test")


# -- as recorded -------------------------------------------------------------------------------------------------------

CASSETTES = Path(__file__).parents[1] / "cassettes"


def as_recorded(folder, flow):
    """Answers each request as the recording does, by its path and query."""
    exchanges = load(CASSETTES / folder / f"{flow}.yaml").exchanges
    replies = {(urlsplit(one.url).path, *sorted(query_of(one.url).items())): one for one in exchanges}

    def answer(asked):
        one = replies[asked.path, *sorted(asked.query.items())]
        return reply(status=one.status, body=one.reply_body)

    return answer, {row["id"] for one in exchanges for row in json.loads(one.reply_body)["Resources"]}


def test_scim_users_come_by_place_as_recorded():
    script, recorded = as_recorded("scim", "pull_users")

    with vendor(script) as serving, Integration(SCIM, credentials=Bearer("t"), base_url=serving.url) as core:
        rows = list(core.pull("users"))

    assert [row["id"] for row in rows] == sorted(recorded)
    assert [asked.query["startIndex"] for asked in serving.asked] == ["1", "4", "7", "10", "13"]


def test_scim_users_come_by_cursor_as_recorded():
    script, recorded = as_recorded("scim-cursor", "pull_by_cursor")
    by_place = SCIM.collections[0]
    by_cursor = replace(
        by_place, paging=Cursor(path=("nextCursor",), param="cursor"), query=(("cursor", ""), ("count", "100"))
    )
    spoken = replace(SCIM, collections=(by_cursor,))

    with vendor(script) as serving, Integration(spoken, credentials=Bearer("t"), base_url=serving.url) as core:
        listing = core.pull("users")
        first = next(listing.pages())
        rows = list(core.pull("users", after=listing.position))

    assert [row["id"] for row in (*first, *rows)] == sorted(recorded)
    assert len(serving.asked) == 5
