"""Loss never travels back: what one system cannot hold stays whole in the other, whatever is edited beside it.

Every record is made in one system and carried; then a person edits another field of its counterpart. That edit
arrives at the source, and everything else stands there as it stood, byte for byte.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from activity_sync.sandbox.hubspot.rewriting import visible_text
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.documented import documented_properties
from activity_sync_tests.end_to_end.goldens import shown
from activity_sync_tests.end_to_end.long_bodies import long_body
from activity_sync_tests.end_to_end.passes import carry, decisions
from activity_sync_tests.end_to_end.people import (
    DYNAMICS_OWNERS,
    HUBSPOT_OWNERS,
    dynamics_activity,
    hubspot_activity,
    populate,
)

pytestmark = pytest.mark.slow

_HUBSPOT, _DYNAMICS = "hubspot", "dynamics"
_OTHER = {_HUBSPOT: _DYNAMICS, _DYNAMICS: _HUBSPOT}
_SETS = {"note": "annotations", "task": "tasks", "call": "phonecalls", "email": "emails", "meeting": "appointments"}
_KEEPS = 65_536


@dataclass(frozen=True)
class Case:
    """A record of `source`, an edit of its counterpart, and what of the record may change by it.

    `given`: properties or columns. `edit`: those of the counterpart. `arrives`: those of the record, after the edit;
    `owner` stands for the owner's name.
    """

    name: str
    source: str
    kind: str
    given: Mapping[str, Any]
    edit: Mapping[str, Any]
    arrives: Mapping[str, Any]

    @property
    def record_id(self) -> str:
        """The id that the record is seeded under."""
        named = uuid.uuid5(uuid.NAMESPACE_OID, str(self))
        return str(named) if self.source == _DYNAMICS else str(named.int % 10**9)

    def __str__(self) -> str:
        return f"{self.kind} of {self.source}: {self.name}"


@dataclass(frozen=True)
class Long(Case):
    """A case whose body is as long as the source allows, and longer than the target does.

    `bodies`: the property of the body in source and target. `heading`: what a person leaves above an edited body.
    """

    bodies: tuple[str, str] = field(kw_only=True)
    heading: str = field(kw_only=True, default="")

    @property
    def whole(self) -> str:
        """The source's body."""
        return str(self.given[self.bodies[0]])


_OLGA_THERE = {"ownerid": {"type": "systemuser", "id": DYNAMICS_OWNERS["olga"]}}

_LONG = [
    Long(
        "as long as HubSpot allows",
        _HUBSPOT,
        "task",
        {"hs_task_subject": "Long", "hs_task_body": long_body(_HUBSPOT, _KEEPS)},
        edit={"subject": "Edited"},
        arrives={"hs_task_subject": "Edited"},
        bodies=("hs_task_body", "description"),
    ),
    Long(
        "as long as HubSpot allows",
        _HUBSPOT,
        "call",
        {"hs_call_title": "Long", "hs_call_body": long_body(_HUBSPOT, _KEEPS), "hs_call_status": "QUEUED"},
        edit={"subject": "Edited"},
        arrives={"hs_call_title": "Edited"},
        bodies=("hs_call_body", "description"),
    ),
    # Two UTF-16 units a character: shorter than Dynamics' limit in characters, longer as Dynamics counts.
    Long(
        "all emoji",
        _HUBSPOT,
        "note",
        {"hs_note_body": long_body(_HUBSPOT, _KEEPS, word="\N{PARTY POPPER}" * 8), "hubspot_owner_id": "7001"},
        edit={"ownerid@odata.bind": f"/systemusers({DYNAMICS_OWNERS['omar']})"},
        arrives={"owner": "omar"},
        bodies=("hs_note_body", "notetext"),
    ),
    Long(
        "as long as Dynamics allows",
        _DYNAMICS,
        "note",
        {"subject": "Long", "notetext": long_body(_DYNAMICS, 100_000), **_OLGA_THERE},
        edit={"hubspot_owner_id": HUBSPOT_OWNERS["omar"]},
        arrives={"owner": "omar"},
        bodies=("notetext", "hs_note_body"),
        heading="<p><strong>Long</strong></p>",
    ),
    Long(
        "a million characters",
        _DYNAMICS,
        "email",
        {
            "subject": "Long",
            "description": long_body(_DYNAMICS, 1_000_000),
            "statecode": 0,
            "statuscode": 8,
            "directioncode": True,
        },
        edit={"hs_email_subject": "Edited"},
        arrives={"subject": "Edited"},
        bodies=("description", "hs_email_html"),
    ),
    Long(
        "as long as Dynamics allows",
        _DYNAMICS,
        "meeting",
        {
            "subject": "Long",
            "description": long_body(_DYNAMICS, 1_048_576),
            "scheduledstart": "2025-06-01T09:00:00Z",
            "scheduledend": "2025-06-01T10:00:00Z",
            "statecode": 3,
            "statuscode": 5,
        },
        edit={"hs_meeting_location": "Room 5"},
        arrives={"location": "Room 5"},
        bodies=("description", "hs_meeting_body"),
    ),
]

