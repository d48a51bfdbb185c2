"""What is heard of an error: its own words, those grouped in it, and those that caused it."""

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
