"""Files carried by a run that is killed around every effect of it: each stands on its copy once, and in the ledger.

What a killed run had brought is found by its path in HubSpot, where an upload has no key, and by its key in Dynamics.
"""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.identity import is_file_key
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.carrying import Ended
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.crashes.sampling import every
from activity_sync_tests.crashes.world import World, make_world
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, dynamics_people, hubspot_people, iso

_TYPES = [ActivityType.CALL, ActivityType.NOTE]
_ROW = "f0000000-0000-4000-8000-000000000001"
_FILING = ("announce_files", "claim_file", "settle_files", "/files/2026-09/files", "batch/update")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_around_any_effect_of_carrying_a_file_it_is_carried_once(tmp_path: Path) -> None:
    with make_world(tmp_path) as world:
        begin(world)
        beginning = world.save("beginning")
        undisturbed = world.carry(_TYPES)
        rerun(world)
        expected = shape(world)
        world.forget()
        rerun(world)
        quiet = world.writes()

        points = [
            Point(number, side)
            for number in range(1, len(undisturbed.effects) + 1)
            if is_filing(undisturbed.effects, number)
            for side in ("before", "after")
        ]
        failed = {}
        for point in points[:: every(9)]:
            world.restore(beginning)
            assert world.carry(_TYPES, point=point).killed
            rerun(world)
            if (found := shape(world)) != expected:
                failed[f"{point}: {undisturbed.effects[point.number - 1]}"] = found

        assert failed == {}
        assert quiet == 0
        assert expected["in dynamics"] == Counter({"a.txt": 2, "b.txt": 1})
        assert expected["in hubspot"] == Counter({"c": 1})
        assert expected["attached"] == [("501", 0), ("copy of the row", 1)]
        assert expected["rows"] == Counter({"done": 4})
        assert len(points) > 30


def is_filing(effects: list[str], number: int) -> bool:
    """Whether an effect is part of carrying a file: the batch that makes a note comes right after its claim."""
    name = effects[number - 1]
    return any(one in name for one in _FILING) or ("$batch" in name and "claim_file" in effects[number - 2])


def rerun(world: World) -> Ended:
    """Two later passes of both flows."""
    world.advance(minutes=16)
    world.carry(_TYPES)
    world.advance(minutes=16)
    return world.carry(_TYPES)


def begin(world: World) -> None:
    """A call and a note in HubSpot and a call in Dynamics, with their files."""
    config = world.folder / "sync.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "attachments: {files: true}\n", encoding="utf-8")
    world.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(1)})
    files = [
        {"id": "31", "name": "a", "extension": "txt", "size": 3, "content": _encoded("aaa")},
        {"id": "32", "name": "b", "extension": "txt", "size": 3, "content": _encoded("bbb")},
    ]
    made = {"createdAt": iso(world.now), "updatedAt": iso(world.now)}
    call = {"hs_timestamp": iso(world.now), "hs_call_title": "call", "hs_attachment_ids": "31;32"}
    note = {"hs_timestamp": iso(world.now), "hs_note_body": "note", "hs_attachment_ids": "31"}
    objects = {
        "calls": [{"id": "501", "properties": call, **made}],
        "notes": [{"id": "601", "properties": note, **made}],
    }
    ends = [
        {"from": ["calls", "501"], "to": ["contacts", "1001"]},
        {"from": ["notes", "601"], "to": ["contacts", "1001"]},
    ]
    about = {"type": "contact", "id": CONTACT_IDS[0]}
    row = {"activityid": _ROW, "subject": "row", "regardingobjectid": about}
    file = {
        "annotationid": "f0000000-0000-4000-8000-00000000f001",
        "objectid": {"type": "phonecall", "id": _ROW},
        "isdocument": True,
        "filename": "c.txt",
        "mimetype": "text/plain",
        "documentbody": _encoded("ccc"),
    }
    world.seed(
        {
            "hubspot": {"files": files, "objects": objects, "associations": ends},
            "dynamics": {"records": {"phonecall": [row], "annotation": [file]}},
        }
    )
    world.advance(minutes=5)


def shape(world: World) -> dict[str, Any]:
    """What was brought to either system, what hangs on the calls of HubSpot, and the ledger's rows."""
    portal, organization = (one.store.dump() for one in world.both)
    ours = [one for one in portal["files"] if one["path"].startswith("/activity-sync/")]
    brought = [one for one in organization["rows"]["annotation"] if is_file_key(one["annotationid"])]
    with world.ledger() as ledger:
        links = {
            link.id: link
            for kind, ids in ((ActivityType.CALL, ["501"]), (ActivityType.NOTE, ["601"]))
            for link in ledger.links("hubspot", kind, ids).values()
        }
        links |= {link.id: link for link in ledger.links("dynamics", ActivityType.CALL, [_ROW]).values()}
        rows = ledger.carried_files(list(links))
    calls = [one for one in portal["objects"]["calls"] if not one["archived"]]
    return {
        "in dynamics": Counter(one["filename"] for one in brought),
        "about": sorted(str(one["objectid"]["id"]) for one in brought if one["objectid"]["type"] == "contact"),
        "in hubspot": Counter(one["name"] for one in ours),
        "attached": sorted(
            ("501" if one["id"] == "501" else "copy of the row", len(named & {file["id"] for file in ours}))
            for one in calls
            for named in [set(str(one["properties"].get("hs_attachment_ids") or "").split(";"))]
        ),
        "calls": len(calls),
        "notes": len(organization["rows"]["annotation"]),
        "rows": Counter(one.state.value for one in rows.values()),
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
