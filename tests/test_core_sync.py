"""What a source and a vendor differ in: pure values, worked out before anything is written."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core import SourceRefused, reconcile
from harness.core.sync import Create, Update, retirements
from harness.dialects.writing import Activation, KeysCompare

ACTIVE = Activation(field="enabled")
ANN = {"name": "ann", "email": "ann@x.test"}
BOB = {"name": "bob", "email": "bob@x.test"}


def held(record, **more):
    return {"id": f"id-{record['name']}", "enabled": True, **record, **more}


def differing(desired, actual, **options):
    return reconcile(desired, actual, key="name", **{"activation": ACTIVE, **options})


def test_what_the_vendor_lacks_is_created():
    changes = differing([ANN, BOB], [held(ANN)])

    assert changes.creates == (Create("bob", BOB),)
    assert changes.unchanged == ("ann",)


def test_what_differs_is_updated_and_shows_what_was():
    changes = differing([ANN], [held(ANN, email="old@x.test")])

    assert changes.updates == (Update("ann", ANN, {"email": "old@x.test"}),)


@pytest.mark.parametrize("field", ["password", "apiToken", "client-secret", "PrivateKey"])
def test_a_dry_run_shows_no_secret(field):
    [update] = differing([{**ANN, field: "n3w-s3cret"}], [held(ANN, **{field: "0ld-s3cret"})]).updates

    assert str(update) == f"ann  {field}: another one, not shown"
    assert "s3cret" not in repr(update)


def test_fields_that_the_source_does_not_have_make_no_difference():
    assert differing([ANN], [held(ANN, phone="1", groups=["a"])]).unchanged == ("ann",)


def test_a_field_that_the_vendor_lacks_is_a_difference():
    (update,) = differing([{**ANN, "phone": "1"}], [held(ANN)]).updates

    assert str(update) == "ann  phone: None -> '1'"


def test_values_are_compared_as_json_brings_them_back():
    assert differing([{**ANN, "tags": ("a", "b")}], [held(ANN, tags=["a", "b"])]).unchanged == ("ann",)


# -- in use, out of use ------------------------------------------------------------------------------------------------


def test_what_is_not_listed_any_more_is_deactivated():
    changes = differing([ANN], [held(ANN), held(BOB)])

    assert (changes.deactivations, changes.in_use) == (("bob",), 2)


def test_what_is_out_of_use_already_is_left_alone():
    changes = differing([ANN], [held(ANN), held(BOB, enabled=False)])

    assert (changes.deactivations, changes.in_use) == ((), 1)


def test_a_listed_record_that_is_out_of_use_is_put_into_use_again_and_not_created():
    changes = differing([ANN], [held(ANN, enabled=False)])

    assert changes.updates == (Update("ann", {**ANN, "enabled": True}, {"enabled": False}),)
    assert changes.creates == ()


def test_a_source_that_lists_a_record_as_out_of_use_has_its_way():
    out = {**ANN, "enabled": False}

    assert differing([out], [held(out)]).unchanged == ("ann",)
    assert differing([out], [held(ANN)]).updates == (Update("ann", out, {"enabled": True}),)


def test_what_the_source_lists_as_out_of_use_counts_as_retired_like_what_it_does_not_list():
    changes = differing([{**ANN, "enabled": False}], [held(ANN), held(BOB)])

    assert (len(changes.updates), changes.deactivations, changes.retired) == (1, ("bob",), 2)


def test_records_that_the_source_does_not_answer_for_stay():
    admin = held({"name": "admin", "email": "root@other.test"})
    changes = differing([ANN], [held(ANN), held(BOB), admin], owned=lambda user: user["email"].endswith("@x.test"))

    assert (changes.deactivations, changes.in_use) == (("bob",), 2)


def test_a_listed_record_counts_as_in_use_whoever_answers_for_it():
    changes = differing([{**ANN, "enabled": False}], [held(ANN)], owned=lambda user: False)

    assert (changes.retired, changes.in_use) == (1, 1)


def test_a_vendor_that_knows_no_such_thing_deactivates_nobody():
    assert differing([ANN], [held(ANN), held(BOB)], activation=None).deactivations == ()


def test_retirements_keep_what_is_named_and_nothing_else():
    changes = retirements(["ann", "newcomer"], [held(ANN), held(BOB)], key="name", activation=ACTIVE)

    assert (changes.creates, changes.updates, changes.deactivations) == ((), (), ("bob",))


# -- keys --------------------------------------------------------------------------------------------------------------


def test_keys_are_matched_as_the_vendor_compares_them():
    lenient = KeysCompare(case="ignored", outer_space="ignored")
    changes = differing([{**ANN, "name": "Ann "}], [held(ANN)], compares=lenient)

    assert changes.unchanged == ("Ann ",)
    assert changes.deactivations == ()


def test_keys_that_the_vendor_tells_apart_are_two_records():
    changes = differing([{**ANN, "name": "Ann"}], [held(ANN)])

    assert [create.key for create in changes.creates] == ["Ann"]
    assert changes.deactivations == ("ann",)


def test_a_key_that_the_vendor_holds_twice_is_not_touched():
    changes = differing([ANN], [held(ANN), held(ANN, id="other")])

    assert changes.ambiguous == ("ann",)
    assert (changes.listed, changes.deactivations) == ((), ())


def test_a_record_without_a_key_is_nobodys():
    assert differing([ANN], [held(ANN), {"id": "9", "enabled": True}]).deactivations == ()


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_an_empty_source_is_refused_unless_told():
    with pytest.raises(SourceRefused, match="the source lists 0 records, and fewer than 1 means that it came up short"):
        differing([], [held(ANN)])

    assert differing([], [held(ANN)], fewest_records=0).deactivations == ("ann",)


def test_a_source_of_fewer_than_expected_is_refused():
    with pytest.raises(SourceRefused, match="pass fewest_records=2"):
        differing([ANN, BOB], [], fewest_records=1000)


def test_two_source_rows_with_one_key_are_refused():
    with pytest.raises(SourceRefused, match="records 'ann' and 'ann' share a key"):
        differing([ANN, ANN], [])


# -- values ------------------------------------------------------------------------------------------------------------


def test_changes_print_as_a_dry_run():
    cid = {"name": "cid", "email": "cid@x.test"}
    dan = {"name": "dan", "email": "dan@x.test"}
    changes = differing([ANN, BOB, dan], [held(BOB, email="b@x"), held(cid), held(dan)])

    assert str(changes).splitlines() == [
        "create      ann",
        "update      bob  email: 'b@x' -> 'bob@x.test'",
        "deactivate  cid",
        "1 to create, 1 to update, 1 to deactivate, 0 ambiguous, 1 unchanged; 1 of 3 in use go out of use",
    ]


def test_changes_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        differing([ANN], []).creates = ()


NAMES = st.sampled_from(["ann", "bob", "cid", "dan"])
FIELDS = st.fixed_dictionaries({"email": st.sampled_from(["a", "b"])})


@given(st.dictionaries(NAMES, FIELDS, min_size=1), st.dictionaries(NAMES, FIELDS))
def test_once_written_nothing_is_left_to_change(desired, actual):
    listed = [{"name": name, **fields} for name, fields in desired.items()]
    there = {name: held({"name": name, **fields}) for name, fields in actual.items()}
    changes = differing(listed, there.values())

    for change in changes.listed:
        there[change.key] = held({"name": change.key}) | there.get(change.key, {}) | change.record
    for key in changes.deactivations:
        there[key] = {**there[key], "enabled": False}
    again = differing(listed, there.values())

    assert (again.listed, again.deactivations) == ((), ())
    assert set(again.unchanged) == set(desired)
