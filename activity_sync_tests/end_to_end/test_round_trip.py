"""A → B → A: every golden record's copy is carried back into systems that have never seen the record.

What comes back is compared with the record, property by property. The only differences are those that the golden
files declare under `returns`, and each is a loss, or a default, that docs/mapping.md states in the words quoted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago, iso
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.documented import documented_properties, documented_words
from activity_sync_tests.end_to_end.goldens import Golden, compare, load_goldens, people_in, read_lines, shown
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import populate

pytestmark = pytest.mark.slow

_GOLDENS = load_goldens()
_SERVERS_OWN = frozenset({"hs_createdate", "createdon", "overriddencreatedon", "hs_task_completion_date"})

_BODIES = frozenset(
    {"hs_note_body", "hs_task_body", "hs_call_body", "hs_meeting_body", "hs_email_html", "notetext", "description"}
)


@dataclass(frozen=True)
class Returned:
    """The second pair of systems, and what became of each copy there: ids by golden record."""

    bridge: Bridge
    ids: Mapping[str, str]


@pytest.fixture(scope="module")
def returned(carried: Bridge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Returned]:
    """Two more systems, which hold the same people and the copies alone, synced by an installation that never ran."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        bridges = make_bridge(tmp_path_factory.mktemp("returned"), monkeypatch)
        bridge = next(bridges)
        populate(bridge)
        copies = {str(one): _copy_of(carried, one) for one in _GOLDENS}
        for golden in _GOLDENS:
            _move(carried, bridge, golden, copies[str(golden)])
        carry(bridge)
        ids = {}
        for golden in _GOLDENS:
            found = bridge.counterpart(golden.flow.target, golden.kind, copies[str(golden)])
            assert found is not None, f"{golden} did not come back"
            ids[str(golden)] = found
        yield Returned(bridge, ids)
        bridges.close()


def _copy_of(bridge: Bridge, golden: Golden) -> str:
    found = bridge.counterpart(golden.flow.source, golden.kind, golden.record_id)
    assert found is not None
    return found


def _move(old: Bridge, new: Bridge, golden: Golden, record_id: str) -> None:
    """The copy stands in the new system as it stood in the old one, as if a person had just made it."""
    if golden.flow.target == "hubspot":
        object_type = HUBSPOT_TYPES[golden.kind]
        record = old.hubspot(object_type)[record_id] | {"updatedAt": iso(ago(minutes=20))}
        held = documented_properties(golden.kind, "hubspot") | {"hubspot_owner_id"}
        record["properties"] = {k: v for k, v in record["properties"].items() if k in held and v}
        hangs_on = [
            {"from": [object_type, record_id], "to": list(other)} for other in old.associations(object_type, record_id)
        ]
        new.seed({"hubspot": {"objects": {object_type: [record]}, "associations": hangs_on}})
        return
    table = DYNAMICS_TABLES[golden.kind]
    row = old.dynamics(table)[record_id]
    parties = [_party(one) for one in row.pop("parties", ()) if one["participationtypemask"] <= 7]
    row = {name: value for name, value in row.items() if name not in {"versionnumber", "modifiedon"}}
    row["modifiedon"] = iso(ago(minutes=20).replace(microsecond=0)).replace(".000", "")
    new.seed({"dynamics": {"records": {table: [row | ({"parties": parties} if parties else {})]}}})


def _party(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("participationtypemask", "addressused") if row.get(name)}
    return kept | ({"party": row["partyid"]} if row.get("partyid") else {})


@pytest.mark.parametrize("golden", _GOLDENS, ids=str)
def test_what_returns_differs_only_as_declared(carried: Bridge, returned: Returned, golden: Golden) -> None:
    source = golden.flow.source
    mapped = documented_properties(golden.kind, source) - _SERVERS_OWN
    before = shown(carried, source, golden.kind, golden.record_id)

    after = shown(returned.bridge, source, golden.kind, returned.ids[str(golden)])

    assert compare(_expected(before, golden, mapped), after, mapped=mapped) == {}


@pytest.mark.parametrize("golden", [one for one in _GOLDENS if one.returns], ids=str)
def test_every_difference_is_stated_by_the_page(golden: Golden) -> None:
    for name, (_, words) in golden.returns.items():
        assert words in documented_words(golden.kind, name), (name, words)


def _expected(before: Mapping[str, Any], golden: Golden, mapped: frozenset[str]) -> dict[str, Any]:
    """The record as it was, but for what is declared. Markup is the servers' own business: bodies must read alike."""
    part = "properties" if golden.flow.source == "hubspot" else "columns"
    declared = {name: value for name, (value, _) in golden.returns.items()}
    values = {name: _as_read(name, before[part].get(name)) for name in mapped}
    hangs_on = {name: value for name, value in before.items() if name != part}
    return {
        **{name: declared.get(name, value) for name, value in hangs_on.items()},
        part: {name: declared.get(name, value) for name, value in values.items()},
    }


def _as_read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _BODIES:
        return {"reads": read_lines(value)}
    return {"people": people_in(value)} if name == "hs_email_headers" else value
