from __future__ import annotations

from importlib.resources import files

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ConfigurationError
from activity_sync.mapping import columns_to_read, columns_to_write, load_mapping, parse_mapping

_HEAD = "system: x\nnotation: {strings: true, empty: '', time_digits: 3, length_unit: chars}\n"


def _with_field(rule: str) -> str:
    return f"{_HEAD}types:\n  task:\n    fields:\n      body: {{kind: html, property: b}}\n      subject: {rule}\n"


@pytest.mark.parametrize("system", ["hubspot", "dynamics"])
def test_shipped_mapping_knows_all_five_types(system):
    mapping = load_mapping(system)

    assert mapping.system == system
    assert list(mapping.types) == list(ActivityType)
    assert all(one.system == system and one.type is name for name, one in mapping.types.items())


def test_unknown_system_is_a_fault_of_the_configuration():
    with pytest.raises(ConfigurationError, match="no mapping for the system 'siebel'"):
        load_mapping("siebel")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "m.yaml is not YAML"),
        ("- a", "m.yaml must be a mapping"),
        (_HEAD, "m.yaml: types: Field required"),
        (_HEAD + "types: {fax: {fields: {}}}", "fax"),
        (_with_field("{kind: text, property: s, limit: many}"), "m.yaml: task.subject.limit:"),
        (_with_field("{kind: text, property: s, lenght: 5}"), "m.yaml: task.subject.lenght: Extra inputs"),
        (_with_field("{kind: prose, property: s}"), "m.yaml: task.subject.kind:"),
        (_with_field("{kind: text}"), "m.yaml: task.subject: Value error, a field needs `property` or `read`"),
        (_with_field("{kind: choice, property: s}"), "m.yaml: task.subject: Value error, kind choice needs `choices`"),
        (_with_field("{kind: heading, property: b}"), "and they need it"),
        (_with_field("{kind: heading, property: b, inside: prose}"), "`inside` names no field of this type: prose"),
        (_with_field("{kind: text, property: s, when: {mood: good}}"), "`when` names no field of this type: ['mood']"),
        (_with_field("{kind: state, property: s, choices: [{value: a, native: [0, 1]}]}"), "needs a pair of columns"),
        (
            _with_field("{kind: state, property: [s, t], choices: [{value: a, native: 1}]}"),
            "needs a pair [state, reason]",
        ),
        (_with_field("{kind: choice, property: s, choices: [{native: A}]}"), "m.yaml: task.subject.choices.0.value:"),
    ],
)
def test_mistake_is_named_by_file_type_field_and_key(text, told):
    with pytest.raises(ConfigurationError) as caught:
        parse_mapping(text, name="m.yaml")

    assert told in caught.value.message
    assert caught.value.setting == "m.yaml"


def test_revision_changes_with_a_rule_and_with_nothing_else():
    text = (files("activity_sync.mapping") / "defaults" / "dynamics.yaml").read_text(encoding="utf-8")

    same = parse_mapping(text + "\n# a remark\n", name="m.yaml")
    other = parse_mapping(text.replace("limit: 800", "limit: 801"), name="m.yaml")

    assert same.revision == load_mapping("dynamics").revision != other.revision


def test_allow_lists_name_each_property_once():
    for system in ("hubspot", "dynamics"):
        for mapping in load_mapping(system).types.values():
            for columns in (columns_to_read(mapping), columns_to_write(mapping)):
                assert len(columns) == len(set(columns))


def test_allow_lists_hold_what_the_rules_use():
    meeting = load_mapping("dynamics").types[ActivityType.MEETING]

    assert {"scheduledstart", "createdon", "statecode", "_ownerid_value"} <= set(columns_to_read(meeting))
    assert {"scheduledstart", "statuscode", "ownerid", "actualend"} <= set(columns_to_write(meeting))
    assert "createdon" not in columns_to_write(meeting)
    assert "hs_email_text" in columns_to_write(load_mapping("hubspot").types[ActivityType.EMAIL])


def test_no_email_property_that_holds_addresses_escapes_the_allow_list():
    assert "hs_email_headers" in columns_to_read(load_mapping("hubspot").types[ActivityType.EMAIL])
