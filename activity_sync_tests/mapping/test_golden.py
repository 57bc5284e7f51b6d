"""One record per type and direction, from the source's properties to the target's, written by hand from the rules."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from activity_sync.activities.activity import RichText, Value
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import Kind, TypeMapping, decode_fields, encode_fields, load_mapping

_FOLDER = Path(__file__).parent / "golden"
_FLOWS = (Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot"))
_CASES = [(activity_type, flow) for activity_type in ActivityType for flow in _FLOWS]


def _load(activity_type: ActivityType, flow: Flow) -> dict[str, Any]:
    return yaml.safe_load((_FOLDER / f"{activity_type}_{flow.name}.yaml").read_text(encoding="utf-8"))


def _canonical(mapping: TypeMapping, written: dict[str, Any]) -> dict[str, Value]:
    """The values of a golden file: bodies as {html: ...} or {text: ...}, moments in ISO form."""
    values: dict[str, Value] = {}
    for name, raw in written.items():
        match raw:
            case {"html": text}:
                values[name] = RichText(text, html=True)
            case {"text": text}:
                values[name] = RichText(text, html=False)
            case str() if mapping.fields[name].kind is Kind.MOMENT:
                values[name] = datetime.fromisoformat(raw)
            case _:
                values[name] = raw
    return values


@pytest.mark.parametrize(("activity_type", "flow"), _CASES, ids=lambda part: getattr(part, "name", str(part)))
def test_record_is_read_as_written_down(activity_type, flow):
    golden = _load(activity_type, flow)
    mapping = load_mapping(flow.source).types[activity_type]

    fields = decode_fields(mapping, golden["properties"])

    assert fields == _canonical(mapping, golden["fields"])


@pytest.mark.parametrize(("activity_type", "flow"), _CASES, ids=lambda part: getattr(part, "name", str(part)))
def test_record_is_created_as_written_down(activity_type, flow):
    golden = _load(activity_type, flow)
    source, target = (load_mapping(system).types[activity_type] for system in (flow.source, flow.target))

    encoded = encode_fields(target, _canonical(source, golden["fields"]), options=golden.get("options", {}))

    assert encoded.properties == golden["written"]
    assert sorted(encoded.create_only) == golden.get("create_only", [])
    assert sorted(encoded.with_state) == golden.get("with_state", [])
    assert encoded.intended == _canonical(target, golden["intended"])
    assert sorted([loss.field, loss.what] for loss in encoded.losses) == golden.get("losses", [])


def test_every_golden_file_is_used():
    assert {path.stem for path in _FOLDER.iterdir()} == {
        f"{activity_type}_{flow.name}" for activity_type, flow in _CASES
    }
