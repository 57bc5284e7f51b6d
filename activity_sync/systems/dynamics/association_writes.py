"""Which parties and which regarding record a write sets. Pure.

An activity is about one record; whom it is about is changed only where people removed that record, or chose none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from activity_sync.activities.activity import Activity, Association, Participant
from activity_sync.activities.kinds import ActivityType, RecordKind, Role
from activity_sync.activities.loss import Loss
from activity_sync.systems.dynamics.associations import plan_parties
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, PARTY_KINDS, reference, regarding_binding
from activity_sync.systems.records import TargetLink

PARTICIPANTS = "participants"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AssociationWrites:
    """`columns`: bindings to set. `parties`: for the body of a create or an update, as `wire.py` says.

    `shown`: the participants that the activity will show; None where they do not change. `about`: the record that it is
    about afterwards.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    parties: Any = None
    shown: tuple[Participant, ...] | None = None
    losses: tuple[Loss, ...] = ()
    about: Pair | None = None


def read_people(activity: Activity | None) -> tuple[Participant, ...]:
    """An activity's participants; none where it lists none."""
    value = activity.fields.get(PARTICIPANTS) if activity is not None else None
    return value if isinstance(value, tuple) else ()


def plan_create(activity: Activity, links: Sequence[TargetLink]) -> AssociationWrites:
    """Everything a new activity hangs on."""
    about = next((link for link in links if link.regarding), None)
    planned = plan_parties(activity.type, read_people(activity), name_caller(activity, links))
    columns = _bind(activity.type, about) if about else {}
    return AssociationWrites(
        columns, planned.rows, planned.shown, planned.losses, about=(about.kind, about.id) if about else None
    )


def name_caller(activity: Activity, links: Sequence[TargetLink]) -> Sequence[TargetLink]:
    """The records of an incoming call, of which the first contact, or else the first company, made it.

    Where one of them is known to have made it, and of every other activity, they stay as they are.
    """
    is_incoming = activity.type is ActivityType.CALL and activity.fields.get("direction") == "inbound"
    if not is_incoming or any(link.role is Role.SENDER for link in links):
        return links
    people = [link for link in links if link.kind in PARTY_KINDS and not link.regarding]
    caller = min(people, key=lambda link: link.kind != RecordKind.CONTACT, default=None)
    return [replace(link, role=Role.SENDER) if link is caller else link for link in links]


def plan_update(
    activity: Activity,
    links: Sequence[TargetLink],
    *,
    current: Activity | None,
    removed: Sequence[TargetLink],
    replaces_people: bool,
) -> AssociationWrites:
    """What an update changes: those of `links` that `current` lacks come, `removed` go, all others stay.

    `replaces_people`: the participants become the activity's. Without `current` nothing is known to be missing.
    """
    present = {(one.kind, one.id) for one in current.associations} if current else set()
    gone = {(link.kind, link.id) for link in removed} & present
    wanted = [link for link in links if (link.kind, link.id) not in gone]
    missing = [link for link in wanted if (link.kind, link.id) not in present] if current else []
    columns, about = _move_regarding(activity.type, _about(current), wanted, missing=missing, gone=gone)
    records = [
        replace(link, regarding=(link.kind, link.id) == about) for link in (wanted if replaces_people else missing)
    ]
    planned = plan_parties(activity.type, read_people(activity) if replaces_people else (), records)
    known = read_people(current)
    if replaces_people:
        kept = tuple(one for one in known if not one.address)
        parties: Any = {"replace": planned.rows}
    else:
        placed = {one.address.lower() for one in known}
        kept = known
        planned = replace(planned, shown=tuple(one for one in planned.shown if one.address.lower() not in placed))
        touches = planned.rows or any(kind in PARTY_KINDS for kind, _ in gone)
        if not (touches and ACTIVITY_TABLES[activity.type].parties):
            return AssociationWrites(columns, losses=planned.losses, about=about)
        parties = {"rows": planned.rows, "drop": sorted(record_id for _, record_id in gone)}
    return AssociationWrites(columns, parties, tuple(sorted((*kept, *planned.shown))), planned.losses, about=about)


def _about(current: Activity | None) -> Association | None:
    return next((one for one in current.associations if one.primary), None) if current else None


def _move_regarding(
    activity_type: ActivityType,
    now: Association | None,
    wanted: Sequence[TargetLink],
    *,
    missing: Sequence[TargetLink],
    gone: Collection[Pair],
) -> tuple[dict[str, Any], Pair | None]:
    """The binding that an update sets, and the record that the activity is about afterwards."""
    if now is not None and (now.kind, now.id) not in gone:
        return {}, (now.kind, now.id)
    chosen = next((link for link in (missing if now is None else wanted) if link.regarding), None)
    if chosen is not None:
        return _bind(activity_type, chosen), (chosen.kind, chosen.id)
    return ({} if now is None else {regarding_binding(activity_type, now.kind): None}), None


def _bind(activity_type: ActivityType, about: TargetLink) -> dict[str, Any]:
    return {regarding_binding(activity_type, about.kind): reference(about.kind, about.id)}
