"""Fields as the configuration maps them: what is written, what comes back, what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from activity_sync.activities.activity import Participant, RichText
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.errors import InvalidRecord
from activity_sync.mapping import columns_to_read, comparable_fields, encode_fields, load_mapping
from activity_sync.mapping.cut import LengthUnit, cut_text, length
from activity_sync.mapping.field_settings import FieldKind
from activity_sync.mapping.listed import split_list, write_list
from activity_sync_tests.mapping.configuring import TO_DYNAMICS, TO_HUBSPOT, configured, crossing, read

TASK = ActivityType.TASK
BOTH_WAYS: tuple[Any, Any] = ({"region": {"from": "region", "to": "new_region"}}, {"region": {}})
PRIORITIES = ["LOW", "MEDIUM", "HIGH", "NONE"]


def shout(value: str | None, fields: dict[str, Any]) -> str | None:
    """A user's own function."""
    return f"{value} of {fields['subject']}".upper() if value else None


def fail(value: str | None, fields: dict[str, Any]) -> str:
    """A user's own function with a mistake in it."""
    raise KeyError(value, fields)


def answer_a_list(value: str | None, fields: dict[str, Any]) -> list[Any]:
    """A user's own function that answers what no field holds."""
    return [value, fields]


# --- nothing said, nothing changed ---------------------------------------------------------------------------------


def test_without_fields_the_mappings_are_the_shipped_ones():
    found = configured("task")

    assert found.systems["hubspot"] is load_mapping("hubspot")
    assert found.systems["dynamics"] is load_mapping("dynamics")
    assert {(one.left_out, one.one_way) for one in found.carried.values()} == {(frozenset(), frozenset())}


def test_a_field_changes_the_revision_of_the_mapping_and_only_its_own_type():
    found = configured("task", *BOTH_WAYS)

    for system in ("hubspot", "dynamics"):
        assert found.systems[system].revision != load_mapping(system).revision
        assert found.systems[system].types[ActivityType.CALL] is load_mapping(system).types[ActivityType.CALL]


# --- fields of one's own -------------------------------------------------------------------------------------------


def test_a_field_of_both_flows_is_read_written_and_compared_in_both_systems():
    found = configured("task", *BOTH_WAYS)

    assert "new_region" in columns_to_read(found.systems["dynamics"].types[TASK])
    assert all("region" in comparable_fields(found.systems[one].types[TASK]) for one in ("hubspot", "dynamics"))
    assert crossing(found, "task", TO_DYNAMICS, {"region": "EMEA"}).properties["new_region"] == "EMEA"
    assert crossing(found, "task", TO_HUBSPOT, {"new_region": "APAC"}).properties["region"] == "APAC"


def test_a_field_of_one_flow_is_left_out_of_the_other():
    found = configured("task", {"region": {"from": "region", "to": "new_region"}})

    assert found.carried[TO_DYNAMICS.name, TASK].one_way == {"region"}
    assert found.carried[TO_HUBSPOT.name, TASK].left_out == {"region"}
    assert all("region" in comparable_fields(found.systems[one].types[TASK]) for one in ("hubspot", "dynamics"))
    assert "region" not in crossing(found, "task", TO_HUBSPOT, {"new_region": "Mine"}).properties


def test_a_shipped_field_can_be_switched_off_in_one_direction():
    found = configured("task", None, {"priority": {"enabled": False}})

    assert "hs_task_priority" not in crossing(found, "task", TO_HUBSPOT, {"prioritycode": 2}).properties
    assert crossing(found, "task", TO_DYNAMICS, {"hs_task_priority": "HIGH"}).properties["prioritycode"] == 2


def test_a_field_that_one_system_lacks_gets_a_property_of_its_own():
    found = configured("meeting", {"all_day": {}}, {"all_day": {"to": "all_day"}})

    assert crossing(found, "meeting", TO_HUBSPOT, {"isalldayevent": True}).properties["all_day"] == "true"
    assert crossing(found, "meeting", TO_DYNAMICS, {"all_day": "true"}).properties["isalldayevent"] is True


