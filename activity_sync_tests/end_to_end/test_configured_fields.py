"""Fields of one's own, and shipped ones mapped otherwise, by the configuration alone."""

from __future__ import annotations

import textwrap

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import USER_ID, Bridge
from activity_sync_tests.end_to_end.customised import customise, dynamics_has, hubspot_has
from activity_sync_tests.end_to_end.passes import carry, decisions

ROW = "00000000-0000-4000-8000-00000000a501"
CONNECTED, BUSY = "f240bbac-87c9-4f6e-bf70-924b57d47db7", "9d9162e7-6cf3-4944-bf63-4dff82258764"


def configure(bridge: Bridge, kind: str, to_dynamics: str = "", to_hubspot: str | None = "") -> None:
    """Only this type is carried, with these `fields`; without `to_hubspot` (None) one way."""
    off = [one for one in ActivityType if one != kind]
    lines = ["flows:"]
    for flow, fields in (("hubspot_to_dynamics", to_dynamics), ("dynamics_to_hubspot", to_hubspot)):
        lines += [f"  {flow}:", *(f"    {one}: {{enabled: false}}" for one in off)]
        lines += [f"    {kind}: {{enabled: false}}"] if fields is None else []
        if fields:
            lines += [f"    {kind}:", "      fields:", textwrap.indent(textwrap.dedent(fields).strip(), " " * 8)]
    bridge.configure("\n".join(lines) + "\n")


def losses(bridge: Bridge, source: str, kind: str, record_id: str) -> set[tuple[str, str]]:
    """What was lost on the way of a record, by its first decision."""
    return {(one["field"], one["what"]) for one in decisions(bridge, source, kind, record_id)[0]["losses"]}


@pytest.fixture
def regions(peopled: Bridge) -> Bridge:
    """A custom text on tasks of both systems, mapped both ways."""
    customise(peopled, "task", hubspot={"region": "string"}, dynamics={"new_region": "string", "new_day": "date"})
    configure(peopled, "task", "region: {from: region, to: new_region}", "region: {from: new_region, to: region}")
    return peopled


def test_a_custom_property_and_a_custom_column_are_carried_both_ways(regions: Bridge) -> None:
    hubspot_has(regions, "task", "501", region="EMEA")
    dynamics_has(regions, "task", ROW, subject="Here", new_region="APAC")

    assert carry(regions)["created"] == 2

    there, here = regions.counterpart("hubspot", "task", "501"), regions.counterpart("dynamics", "task", ROW)
    assert regions.dynamics("task")[there]["new_region"] == "EMEA"
    assert regions.hubspot("tasks")[here]["properties"]["region"] == "APAC"
    carry(regions)
    regions.forget()

    assert carry(regions) == {"extracted": 4, "unchanged": 4}  # no echo

    assert regions.writes() == 0
    hubspot_has(regions, "task", "501", region="LATAM")
    dynamics_has(regions, "task", there, subject="Renamed there")
    dynamics_has(regions, "task", ROW, new_region=None)

    carry(regions)

    row, task = regions.dynamics("task")[there], regions.hubspot("tasks")["501"]["properties"]
    assert (row["new_region"], row["subject"]) == ("LATAM", "Renamed there")
    assert (task["region"], task["hs_task_subject"]) == ("LATAM", "Renamed there")
    assert not regions.hubspot("tasks")[here]["properties"].get("region")


def test_a_text_is_cut_at_the_columns_own_limit_and_stays_whole_where_it_came_from(peopled: Bridge) -> None:
    customise(
        peopled,
        "task",
        hubspot={"region": "string"},
        dynamics={"new_region": {"type": "string", "max_length": 5}},
    )
    configure(peopled, "task", "region: {from: region, to: new_region}", "region: {}")
    hubspot_has(peopled, "task", "501", region="abcd\U0001f600fgh")

    carry(peopled)
    carry(peopled)

    there = peopled.counterpart("hubspot", "task", "501")
    assert peopled.dynamics("task")[there]["new_region"] == "abcd"  # the emoji counts two, and is not halved
    assert ("region", "cut") in losses(peopled, "hubspot", "task", "501")
    assert peopled.hubspot("tasks")["501"]["properties"]["region"] == "abcd\U0001f600fgh"


