"""The rights that the README asks for are enough, and each of them is needed: the tables there are what is granted."""

from __future__ import annotations

import re

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ActivitySyncError
from activity_sync.settings import PROJECT_ROOT
from activity_sync_tests.cli.test_check import check, levels, organization, portal
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago
from activity_sync_tests.end_to_end.ordinary import dynamics_row, hubspot_activities
from activity_sync_tests.end_to_end.passes import carry

_README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
_NOUNS = {"Case": "Incident"}
_VERBS = ("Read", "Create", "Write", "Delete", "Append", "AppendTo", "Assign")


def documented_scopes() -> list[str]:
    """The scopes of the table, but for those that only `create_missing` needs."""
    rows = re.findall(r"^\| (`[a-z].*?`) \| (.*?) \|$", _README, re.MULTILINE)
    kept = [names for names, purpose in rows if "only for" not in purpose and ("." in names or "sales" in names)]
    return [one for names in kept for one in re.findall(r"`([a-z.-]+)`", names)]


def documented_privileges() -> list[str]:
    """The privileges of the table that are needed always: what stands behind a semicolon depends."""
    rows = re.findall(r"^\| ([A-Z][A-Za-z, ]+?) \| ((?:Read|Create)[^|]*?) \|$", _README, re.MULTILINE)
    return [
        f"prv{verb.replace(' ', '')}{_NOUNS.get(noun, noun)}"
        for nouns, verbs in rows
        for noun in nouns.split(", ")
        for verb in verbs.split(";")[0].split(", ")
    ]


SCOPES, PRIVILEGES = documented_scopes(), documented_privileges()
UNDOCUMENTED = [
    name
    for noun in ("Activity", "Note", "Contact", "Account", "Opportunity", "Incident", "User")
    for verb in _VERBS
    if (name := f"prv{verb}{noun}") not in PRIVILEGES
]


@pytest.fixture
def restricted(peopled: Bridge) -> Bridge:
    """One activity of each type on each side, and exactly the documented rights."""
    portal(peopled, hubspot_scopes=SCOPES)
    organization(peopled, dynamics_missing_privileges=[*UNDOCUMENTED, "prvActOnBehalfOfAnotherUser"])
    for kind in ActivityType:
        peopled.seed({"hubspot": hubspot_activities(kind, [ago(hours=2)])})
        row = dynamics_row(kind, 1, CONTACT_IDS[0])
        peopled.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: [row]}}})
    return peopled


def test_the_tables_are_read() -> None:
    assert {"crm.objects.contacts.write", "sales-email-read", "tickets", "crm.schemas.contacts.write"} <= set(SCOPES)
    assert len(SCOPES) == 8
    assert {"prvAssignActivity", "prvCreateNote", "prvAppendToIncident", "prvReadUser"} <= set(PRIVILEGES)
    assert len(PRIVILEGES) == 5 + 5 + 4 * 2 + 1


def test_the_documented_rights_are_enough(restricted: Bridge) -> None:
    code, found = check()
    counts = carry(restricted)
    carry(restricted)
    restricted.forget()
    carry(restricted)

    assert (code, levels(found, "error")) == (0, set())
    assert counts == {"extracted": 15, "created": 10, "unchanged": 5}
    for kind in ActivityType:
        assert len(restricted.hubspot(HUBSPOT_TYPES[kind])) == len(restricted.dynamics(DYNAMICS_TABLES[kind])) == 2
    assert restricted.writes() == 0


def test_each_privilege_is_missed_by_name(restricted: Bridge) -> None:
    others = [one for one in PRIVILEGES if one != "prvReadUser"]
    organization(restricted, dynamics_missing_privileges=others)
    assert {f"dynamics.privileges.{one}" for one in others} <= levels(check()[1], "error")

    # Without the right to read users no privileges are listed: what can be is tried.
    organization(restricted, dynamics_missing_privileges=["prvReadUser"])
    assert "dynamics.privileges.read.systemusers" in levels(check()[1], "error")


def test_each_scope_is_missed_by_name(restricted: Bridge) -> None:
    told = {}
    for one in SCOPES:
        portal(restricted, hubspot_scopes=[scope for scope in SCOPES if scope != one])
        told[one] = " ".join(f"{row['message']} {row['remedy']}" for row in check()[1].values() if row["level"] != "ok")

    assert [scope for scope, text in told.items() if scope not in text] == []


def test_without_the_scope_to_write_nothing_is_half_done(restricted: Bridge) -> None:
    portal(restricted, hubspot_scopes=[one for one in SCOPES if one != "crm.objects.contacts.write"])

    with pytest.raises(ActivitySyncError, match=re.escape("crm.objects.contacts.write")):
        carry(restricted)

    assert all(len(restricted.hubspot(HUBSPOT_TYPES[kind])) == 1 for kind in ActivityType)
    portal(restricted, hubspot_scopes=SCOPES)
    carry(restricted)
    assert all(len(restricted.hubspot(HUBSPOT_TYPES[kind])) == 2 for kind in ActivityType)
    assert all(len(restricted.dynamics(DYNAMICS_TABLES[kind])) == 2 for kind in ActivityType)