def test_the_text_of_a_look_up_is_carried_and_the_look_up_is_asked_for():
    found = configured("task", None, {"owner_name": {"from": "ownerid", "display": True, "to": "dynamics_owner"}})
    shown = {"_ownerid_value": "1", "_ownerid_value@OData.Community.Display.V1.FormattedValue": "Olga Owner"}

    assert crossing(found, "task", TO_HUBSPOT, shown).properties["dynamics_owner"] == "Olga Owner"


@pytest.mark.parametrize(
    ("said", "given_properties", "written"),
    [
        ({"kind": "number"}, {"x": "3.50"}, 3.5),
        ({"kind": "number"}, {"x": "1e2"}, 100),
        ({"kind": "number", "digits": 1}, {"x": "2.25"}, 2.3),
        ({"kind": "integer"}, {"x": "2.5"}, 3),
        ({"kind": "boolean"}, {"x": "TRUE"}, True),
        ({"kind": "datetime"}, {"x": "2026-07-01T10:00:00.123Z"}, "2026-07-01T10:00:00Z"),
        ({"kind": "date"}, {"x": "2026-07-01"}, "2026-07-01"),
        (
            {"kind": {"from": "datetime", "to": "date"}, "zone": "Europe/Berlin"},
            {"x": "2026-06-30T22:30:00Z"},
            "2026-07-01",
        ),
        (
            {"kind": {"from": "date", "to": "datetime"}, "zone": "Europe/Berlin"},
            {"x": "2026-07-01"},
            "2026-06-30T22:00:00Z",
        ),
        (
            {"kind": {"from": "datetime", "to": "text"}, "zone": "Europe/Berlin"},
            {"x": "2026-06-30T22:30:00Z"},
            "2026-07-01 00:30",
        ),
        ({"unit": {"from": "hours", "to": "minutes"}}, {"x": "2"}, 120),
        ({"unit": {"from": "milliseconds", "to": "seconds"}}, {"x": "1500"}, 2),
        ({"kind": {"from": "html", "to": "plain"}}, {"x": "<ul><li>One<li>Two</ul>"}, "  * One\n  * Two"),
        ({"kind": {"from": "plain", "to": "html"}}, {"x": "a < b"}, "<p>a &lt; b</p>"),
        ({"kind": "text"}, {"x": "two\nlines"}, "two lines"),
        ({"limit": 5}, {"x": "abcd\U0001f600"}, "abcd"),
        ({"default": "None given"}, {"x": ""}, "None given"),
        ({"kind": "integer", "default": 7}, {}, 7),
        ({"from": ["x", "y"]}, {"x": " ", "y": "second"}, "second"),
        ({"values": {"a": 1}, "otherwise": 9}, {"x": "A"}, 1),
        ({"values": {"a": 1}, "otherwise": 9}, {"x": "b"}, 9),
        ({"values": {"a": 1}, "otherwise": None, "default": 5}, {"x": ""}, 5),
        ({"values": {True: "yes", False: "no"}}, {"x": "false"}, "no"),
        ({"function": f"{__name__}:shout"}, {"x": "ten", "hs_task_subject": "Men"}, "TEN OF MEN"),
    ],
)
def test_a_value_in_the_form_that_the_target_holds(said: Any, given_properties: Any, written: Any):
    found = configured("task", {"own": {"from": "x", "to": "new_own", **said}})

    assert crossing(found, "task", TO_DYNAMICS, given_properties).properties["new_own"] == written