def test_a_task_gets_other_priorities_a_default_subject_and_what_the_target_has_no_field_for(peopled: Bridge) -> None:
    customise(
        peopled,
        "task",
        hubspot={"hs_opens": {"type": "number", "fieldType": "number"}, "dynamics_owner": "string", "origin": "string"},
        dynamics={"new_hint": "memo"},
    )
    configure(
        peopled,
        "task",
        """
        subject: {default: Follow up}
        priority: {values: {NONE: 0, MEDIUM: 2}}
        hint: {template: "{subject}, due {due}", to: new_hint, zone: Europe/Berlin}
        opens: {from: hs_opens, no_place: append, label: Opens}
        """,
        """
        owner_name: {from: ownerid, display: true, to: dynamics_owner}
        origin: {constant: Sales, to: origin}
        """,
    )
    hubspot_has(
        peopled,
        "task",
        "501",
        hs_task_subject="",
        hs_task_priority="MEDIUM",
        hs_task_body="<p>Body</p>",
        hs_timestamp="2026-07-01T10:00:00.000Z",
        hs_opens="3",
    )
    dynamics_has(peopled, "task", ROW, subject="Here", prioritycode=1, ownerid={"type": "systemuser", "id": USER_ID})

    carry(peopled)

    there, here = peopled.counterpart("hubspot", "task", "501"), peopled.counterpart("dynamics", "task", ROW)
    row = peopled.dynamics("task")[there]
    assert (row["subject"], row["prioritycode"]) == ("Follow up", 2)
    assert row["new_hint"] == ", due 2026-07-01 12:00"
    assert row["description"] == "Body\n\n--\nFurther details:\n\u2022 Opens: 3"
    assert ("opens", "appended") in losses(peopled, "hubspot", "task", "501")
    task = peopled.hubspot("tasks")[here]["properties"]
    assert (task["dynamics_owner"], task["origin"]) == ("Olga Owner", "Sales")
    assert task["hs_task_priority"] == "MEDIUM"
    # What is only listed is no part of the body, and follows its source.
    carry(peopled)
    peopled.forget()
    assert "updated" not in carry(peopled)
    assert peopled.writes() == 0
    hubspot_has(peopled, "task", "501", hs_opens="4")
    carry(peopled)
    assert peopled.dynamics("task")[there]["description"] == "Body\n\n--\nFurther details:\n\u2022 Opens: 4"
    dynamics_has(peopled, "task", there, description="Edited\n\n--\nFurther details:\n\u2022 Opens: 4")
    carry(peopled)
    body = peopled.hubspot("tasks")["501"]["properties"]["hs_task_body"]
    assert ">Edited<" in body
    assert "Opens" not in body


def test_dispositions_of_calls_become_a_custom_option_set_and_come_back(peopled: Bridge) -> None:
    options = [[100000000, "Reached"], [100000001, "Busy"], [100000009, "Other"]]
    customise(peopled, "call", dynamics={"new_outcome": {"type": "choice", "options": options}})
    configure(
        peopled,
        "call",
        f"""
        outcome:
          to: new_outcome
          values: {{{CONNECTED}: 100000000, {BUSY}: 100000001}}
          otherwise: 100000009
        """,
    )
    hubspot_has(peopled, "call", "501", hs_call_disposition=CONNECTED, hs_call_status="COMPLETED")
    hubspot_has(
        peopled,
        "call",
        "502",
        hs_call_disposition="b2cf5968-551e-4856-9783-52b3da59a7d0",
        hs_call_status="COMPLETED",
    )
    dynamics_has(peopled, "call", ROW, subject="Here", new_outcome=100000001, directioncode=True)

    carry(peopled)

    first, second = (str(peopled.counterpart("hubspot", "call", one)) for one in ("501", "502"))
    rows = peopled.dynamics("phonecall")
    assert (rows[first]["new_outcome"], rows[second]["new_outcome"]) == (100000000, 100000009)
    here = peopled.counterpart("dynamics", "call", ROW)
    assert peopled.hubspot("calls")[here]["properties"]["hs_call_disposition"] == BUSY
    dynamics_has(peopled, "call", first, new_outcome=100000001)
    carry(peopled)
    assert peopled.hubspot("calls")["501"]["properties"]["hs_call_disposition"] == BUSY
    carry(peopled)
    peopled.forget()
    carry(peopled)
    assert peopled.writes() == 0


