"""Between Dynamics rows and canonical activities. Pure: what the mapping says, plus owner, parties and states."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from activity_sync.activities.activity import Activity, Association, Participant, RichText, Value
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import (
    Encoded,
    Kind,
    SystemMapping,
    TypeMapping,
    columns_to_read,
    comparable_fields,
    decode_fields,
    encode_fields,
)
from activity_sync.systems.dynamics.associations import plan_parties, read_associations, read_participants
from activity_sync.systems.dynamics.paths import (
    ACTIVITY_TABLES,
    OWNER_BINDING,
    PARTY_KINDS,
    Table,
    owner_reference,
    reference,
    regarding_binding,
    regarding_lookup,
)
from activity_sync.systems.dynamics.wire import STATE_COLUMNS
from activity_sync.systems.system import Loss, SourceRecord, TargetLink, Wire

SYSTEM = "dynamics"
PARTICIPANTS = "participants"

_CLOSED = frozenset({1, 2})
_OWNER_COLUMN = "ownerid"


class DynamicsTranslator:
    """Translates. `limits`: the organization's own text limits of a type; empty before they have been read."""

    def __init__(self, mapping: SystemMapping, *, limits: Callable[[ActivityType], Mapping[str, int]]) -> None:
        self._mapping = mapping
        self._limits = limits

    def columns(self, activity_type: ActivityType) -> tuple[str, ...]:
        """The columns to select of a type, each once: the mapping's, and those that the rules need."""
        table = ACTIVITY_TABLES[activity_type]
        needed = ("filename",) if activity_type is ActivityType.NOTE else STATE_COLUMNS
        always = (table.key, "createdon", "modifiedon", regarding_lookup(activity_type), *needed)
        return tuple(dict.fromkeys((*columns_to_read(self._mapping.types[activity_type]), *always)))

    def decode(self, activity_type: ActivityType, record: SourceRecord) -> Activity:
        """The canonical activity of a row. InvalidRecord when a column holds what its type cannot."""
        mapping = self._mapping.types[activity_type]
        fields = decode_fields(mapping, record.payload)
        if PARTICIPANTS in mapping.fields:
            fields[PARTICIPANTS] = read_participants(activity_type, record.payload) or None
        if activity_type is ActivityType.NOTE and fields.get("body") is None and record.payload.get("filename"):
            # A note that is nothing but a file shows the file's name.
            fields["body"] = RichText(f"Attachment: {record.payload['filename']}", html=False)
        return Activity(SYSTEM, activity_type, record.id, fields, read_associations(activity_type, record.payload))

    def encode(
        self,
        activity: Activity,
        links: Sequence[TargetLink],
        *,
        only: Collection[str] | None = None,
        key: str | None = None,
        current: Activity | None = None,
        removed: Sequence[TargetLink] = (),
    ) -> Wire:
        """The write that makes Dynamics hold the activity's values; see `wire.py` for its body.

        An update associates those of `links` that `current` lacks and parts the activity from `removed`; the record
        that it is about stays, unless that is removed. A closed activity (by `current`) is reopened, changed and
        closed again.
        """
        job = _Job.of(self._mapping.types[activity.type], activity, only=only, current=current)
        encoded = encode_fields(
            job.mapping,
            activity.fields,
            only=job.fields_to_write,
            limits=self._limits(activity.type),
            current=current.fields if current else None,
        )
        columns = {name: value for name, value in encoded.properties.items() if name not in encoded.with_state}
        if _OWNER_COLUMN in columns:
            columns[OWNER_BINDING] = owner_reference(columns.pop(_OWNER_COLUMN))
        intended: dict[str, Value] = dict(encoded.intended)
        losses = list(encoded.losses)
        plan = _plan_associations(job, links, removed)
        columns |= plan.columns
        intended |= plan.intended
        losses += plan.losses
        state = {name: value for name, value in encoded.properties.items() if name in encoded.with_state}
        body: dict[str, Any] = {"set": job.table.entity_set, "columns": columns}
        if only is None:
            body |= {"id": key, "parties": plan.rows, "state": _split_state(columns, state)}
        else:
            touches_parties = plan.parties is not None
            body |= {"parties": plan.parties, **_steps(job, columns, state, touches_parties=touches_parties)}
        return Wire(body, intended, tuple(losses))

    def comparable(self, activity_type: ActivityType) -> frozenset[str]:
        """The fields that Dynamics shows and lets us change after the create."""
        mapping = self._mapping.types[activity_type]
        return comparable_fields(mapping) | ({PARTICIPANTS} & mapping.fields.keys())

    def is_closed(self, activity_type: ActivityType, record: SourceRecord) -> bool:
        """Whether a row is completed or cancelled. Notes have no state; a scheduled appointment is open."""
        return activity_type is not ActivityType.NOTE and record.payload.get("statecode") in _CLOSED