@pytest.mark.parametrize(
    ("said", "given_properties", "lost"),
    [
        ({"kind": {"from": "text", "to": "number"}}, {"x": "many"}, ("own", "dropped", "is not a number")),
        ({"kind": {"from": "text", "to": "datetime"}}, {"x": "soon"}, ("own", "dropped", "is not a date and time")),
        ({"kind": "number"}, {"x": "1.005"}, ("own", "rounded", "kept 2 digits")),
        ({"limit": 2}, {"x": "abc"}, ("own", "cut", "kept 2 of 3")),
        ({"values": {"a": 1}, "otherwise": None}, {"x": "b"}, ("own", "dropped", "no such value: other:b")),
    ],
)
def test_what_the_target_cannot_hold_is_a_loss(said: Any, given_properties: Any, lost: tuple[str, str, str]):
    found = configured("task", {"own": {"from": "x", "to": "new_own", **said}})

    losses = crossing(found, "task", TO_DYNAMICS, given_properties).losses

    assert lost in {(one.field, one.what, one.detail) for one in losses}


def test_values_are_made_from_constants_and_from_several_fields():
    found = configured(
        "task",
        {
            "origin": {"constant": "HubSpot", "to": "new_origin"},
            "hint": {"template": "{subject}: {body} ({region})", "to": "new_hint"},
            "region": {"from": "region", "no_place": "drop"},
            "priority": {"constant": 2},
            "subject": {"template": "[HubSpot] {subject}"},
        },
        {"priority": {"enabled": False}, "subject": {"enabled": False}},
    )
    record = {"hs_task_subject": "Call", "hs_task_body": "<p>Body</p>", "region": "EMEA", "hs_task_priority": "LOW"}

    written = crossing(found, "task", TO_DYNAMICS, record)

    assert written.properties["new_origin"] == "HubSpot"
    assert written.properties["new_hint"] == "Call: Body (EMEA)"
    assert written.properties["subject"] == "[HubSpot] Call"
    assert written.properties["prioritycode"] == 2
    assert ("region", "no_counterpart") in {(one.field, one.what) for one in written.losses}


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("fail", "made the function .*fail fail \\(KeyError\\)"),
        ("answer_a_list", "return a list, which no field holds"),
    ],
)
def test_a_function_that_fails_fails_its_record_and_tells_nothing_of_it(function: str, says: str):
    found = configured("task", {"own": {"from": "x", "to": "new_own", "function": f"{__name__}:{function}"}})

    with pytest.raises(InvalidRecord, match=says) as caught:
        crossing(found, "task", TO_DYNAMICS, {"x": "secret"})

    assert "secret" not in caught.value.message


# --- value maps ----------------------------------------------------------------------------------------------------


def test_lines_of_a_shipped_value_map_are_changed_and_the_others_stay():
    found = configured("task", {"priority": {"values": {"NONE": 0}}})

    there = {
        one: crossing(found, "task", TO_DYNAMICS, {"hs_task_priority": one}).properties["prioritycode"]
        for one in PRIORITIES
    }
    back = {
        one: crossing(found, "task", TO_HUBSPOT, {"prioritycode": one}).properties["hs_task_priority"]
        for one in (0, 1, 2)
    }

    assert there == {"LOW": 0, "MEDIUM": 1, "HIGH": 2, "NONE": 0}
    assert back == {0: "LOW", 1: "MEDIUM", 2: "HIGH"}


def test_a_state_is_mapped_to_a_reason_of_the_tenants_own_and_back():
    found = configured("task", {"status": {"values": {"WAITING": "0/100000001"}}})

    written = crossing(found, "task", TO_DYNAMICS, {"hs_task_status": "WAITING"}).properties
    waiting = {"statecode": 0, "statuscode": 100000001}

    assert (written["statecode"], written["statuscode"]) == (0, 100000001)
    assert crossing(found, "task", TO_HUBSPOT, waiting).properties["hs_task_status"] == "WAITING"
    closed = {"statecode": 2, "statuscode": 6}
    assert crossing(found, "task", TO_HUBSPOT, closed).properties["hs_task_status"] == "COMPLETED"


