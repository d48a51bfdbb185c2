"""What is heard of an error: its own words, those grouped in it, and those that caused it."""

import pytest

from harness.certify.hearing import told


def test_an_error_is_told_with_its_causes():
    error = ValueError("no page")
    error.__cause__ = OSError("reset")

    assert told(error) == "ValueError: no page\nOSError: reset"


def test_errors_in_a_group_are_told_each_with_its_own_causes():
    first = ValueError("ada: status 409")
    first.__cause__ = OSError("reset")
    group = ExceptionGroup("2 of 9 failed", [first, ValueError("grace: status 500")])

    assert told(group) == (
        "ExceptionGroup: 2 of 9 failed (2 sub-exceptions)\n"
        "ValueError: ada: status 409\nValueError: grace: status 500\nOSError: reset"
    )


def test_a_circle_of_causes_ends():
    error, other = ValueError("a"), ValueError("b")
    error.__cause__, other.__cause__ = other, error

    assert told(error) == "ValueError: a\nValueError: b"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (f"{object()}: refused", "<object object at 0x...>: refused"),
        ("Cancelled by cancel scope 7f3a2c1b4e50", "Cancelled by cancel scope ..."),
        ("user 0x7f3a2c1b4e50 is unknown", "user 0x7f3a2c1b4e50 is unknown"),
    ],
    ids=["an object", "anyio's scope", "a name"],
)
def test_where_an_object_lies_in_memory_is_left_out_of_what_is_heard(said, heard):
    assert told(ValueError(said)) == f"ValueError: {heard}"