def test_meetings_go_one_way_with_a_field_of_their_own(peopled: Bridge) -> None:
    customise(peopled, "meeting", hubspot={"room": "string"}, dynamics={"new_room": "string"})
    configure(peopled, "meeting", "room: {from: room, to: new_room}", None)
    hubspot_has(peopled, "meeting", "501", room="A1", hs_meeting_start_time="2026-07-01T10:00:00.000Z")
    dynamics_has(
        peopled,
        "meeting",
        ROW,
        subject="Stays",
        new_room="B2",
        scheduledstart="2026-07-01T10:00:00Z",
        scheduledend="2026-07-01T11:00:00Z",
    )

    assert carry(peopled) == {"extracted": 1, "created": 1}

    there = str(peopled.counterpart("hubspot", "meeting", "501"))
    assert peopled.dynamics("appointment")[there]["new_room"] == "A1"
    hubspot_has(peopled, "meeting", "501", room="A2")
    dynamics_has(peopled, "meeting", there, new_room="C3")
    carry(peopled)
    assert peopled.dynamics("appointment")[there]["new_room"] == "A2"  # a field carried one way is its source's
    assert len(peopled.hubspot("meetings")) == 1


def test_a_field_of_one_flow_follows_its_source_and_never_comes_back(peopled: Bridge) -> None:
    customise(peopled, "task", hubspot={"region": "string"}, dynamics={"new_region": "string"})
    configure(peopled, "task", "region: {from: region, to: new_region}")
    hubspot_has(peopled, "task", "501", region="EMEA")
    carry(peopled)
    there = str(peopled.counterpart("hubspot", "task", "501"))

    dynamics_has(peopled, "task", there, new_region="Mine")
    carry(peopled)

    assert peopled.dynamics("task")[there]["new_region"] == "Mine"
    assert peopled.hubspot("tasks")["501"]["properties"]["region"] == "EMEA"
    hubspot_has(peopled, "task", "501", region="APAC")
    carry(peopled)
    assert peopled.dynamics("task")[there]["new_region"] == "APAC"


def test_a_field_added_later_is_filled_by_a_whole_pass_and_empties_nothing(peopled: Bridge) -> None:
    customise(peopled, "task", hubspot={"region": "string"}, dynamics={"new_region": "string"})
    configure(peopled, "task")
    hubspot_has(peopled, "task", "501", region="EMEA")
    hubspot_has(peopled, "task", "502")
    carry(peopled)
    carry(peopled)
    first, second = (str(peopled.counterpart("hubspot", "task", one)) for one in ("501", "502"))
    dynamics_has(peopled, "task", second, new_region="APAC")
    both = "region: {from: region, to: new_region}", "region: {from: new_region, to: region}"
    configure(peopled, "task", *both)

    carry(peopled, Mode.INCREMENTAL)
    assert peopled.dynamics("task")[first]["new_region"] is None  # not by surprise
    for _ in range(2):
        carry(peopled)

    assert peopled.dynamics("task")[first]["new_region"] == "EMEA"
    assert peopled.hubspot("tasks")["501"]["properties"]["region"] == "EMEA"
    assert peopled.dynamics("task")[second]["new_region"] == "APAC"
    assert peopled.hubspot("tasks")["502"]["properties"].get("region") == "APAC"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("region: {from: region, to: new_regoin}", "dynamics has no property new_regoin of tasks"),
        ("region: {from: regoin, to: new_region}", "hubspot has no property regoin of tasks"),
        ("region: {from: region, to: new_region, kind: number}", "holds String, which takes no number"),
        ("region: {from: region, to: scheduledend, kind: date}", "holds DateTime, which takes no date"),
        ("region: {from: region, to: new_day, kind: datetime}", "holds a day (DateOnly), which takes no datetime"),
        ("region: {from: region, to: modifiedon, kind: datetime}", "dynamics writes modifiedon of tasks itself"),
        ("region: {from: region, to: ownerid}", "ownerid of dynamics's tasks is a look-up"),
    ],
)
def test_a_property_that_is_not_there_stops_the_run_before_it_writes(regions: Bridge, fields: str, says: str) -> None:
    configure(regions, "task", fields)
    hubspot_has(regions, "task", "501", region="EMEA")
    regions.forget()

    with pytest.raises(ConfigurationError) as caught:
        carry(regions)

    assert says in caught.value.message
    assert regions.writes() == 0


