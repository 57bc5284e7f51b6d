"""A record deleted on one side: what becomes of its counterpart, under every policy, and what never happens again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import SafeguardTripped
from activity_sync.ledger.choices import Choice, Decision
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago, iso
from activity_sync_tests.end_to_end.passes import carry

ENTITY_SETS = {
    "note": "annotations",
    "task": "tasks",
    "call": "phonecalls",
    "email": "emails",
    "meeting": "appointments",
}
PROPERTIES = {
    "note": {"hs_note_body": "<p>Called them</p>"},
    "task": {"hs_task_subject": "Call them", "hs_task_status": "NOT_STARTED"},
    "call": {"hs_call_title": "Call", "hs_call_status": "COMPLETED"},
    "email": {"hs_email_subject": "Hello", "hs_email_status": "SENT", "hs_email_direction": "EMAIL"},
    "meeting": {"hs_meeting_title": "Meet", "hs_meeting_outcome": "SCHEDULED"},
}
SUBJECT = {"note": "hs_note_body", "task": "hs_task_subject", "call": "hs_call_title"}


def configured(bridge: Bridge, kind: str, **policies: str) -> None:
    """Only this type is on, in both flows, with these policies."""
    lines = ["flows:"]
    for flow in ("hubspot_to_dynamics", "dynamics_to_hubspot"):
        lines.append(f"  {flow}:")
        for one in ActivityType:
            settings = (
                ", ".join(f"{name}: {value}" for name, value in policies.items()) if one == kind else "enabled: false"
            )
            lines.append(f"    {one}: {{{settings}}}")
    bridge.configure("\n".join(lines) + "\n")


def pair(bridge: Bridge, kind: str, number: int = 1) -> list[tuple[str, str]]:
    """So many activities of HubSpot, carried to Dynamics; their ids on both sides."""
    moment = iso(ago(minutes=30))
    ids = [str(501 + n) for n in range(number)]
    bridge.seed(
        {
            "hubspot": {
                "objects": {
                    HUBSPOT_TYPES[kind]: [
                        {
                            "id": one,
                            "properties": {"hs_timestamp": moment, **PROPERTIES[kind]},
                            "createdAt": moment,
                            "updatedAt": moment,
                        }
                        for one in ids
                    ]
                },
                "associations": [{"from": [HUBSPOT_TYPES[kind], one], "to": ["contacts", "1001"]} for one in ids],
            }
        }
    )
    for _ in range(2):
        carry(bridge, Mode.INCREMENTAL)
    bridge.forget()
    return [(one, str(bridge.counterpart("hubspot", kind, one))) for one in ids]


def held(bridge: Bridge) -> list[tuple[str, str]]:
    """What is held: source ids and reasons."""
    with bridge.ledger() as ledger:
        return [(one.source_id, one.reason) for one in ledger.list_outstanding(OutstandingState.HELD)]


def choose(bridge: Bridge, system: str, kind: str, record_id: str, decision: Decision) -> None:
    """As `activity-sync held resolve` does."""
    with bridge.ledger() as ledger:
        ledger.choose([Choice(system, ActivityType(kind), record_id, decision, datetime.now(tz=UTC))])


def assert_quiet(bridge: Bridge) -> None:
    """Three more passes write nothing."""
    bridge.forget()
    for mode in (Mode.INCREMENTAL, Mode.WHOLE, Mode.INCREMENTAL):
        carry(bridge, mode)
    assert bridge.writes() == 0


@pytest.mark.parametrize("kind", list(ActivityType))
@pytest.mark.parametrize("side", ["hubspot", "dynamics"])
def test_ignored_a_delete_ends_the_link_and_nothing_else(peopled: Bridge, kind: str, side: str) -> None:
    configured(peopled, kind)
    ((here, there),) = pair(peopled, kind)
    if side == "hubspot":
        peopled.people.delete_hubspot(HUBSPOT_TYPES[kind], here)
    else:
        peopled.people.delete_dynamics(ENTITY_SETS[kind], there)
    peopled.forget()

    counts = carry(peopled, Mode.INCREMENTAL)

    assert counts["unchanged"] >= 1
    assert not {"deleted", "held", "failed", "created", "updated"} & counts.keys()
    assert peopled.writes() == 0
    assert (here in peopled.hubspot(HUBSPOT_TYPES[kind])) == (side == "dynamics")
    assert (there in peopled.dynamics(DYNAMICS_TABLES[kind])) == (side == "hubspot")
    assert_quiet(peopled)


@pytest.mark.parametrize("kind", list(ActivityType))
@pytest.mark.parametrize("side", ["hubspot", "dynamics"])
def test_archived_the_counterpart_goes_too(peopled: Bridge, kind: str, side: str) -> None:
    configured(peopled, kind, delete="archive")
    ((here, there), (other, _)) = pair(peopled, kind, 2)
    if side == "hubspot":
        peopled.people.delete_hubspot(HUBSPOT_TYPES[kind], here)
    else:
        peopled.people.delete_dynamics(ENTITY_SETS[kind], there)

    counts = carry(peopled, Mode.INCREMENTAL)

    assert counts["deleted"] == 1
    assert set(peopled.hubspot(HUBSPOT_TYPES[kind])) == {other}
    assert there not in peopled.dynamics(DYNAMICS_TABLES[kind])
    assert_quiet(peopled)


@pytest.mark.parametrize(
    ("kind", "side", "left"),
    [
        ("task", "hubspot", {"statecode": 2}),
        ("meeting", "hubspot", {"statecode": 2}),
        ("call", "hubspot", {"statecode": 1}),  # it took place
        ("note", "hubspot", {}),
        ("task", "dynamics", {"hs_task_status": "COMPLETED"}),
        ("meeting", "dynamics", {"hs_meeting_outcome": "CANCELED"}),
        ("call", "dynamics", {"hs_call_status": "COMPLETED"}),
        ("email", "dynamics", {"hs_email_status": "SENT"}),
    ],
)
def test_closed_the_counterpart_is_closed_where_it_was_open(
    peopled: Bridge, kind: str, side: str, left: dict[str, object]
) -> None:
    configured(peopled, kind, delete="close")
    ((here, there),) = pair(peopled, kind)
    if side == "hubspot":
        peopled.people.delete_hubspot(HUBSPOT_TYPES[kind], here)
    else:
        peopled.people.delete_dynamics(ENTITY_SETS[kind], there)

    carry(peopled, Mode.INCREMENTAL)

    if side == "hubspot":
        shown = peopled.dynamics(DYNAMICS_TABLES[kind])[there]
    else:
        shown = peopled.hubspot(HUBSPOT_TYPES[kind])[here]["properties"]
    assert {name: shown[name] for name in left} == left
    assert_quiet(peopled)


@pytest.mark.parametrize(("decision", "stays"), [(Decision.DELETE, False), (Decision.KEEP, True)])
def test_a_counterpart_edited_meanwhile_is_held_until_a_person_decides(
    peopled: Bridge, decision: Decision, *, stays: bool
) -> None:
    configured(peopled, "task", delete="archive")
    ((here, there),) = pair(peopled, "task")
    peopled.people.delete_hubspot("tasks", here)
    peopled.people.edit_dynamics("tasks", there, {"subject": "Edited there"})

    counts = carry(peopled, Mode.INCREMENTAL)

    assert counts["held"] == 2  # the delete here, the edit of what was deleted there
    assert set(held(peopled)) == {(here, "edited_before_delete"), (there, "edited_after_delete")}
    assert there in peopled.dynamics("task")

    choose(peopled, "hubspot", "task", here, decision)
    carry(peopled, Mode.INCREMENTAL)

    assert (there in peopled.dynamics("task")) == stays
    assert here not in peopled.hubspot("tasks")
    assert_quiet(peopled)
    assert held(peopled) == []  # the edit that kept it is no reason to ask whether to bring the other one back


def test_restored_by_policy_an_edit_brings_the_deleted_counterpart_back_once(peopled: Bridge) -> None:
    configured(peopled, "task", restore="create")
    ((here, there),) = pair(peopled, "task")
    peopled.people.delete_dynamics("tasks", there)
    peopled.people.edit_hubspot("tasks", here, {"hs_task_subject": "Still needed"})

    carry(peopled, Mode.INCREMENTAL)

    (row,) = peopled.dynamics("task").values()
    assert row["subject"] == "Still needed"
    assert row["activityid"] != there
    assert set(peopled.hubspot("tasks")) == {here}
    assert_quiet(peopled)


def test_held_by_default_an_edit_after_the_delete_waits_for_a_person(peopled: Bridge) -> None:
    configured(peopled, "task")
    ((here, there),) = pair(peopled, "task")
    peopled.people.delete_dynamics("tasks", there)
    peopled.people.edit_hubspot("tasks", here, {"hs_task_subject": "Still needed"})

    counts = carry(peopled, Mode.INCREMENTAL)

    assert (here, "edited_after_delete") in held(peopled)
    assert "created" not in counts
    assert_quiet(peopled)

    choose(peopled, "hubspot", "task", here, Decision.CREATE)
    carry(peopled, Mode.INCREMENTAL)

    assert [row["subject"] for row in peopled.dynamics("task").values()] == ["Still needed"]
    assert held(peopled) == []
    assert_quiet(peopled)


def test_kept_by_choice_the_end_of_the_link_stands_until_the_next_edit(peopled: Bridge) -> None:
    configured(peopled, "task")
    ((here, there),) = pair(peopled, "task")
    peopled.people.delete_dynamics("tasks", there)
    peopled.people.edit_hubspot("tasks", here, {"hs_task_subject": "Still needed"})
    carry(peopled, Mode.INCREMENTAL)

    choose(peopled, "hubspot", "task", here, Decision.KEEP)
    for _ in range(2):
        carry(peopled, Mode.INCREMENTAL)

    assert held(peopled) == []
    assert peopled.dynamics("task") == {}
    assert_quiet(peopled)

    peopled.people.edit_hubspot("tasks", here, {"hs_task_subject": "Needed after all"})
    carry(peopled, Mode.INCREMENTAL)

    assert held(peopled) == [(here, "edited_after_delete")]


def test_more_deletes_than_an_accident_allows_stop_the_run_before_its_first_write(peopled: Bridge) -> None:
    configured(peopled, "note", delete="archive")
    ids = pair(peopled, "note", 120)
    for here, _ in ids[:110]:
        peopled.people.delete_hubspot("notes", here)
    peopled.forget()

    with pytest.raises(SafeguardTripped, match="110 of 120 linked records are gone"):
        carry(peopled, Mode.INCREMENTAL)

    assert peopled.writes() == 0
    assert len(peopled.dynamics("annotation")) == 120

    text = (peopled.home / "sync.yaml").read_text(encoding="utf-8")
    peopled.configure(text + "safeguards: {override: [mass_delete]}\n")
    counts = carry(peopled, Mode.INCREMENTAL)

    assert counts["deleted"] == 110
    assert len(peopled.dynamics("annotation")) == 10


def test_everything_changed_at_once_stops_the_run(peopled: Bridge) -> None:
    configured(peopled, "note")
    for here, _ in pair(peopled, "note", 110):
        peopled.people.edit_hubspot("notes", here, {"hs_note_body": "<p>Another zone</p>"})
    peopled.forget()

    preview = peopled.sync("hubspot_to_dynamics", "note", preview=True)["hubspot_to_dynamics"]
    assert "everything_changed" in preview.stops[ActivityType.NOTE]
    with pytest.raises(SafeguardTripped, match="everything_changed"):
        carry(peopled, Mode.INCREMENTAL)

    assert peopled.writes() == 0


def test_a_long_recycling_bin_is_not_read_by_every_run(peopled: Bridge) -> None:
    configured(peopled, "note")
    pair(peopled, "note")
    moment = iso(ago(days=3))
    bin_ = [
        {
            "id": str(9000 + n),
            "properties": {"hs_timestamp": moment, "hs_note_body": "<p>Old</p>"},
            "createdAt": moment,
            "updatedAt": moment,
            "archived": True,
            "archivedAt": moment,
        }
        for n in range(450)
    ]
    peopled.seed({"hubspot": {"objects": {"notes": bin_}, "associations": []}})

    def lists() -> int:
        peopled.forget()
        carry(peopled, Mode.INCREMENTAL)
        return int(peopled.asked("hubspot")["by_kind"].get("list", 0))

    assert [lists(), lists(), lists()] == [5, 0, 0]