@settings(deadline=None)
@given(
    st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(1, 10**6), min_size=1, max_size=6).filter(
        lambda values: len(set(values.values())) == len(values)
    )
)
def test_a_value_map_reverses(values: dict[str, int]):
    """Read backwards by the other flow, which says nothing, or says the same backwards."""
    there = {"from": "x", "to": "new_x", "values": values, "otherwise": None}
    back = {"values": {image: here for here, image in values.items()}, "otherwise": None}

    for found in (configured("task", {"own": there}, {"own": {}}), configured("task", {"own": there}, {"own": back})):
        for here, image in values.items():
            assert crossing(found, "task", TO_DYNAMICS, {"x": here}).properties["new_x"] == image
            assert crossing(found, "task", TO_HUBSPOT, {"new_x": image}).properties["x"] == here


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(PRIORITIES), st.integers(0, 2), min_size=1),
    st.one_of(st.none(), st.dictionaries(st.integers(0, 2), st.sampled_from(PRIORITIES), min_size=1)),
)
def test_an_accepted_map_comes_to_rest(there: dict[str, int], back: dict[int, str] | None):
    """Whatever is said of shipped values: one way and back again changes nothing any more, or it is refused."""
    found = configured(
        "task", {"priority": {"values": there}}, None if back is None else {"priority": {"values": back}}
    )
    assume(found.problems == ())

    for value, expected in there.items():
        image = crossing(found, "task", TO_DYNAMICS, {"hs_task_priority": value}).properties["prioritycode"]
        again = crossing(found, "task", TO_HUBSPOT, {"prioritycode": image}).properties["hs_task_priority"]
        assert image == expected
        assert crossing(found, "task", TO_DYNAMICS, {"hs_task_priority": again}).properties["prioritycode"] == image


# --- any value -----------------------------------------------------------------------------------------------------

_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["", " ", "<p></p>", "2026-02-30", "9" * 40, "1e999", "NaN", "\ud800", "--\nFurther details:\n"]),
    st.lists(st.integers(), max_size=2),
)


@settings(deadline=None)
@given(st.sampled_from(FieldKind), st.sampled_from(FieldKind), _ANYTHING, st.booleans())
def test_no_value_breaks_more_than_its_record(source: FieldKind, target: FieldKind, value: Any, to_hubspot: bool):  # noqa: FBT001
    wanted: dict[str, Any] = {"from": "x", "to": "y", "kind": {"from": source, "to": target}, "default": None}
    if FieldKind.DURATION in (source, target):
        wanted["unit"] = {"from": "minutes", "to": "hours"}
    fields = {"own": wanted}
    found = configured("task", None, fields) if to_hubspot else configured("task", fields)
    flow = TO_HUBSPOT if to_hubspot else TO_DYNAMICS

    with suppress(InvalidRecord):
        crossing(found, "task", flow, {"x": value, "hs_timestamp": "2026-01-01T00:00:00Z"})


@settings(deadline=None)
@given(
    st.sampled_from(list(FieldKind)),
    st.one_of(
        _ANYTHING.filter(lambda one: not isinstance(one, float | list)),
        st.builds(RichText, st.text(max_size=30), html=st.booleans()),
        st.datetimes().map(lambda one: one.replace(tzinfo=UTC)),
        st.just((Participant(Role.TO, "a@acme.example"),)),
    ),
)
def test_any_canonical_value_is_written_or_lost(kind: FieldKind, value: Any):
    wanted: dict[str, Any] = {"from": "x", "to": "new_own", "kind": kind}
    if kind is FieldKind.DURATION:
        wanted["unit"] = {"from": "minutes", "to": "hours"}
    found = configured("task", {"own": wanted})

    encoded = encode_fields(found.systems["dynamics"].types[TASK], {"own": value})

    assert "new_own" in encoded.properties or encoded.losses or encoded.intended.get("own") in (None, False)


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(1, 20))
def test_a_cut_never_splits_a_character(text: str, limit: int):
    found = configured("task", {"own": {"from": "x", "to": "new_own", "limit": limit}})

    encoded = crossing(found, "task", TO_DYNAMICS, {"x": text})

    kept = encoded.properties.get("new_own", "")
    assert length(kept, LengthUnit.UTF16) <= limit
    whole = encode_fields(
        configured("task", {"own": {"from": "x", "to": "new_own"}}).systems["dynamics"].types[TASK],
        read(found, "task", "hubspot", {"x": text}),
    ).properties.get("new_own", "")
    assert whole.startswith(kept)
    assert kept == cut_text(whole, limit, unit=LengthUnit.UTF16)
    kept.encode()  # no half of a surrogate pair
    assert (kept != whole) == any(one.what == "cut" for one in encoded.losses)