@pytest.mark.parametrize("kind", ["note", "task"])
def test_what_is_listed_in_hubspot_survives_its_editor_and_follows_its_source(peopled: Bridge, kind: str) -> None:
    customise(peopled, kind, dynamics={"new_clicks": "string"})
    configure(peopled, kind, "", "clicks: {from: new_clicks, no_place: append}")
    body, table = ("notetext", "annotation") if kind == "note" else ("description", "task")
    dynamics_has(peopled, kind, ROW, subject="Here", new_clicks="3 & more", **{body: "Body"})

    carry(peopled)
    carry(peopled)
    peopled.forget()
    carry(peopled)

    assert peopled.writes() == 0
    here = str(peopled.counterpart("dynamics", kind, ROW))
    held = peopled.hubspot(f"{kind}s")[here]["properties"]
    name = f"hs_{kind}_body"
    assert "Further details:" in held[name]
    assert "3 &amp; more" in held[name]
    dynamics_has(peopled, kind, ROW, new_clicks="4")
    hubspot_has(peopled, kind, here, **{name: held[name].replace("Body", "Changed")})
    carry(peopled)
    assert "Clicks: 4" in peopled.hubspot(f"{kind}s")[here]["properties"][name]
    row = peopled.dynamics(table)[ROW]
    assert "Changed" in row[body]
    assert "Clicks" not in row[body]
    assert row["subject"] == "Here"
    carry(peopled)
    peopled.forget()
    carry(peopled)
    assert peopled.writes() == 0


def test_an_edit_of_a_field_that_comes_back_alone_is_seen_though_nobody_had_looked_yet(peopled: Bridge) -> None:
    customise(peopled, "task", hubspot={"verdict": "string"}, dynamics={"new_verdict": "string"})
    configure(peopled, "task", "", "verdict: {from: new_verdict, to: verdict}")
    hubspot_has(peopled, "task", "501")
    carry(peopled, flows=[FLOWS[0]])
    there = str(peopled.counterpart("hubspot", "task", "501"))
    dynamics_has(peopled, "task", there, new_verdict="Good")

    carry(peopled)

    assert peopled.hubspot("tasks")["501"]["properties"]["verdict"] == "Good"


