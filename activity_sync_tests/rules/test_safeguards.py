from __future__ import annotations

import pytest

from activity_sync.rules.safeguards import NAMES, RunCounts, Thresholds, check_account, check_counts


@pytest.mark.parametrize(
    ("counts", "names"),
    [
        (RunCounts(), []),
        (RunCounts(links=1, listed=0), ["empty_listing"]),
        (RunCounts(links=0, listed=0), []),
        (RunCounts(links=1, listed=None), []),
        (RunCounts(links=500, deletes=101), ["mass_delete"]),
        (RunCounts(links=500, deletes=100), []),
        (RunCounts(links=505, deletes=101), []),
        (RunCounts(links=101, compared=101, changed=101), ["everything_changed"]),
        (RunCounts(links=101, compared=101, changed=100), []),
        (RunCounts(links=900, compared=100, changed=100), []),
        (
            RunCounts(links=200, listed=0, deletes=200, compared=150, changed=150),
            ["empty_listing", "mass_delete", "everything_changed"],
        ),
    ],
)
def test_a_run_trips_what_its_counts_say(counts, names):
    assert [trip.name for trip in check_counts(counts)] == names


@pytest.mark.parametrize("name", ["empty_listing", "mass_delete", "everything_changed"])
def test_each_has_an_override_and_names_it(name):
    counts = RunCounts(links=200, listed=0, deletes=200, compared=150, changed=150)

    left = check_counts(counts, overridden=[name])

    assert name in NAMES
    assert name not in [trip.name for trip in left]
    assert len(left) == 2
    assert f"safeguards.{name}" in next(t.message for t in check_counts(counts) if t.name == name)


def test_thresholds_can_be_set():
    assert check_counts(RunCounts(links=10, deletes=3), thresholds=Thresholds(links=2, delete_share=0.1))


def test_other_credentials_than_the_ledgers_stop_the_run():
    trip = check_account(system="hubspot", expected="62515", actual="777")

    assert trip is not None
    assert trip.name == "other_account"
    assert "62515" in trip.message
    assert "777" in trip.message
    assert check_account(system="hubspot", expected="1", actual="2", overridden=["other_account"]) is None
    assert check_account(system="hubspot", expected="1", actual="1") is None
    assert check_account(system="hubspot", expected=None, actual="1") is None
