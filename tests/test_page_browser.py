"""``certificate.html`` in a real Chromium: what a reader sees, reaches and prints; and that nothing in it acts."""

import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from harness.certify.comparison import compared, comparison
from harness.certify.page import page
from harness.certify.stored import stored_certificate
from harness.certify.waivers import read_waivers
from tests.browser import Watched, chromium
from tests.certifying import ROOT, certified
from tests.poison import poisoned_everywhere
from tests.user_example.acme_dialect import ACME

VERDICTS = ("certified", "not_certified")
SCHEMES = ("light", "dark")
_FIRST_PAINT = """new Promise(done => new PerformanceObserver((list, observer) => {
  const entry = list.getEntriesByName('first-contentful-paint')[0];
  if (entry) { observer.disconnect(); done(entry.startTime); }
}).observe({type: 'paint', buffered: true}))"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two real certificates: the core's, and that of an integration that is wired as most are."""
    good, bad, hostile = (tmp_path_factory.mktemp(name) for name in (*VERDICTS, "hostile"))
    assert certified("core", good, vendors=("mediawiki",)).verdict == "certified"
    naive = certified("tests.naive_integration:Naive", bad, vendors=("keystone",))
    assert naive.verdict == "not_certified"
    certified("tests.odd_subjects:RaisesMarkup", hostile, vendors=("mediawiki",))
    poisoned = tmp_path_factory.mktemp("poisoned")
    (poisoned / "certificate.html").write_text(page(poisoned_everywhere(naive)), encoding="utf-8")
    return {"certified": good, "not_certified": bad, "hostile": hostile, "poisoned": poisoned}


@pytest.fixture
def opened(browser, folders):
    """Opens the certificate of that verdict; closed after the test."""
    some = []

    def open_page(verdict, name="certificate.html", **options):
        some.append(Watched(browser, folders[verdict] / name, **options))
        return some[-1]

    yield open_page
    for one in some:
        one.context.close()


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_never_scrolls_sideways(opened, verdict, width):
    assert opened(verdict, width=width).sideways_px() == 0


@pytest.mark.parametrize(("verdict", "word"), [("certified", "Certified"), ("not_certified", "Not certified")])
def test_the_first_screen_tells_verdict_and_limits(opened, verdict, word):
    page = opened(verdict).page

    assert page.locator("h1").count() == 1
    assert page.locator("h1 .word").inner_text() == word
    assert "recordings of" in page.locator("h1 .sentence").inner_text()
    for heading in (".face .passed h2", ".face .not_applicable h2", ".ages h2"):
        box = page.locator(heading).bounding_box()
        assert box
        assert box["y"] + box["height"] < 800


def test_claimed_and_not_claimed_have_the_same_weight(opened):
    page = opened("certified").page
    looks = "one => [getComputedStyle(one).fontSize, getComputedStyle(one).fontWeight, one.getBoundingClientRect().top]"

    assert page.locator("#held").evaluate(looks) == page.locator("#not-claimed-h").evaluate(looks)


def test_failures_come_first_where_there_are_some(opened):
    sections = opened("not_certified").page.locator("main > section").evaluate_all("all => all.map(one => one.id)")

    assert sections[:3] == ["failures", "requirements", "faults"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_dark_is_dark_and_paper_is_light(opened, verdict):
    page = opened(verdict, scheme="dark").page
    ground = "getComputedStyle(document.body).backgroundColor"

    assert page.evaluate(ground) == "rgb(17, 20, 23)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_it_prints(opened, verdict):
    sheets = re.findall(rb"/Type\s*/Page\b", opened(verdict).page.pdf(format="A4"))

    assert len(sheets) >= 4


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(opened, verdict, scheme, width):
    # axe is put into the page as a script, which the page's own policy would refuse.
    watched = opened(verdict, scheme=scheme, width=width)
    found = Axe().run(watched.page).response["violations"]

    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_link_lands(opened, folders, verdict):
    page = opened(verdict).page
    links = set(page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))"))
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    here = {link[1:] for link in links if link.startswith("#")}
    files = {link for link in links if not link.startswith("#")}

    assert len(ids) == len(set(ids))
    assert here - set(ids) == set()
    assert len(files) > 20
    assert [one for one in files if not (folders[verdict] / unquote(one)).is_file()] == []


@pytest.mark.parametrize("verdict", VERDICTS)
def test_headings_skip_no_level(opened, verdict):
    levels = opened(verdict).page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")

    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(opened):
    page = opened("certified").page
    reached = []
    expected = page.locator("a:visible, summary:visible, input:visible, button:visible, [tabindex='0']:visible").count()
    for _ in range(expected):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className + '|' + document.activeElement.tagName"))

    assert reached[0] == "skip|A"
    assert "BODY" not in {one.partition("|")[2] for one in reached}
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_skip_link_leads_to_the_evidence(opened):
    page = opened("certified").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.url.endswith("#main")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_nothing_is_missing_without_script(opened, verdict):
    with_script, without = opened(verdict), opened(verdict, script=False)
    text = "document.querySelector('main').textContent.replaceAll('Copy', '')"

    assert without.page.locator("main").text_content() == with_script.page.evaluate(text)


