"""The bundled data: what it holds and that both sandboxes take it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.dynamics.store import Store
from activity_sync.sandbox.seed import demo_seed
from activity_sync_tests.sandbox.hubspot_portal import NOON, Portal, portal

__all__ = ["portal"]

ACTIVITIES = ("notes", "tasks", "calls", "emails", "meetings")
TABLES = ("annotation", "task", "phonecall", "email", "appointment")
SEED = demo_seed(NOON)


def test_same_arguments_give_the_same_document() -> None:
    assert demo_seed(NOON, per_side=60, seed=3) == demo_seed(NOON, per_side=60, seed=3)
    assert demo_seed(NOON, per_side=60, seed=3) != demo_seed(NOON, per_side=60, seed=4)


def test_day_means_noon() -> None:
    assert demo_seed(date(2026, 11, 21), per_side=10) == demo_seed(NOON, per_side=10)


def test_each_side_has_a_thousand_activities_over_five_types() -> None:
    left, right = SEED["hubspot"]["objects"], SEED["dynamics"]["records"]

    assert sum(len(left[kind]) for kind in ACTIVITIES) == 1000
    assert sum(len(right[table]) for table in TABLES) == 1000
    assert min(len(left[kind]) for kind in ACTIVITIES) > 50
    assert min(len(right[table]) for table in TABLES) > 50


def test_all_was_changed_within_ten_days_before_the_moment() -> None:
    left = [each["updatedAt"] for kind in ACTIVITIES for each in SEED["hubspot"]["objects"][kind]]
    right = [each["modifiedon"] for table in TABLES for each in SEED["dynamics"]["records"][table]]

    for moment in (*left, *right):
        assert NOON - timedelta(days=10) <= datetime.fromisoformat(moment).astimezone(UTC) <= NOON


def test_most_activities_hang_on_contacts_that_both_sides_have() -> None:
    emails = {each["properties"].get("email") for each in SEED["hubspot"]["objects"]["contacts"]}
    shared = {
        each["emailaddress1"].lower() for each in SEED["dynamics"]["records"]["contact"] if "emailaddress1" in each
    }
    linked = {tuple(each["from"]) for each in SEED["hubspot"]["associations"] if each["to"][0] == "contacts"}

    assert len(emails & shared) >= 200
    assert len([each for each in linked if each[0] in ACTIVITIES]) > 950


def test_matters_name_their_counterparts() -> None:
    left, right = SEED["hubspot"]["objects"], SEED["dynamics"]["records"]

    for theirs, ours, own_key, key in (
        ("deals", "opportunity", "dynamics_opportunity_id", "hubspot_deal_id"),
        ("tickets", "incident", "dynamics_incident_id", "hubspot_ticket_id"),
    ):
        forth = {each["id"]: each["properties"][own_key] for each in left[theirs]}
        back = {each[key]: each[f"{ours}id"] for each in right[ours]}
        assert forth == back
        assert len(forth) >= 25


def test_owners_match_by_address() -> None:
    left = {each["email"]: each["archived"] for each in SEED["hubspot"]["owners"]}
    right = {each["internalemailaddress"]: each["isdisabled"] for each in SEED["dynamics"]["records"]["systemuser"]}

    assert len(left.keys() & right.keys()) == 7
    assert left["gone.gardener@ourfirm.example"] is right["gone.gardener@ourfirm.example"] is True


@pytest.mark.parametrize(
    "words",
    ["without body", "without subject", "empty HTML", "70,000 characters", "emoji", "right to left", "apostrophe",
     "unknown owner", "archived owner", "without association", "three companies", "cancelled", "whole day",
     "without duration", "completed"],
)  # fmt: skip
def test_awkward_cases_of_hubspot_are_there(words: str) -> None:
    found = {kind: {each["id"] for each in SEED["hubspot"]["objects"][kind]} for kind in ACTIVITIES}
    named = [place for case, place in SEED["cases"]["hubspot"].items() if words in case]

    assert named
    assert all(record in found[kind] for kind, record in named)


@pytest.mark.parametrize(
    "words",
    ["without subject", "without description", "empty HTML", "70,000 characters", "emoji", "right to left",
     "unknown owner", "disabled owner", "about nothing", "three companies", "closed", "cancelled", "whole day",
     "without duration"],
)  # fmt: skip
def test_awkward_cases_of_dynamics_are_there(words: str) -> None:
    found = {
        table: {each.get("annotationid") or each["activityid"] for each in SEED["dynamics"]["records"][table]}
        for table in TABLES
    }
    named = [place for case, place in SEED["cases"]["dynamics"].items() if words in case]

    assert named
    assert all(record in found[table] for table, record in named)


def test_times_come_with_and_without_milliseconds() -> None:
    shapes = Counter("." in each["updatedAt"] for kind in ACTIVITIES for each in SEED["hubspot"]["objects"][kind])
    stamps = Counter("." in each["createdAt"] for kind in ACTIVITIES for each in SEED["hubspot"]["objects"][kind])

    assert shapes[True] > 100
    assert stamps[False] > 50


def test_hubspot_sandbox_takes_the_document_and_shows_it(portal: Portal) -> None:
    counts = portal.post("/_sandbox/seed", SEED).json()

    kind, record = SEED["cases"]["hubspot"]["note on three companies"]
    shown = portal.get(f"/crm/objects/2026-09/{kind}/{record}", associations="companies,contacts").json()
    searched = portal.post("/crm/objects/2026-09/emails/search", {"limit": 200}).json()
    assert counts["emails"] == searched["total"]
    assert len(searched["results"]) == 200
    assert len(shown["associations"]["companies"]["results"]) == 3


def test_dynamics_sandbox_takes_the_document() -> None:

    counts = Store(Controls()).load(SEED["dynamics"])

    assert sum(counts[table] for table in TABLES) == 1000
