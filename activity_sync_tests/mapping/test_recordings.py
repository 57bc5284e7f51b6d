"""Recorded records of both systems are read, and written into the other system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import columns_to_write, decode_fields, encode_fields, load_mapping

_DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
_TYPES = {
    **{f"{activity_type}s": activity_type for activity_type in ActivityType},
    **{str(activity_type): activity_type for activity_type in ActivityType},
    "phonecall": ActivityType.CALL,
    "appointment": ActivityType.MEETING,
    "annotation": ActivityType.NOTE,
}

pytestmark = pytest.mark.skipif(not _DATA.exists(), reason="shared data is not beside the project")


def _records(system: str) -> list[tuple[ActivityType, dict[str, Any]]]:
    path = _DATA / f"{system}_activities.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(_TYPES[one["object"]], one.get("properties") or one["row"]) for one in lines if one["object"] in _TYPES]


@pytest.mark.parametrize(("system", "other", "least"), [("hubspot", "dynamics", 72), ("dynamics", "hubspot", 8)])
def test_every_recording_is_carried_with_what_its_target_requires(system, other, least):
    records = _records(system)

    assert len(records) >= least
    for activity_type, properties in records:
        target = load_mapping(other).types[activity_type]
        fields = decode_fields(load_mapping(system).types[activity_type], properties)
        encoded = encode_fields(target, fields)
        assert encoded.properties.keys() <= set(columns_to_write(target))
        if other == "dynamics" and activity_type is not ActivityType.EMAIL:
            assert encoded.properties["subject"]
        if other == "hubspot" and any(properties.get(column) for column in ("createdon", "scheduledend")):
            assert encoded.properties["hs_timestamp"]
