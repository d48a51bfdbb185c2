"""``harness recordings scrub``: secrets leave recordings that are there already, from all of them together or from
none."""

import pytest
from click.testing import CliRunner

from harness.certify.scrubbing import Scrubbed, SecretsLeft, cassettes_in, look, scrub
from harness.cli import main
from harness.stage.recordings import RecordingError, load, save
from harness.stage.sanitise import scan
from harness.stage.secret_rules import PEOPLE, RULES
from tests.test_planted_secrets import exchange

TOKEN = "tok-4f9d2c7b81e64a03"


def granted(tmp_path, name="token.yaml"):
    reply = f'{{"access_token": "{TOKEN}", "mail": "ada@corp.com"}}'.encode()
    save(
        tmp_path / name, [exchange(reply_body=reply)], product="Shop 3", recorded_at="2026-01-01T00:00:00Z", sequence=1
    )
    return tmp_path / name


def used(tmp_path, name="list.json"):
    one = exchange(request_headers=(("X-Note", f"with {TOKEN}"),), reply_body=b'{"orders": []}')
    save(tmp_path / name, [one], product="Shop 3", recorded_at="2026-01-01T00:00:01Z", sequence=2)
    return tmp_path / name


def test_a_value_has_one_pseudonym_in_all_files(tmp_path):
    scrub([granted(tmp_path), used(tmp_path)])

    token, listed = load(tmp_path / "token.yaml"), load(tmp_path / "list.json")
    assert token.exchanges[0].reply_body == b'{"access_token": "pseudonym-token-1xxx", "mail": "ada@corp.com"}'
    assert listed.exchanges[0].request_headers == (("X-Note", "with pseudonym-token-1xxx"),)


def test_what_else_a_recording_tells_stays(tmp_path):
    scrub([granted(tmp_path)])

    after = load(tmp_path / "token.yaml")
    assert (after.product, after.recorded_at, after.sequence) == ("Shop 3", "2026-01-01T00:00:00Z", 1)


def test_which_program_recorded_it_stays(tmp_path):
    path = tmp_path / "token.yaml"
    save(
        path,
        [exchange(reply_body=b'{"token": "abcdefgh"}')],
        product="",
        recorded_at="",
        recorded_with="python pull.py",
    )

    scrub([path])

    assert load(path).recorded_with == "python pull.py"


def test_a_file_for_its_owner_alone_stays_one(tmp_path):
    path = granted(tmp_path)
    path.chmod(0o600)

    scrub([path])

    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_link_leads_to_is_rid_of_its_secrets(tmp_path):
    (tmp_path / "link.yaml").symlink_to(granted(tmp_path))

    scrub([tmp_path / "link.yaml"])

    assert (tmp_path / "link.yaml").is_symlink()
    assert scan(tmp_path / "token.yaml", known=[TOKEN]) == ()


def test_a_cassette_is_refused_that_takes_interactions_from_files_that_would_keep_their_secrets(tmp_path):
    (tmp_path / "all.yaml").write_text("interactions:\n- include_file: one.yaml\nversion: 1\n")
    (tmp_path / "one.yaml").write_text("request: {}\n")

    with pytest.raises(RecordingError, match=r"all\.yaml takes in the file 'one\.yaml', which would keep its secrets"):
        scrub([tmp_path / "all.yaml"])


def test_what_another_tool_recorded_is_refused_with_the_command_that_takes_it(tmp_path):
    (tmp_path / "vcr.json").write_text('{"http_interactions": []}')

    with pytest.raises(RecordingError, match="make one of it with 'harness recordings import'"):
        scrub([tmp_path / "vcr.json"])


def test_it_is_told_what_was_taken_out(tmp_path):
    paths = [granted(tmp_path), used(tmp_path)]

    assert scrub(paths) == (Scrubbed(paths[0], (("token", 1),)), Scrubbed(paths[1], (("known", 1),)))
    assert scrub(paths) == (Scrubbed(paths[0], ()), Scrubbed(paths[1], ()))


def test_a_clean_file_is_not_touched(tmp_path):
    path = tmp_path / "clean.yaml"
    save(path, [exchange(reply_body=b"{}")], product="", recorded_at="")
    path.write_text("# by hand\n" + path.read_text())

    scrub([path])

    assert path.read_text().startswith("# by hand\n")


def test_people_are_taken_out_on_request(tmp_path):
    path = granted(tmp_path)

    scrub([path], rules=(*RULES, *PEOPLE))

    assert scan(path, known=["ada@corp.com"], rules=(*RULES, *PEOPLE)) == ()


def test_a_look_beforehand_changes_nothing(tmp_path):
    path = granted(tmp_path)
    before = path.read_bytes()

    assert look([path]) == (Scrubbed(path, (("token", 1),)),)
    assert path.read_bytes() == before


def test_a_secret_that_cannot_be_replaced_keeps_every_file_as_it_was(tmp_path):
    stubborn = tmp_path / "stubborn.yaml"
    # Amid letters that are Base64 themselves nobody can say where the encoding begins.
    save(stubborn, [exchange(reply_body=b"xyzAA" + b"c2VjcmV0LXdvcmQtMTIzNDU2")], product="", recorded_at="")
    paths = [granted(tmp_path), stubborn]
    before = [path.read_bytes() for path in paths]

    with pytest.raises(SecretsLeft, match=r"stubborn\.yaml would still hold a secret \(known: ecre\.\.\."):
        scrub(paths, known=[("secret", "ecret-word-123456")])
    assert [path.read_bytes() for path in paths] == before


def test_a_folder_is_searched_to_its_depth(tmp_path):
    (tmp_path / "deep").mkdir()
    paths = [granted(tmp_path), used(tmp_path / "deep")]

    assert set(cassettes_in([tmp_path])) == set(paths)


@pytest.mark.parametrize("name", ["missing", "."])
def test_nothing_to_scrub_is_an_error(tmp_path, name):
    with pytest.raises(RecordingError, match="check the path"):
        cassettes_in([tmp_path / name])


def commanded(*arguments, env=None):
    return CliRunner().invoke(main, ["recordings", "scrub", *map(str, arguments)], env=env)


def test_the_command_says_what_it_took_out(tmp_path):
    granted(tmp_path)

    told = commanded(tmp_path)

    assert told.exit_code == 0
    assert "token 1" in told.output
    assert "token.yaml" in "".join(told.output.split())
    assert scan(tmp_path / "token.yaml", known=[TOKEN]) == ()


def test_the_command_looks_without_writing(tmp_path):
    before = granted(tmp_path).read_bytes()

    told = commanded("--dry-run", "--people", tmp_path)

    assert "would be taken out" in told.output
    assert "email 1, token 1" in told.output
    assert (tmp_path / "token.yaml").read_bytes() == before


def test_the_command_takes_a_secret_from_the_environment(tmp_path):
    save(tmp_path / "a.yaml", [exchange(reply_body=b"the word is opensesame77")], product="", recorded_at="")

    assert commanded("--secret-env", "WORD", tmp_path, env={"WORD": "opensesame77"}).exit_code == 0
    assert load(tmp_path / "a.yaml").exchanges[0].reply_body == b"the word is pseudonym-secret-1"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--secret-env", "NOT_THERE", "."), "the environment variable NOT_THERE is empty or not there"),
        (("nowhere",), "nowhere does not exist; check the path"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    granted(tmp_path)

    told = commanded(*arguments)

    assert told.exit_code == 2
    assert sentence in told.output
