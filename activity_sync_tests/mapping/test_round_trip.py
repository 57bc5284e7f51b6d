"""What is written and read again is what was written, up to the declared losses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from activity_sync.activities.activity import RichText, Value
from activity_sync.activities.fingerprint import fingerprint, visible_text
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import FieldRule, Kind, TypeMapping, decode_fields, encode_fields, load_mapping
from activity_sync.mapping.richtext import sanitise, text_to_html

_KEY = b"test"
_MAPPINGS = [mapping for system in ("hubspot", "dynamics") for mapping in load_mapping(system).types.values()]
_OTHER = {"hubspot": "dynamics", "dynamics": "hubspot"}

_MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            ["<p>", "</p>", "<b>", "</b>", "<br>", "<ul><li>", "</ul>", "<script>x</script>", "&amp;", "&nbsp;"]
        ),
        st.text(max_size=12),
    ),
    max_size=12,
).map("".join)
_BODIES = st.one_of(
    st.none(),
    st.builds(RichText, _MARKUP, html=st.just(value=True)),
    st.builds(RichText, st.text(max_size=60), html=st.just(value=False)),
)
_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis' own bounds


def _values(rule: FieldRule) -> st.SearchStrategy[Value]:
    match rule.kind:
        case Kind.HTML | Kind.PLAIN | Kind.RICH:
            return _BODIES
        case Kind.MOMENT:
            return _MOMENTS if not rule.clearable else st.one_of(st.none(), _MOMENTS)
        case Kind.DURATION:
            return st.one_of(st.none(), st.integers(0, 10**9))
        case Kind.BOOL:
            return st.booleans()
        case Kind.CHOICE | Kind.STATE:
            known = sorted({choice.value for choice in rule.choices if choice.value})
            return st.one_of(st.none(), st.sampled_from(known), st.just("other:unknown"))
        case Kind.ID:
            return st.sampled_from(["1", "739d2b22-5f57-42f9-9a17-ebad89799e7e"])
        case _:
            return st.one_of(st.none(), st.text(max_size=30))


def _fields(mapping: TypeMapping) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries(
        {name: _values(rule) for name, rule in mapping.fields.items() if rule.kind is not Kind.TRANSLATOR}
    )


def _shown(properties: dict[str, Any]) -> dict[str, Any]:
    """The sent properties under the names a read shows them by."""
    names = {"ownerid": "_ownerid_value", "overriddencreatedon": "createdon"}
    return {names.get(column, column): value for column, value in properties.items()}


@pytest.mark.parametrize("mapping", _MAPPINGS, ids=lambda m: f"{m.system}-{m.type}")
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_intended_is_what_is_read(mapping, data):
    source = load_mapping(data.draw(st.sampled_from(sorted(_OTHER)))).types[mapping.type]
    fields = data.draw(_fields(source))

    encoded = encode_fields(mapping, fields)

    read = decode_fields(mapping, _shown(encoded.properties))
    assert encoded.intended == {name: read[name] for name in encoded.intended}
    assert all(loss.field in fields or loss.field in mapping.fields for loss in encoded.losses)


@pytest.mark.parametrize("mapping", _MAPPINGS, ids=lambda m: f"{m.system}-{m.type}")
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_writing_again_what_was_read_changes_nothing(mapping, data):
    once = encode_fields(mapping, data.draw(_fields(mapping)))

    read = decode_fields(mapping, _shown(once.properties))
    again = encode_fields(mapping, read)

    assert again.intended == once.intended | {
        name: value for name, value in again.intended.items() if name not in once.intended
    }
    written = {loss.field for loss in again.losses if loss.what in {"cut", "rounded"}}
    assert written == set()


@pytest.mark.parametrize("mapping", _MAPPINGS, ids=lambda m: f"{m.system}-{m.type}")
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_field_without_recorded_loss_is_the_same_to_a_reader(mapping, data):
    """A body is compared by what it shows, all else by its fingerprint: one second, one line, one spelling of empty."""
    fields = data.draw(_fields(mapping))
    encoded = encode_fields(mapping, fields)
    lossy = {loss.field for loss in encoded.losses}

    for name, value in encoded.intended.items():
        rule = mapping.fields[name]
        given_value = fields[name]
        has_default = rule.default is not None or any(choice.value is None for choice in rule.choices)
        if name in lossy or ((given_value in (None, "") or not str(given_value).strip()) and has_default):
            continue
        if isinstance(given_value, RichText):
            continue  # compared below
        if rule.kind is Kind.CHOICE and given_value == "none":
            continue  # Dynamics' own default
        if rule.kind in {Kind.TEXT, Kind.HEADING}:
            continue  # control characters and line breaks go: test_values
        assert fingerprint({name: value}, key=_KEY) == fingerprint({name: given_value}, key=_KEY), name


@given(body=_BODIES.filter(bool), system=st.sampled_from(["hubspot", "dynamics"]), kind=st.sampled_from(ActivityType))
@settings(max_examples=60, deadline=None)
def test_a_body_shows_in_html_what_it_showed(body, system, kind):
    mapping = load_mapping(system).types[kind]
    assume(mapping.fields["body"].kind is not Kind.PLAIN and not mapping.headings)
    markup = sanitise(body.text) if body.html else text_to_html(body.text)

    shown = encode_fields(mapping, {"body": body}, only={"body"}).intended["body"]

    expected = visible_text(RichText(markup, html=True))
    assert (visible_text(shown) if isinstance(shown, RichText) else "") == expected


@given(subject=st.text(min_size=1, max_size=80).filter(str.strip), body=_BODIES)
@settings(max_examples=60, deadline=None)
def test_a_dynamics_note_comes_back_from_hubspot_with_its_subject(subject, body):
    hubspot = load_mapping("hubspot").types[ActivityType.NOTE]
    dynamics = load_mapping("dynamics").types[ActivityType.NOTE]
    note = decode_fields(dynamics, {"subject": subject, "notetext": body.text if body else None})
    assume(note["subject"])

    there = encode_fields(hubspot, note).intended
    back = encode_fields(dynamics, there).intended

    assert (
        fingerprint({"s": there["subject"]}, key=_KEY)["s"].visible
        == fingerprint({"s": subject_of(note)}, key=_KEY)["s"].visible
    )
    assert back["body"] == encode_fields(dynamics, note).intended["body"]


def subject_of(note: dict[str, Value]) -> str:
    assert isinstance(note["subject"], str)
    return note["subject"]