_SHORT = [
    Case(
        "layout, type, no priority, part of a second",
        _HUBSPOT,
        "task",
        {
            "hs_task_subject": "Layout",
            "hs_task_body": '<div style="" dir="auto" data-top-level="true"><ul><li><b>One</b></li></ul></div>',
            "hs_task_type": "EMAIL",
            "hs_task_priority": "NONE",
            "hs_timestamp": "2025-06-01T10:00:00.500Z",
        },
        edit={"subject": "Edited"},
        arrives={"hs_task_subject": "Edited"},
    ),
    Case(
        "a subject of 300 characters",
        _HUBSPOT,
        "task",
        {"hs_task_subject": "long " * 60, "hs_task_body": "Body", "hs_task_status": "WAITING"},
        edit={"description": "Edited"},
        arrives={
            "hs_task_body": '<div style="" dir="auto" data-top-level="true"><p style="margin:0;">Edited</p></div>'
        },
    ),
    Case(
        "an owner who is nobody there",
        _HUBSPOT,
        "task",
        {"hs_task_subject": "Owned", "hubspot_owner_id": HUBSPOT_OWNERS["hubert"]},
        edit={"subject": "Edited"},
        arrives={"hs_task_subject": "Edited"},
    ),
    Case(
        "cancelled, without a due date",
        _DYNAMICS,
        "task",
        {"subject": "Cancelled", "statecode": 2, "statuscode": 6, **_OLGA_THERE},
        edit={"hs_task_subject": "Edited"},
        arrives={"subject": "Edited"},
    ),
    Case(
        "an owner who is nobody there",
        _DYNAMICS,
        "task",
        {
            "subject": "Owned",
            "ownerid": {"type": "systemuser", "id": DYNAMICS_OWNERS["dyna"]},
            "scheduledend": "2025-06-01T10:00:00Z",
        },
        edit={"hs_task_priority": "HIGH"},
        arrives={"prioritycode": 2},
    ),
    # Given, over there, to somebody who is nobody here, or to nobody: it stays whose it is.
    Case(
        "its owner there is nobody here",
        _HUBSPOT,
        "task",
        {"hs_task_subject": "Given away", "hubspot_owner_id": HUBSPOT_OWNERS["olga"]},
        edit={"ownerid@odata.bind": f"/systemusers({DYNAMICS_OWNERS['dyna']})"},
        arrives={},
    ),
    Case(
        "its owner there is nobody here",
        _DYNAMICS,
        "task",
        {"subject": "Given away", "scheduledend": "2025-06-01T10:00:00Z", **_OLGA_THERE},
        edit={"hubspot_owner_id": HUBSPOT_OWNERS["hubert"]},
        arrives={},
    ),
    Case(
        "it has no owner there any more",
        _DYNAMICS,
        "meeting",
        {
            "subject": "Not mine",
            "scheduledstart": "2025-06-01T09:00:00Z",
            "scheduledend": "2025-06-01T10:00:00Z",
            **_OLGA_THERE,
        },
        edit={"hubspot_owner_id": ""},
        arrives={},
    ),
    Case(
        "tried in vain: status, outcome, seconds, our own number",
        _HUBSPOT,
        "call",
        {
            "hs_call_title": "Tried",
            "hs_call_direction": "INBOUND",
            "hs_call_status": "NO_ANSWER",
            "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
            "hs_call_duration": "90500",
            "hs_call_from_number": "+49 30 2000",
            "hs_call_to_number": "+49 30 1000",
        },
        edit={"subject": "Edited"},
        arrives={"hs_call_title": "Edited"},
    ),
    Case(
        "scheduled, forwarded",
        _HUBSPOT,
        "email",
        {
            "hs_email_subject": "Fwd",
            "hs_email_html": "<p>See <i>below</i></p>",
            "hs_email_direction": "FORWARDED_EMAIL",
            "hs_email_status": "SCHEDULED",
            "hs_email_headers": '{"from":{"email":"omar@ourfirm.example"},"to":[{"email":"person-0@acme.example"}],'
            '"cc":[],"bcc":[]}',
        },
        edit={"subject": "Edited"},
        arrives={"hs_email_subject": "Edited"},
    ),
    Case(
        "draft",
        _DYNAMICS,
        "email",
        {"subject": "Draft", "description": "<p>Dear</p>", "directioncode": True, "statecode": 0, "statuscode": 1},
        edit={"hs_email_subject": "Edited"},
        arrives={"subject": "Edited"},
    ),
    Case(
        "nobody came, without an end, with our own notes",
        _HUBSPOT,
        "meeting",
        {
            "hs_meeting_title": "Visit",
            "hs_meeting_start_time": "2025-06-03T09:00:00.250Z",
            "hs_meeting_outcome": "NO_SHOW",
            "hs_internal_meeting_notes": "Late again",
            "hs_meeting_external_url": "https://meet.example/1",
        },
        edit={"location": "Room 5"},
        arrives={"hs_meeting_location": "Room 5"},
    ),
    Case(
        "tentative, all day",
        _DYNAMICS,
        "meeting",
        {
            "subject": "Fair",
            "description": "Bring <boots>",
            "scheduledstart": "2025-06-01T22:00:00Z",
            "scheduledend": "2025-06-02T22:00:00Z",
            "statecode": 0,
            "statuscode": 2,
            "isalldayevent": True,
        },
        edit={"hs_meeting_title": "Edited"},
        arrives={"subject": "Edited"},
    ),
    # No room for a heading: the subject stays in Dynamics, and the body whole in HubSpot.
    Case(
        "no room for a subject",
        _HUBSPOT,
        "note",
        {"hs_note_body": long_body(_HUBSPOT, _KEEPS)},
        edit={"subject": "Edited"},
        arrives={},
    ),
    Case(
        "named after its first line",
        _HUBSPOT,
        "note",
        {"hs_note_body": "<p>First <b>line</b></p><p>Second</p>", "hubspot_owner_id": HUBSPOT_OWNERS["olga"]},
        edit={"ownerid@odata.bind": f"/systemusers({DYNAMICS_OWNERS['omar']})"},
        arrives={"owner": "omar"},
    ),
]
_CASES = [*_LONG, *_SHORT]