# --- what is listed under the body ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["note", "task", "call", "email", "meeting"])
@pytest.mark.parametrize("body", [None, "plain", "<p>marked <b>up</b></p>", "a < b\nc"])
def test_what_is_listed_is_read_back_and_is_no_part_of_the_body(kind: str, body: str | None):
    column = {"note": "hs_note_body", "task": "hs_task_body", "call": "hs_call_body", "email": "hs_email_html"}.get(
        kind, "hs_meeting_body"
    )
    target = {"note": "notetext"}.get(kind, "description")
    listed = {"from": "hs_opens", "no_place": "append", "label": "Opens & clicks"}
    found = configured(kind, {"opens": listed})
    plain = crossing(configured(kind), kind, TO_DYNAMICS, {column: body})

    encoded = crossing(found, kind, TO_DYNAMICS, {column: body, "hs_opens": "3 <of> 5"})

    row = read(found, kind, "dynamics", encoded.properties)
    assert row["opens"] == "3 <of> 5" == encoded.intended["opens"]
    assert row["body"] == read(found, kind, "dynamics", plain.properties)["body"]
    assert "Further details:" in encoded.properties[target]
    assert ("opens", "appended") in {(one.field, one.what) for one in encoded.losses}


def test_a_list_alone_is_written_under_the_body_that_stands_there():
    found = configured("task", {"opens": {"from": "hs_opens", "no_place": "append"}})
    mapping = found.systems["dynamics"].types[TASK]
    current = read(found, "task", "dynamics", {"description": "Theirs\n\n--\nFurther details:\n\u2022 Opens: 3"})

    encoded = encode_fields(
        mapping, {"opens": "4", "body": RichText("Ours", html=False)}, only={"opens"}, current=current
    )

    assert encoded.properties == {"description": "Theirs\n\n--\nFurther details:\n\u2022 Opens: 4"}
    emptied = encode_fields(mapping, {"opens": None}, only={"opens"}, current=current)
    assert emptied.properties == {"description": "Theirs"}


def test_a_long_body_makes_room_for_the_list_and_a_long_list_is_shortened():
    found = configured("task", {"opens": {"from": "hs_opens", "no_place": "append"}})

    long_body = crossing(found, "task", TO_DYNAMICS, {"hs_task_body": "x" * 3000, "hs_opens": "3"})
    long_list = crossing(found, "task", TO_DYNAMICS, {"hs_opens": "y" * 900}, limits={"description": 300})

    assert length(long_body.properties["description"], LengthUnit.UTF16) <= 2000
    assert long_body.properties["description"].endswith("\u2022 Opens: 3")
    assert "description" not in long_list.properties
    assert ("opens", "dropped") in {(one.field, one.what) for one in long_list.losses}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text("abc xyz&'", min_size=1, max_size=10).map(str.strip).filter(bool),
            st.one_of(
                st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20),
                st.sampled_from(
                    ["a.pdf (3 KB) - https://crm.test/x?a=1&b=<2>", "</a> - http://crm.test/'\"'", "https://"]
                ),
            )
            .map(str.strip)
            .filter(bool),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_a_list_reverses(entries: list[tuple[str, str]], markup: bool):  # noqa: FBT001
    above = "<p>Body</p>" if markup else "Body"

    body, found = split_list(RichText(above + write_list(entries, markup=markup, under=True), html=markup))

    assert body.text == above
    assert found == entries
