"""What a run left behind, in a form in which two histories of the same events are equal.

Ids that HubSpot gave are replaced by what the record was made from. Moments of writing are left out, and so is markup,
which both servers rewrite whenever they are written to. Of what is gone on both sides nothing is told: a run that was
killed before it had copied a record that was then deleted has nothing to delete.
"""

from __future__ import annotations

from typing import Any

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import Element, LinkRow
from activity_sync.sandbox.hubspot.rewriting import visible_text
from activity_sync_tests.crashes.wording import HUBSPOT
from activity_sync_tests.crashes.world import World
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES

KEY = "activity_sync_key"
_HUBSPOTS_OWN = {"hs_object_id", "hs_createdate", "hs_lastmodifieddate", "hs_task_completion_date"}
_DYNAMICS_OWN = {"versionnumber", "createdon", "modifiedon", "modifiedby", "overriddencreatedon", "actualend"}
_PARTYS_OWN = {"activitypartyid", "versionnumber"}


def outcome(world: World, kind: str) -> dict[str, Any]:
    """Both systems' records of a type with what they hang on, the links between them, and what is still open."""
    hubspot, dynamics = (one.store.dump() for one in world.both)
    records = hubspot["objects"].get(HUBSPOT_TYPES[kind], [])
    names = {one["id"]: one["properties"].get(KEY) or one["id"] for one in records}
    found: dict[str, Any] = {"created twice": len(records) - len(set(names.values()))}
    for one in records:
        if one["archived"]:
            continue
        hanging = sorted(
            end for each in hubspot["associations"] if (end := _other_end(each, HUBSPOT_TYPES[kind], one["id"]))
        )
        kept = {name: _text(value) for name, value in one["properties"].items() if name not in _HUBSPOTS_OWN}
        found[f"hubspot {names[one['id']]}"] = kept | {"with": hanging}
    for row in dynamics["rows"].get(DYNAMICS_TABLES[kind], []):
        kept = {name: _text(value) for name, value in row.items() if name not in _DYNAMICS_OWN}
        if "parties" in row:
            kept["parties"] = sorted(
                str({k: v for k, v in one.items() if k not in _PARTYS_OWN}) for one in row["parties"]
            )
        found[f"dynamics {row['annotationid' if kind == 'note' else 'activityid']}"] = kept
    return found | _ledgers_view(world, kind, names)


def standing(world: World, kind: str) -> dict[str, list[str]]:
    """The subjects that stand in either system, by system and by the name that they begin with.

    For a portal that keeps no keys: what is one record there is told by its words alone.
    """
    hubspot, dynamics = (one.store.dump() for one in world.both)
    living = (one["properties"] for one in hubspot["objects"][HUBSPOT_TYPES[kind]] if not one["archived"])
    shown = [("hubspot", str(one[HUBSPOT[kind].subject])) for one in living]
    shown += [("dynamics", str(row["subject"])) for row in dynamics["rows"][DYNAMICS_TABLES[kind]]]
    found: dict[str, list[str]] = {}
    for system, subject in sorted(shown):
        found.setdefault(f"{system} {name_of(subject)}", []).append(subject)
    return found


def name_of(subject: str) -> str:
    """The scenario's name of a record, which edits do not take away."""
    return subject.partition(" ")[0].casefold()


def _text(value: Any) -> Any:
    return visible_text(value) if isinstance(value, str) and "<" in value else value


def _other_end(association: dict[str, Any], object_type: str, record_id: str) -> tuple[str, ...] | None:
    left, right = tuple(association["from"]), tuple(association["to"])
    if (object_type, record_id) not in (left, right):
        return None
    return right if left == (object_type, record_id) else left


def _ledgers_view(world: World, kind: str, names: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with world.ledger() as ledger:
        rows = [
            link
            for system, ids in (("hubspot", list(names)), ("dynamics", world.dynamics_ids(kind)))
            for link in ledger.links(system, ActivityType(kind), ids).values()
        ]
        for row in {row.id: row for row in rows}.values():
            if row.tombstone is not None and row.tombstone.gone == row.sides.keys():
                continue
            shown = str(row.sides["hubspot"].record_id)
            found[f"link {names.get(shown, shown)}"] = {
                "state": row.state.value,
                "dynamics": row.sides["dynamics"].record_id,
                # Of two that people entered, either flow may be the one that finds them.
                "origin": row.origin if row.key else "",
                "generation": row.generation,
                "gone": sorted(row.tombstone.gone) if row.tombstone else [],
                "plan": row.plan,
                "elements": sorted((one.kind, *_ends(row, one), one.state) for one in row.elements),
            }
        found["pending"] = [
            link.key for one in ("hubspot", "dynamics") for link in ledger.pending(one, ActivityType(kind))
        ]
        found["unfinished"] = [link.key for link in ledger.unfinished(ActivityType(kind))]
        found["outstanding"] = sorted(
            (one.flow, one.source_id, one.state.value, one.case, one.reason) for one in ledger.list_outstanding()
        )
    return found


def _ends(row: LinkRow, element: Element) -> tuple[str, str]:
    """The element's record in HubSpot and in Dynamics."""
    ends = (element.origin_record_id, element.counterpart_record_id)
    return ends if row.origin == "hubspot" else ends[::-1]