_OVERWRITE = "flows:\n" + "".join(
    f"  {flow}:\n" + "".join(f"    {kind}: {{lossy_edit: overwrite}}\n" for kind in HUBSPOT_TYPES)
    for flow in ("hubspot_to_dynamics", "dynamics_to_hubspot")
)


@dataclass
class Told:
    """What was seen of every case on the way, by case: see `told`."""

    bridge: Bridge
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    copies: dict[str, dict[str, Any]] = field(default_factory=dict)
    edited: dict[str, dict[str, Any]] = field(default_factory=dict)
    echoes: int = 0
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept_echoes: int = 0
    overwritten: dict[str, dict[str, Any]] = field(default_factory=dict)

    def counterpart(self, case: Case) -> str:
        """The id of the other side's record."""
        found = self.bridge.counterpart(case.source, case.kind, case.record_id)
        assert found is not None, f"{case} was not carried"
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The whole story once: made, carried, edited beside the loss, edited in the loss, and edited to overwrite it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        bridges = make_bridge(tmp_path_factory.mktemp("loss"), monkeypatch)
        bridge = next(bridges)
        populate(bridge)
        story = Told(bridge)
        for case in _CASES:
            _make(bridge, case)
        carry(bridge)
        story.made = {str(case): _state(bridge, case) for case in _CASES}
        story.copies = {
            str(case): shown(bridge, _OTHER[case.source], case.kind, story.counterpart(case)) for case in _CASES
        }
        for case in _CASES:
            _edit(story, case, case.edit)
        carry(bridge)
        story.edited = {str(case): _state(bridge, case) for case in _CASES}
        bridge.forget()
        carry(bridge)
        carry(bridge)
        story.echoes = bridge.writes()
        for case in _LONG:
            _edit(story, case, {case.bodies[1]: f"{case.heading}<p>Shorter now</p>"})
        bridge.forget()
        carry(bridge)
        carry(bridge)
        story.kept_echoes = bridge.writes()
        story.kept = {str(case): _state(bridge, case) for case in _LONG}
        bridge.configure(_OVERWRITE)
        for case in _LONG:
            _edit(story, case, {case.bodies[1]: f"{case.heading}<p>Short at last</p>"})
        carry(bridge)
        story.overwritten = {str(case): _state(bridge, case) for case in _LONG}
        yield story
        bridges.close()


