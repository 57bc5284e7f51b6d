"""More than a thousand broken and hostile records among good ones: each stands for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_staging
from activity_sync.configuration import FLOWS
from activity_sync.pipeline.rows import records
from activity_sync_tests.crashes.wording import DYNAMICS, HUBSPOT, Words
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    Bridge,
    dynamics_people,
    hubspot_people,
)
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.hostile import Hostile, hostile_records
from activity_sync_tests.end_to_end.passes import carry

_GOOD = 12
_CONTACTS = 400


@pytest.fixture
def unlimited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Servers that count no requests: what is refused as a batch is sent again one by one."""
    for bridge in make_bridge(tmp_path, monkeypatch, settings={"limits_enabled": False}):
        bridge.seed({"hubspot": hubspot_people(_CONTACTS), "dynamics": dynamics_people(_CONTACTS)})
        yield bridge


@pytest.mark.slow
def test_good_records_land_among_hostile_ones_and_each_of_those_has_its_reason(unlimited: Bridge) -> None:
    hostile = list(hostile_records())
    _seed_good(unlimited)
    _seed_hostile(unlimited, hostile)
    _seed_hanging(unlimited)

    first = carry(unlimited)
    results = {flow.name: _results(unlimited, flow.name) for flow in FLOWS}
    unbalanced = _unbalanced(unlimited)
    unlimited.forget()
    second = carry(unlimited)

    assert len(hostile) > 1_000
    good = [results[_flow_from(system)][kind, record_id]["outcome"] for system, kind, record_id in _good()]
    assert good == ["created"] * len(good)
    became = {one: results[_flow_from(one.system)].get((one.kind, one.id), {}) for one in hostile}
    outcomes = Counter(result.get("outcome") for result in became.values())
    assert set(outcomes) == {"created", "failed"}
    assert [str(one) for one, result in became.items() if result["outcome"] == "failed" and not result["reason"]] == []
    hanging = [results[_flow_from(system)][kind, record_id] for system, kind, record_id in _HANGING]
    assert [one["outcome"] for one in hanging] == ["created", "deferred", "filtered"]
    assert [bool(one["reason"]) for one in hanging] == [False, True, True]
    assert unbalanced == []
    assert first["extracted"] == sum(number for name, number in first.items() if name != "extracted")
    assert (unlimited.writes(), second.get("created"), second.get("updated")) == (0, None, None)


_HANGING = (
    ("hubspot", ActivityType.EMAIL, "590001"),
    ("hubspot", ActivityType.NOTE, "590002"),
    ("dynamics", ActivityType.TASK, "00000000-0000-4000-a000-000000590003"),
)
"""On four hundred contacts, on one that nobody knows, and on nothing."""


def _seed_hanging(bridge: Bridge) -> None:
    (_, _, crowded), (_, _, stranger), (_, _, alone) = _HANGING
    bridge.seed({"hubspot": {"objects": {"contacts": [{"id": "9999", "properties": {"email": "x@nowhere.example"}}]}}})
    for kind, record_id, contacts in (
        (ActivityType.EMAIL, crowded, [str(1001 + n) for n in range(_CONTACTS)]),
        (ActivityType.NOTE, stranger, ["9999"]),
    ):
        form, object_type = HUBSPOT[kind], HUBSPOT_TYPES[kind]
        record = {"id": record_id, "properties": form.always | Words("Hanging", 0, closed=False).in_form(form)}
        links = [{"from": [object_type, record_id], "to": ["contacts", one]} for one in contacts]
        bridge.seed({"hubspot": {"objects": {object_type: [record]}, "associations": links}})
    form = DYNAMICS[ActivityType.TASK]
    row = form.always | Words("Hanging", 0, closed=False).in_form(form) | {"activityid": alone}
    bridge.seed({"dynamics": {"records": {"task": [row]}}})


def _unbalanced(bridge: Bridge) -> list[str]:
    """The flows and types of which not every record has a row in each step."""
    staging = open_staging(bridge.settings)
    return [
        f"{flow.name}/{kind}"
        for flow in FLOWS
        for kind in ActivityType
        if len({frozenset(staging.source_ids(flow.name, kind, step)) for step in Step}) != 1
    ]


def _good() -> Iterator[tuple[str, ActivityType, str]]:
    for kind in ActivityType:
        for n in range(_GOOD):
            yield "hubspot", kind, str(500_001 + n)
            yield "dynamics", kind, f"00000000-0000-4000-a000-{n:012d}"


def _seed_good(bridge: Bridge) -> None:
    for system, kind, record_id in _good():
        (_seed_in_hubspot if system == "hubspot" else _seed_in_dynamics)(bridge, kind, [record_id])


def _seed_hostile(bridge: Bridge, hostile: Sequence[Hostile]) -> None:
    """Ordinary records first; then one value of each is another, whatever the server would say to it."""
    for kind in ActivityType:
        ours = {system: [one for one in hostile if (one.system, one.kind) == (system, kind)] for system in _SYSTEMS}
        _seed_in_hubspot(bridge, kind, [one.id for one in ours["hubspot"]])
        _seed_in_dynamics(bridge, kind, [one.id for one in ours["dynamics"]])
        objects: Any = bridge.sandboxes.hubspot.store.records[HUBSPOT_TYPES[kind]]
        rows: Any = bridge.sandboxes.dynamics.store.rows[DYNAMICS_TABLES[kind]]
        for one in ours["hubspot"]:
            objects[one.id].properties[one.name] = one.value
        for one in ours["dynamics"]:
            rows[one.id][one.name] = one.value


_SYSTEMS = ("hubspot", "dynamics")


def _seed_in_hubspot(bridge: Bridge, kind: ActivityType, ids: Sequence[str]) -> None:
    form, object_type = HUBSPOT[kind], HUBSPOT_TYPES[kind]
    properties = form.always | Words("Ordinary", 0, closed=False).in_form(form)
    objects = [{"id": one, "properties": properties} for one in ids]
    links = [{"from": [object_type, one], "to": ["contacts", str(1001 + n % 3)]} for n, one in enumerate(ids)]
    bridge.seed({"hubspot": {"objects": {object_type: objects}, "associations": links}})


def _seed_in_dynamics(bridge: Bridge, kind: ActivityType, ids: Sequence[str]) -> None:
    form = DYNAMICS[kind]
    key, about = ("annotationid", "objectid") if kind == "note" else ("activityid", "regardingobjectid")
    columns = form.always | Words("Ordinary", 0, closed=False).in_form(form)
    columns["modifiedby"] = {"type": "systemuser", "id": USER_ID}
    rows = [columns | {key: one, about: {"type": "contact", "id": CONTACT_IDS[n % 3]}} for n, one in enumerate(ids)]
    bridge.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: rows}}})


def _flow_from(system: str) -> str:
    return next(flow.name for flow in FLOWS if flow.source == system)


def _results(bridge: Bridge, flow: str) -> dict[tuple[ActivityType, str], Mapping[str, Any]]:
    staging = open_staging(bridge.settings)
    return {
        (kind, row["source_id"]): row
        for kind in ActivityType
        for batch in records(staging.read(flow, kind, Step.LOADED))
        for row in batch
    }