def test_every_kind_of_property_is_taken_by_both_systems_and_comes_to_rest(peopled: Bridge) -> None:
    colours = [{"value": one, "label": one} for one in ("red", "green")]
    customise(
        peopled,
        "meeting",
        hubspot={
            "price": {"type": "number", "fieldType": "number"},
            "seats": {"type": "number", "fieldType": "number"},
            "virtual": {
                "type": "bool",
                "fieldType": "booleancheckbox",
                "options": [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}],
            },
            "decided_at": {"type": "datetime", "fieldType": "date"},
            "day": {"type": "date", "fieldType": "date"},
            "deadline": {"type": "date", "fieldType": "date"},
            "agenda": {"type": "string", "fieldType": "textarea"},
            "colour": {"type": "enumeration", "fieldType": "select", "options": colours},
            "travel": {"type": "number", "fieldType": "number"},
        },
        dynamics={
            "new_price": "decimal",
            "new_seats": "integer",
            "new_virtual": {"type": "boolean", "options": [[1, "Yes"], [0, "No"]]},
            "new_decided": "datetime",
            "new_day": "datetime",
            "new_deadline": "date",
            "new_agenda": "memo",
            "new_colour": {"type": "choice", "options": [[1, "Red"], [2, "Green"]]},
            "new_travel": "integer",
        },
    )
    fields = """
        price: {from: price, to: new_price, kind: number}
        seats: {from: seats, to: new_seats, kind: integer}
        virtual: {from: virtual, to: new_virtual, kind: boolean}
        decided: {from: decided_at, to: new_decided, kind: datetime}
        day: {from: day, to: new_day, kind: {from: date, to: datetime}, zone: Europe/Berlin}
        deadline: {from: deadline, to: new_deadline, kind: date}
        agenda: {from: agenda, to: new_agenda, kind: {from: html, to: plain}}
        colour: {from: colour, to: new_colour, values: {red: 1, green: 2}, otherwise: null}
        travel: {from: travel, to: new_travel, unit: {from: hours, to: minutes}}
        """
    same = ["price", "seats", "virtual", "decided", "deadline", "agenda", "colour", "travel"]
    back = "\n".join(f"{one}: {{}}" for one in same)
    configure(peopled, "meeting", fields, f"{back}\nday: {{zone: Europe/Berlin}}")
    start = {"hs_meeting_start_time": "2026-07-01T10:00:00.000Z", "hs_meeting_end_time": "2026-07-01T11:00:00.000Z"}
    hubspot_has(
        peopled,
        "meeting",
        "501",
        **start,
        price="1234.567",
        seats="12",
        virtual="true",
        decided_at="2026-07-01T10:00:00.500Z",
        day="2026-07-02",
        deadline="2026-07-03",
        agenda="<p>One</p><p>Two</p>",
        colour="green",
        travel="2",
    )
    dynamics_has(
        peopled,
        "meeting",
        ROW,
        subject="Here",
        scheduledstart="2026-07-01T10:00:00Z",
        scheduledend="2026-07-01T11:00:00Z",
        new_price=2.5,
        new_seats=3,
        new_virtual=False,
        new_decided="2026-07-01T08:00:00Z",
        new_day="2026-07-01T22:00:00Z",
        new_deadline="2026-07-04",
        new_agenda="One\nTwo",
        new_colour=1,
        new_travel=90,
    )

    carry(peopled)

    row = peopled.dynamics("appointment")[str(peopled.counterpart("hubspot", "meeting", "501"))]
    assert {name: value for name, value in row.items() if name.startswith("new_")} == {
        "new_price": 1234.57,
        "new_seats": 12,
        "new_virtual": True,
        "new_decided": "2026-07-01T10:00:00Z",
        "new_day": "2026-07-01T22:00:00Z",
        "new_deadline": "2026-07-03",
        "new_agenda": "One\n\nTwo",
        "new_colour": 2,
        "new_travel": 120,
    }
    held = peopled.hubspot("meetings")[str(peopled.counterpart("dynamics", "meeting", ROW))]["properties"]
    assert {name: held[name] for name in ("price", "seats", "virtual", "day", "deadline", "colour", "travel")} == {
        "price": "2.5",
        "seats": "3",
        "virtual": "false",
        "day": "2026-07-02",
        "deadline": "2026-07-04",
        "colour": "red",
        "travel": "2",
    }
    assert held["decided_at"].startswith("2026-07-01T08:00:00")
    carry(peopled)
    peopled.forget()
    carry(peopled)
    assert peopled.writes() == 0


def test_what_a_new_record_gets_by_default_is_no_edit_of_a_field_that_only_comes_back(peopled: Bridge) -> None:
    configure(peopled, "task", "priority: {enabled: false}")
    hubspot_has(peopled, "task", "501", hs_task_priority="HIGH")

    carry(peopled)
    carry(peopled)

    there = str(peopled.counterpart("hubspot", "task", "501"))
    assert peopled.dynamics("task")[there]["prioritycode"] == 1
    assert peopled.hubspot("tasks")["501"]["properties"]["hs_task_priority"] == "HIGH"
    dynamics_has(peopled, "task", there, prioritycode=0)
    carry(peopled)
    assert peopled.hubspot("tasks")["501"]["properties"]["hs_task_priority"] == "LOW"