def _make(bridge: Bridge, case: Case) -> None:
    if case.source == _HUBSPOT:
        hubspot_activity(bridge, case.kind, case.record_id, case.given)
    else:
        parties = [{"participationtypemask": 2, "addressused": "x@elsewhere.example"}] if case.kind == "email" else []
        dynamics_activity(bridge, case.kind, case.record_id, case.given, parties=parties)


def _edit(story: Told, case: Case, changes: Mapping[str, Any]) -> None:
    """A person changes the counterpart. Closed rows are changed past the lock, as somebody who reopens them would."""
    record_id = story.counterpart(case)
    if case.source == _DYNAMICS:
        story.bridge.people.edit_hubspot(HUBSPOT_TYPES[case.kind], record_id, changes)
        return
    table = DYNAMICS_TABLES[case.kind]
    if story.bridge.dynamics(table)[record_id].get("statecode") in {1, 2}:
        story.bridge.seed({"dynamics": {"records": {table: [{"activityid": record_id, **changes}]}}})
    else:
        story.bridge.people.edit_dynamics(_SETS[case.kind], record_id, changes)


def _state(bridge: Bridge, case: Case) -> dict[str, Any]:
    """Everything of the source's record that the mapping knows: each property, owner, and what it hangs on."""
    seen = shown(bridge, case.source, case.kind, case.record_id)
    values = seen.pop("properties", None) or seen.pop("columns")
    mapped = documented_properties(case.kind, case.source) - {"hs_task_completion_date"}
    return seen | {name: values.get(name) for name in mapped}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: after[name] for name in after if after[name] != before[name]}


@pytest.mark.parametrize("case", _LONG, ids=str)
def test_target_holds_a_cut_copy_and_the_loss_is_recorded(told: Told, case: Long) -> None:
    copy = told.copies[str(case)]
    body = (copy.get("properties") or copy["columns"])[case.bodies[1]].removeprefix(case.heading)
    losses = decisions(told.bridge, case.source, case.kind, case.record_id)[0]["losses"]

    assert {loss["what"] for loss in losses if loss["field"] == "body"} == {"cut"}
    shown_there, shown_here = _visible(body), _visible(case.whole)
    assert len(shown_there) < len(shown_here)
    assert shown_here.startswith(shown_there.removeprefix("Long "))


@pytest.mark.parametrize("case", _CASES, ids=str)
def test_edit_arrives_and_nothing_else_changes(told: Told, case: Case) -> None:
    assert _differences(told.made[str(case)], told.edited[str(case)]) == case.arrives


def test_edits_do_not_echo(told: Told) -> None:
    assert told.echoes == 0


@pytest.mark.parametrize("case", _LONG, ids=str)
def test_edit_of_the_cut_copy_keeps_the_original_and_is_recorded(told: Told, case: Long) -> None:
    assert told.kept[str(case)] == told.edited[str(case)]
    of_copy = decisions(told.bridge, _OTHER[case.source], case.kind, told.counterpart(case))
    recorded = [one["discarded"]["body"] for one in of_copy if "body" in one["discarded"]]
    assert [_visible(text) for text in recorded] == ["Shorter now"]


def test_edits_of_cut_copies_are_not_written_anywhere(told: Told) -> None:
    assert told.kept_echoes == 0


@pytest.mark.parametrize("case", _LONG, ids=str)
def test_edit_of_the_cut_copy_overwrites_where_that_is_the_policy(told: Told, case: Long) -> None:
    after = told.overwritten[str(case)]

    assert _differences(told.kept[str(case)], after).keys() <= {case.bodies[0], "hs_email_text", "actualend"}
    assert _visible(after[case.bodies[0]]) == "Short at last"


def _visible(text: str) -> str:
    return " ".join(visible_text(text).split())