@dataclass(frozen=True, slots=True)
class _Job:
    """One encoding. `fields_to_write` is None for a create."""

    mapping: TypeMapping
    activity: Activity
    only: frozenset[str] | None
    current: Activity | None

    @classmethod
    def of(
        cls, mapping: TypeMapping, activity: Activity, *, only: Collection[str] | None, current: Activity | None
    ) -> _Job:
        return cls(mapping, activity, None if only is None else frozenset(only), current)

    @property
    def table(self) -> Table:
        return ACTIVITY_TABLES[self.activity.type]

    @property
    def fields_to_write(self) -> frozenset[str] | None:
        if self.only is None:
            return None
        with_state = {name for name, rule in self.mapping.fields.items() if rule.with_state}
        # Closing fills these with "now", unless they are sent along.
        more = with_state if self.state_field in self.only and not self.was_closed else frozenset()
        return (self.only | more) & (self.activity.fields.keys() | self.mapping.fields.keys())

    @property
    def state_field(self) -> str:
        """The field kept as a state; empty where the type has none."""
        return next((name for name, rule in self.mapping.fields.items() if rule.kind is Kind.STATE), "")

    @property
    def was_closed(self) -> bool:
        """Whether what Dynamics holds now is closed."""
        if self.current is None or not self.state_field:
            return False
        now: Encoded = encode_fields(self.mapping, self.current.fields, only={self.state_field})
        return now.properties.get("statecode") in _CLOSED

    @property
    def open_state(self) -> dict[str, Any]:
        """The first open state of the type, as a person who reopens would choose."""
        choices = self.mapping.fields[self.state_field].choices
        return dict(zip(STATE_COLUMNS, next(one.native for one in choices if one.native[0] == 0), strict=True))

    @property
    def about_now(self) -> Association | None:
        """The record that the activity is about at present."""
        return next((one for one in self.current.associations if one.primary), None) if self.current else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of parties and the regarding record. `rows` for a create, `parties` for an update."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    parties: Mapping[str, Any] | None = None
    intended: Mapping[str, Value] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()


def _plan_associations(job: _Job, links: Sequence[TargetLink], removed: Sequence[TargetLink]) -> _Plan:
    activity_type = job.activity.type
    lists_people = PARTICIPANTS in job.mapping.fields
    people = _people(job.activity) if lists_people and (job.only is None or PARTICIPANTS in job.only) else None
    if job.only is None:
        about = next((link for link in links if link.regarding), None)
        planned = plan_parties(activity_type, people or (), links)
        return _Plan(
            columns=_bind_regarding(activity_type, about) if about else {},
            rows=planned.rows,
            intended={PARTICIPANTS: planned.shown or None} if lists_people else {},
            losses=planned.losses,
        )
    present = {(one.kind, one.id) for one in job.current.associations} if job.current else set()
    gone = {(link.kind, link.id) for link in removed} & present
    links = [link for link in links if (link.kind, link.id) not in gone]
    missing = [link for link in links if (link.kind, link.id) not in present] if job.current else []
    columns, about = _move_regarding(job, links, missing, gone)
    if people is not None:
        records = [replace(link, regarding=link.regarding and link != about) for link in links] if about else links
        planned = plan_parties(activity_type, people, records)
        parties: dict[str, Any] | None = {"replace": planned.rows}
        shown = planned.shown
    else:
        planned = plan_parties(activity_type, (), [replace(link, regarding=link == about) for link in missing])
        touches = job.table.parties and (planned.rows or any(kind in PARTY_KINDS for kind, _ in gone))
        parties = {"rows": planned.rows, "drop": sorted(record_id for _, record_id in gone)} if touches else None
        known = _people(job.current) if job.current else ()
        addresses = {one.address.lower() for one in known}
        shown = tuple(sorted((*known, *(one for one in planned.shown if one.address.lower() not in addresses))))
    return _Plan(
        columns=columns,
        parties=parties,
        intended={PARTICIPANTS: shown or None} if lists_people and parties else {},
        losses=planned.losses,
    )


def _people(activity: Activity) -> tuple[Participant, ...]:
    value = activity.fields.get(PARTICIPANTS)
    return value if isinstance(value, tuple) else ()


def _move_regarding(
    job: _Job, links: Sequence[TargetLink], missing: Sequence[TargetLink], gone: Collection[tuple[str, str]]
) -> tuple[dict[str, Any], TargetLink | None]:
    """The binding that an update changes, and the link that it makes the regarding record.

    Whom people made the activity about stays, unless that record is removed; then, or where there was none, it is
    the record that the rules choose.
    """
    now = job.about_now
    if now is not None and (now.kind, now.id) not in gone:
        return {}, None
    about = next((link for link in (links if now else missing) if link.regarding), None)
    if about is not None:
        return _bind_regarding(job.activity.type, about), about
    return ({regarding_binding(job.activity.type, now.kind): None} if now is not None else {}), None


def _bind_regarding(activity_type: ActivityType, about: TargetLink) -> dict[str, Any]:
    return {regarding_binding(activity_type, about.kind): reference(about.kind, about.id)}


def _split_state(columns: dict[str, Any], state: dict[str, Any]) -> dict[str, Any] | None:
    """The write that follows a create, if any. A new row is open, and takes its open reason at once."""
    if state.get("statecode"):
        return state
    columns |= {name: value for name, value in state.items() if name != "statecode"}
    return None


def _steps(job: _Job, columns: dict[str, Any], state: dict[str, Any], *, touches_parties: bool) -> dict[str, Any]:
    """`reopen`, `state` and `close_with` of an update; columns that need no state go to `columns`."""
    steps: dict[str, Any] = {"reopen": None, "state": None, "close_with": None}
    if not job.was_closed:
        if "statecode" in state:
            steps["state"] = state
        else:
            columns |= state
    elif state.get("statecode") == 0:
        # Reopening is the change itself; the other columns follow.
        steps["reopen"] = {name: state[name] for name in STATE_COLUMNS}
        columns |= {name: value for name, value in state.items() if name not in STATE_COLUMNS}
    elif columns or state or touches_parties:
        steps |= {"reopen": job.open_state, "close_with": state}
    return steps
