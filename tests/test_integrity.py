"""A certificate's folder says itself whether it is still what was issued."""

import subprocess

import pytest

from harness.certify.folder import FolderError
from harness.certify.integrity import changed_recordings, changes, write_manifest

RECORDING = b"interactions: []\n"


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of a certificate, listed."""
    folder = tmp_path / "certificate"
    (folder / "histories").mkdir(parents=True)
    for name in ("certificate.json", "certificate.html", "report.html", "junit.xml", "histories/0001.json"):
        (folder / name).write_text(f"the content of {name}\n")
    write_manifest(folder)
    return folder


def test_a_folder_as_issued_has_no_changes(folder):
    assert changes(folder) == ()


@pytest.mark.parametrize(
    "name", ["certificate.json", "certificate.html", "report.html", "junit.xml", "histories/0001.json"]
)
def test_one_changed_byte_is_named_with_its_file(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + b"X")

    assert changes(folder) == (f"{name} has changed since the certificate was issued.",)


def test_a_missing_file_is_named(folder):
    (folder / "histories/0001.json").unlink()

    assert changes(folder) == ("histories/0001.json is missing.",)


def test_an_added_file_is_named_without_what_would_move_a_terminal(folder):
    (folder / "histories" / "\x1b[2Jclean.json").write_text("{}")

    assert changes(folder) == ("'histories/\\x1b[2Jclean.json' was added since the certificate was issued.",)


def test_a_file_in_the_place_of_a_folder_is_named_on_both_sides(folder):
    (folder / "histories/0001.json").unlink()
    (folder / "histories").rmdir()
    (folder / "histories").write_text("no folder")

    assert changes(folder) == (
        "histories was added since the certificate was issued.",
        "histories/0001.json is missing.",
    )


def test_sha256sum_agrees(folder):
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder).returncode == 0

    (folder / "certificate.html").write_text("certified")
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 1


def test_the_list_holds_the_certificate_alone(tmp_path):
    (tmp_path / "certificate.json").write_text("{}")
    (tmp_path / "thesis.txt").write_text("three years of work")
    (tmp_path / ".lock").write_text("")
    write_manifest(tmp_path)

    assert [line.split("  ")[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()] == ["certificate.json"]


def test_a_list_never_leads_out_of_the_folder(folder):
    (folder.parent / "secret").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with (folder / "SHA256SUMS").open("a") as manifest:
        manifest.write(f"{empty}  ../secret\n")

    assert changes(folder) == ("../secret is missing.",)


def test_a_folder_without_a_list_was_not_written_to_its_end(folder):
    (folder / "SHA256SUMS").unlink()

    with pytest.raises(FolderError, match="holds no SHA256SUMS: it was not written to its end"):
        changes(folder)


@pytest.mark.parametrize("content", [b"certificate.json\n", b"\n", b"\xff\xfe"], ids=["no-digest", "blank", "no-text"])
def test_a_list_that_is_none_is_told(folder, content):
    (folder / "SHA256SUMS").write_bytes(content)

    with pytest.raises(FolderError, match="SHA256SUMS"):
        changes(folder)


def document(digest):
    recording = {"path": "acme/pull.yaml", "sha256": digest}
    return {"vendors": [{"name": "acme", "recordings": [recording]}, {"name": "acme", "recordings": [recording]}]}


@pytest.mark.parametrize("place", ["acme/pull.yaml", "pull.yaml"], ids=["shipped", "the-users-own"])
def test_a_recording_that_is_another_now_is_named_once(tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(RECORDING)

    told = ("The recording acme/pull.yaml is another now: the evidence has changed since.",)
    assert changed_recordings(document("0" * 64), tmp_path) == told


def test_a_recording_as_it_was_and_one_that_is_not_at_hand_are_passed_over(tmp_path):
    assert changed_recordings(document("0" * 64), tmp_path) == ()

    (tmp_path / "pull.yaml").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert changed_recordings(document(empty), tmp_path) == ()