def test_only_what_did_not_pass_is_shown_on_demand(opened):
    page = opened("not_certified", script=False).page
    rows = page.locator("#requirements tr.row.passed:visible")
    before = rows.count()
    page.locator("#only-broken").check()

    assert before > 0
    assert rows.count() == 0
    assert page.locator("#requirements tr.row.failed:visible").count() > 0


@pytest.mark.parametrize("verdict", [*VERDICTS, "hostile", "poisoned"])
def test_it_says_nothing_on_the_console_and_asks_for_nothing(opened, verdict):
    watched = opened(verdict)
    watched.page.mouse.wheel(0, 100_000)
    watched.page.wait_for_load_state("networkidle")

    assert (watched.console, watched.errors, watched.dialogs) == ([], [], [])
    assert watched.requests == [watched.url]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_it_is_drawn_in_a_second(opened, verdict):
    """The best of three: whatever else the machine is doing is not the page's."""
    assert min(opened(verdict).page.evaluate(_FIRST_PAINT) for _ in range(3)) < 1000


@pytest.mark.parametrize("name", ["certificate.html", "report.html"])
def test_hostile_text_does_not_act(opened, name):
    watched = opened("hostile", name)
    for row in watched.page.locator(".collapsible").all()[:3]:
        row.click()
    watched.page.wait_for_load_state("networkidle")

    assert watched.dialogs == []
    assert watched.requests == [watched.url]
    assert watched.page.locator("img[src=x], a[href^='javascript:' i], [onerror]").count() == 0


def test_hostile_text_is_shown_as_text(opened):
    page = opened("hostile").page

    assert "<img src=x onerror=alert(1)></script>" in page.locator("main").inner_text()
    assert "{{7*7}}" in page.locator("main").inner_text()
    assert opened("hostile", width=360).sideways_px() == 0


def test_text_poisoned_in_every_place_neither_acts_nor_breaks_the_layout(opened):
    watched = opened("poisoned")

    assert watched.page.evaluate("window.poisoned") is None
    assert watched.dialogs == []
    foreign = "script:not(body > script:last-child), img, iframe, object, embed, base, a[href^='javascript:' i]"
    assert watched.page.locator(foreign).count() == 0
    assert (
        watched.page.locator("*").evaluate_all(
            "all => all.flatMap(one => [...one.attributes]).filter(one => /^on/i.test(one.name)).length"
        )
        == 0
    )
    assert watched.sideways_px() == 0
    assert opened("poisoned", width=360).sideways_px() == 0


WAIVERS = """\
[[waiver]]
requirement = "outcome.honest"
vendor = "mediawiki"
reason = "<img src=x onerror=alert(1)> rewritten in spring"
owner = "ada@example.org"
expires = 2099-12-31
"""


def test_waivers_and_changes_stand_on_the_page_and_do_not_act(browser, tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
    (tmp_path / "harness-waivers.toml").write_text(WAIVERS)
    waivers = read_waivers(tmp_path / "harness-waivers.toml", vendors=("mediawiki",))
    certified("core", old, vendors=("mediawiki",), profile="first")
    naive = certified("tests.naive_integration:Naive", new, vendors=("mediawiki",), profile="first", waivers=waivers)
    # One integration, before and after somebody spoilt it.
    before = stored_certificate(old)
    before = replace(before, document={**before.document, "subject": naive.document["subject"]})
    changes = comparison(before, compared(naive.document, [run.plan for run in naive.runs if run.faults]))
    (new / "certificate.html").write_text(page(replace(naive, comparison=changes)), encoding="utf-8")

    with Watched(browser, new / "certificate.html") as watched:
        assert "outcome.honest" in watched.page.locator("#waivers").inner_text()
        assert "onerror" in watched.page.locator("#waivers").inner_text()
        assert "pages.complete" in watched.page.locator("#changes").inner_text()
        assert watched.sideways_px() == 0
        assert (watched.dialogs, watched.console, watched.errors) == ([], [], [])


MARKUP = "<img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}"


@pytest.fixture(scope="module")
def hostile_vendor(tmp_path_factory):
    """A certificate whose vendor's record keys and bodies are markup, of a subject that loses such records."""
    folder = tmp_path_factory.mktemp("vendor")
    script = ROOT / "tests" / "user_example" / "record_acme.py"
    subprocess.run([sys.executable, str(script), str(folder / "cassettes")], check=True, capture_output=True)
    cassette = folder / "cassettes" / "pull_contacts.yaml"
    recorded = cassette.read_text()
    assert "contact2@example.com" in recorded
    cassette.write_text(recorded.replace("contact2@example.com", MARKUP).replace("contact23@example.com", MARKUP + "!"))
    out = folder / "out"
    out.mkdir()
    certificate = certified(
        "tests.rarer_diseases:LosesMostOfAcme", out, dialect=ACME, cassettes=folder / "cassettes", profile="first"
    )
    assert certificate.verdict == "not_certified"
    return out


@pytest.mark.parametrize("name", ["certificate.html", "report.html"])
def test_record_keys_that_are_markup_are_shown_as_text(browser, hostile_vendor, name):
    with Watched(browser, hostile_vendor / name) as watched:
        shown = watched.page.locator("body").inner_text()
        inside = watched.page.locator("img[onerror]").count()

    assert "onerror=alert(1)" in shown or name == "report.html"
    assert inside == 0
    assert (watched.dialogs, watched.errors) == ([], [])
