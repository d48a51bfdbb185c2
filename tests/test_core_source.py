"""Where records come from: a file that came up short, or a row that does not fit, writes nothing."""

import pytest

from harness.core import SourceRefused, csv_records
from harness.core.source import keyed
from harness.dialects.writing import KeysCompare

COLUMNS = {"name": "login", "email": "mail"}


def written(tmp_path, text, encoding="utf-8"):
    file = tmp_path / "people.csv"
    file.write_text(text, encoding=encoding)
    return file


def refused(file, columns=COLUMNS):
    with pytest.raises(SourceRefused) as raised:
        csv_records(file, fields=columns)
    return str(raised.value)


def test_rows_are_records_of_the_columns_that_are_asked_for(tmp_path):
    file = written(tmp_path, "login,team,mail\nann,blue,ann@x.test\nzoë,red, zoe@x.test \n")

    assert csv_records(file, fields=COLUMNS) == [
        {"name": "ann", "email": "ann@x.test"},
        {"name": "zoë", "email": "zoe@x.test"},
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert csv_records(written(tmp_path, "login,mail\nann,a@x\n", "utf-8-sig"), fields=COLUMNS)[0]["name"] == "ann"


def test_quoted_values_may_hold_commas_and_line_ends(tmp_path):
    file = written(tmp_path, 'login,mail\n"ann, the\nfirst",a@x\n')

    assert csv_records(file, fields=COLUMNS)[0]["name"] == "ann, the\nfirst"


def test_every_row_that_does_not_fit_the_header_is_named_by_its_line(tmp_path):
    told = refused(written(tmp_path, "login,mail\nann,a@x\nbob\ncid,c@x\ndan,d@x,more\n"))

    assert "line 3; line 5" in told
    assert "nothing was written" in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("login,team\nann,blue\n", "does not have one column mail"),
        ("login,mail,mail\nann,a@x,b@x\n", "does not have one column mail"),
        ("", "does not have one column login, mail"),
        ('login,mail\n"ann,a@x\n', "cannot be read"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, text, reason):
    assert reason in refused(written(tmp_path, text))


def test_a_file_that_is_not_there_or_is_no_text_is_refused(tmp_path):
    assert "No such file" in refused(tmp_path / "missing.csv")
    assert "cannot be read" in refused(written(tmp_path, "login,mail\nzoë,z@x\n", "latin-1"))


# -- keys --------------------------------------------------------------------------------------------------------------


def keys_refused(*records, **compares):
    with pytest.raises(SourceRefused) as raised:
        keyed(records, key="name", compares=KeysCompare(**compares))
    return str(raised.value)


def test_records_go_by_their_key_as_the_vendor_compares_it():
    found = keyed([{"name": " Ann"}], key="name", compares=KeysCompare(case="ignored", outer_space="ignored"))

    assert found == {"ann": (" Ann", {"name": " Ann"})}


def test_every_record_that_is_wrong_is_named():
    told = keys_refused({"name": "ann"}, {"email": "x"}, ["bob"], {"name": "ann"}, {"name": "dan", "born": object()})

    assert "record 2 has no name; record 3 is a list, no mapping; records 'ann' and 'ann' share a key" in told
    assert "record 'dan' cannot be told in JSON" in told


def test_a_number_that_json_does_not_know_is_refused():
    assert "'ann' cannot be told in JSON" in keys_refused({"name": "ann", "age": float("nan")})


def test_of_many_that_are_wrong_ten_are_named_and_the_rest_counted():
    told = keys_refused(*({} for _ in range(25)))

    assert "record 10 has no name; and 15 more" in told


@pytest.mark.parametrize(
    ("one", "other", "compares"),
    [
        ("ann", "Ann", {"case": "ignored"}),
        ("ann", "ann ", {"outer_space": "ignored"}),
        ("zoë", "zoe\u0308", {}),
    ],
)
def test_two_spellings_of_one_key_are_refused_where_the_vendor_takes_them_for_one(one, other, compares):
    assert "share a key" in keys_refused({"name": one}, {"name": other}, **compares)


def test_two_spellings_are_two_keys_where_the_vendor_tells_them_apart():
    found = keyed([{"name": "ann"}, {"name": "Ann"}, {"name": "ann "}], key="name", compares=KeysCompare())

    assert len(found) == 3
