"""``harness recordings check`` and ``harness recordings import``: what they say, write, refuse and exit with."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.certify.families import FAMILIES
from harness.certify.recording_check import check
from harness.certify.recording_uses import uses
from harness.cli import main
from harness.stage.recordings import RecordedExchange, load, save

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def exchange(method="GET", url="https://shop.test/orders", *, status=200, reply=b'{"orders": []}', **more):
    values = {"request_headers": (), "request_body": b"", "reply_headers": (), **more}
    return RecordedExchange(method=method, url=url, status=status, reply_body=reply, **values)


def dated(date, **more):
    return exchange(reply_headers=(("Date", date),), **more)


def saved(path, *exchanges):
    save(path, exchanges or [exchange()], product="Shop", recorded_at="2026-11-23T19:00:00+00:00")
    return path


def betamax(path, token=TOKEN):
    headers = {"Authorization": f"token {token}", "X-Twice": ["a", "b"]}
    request = {"method": "GET", "uri": "https://shop.test/orders#top", "body": "", "headers": headers}
    response = {
        "status": {"code": 200, "message": "OK"},
        "url": "https://shop.test/orders",
        "headers": {"Content-Type": ["application/json"]},
        "body": {"encoding": "utf-8", "string": json.dumps({"owner": token})},
    }
    entry = {"request": request, "response": response, "recorded_at": "2024-01-02T03:04:05"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"http_interactions": [entry], "recorded_with": "betamax/0.9"}))
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["recordings", *map(str, arguments)])


# -- check -----------------------------------------------------------------------------------------------------------


def test_a_recording_that_can_be_used_and_holds_no_secret_exits_0(tmp_path):
    result = run("check", saved(tmp_path / "flow.yaml"))

    assert result.exit_code == 0, result.output
    assert "flow.yaml" in result.output
    assert "2026-11-23" in result.output


def test_a_recording_with_a_secret_exits_1_and_shows_no_more_than_its_beginning(tmp_path):
    result = run("check", betamax(tmp_path / "flow.json"))

    assert result.exit_code == 1
    assert "ghp_... (40 characters)" in result.output
    assert TOKEN not in result.output


def test_a_file_that_is_no_recording_exits_1_with_the_reason(tmp_path):
    (tmp_path / "flow.json").write_text("[]")

    result = run("check", tmp_path / "flow.json")

    assert result.exit_code == 1
    assert "not usable" in result.output
    assert "it is in no format that is known by its content" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.yaml"], "gone.yaml does not exist; check the path."),
        (["empty"], "empty holds no file named *.har, *.json, *.yaml, *.yml."),
        ([], "Missing argument 'PATH...'"),
        (["flow.yaml", "--include", "gone"], "Directory 'gone' does not exist"),
        (["flow.yaml", "--base-url", "shop.test"], "give scheme and host alone, as https://api.acme.test"),
    ],
)
def test_a_command_at_fault_exits_2_with_a_sentence(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    saved(tmp_path / "flow.yaml")

    result = run("check", *arguments)

    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_machines_get_the_same_as_json(tmp_path):
    saved(tmp_path / "a.yaml", exchange("POST", status=201, reply=b'{"id": 1}'))
    (tmp_path / "b.json").write_text("{")

    result = run("check", tmp_path, "--json")
    document = json.loads(result.output)

    assert result.exit_code == 1
    assert document["schema"] == "harness.recordings/1"
    assert document["files"][0] == {
        "path": str(tmp_path / "a.yaml"),
        "format": "vcrpy",
        "interactions": 1,
        "recorded_at": "2026-11-23T19:00:00+00:00",
        "uses": [
            {"family": "rate_limit_storms", "why": "refusals can be laid over it; none is recorded"},
            {"family": "error_bodies", "why": "answers in JSON to spoil; no error is recorded"},
            {"family": "double_runs", "why": "1 write recorded"},
        ],
        "secrets": [],
        "faults": [],
        "reason": "",
        "usable": True,
    }
    assert (document["files"][1]["usable"], document["files"][1]["interactions"]) == (False, 0)


def test_every_shipped_cassette_passes_its_own_check():
    result = run("check", ROOT / "cassettes")

    assert result.exit_code == 0, result.output


def test_a_clock_that_runs_backwards_is_told(tmp_path):
    early, late = "Mon, 23 Nov 2026 19:00:00 GMT", "Mon, 23 Nov 2026 19:05:00 GMT"
    path = saved(tmp_path / "flow.yaml", dated(late), dated(early), dated(late))

    faults = check(path, origin="https://vendor.test", includes=()).faults

    assert faults == ("the clock of shop.test runs backwards at interaction 2",)


def test_two_hosts_may_have_two_clocks(tmp_path):
    early, late = "Mon, 23 Nov 2026 19:00:00 GMT", "Mon, 23 Nov 2026 19:05:00 GMT"
    path = saved(tmp_path / "flow.yaml", dated(late), dated(early, url="https://login.test/"))

    assert check(path, origin="https://vendor.test", includes=()).faults == ()


def test_a_recording_that_nothing_dates_says_so(tmp_path):
    save(tmp_path / "flow.yaml", [exchange()], product="", recorded_at="")

    faults = check(tmp_path / "flow.yaml", origin="https://vendor.test", includes=()).faults

    assert faults == ("nothing in it tells when it was recorded",)


def test_what_was_recorded_commands_no_terminal(tmp_path):
    text = '{"interactions": 5, "\\u001b[2J": 1, "\\u001b[2J": 1}'
    (tmp_path / "flow.json").write_text(text)

    assert "\x1b[2J" not in run("check", tmp_path).output


# -- uses ------------------------------------------------------------------------------------------------------------

PAGE = b'{"orders": [{"id": 1}]}'


@pytest.mark.parametrize(
    ("exchanges", "family", "why"),
    [
        ([exchange("POST", reply=b'{"access_token": "x"}')], "token_expiry", "1 token granted"),
        ([exchange(request_headers=(("Authorization", "Bearer x"),))], "token_expiry",
         "1 request signed, no token granted"),
        ([exchange(status=429), exchange()], "rate_limit_storms", "1 refusal recorded"),
        ([exchange(status=404, reply=b'{"error": "gone"}')], "error_bodies", "1 error with a body recorded"),
        ([exchange(url=f"https://shop.test/o?page={n}", reply=PAGE) for n in (1, 2)], "truncated_pages",
         "a listing of 2 pages"),
        ([exchange("PUT"), exchange("DELETE", status=204, reply=b"")], "double_runs", "2 writes recorded"),
        ([exchange(reply=PAGE)], "double_runs", "a listing to repeat; no write is recorded"),
    ],
)  # fmt: skip
def test_a_recording_can_be_used_for_what_is_in_it(exchanges, family, why):
    assert (family, why) in [(use.family, use.why) for use in uses(exchanges)]


def test_a_recording_in_which_nothing_happens_can_be_used_for_nothing():
    assert uses([exchange(status=500, reply=b"")]) == ()


def test_every_use_is_a_family_of_scenarios():
    everything = [exchange("POST", reply=b'{"access_token": "x"}'), exchange("PUT"), exchange(status=429)]
    everything += [exchange(url=f"https://shop.test/o?page={n}", reply=PAGE) for n in (1, 2)]

    assert {use.family for use in uses(everything)} <= {family.scenarios for family in FAMILIES}


# -- import ----------------------------------------------------------------------------------------------------------


def test_what_is_imported_is_a_sanitised_cassette(tmp_path):
    result = run("import", betamax(tmp_path / "Orders list.json"), "--out", tmp_path / "out", "--product", "Shop 1")

    assert result.exit_code == 0, result.output
    recording = load(tmp_path / "out" / "orders_list.yaml")
    assert (recording.product, recording.configuration) == ("Shop 1", "imported from betamax")
    assert recording.recorded_at == "2024-01-02T03:04:05"
    assert TOKEN not in (tmp_path / "out" / "orders_list.yaml").read_text()


def test_the_secret_that_is_sent_is_the_secret_that_is_answered_and_one_in_all_files(tmp_path):
    betamax(tmp_path / "in" / "a.json")
    betamax(tmp_path / "in" / "b.json")

    run("import", tmp_path / "in", "--out", tmp_path / "out")

    first, second = (load(tmp_path / "out" / f"{name}.yaml").exchanges[0] for name in "ab")
    sent = dict(first.request_headers)["Authorization"].removeprefix("token ")
    assert json.loads(first.reply_body) == json.loads(second.reply_body) == {"owner": sent}


def test_a_request_header_that_was_sent_twice_is_kept_as_one(tmp_path):
    run("import", betamax(tmp_path / "flow.json"), "--out", tmp_path / "out")

    (exchange,) = load(tmp_path / "out" / "flow.yaml").exchanges
    assert dict(exchange.request_headers)["X-Twice"] == "a, b"


def test_what_could_not_be_carried_over_is_said(tmp_path):
    result = run("import", betamax(tmp_path / "flow.json"), "--out", tmp_path / "out")

    assert "interaction 1: the URL had a fragment, which is never sent" in result.output


def test_a_cassette_that_is_there_is_kept_unless_told_otherwise(tmp_path):
    path, out = betamax(tmp_path / "flow.json"), tmp_path / "out"
    saved(out / "flow.yaml")
    before = (out / "flow.yaml").read_bytes()

    kept = run("import", path, "--out", out)

    assert (kept.exit_code, (out / "flow.yaml").read_bytes()) == (1, before)
    assert "is there already; give --overwrite, or another folder." in kept.output
    assert run("import", path, "--out", out, "--overwrite").exit_code == 0
    assert load(out / "flow.yaml").configuration == "imported from betamax"


def test_a_file_that_cannot_be_read_leaves_the_others_to_be_imported(tmp_path):
    betamax(tmp_path / "in" / "a.json")
    (tmp_path / "in" / "b.json").write_text('{"http_interactions": [')

    result = run("import", tmp_path / "in", "--out", tmp_path / "out")

    assert result.exit_code == 1
    assert "b.json is no JSON, or was cut" in result.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.yaml"]


def test_files_of_one_name_in_several_folders_are_named_by_their_way(tmp_path):
    for folder in ("get", "list"):
        betamax(tmp_path / "in" / folder / "recording.json")

    run("import", tmp_path / "in", "--out", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["get_recording.yaml", "list_recording.yaml"]


def test_of_two_files_that_would_be_one_cassette_the_second_is_not_imported(tmp_path):
    first, second = betamax(tmp_path / "a" / "flow.json"), betamax(tmp_path / "b" / "flow.json", token="x" * 40)

    result = run("import", first, second, "--out", tmp_path / "out")

    assert result.exit_code == 1
    assert "flow.yaml was written from another file; import this one elsewhere." in result.output


def test_no_name_leads_out_of_the_folder(tmp_path):
    path = betamax(tmp_path / "in" / "..%2f..%2f\u202eevil.json")

    run("import", path, "--out", tmp_path / "out")

    assert [one.name for one in (tmp_path / "out").iterdir()] == ["2f_2f_evil.yaml"]


def test_an_out_that_is_no_folder_exits_2(tmp_path):
    path = betamax(tmp_path / "flow.json")

    assert run("import", path, "--out", path).exit_code == 2
    assert run("import", path, "--out", path / "below").exit_code == 2


def test_importing_a_cassette_that_is_sanitised_changes_no_exchange(tmp_path):
    for path in sorted((ROOT / "cassettes" / "roundup").glob("*.yaml")):
        run("import", path, "--out", tmp_path)

        assert load(tmp_path / path.name).exchanges == load(path).exchanges
