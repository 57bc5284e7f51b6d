"""Contacts and companies made on demand, by a run that is killed around every effect of it: each is there once.

Some of them have nothing that they could be found by: no address, and a name that nothing is compared with. The lag of
HubSpot's index hides the others for a while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.crashes.sampling import every
from activity_sync_tests.crashes.world import World, make_world

_ON = "create_missing: {hubspot_to_dynamics: {contact: true, company: true}, dynamics_to_hubspot: {contact: true, company: true}}\n"  # noqa: E501
_MAKING = ("announce_records", "announce_record_again", "settle_records", "contacts/batch/create", "companies/batch/")
_CERTAIN = {"minutes": 16}
"""After this long nothing is under way any more, and the index shows what there is."""

HUBSPOT = {"1900": ("contacts", "Mail", 194), "1901": ("contacts", "Nameonly", 194), "2900": ("companies", "Nova", 182)}
DYNAMICS = {
    "c0000000-0000-4000-8000-00000000000a": ("contact", "Post"),
    "c0000000-0000-4000-8000-00000000000b": ("contact", "Justname"),
    "a0000000-0000-4000-8000-00000000000a": ("account", "Stella"),
}

Shape = Mapping[str, Counter[str]]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("unique", [True, False], ids=["unique keys", "plain keys"])
def test_killed_around_any_effect_of_making_a_record_it_is_made_once(tmp_path: Path, *, unique: bool) -> None:
    with make_world(tmp_path, allow_unique_properties=unique) as world:
        begin(world)
        beginning = world.save("beginning")
        undisturbed = world.carry([ActivityType.CALL])
        rerun(world)
        expected = shape(world)
        world.forget()
        rerun(world)
        quiet = world.writes()

        points = [
            Point(number, side)
            for number, name in enumerate(undisturbed.effects, start=1)
            if any(one in name for one in _MAKING) or is_making_in_dynamics(undisturbed.effects, number)
            for side in ("before", "after")
        ]
        failed = {}
        for point in points[int(unique) :: every(5 if unique else 7)]:
            world.restore(beginning)
            killed = world.carry([ActivityType.CALL], point=point)
            assert killed.killed
            rerun(world)
            if (found := shape(world)) != expected:
                failed[f"{point}: {undisturbed.effects[point.number - 1]}"] = found

        assert failed == {}
        assert quiet == 0
        assert len(points) >= 2 * len([*_MAKING, "$batch"])
        names = [name for _, name, *_ in (*HUBSPOT.values(), *DYNAMICS.values())]
        assert {name: count for found in expected.values() for name, count in found.items()} == dict.fromkeys(
            [*names, *(f"about {name}" for name in names)], 1
        )


def is_making_in_dynamics(effects: Any, number: int) -> bool:
    """Whether an effect is the batch that makes records in Dynamics: it comes right after their announcement."""
    return "$batch" in effects[number - 1] and "announce_records" in effects[number - 2]


def rerun(world: World) -> None:
    """Later runs of both flows, until everything that only needs time has had it."""
    for _ in range(2):
        world.advance(**_CERTAIN)
        world.carry([ActivityType.CALL])


def begin(world: World) -> None:
    """One call on each record, made by people half an hour ago."""
    moment = world.now - timedelta(minutes=30)
    objects: dict[str, list[Any]] = {"contacts": [], "companies": [], "calls": []}
    associations = []
    for at, (record_id, (collection, name, type_id)) in enumerate(HUBSPOT.items(), start=1):
        objects[collection].append(_object(record_id, _properties(collection, name), moment))
        call = {"hs_timestamp": _iso(moment), "hs_call_title": f"about {name}"}
        objects["calls"].append(_object(str(500 + at), call, moment))
        associations.append({"from": ["calls", str(500 + at)], "to": [collection, record_id], "types": [type_id]})
    rows: dict[str, list[Any]] = {"contact": [], "account": [], "phonecall": []}
    times = {"createdon": _iso(moment), "modifiedon": _iso(moment)}
    for at, (record_id, (table, name)) in enumerate(DYNAMICS.items(), start=1):
        rows[table].append({f"{table}id": record_id, **_columns(table, name), **times})
        rows["phonecall"].append(
            {
                "activityid": f"f0000000-0000-4000-8000-{at:012d}",
                "subject": f"about {name}",
                "regardingobjectid": {"type": table, "id": record_id},
                **times,
            }
        )
    config = world.folder / "sync.yaml"
    config.write_text(config.read_text(encoding="utf-8") + _ON, encoding="utf-8")
    world.seed({"hubspot": {"objects": objects, "associations": associations}, "dynamics": {"records": rows}})


def shape(world: World) -> Shape:
    """By system how often each record is there, and each call on the record that it belongs to."""
    portal, organization = (one.store.dump() for one in world.both)
    names = {
        (collection, one["id"]): str(one["properties"].get("lastname") or one["properties"].get("name"))
        for collection in ("contacts", "companies")
        for one in portal["objects"].get(collection, [])
    }
    ends = [(tuple(one["from"]), tuple(one["to"])) for one in portal["associations"]]
    about = {here: names[there] for pair in ends for here, there in (pair, pair[::-1]) if there in names}
    in_hubspot = Counter(names.values()) + Counter(
        title
        for one in portal["objects"].get("calls", [])
        for title in [one["properties"]["hs_call_title"]]
        if title == f"about {about.get(('calls', one['id']))}"
    )
    rows = organization["rows"]
    people = {("contact", one["contactid"]): str(one["lastname"]) for one in rows.get("contact", [])}
    people |= {("account", one["accountid"]): str(one["name"]) for one in rows.get("account", [])}
    in_dynamics = Counter(people.values()) + Counter(
        one["subject"]
        for one in rows.get("phonecall", [])
        for regarding in [one["regardingobjectid"]]
        if one["subject"] == f"about {people.get((regarding['type'], regarding['id']))}"
    )
    return {"hubspot": in_hubspot, "dynamics": in_dynamics}


def _properties(collection: str, name: str) -> dict[str, str]:
    if collection == "companies":
        return {"name": name, "domain": f"{name.lower()}.example"}
    return {"lastname": name} | ({"email": "mail@new.example"} if name == "Mail" else {})


def _columns(table: str, name: str) -> dict[str, str]:
    if table == "account":
        return {"name": name, "websiteurl": f"https://{name.lower()}.example"}
    return {"lastname": name} | ({"emailaddress1": "post@new.example"} if name == "Post" else {})


def _object(record_id: str, properties: Mapping[str, str], moment: datetime) -> dict[str, Any]:
    return {"id": record_id, "properties": dict(properties), "createdAt": _iso(moment), "updatedAt": _iso(moment)}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
