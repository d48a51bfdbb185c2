"""What is recorded of Roundup, flow by flow."""

from harness.dialects.roundup import ROUNDUP
from tests.vendors import flows_roundup, roundup, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
    Series(
        folder="roundup",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES),
        flows=(
            Flow(
                name="pull_issues",
                shows="11 issues on 6 pages of 2 by @links.next; X-Count-Total and @total_size say 11; no limit met",
                play=flows_roundup.pull_issues,
            ),
            Flow(
                name="bad_password",
                shows="a wrong password is a 401 in plain text; nobody at all is a 403",
                play=flows_roundup.bad_password,
            ),
            Flow(
                name="page_too_large",
                shows="a page size above the cap of 50 is a 400",
                play=flows_roundup.page_too_large,
            ),
            Flow(
                name="pull_to_limit",
                shows="46 issues on 23 pages: the 21st call is a 429 with Retry-After, waited out as told",
                play=flows_roundup.pull_to_limit,
                prepare=flows_roundup.refill(seeds.ROUNDUP_MORE),
            ),
        ),
    ),
    Series(
        folder="roundup-2",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES, row_cap=3),
        flows=(
            Flow(
                name="silent_cap",
                shows="without @page_size a 200 with 3 of 11 rows, @total_size -1, X-Count-Total -1 and no next",
                play=flows_roundup.silent_cap,
            ),
        ),
    ),
    Series(
        folder="roundup-moving",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES, calls=1000),
        flows=(
            Flow(
                name="rows_move",
                shows="issue 1 is retired after page 1: issue 3 is on no later page, and the total falls from 11 to 10",
                play=flows_roundup.rows_move,
            ),
        ),
    ),
)
