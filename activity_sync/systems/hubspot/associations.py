"""Which association types join an activity and a record, and how HubSpot tells of associations. Pure.

A fact is one, but has a type id in each direction, and the id of the wrong direction is refused.
Source: HubSpot developer documentation, "Associations v4" (table of default types), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from activity_sync.activities.activity import Association
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.systems.hubspot.paths import name_collection

TARGETS: Final = tuple(RecordKind)
"""The kinds of record whose associations are read and written."""

_CATEGORY: Final = "HUBSPOT_DEFINED"

# (activity -> record, record -> activity)
_TYPE_IDS: Final[Mapping[tuple[str, str], tuple[int, int]]] = {
    (ActivityType.NOTE, RecordKind.CONTACT): (202, 201),
    (ActivityType.NOTE, RecordKind.COMPANY): (190, 189),
    (ActivityType.NOTE, RecordKind.DEAL): (214, 213),
    (ActivityType.NOTE, RecordKind.TICKET): (228, 227),
    (ActivityType.TASK, RecordKind.CONTACT): (204, 203),
    (ActivityType.TASK, RecordKind.COMPANY): (192, 191),
    (ActivityType.TASK, RecordKind.DEAL): (216, 215),
    (ActivityType.TASK, RecordKind.TICKET): (230, 229),
    (ActivityType.CALL, RecordKind.CONTACT): (194, 193),
    (ActivityType.CALL, RecordKind.COMPANY): (182, 181),
    (ActivityType.CALL, RecordKind.DEAL): (206, 205),
    (ActivityType.CALL, RecordKind.TICKET): (220, 219),
    (ActivityType.EMAIL, RecordKind.CONTACT): (198, 197),
    (ActivityType.EMAIL, RecordKind.COMPANY): (186, 185),
    (ActivityType.EMAIL, RecordKind.DEAL): (210, 209),
    (ActivityType.EMAIL, RecordKind.TICKET): (224, 223),
    (ActivityType.MEETING, RecordKind.CONTACT): (200, 199),
    (ActivityType.MEETING, RecordKind.COMPANY): (188, 187),
    (ActivityType.MEETING, RecordKind.DEAL): (212, 211),
    (ActivityType.MEETING, RecordKind.TICKET): (226, 225),
}


def find_type_id(from_kind: str, to_kind: str) -> int:
    """The default association type in this direction; one end is an activity type, the other a record kind.

    KeyError when HubSpot has no such pair.
    """
    there = _TYPE_IDS.get((from_kind, to_kind))
    return there[0] if there else _TYPE_IDS[(to_kind, from_kind)][1]


def default_types(from_kind: str, to_kind: str) -> list[dict[str, Any]]:
    """The association types to write for a plain association in this direction."""
    return [{"associationCategory": _CATEGORY, "associationTypeId": find_type_id(from_kind, to_kind)}]


def read_batch_answer(results: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By record id, what a batch read answers of its associations with one kind, each associated id once.

    Ids come as numbers or strings; strings leave. A record that is absent has no associations.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        elements = [
            {
                "id": str(end["toObjectId"]),
                "labels": sorted({kind["label"] for kind in end.get("associationTypes") or () if kind.get("label")}),
                "types": sorted({kind["typeId"] for kind in end.get("associationTypes") or () if "typeId" in kind}),
            }
            for end in result.get("to") or ()
        ]
        present = found.setdefault(str(result["from"]["id"]), [])
        present.extend(elements)
    return {record_id: _each_id_once(elements) for record_id, elements in found.items()}


def read_inline(record: Mapping[str, Any]) -> tuple[dict[str, list[dict[str, Any]]], frozenset[str]]:
    """The associations inside a record of a list answer, by kind, and the kinds of which more are to be had.

    An id stands once per association type in the answer, and once in the result.
    """
    given = record.get("associations") or {}
    found: dict[str, list[dict[str, Any]]] = {}
    unfinished = set()
    for kind in TARGETS:
        collection = given.get(name_collection(kind)) or {}
        elements = [
            {"id": str(end["id"]), "labels": [], "types": [end["type"]] if end.get("type") else []}
            for end in collection.get("results") or ()
        ]
        if elements:
            found[kind.value] = _each_id_once(elements)
        if (collection.get("paging") or {}).get("next"):
            unfinished.add(kind.value)
    return found, frozenset(unfinished)


def decode_associations(associations: Mapping[str, Sequence[Mapping[str, Any]]]) -> frozenset[Association]:
    """The canonical associations of a record, each (kind, id) once. Kinds that are never carried are left out."""
    return frozenset(
        Association(kind.value, element["id"], label=min(element.get("labels") or ("",)))
        for kind in TARGETS
        if (given := associations.get(kind.value))
        for element in _each_id_once(given)
    )


def _each_id_once(elements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for element in elements:
        record_id = str(element["id"])
        known = merged.get(record_id)
        if known is None:
            known = merged[record_id] = {"id": record_id, "labels": [], "types": []}
        for aspect in ("labels", "types"):
            known[aspect].extend(one for one in element.get(aspect) or () if one not in known[aspect])
    return list(merged.values())
