"""Between Dynamics rows and canonical activities. Pure: what the mapping says, plus owner, parties and states."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from activity_sync.activities.activity import Activity, RichText, Value
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import SystemMapping, columns_to_read, comparable_fields, decode_fields, encode_fields
from activity_sync.mapping.attached import own_files_field
from activity_sync.systems.attached import add_files
from activity_sync.systems.dynamics.appendix import BODY, Column
from activity_sync.systems.dynamics.association_writes import PARTICIPANTS, plan_create, plan_update
from activity_sync.systems.dynamics.associations import read_associations, read_participants
from activity_sync.systems.dynamics.body_writes import plan_body, without_block
from activity_sync.systems.dynamics.files import NOTE_COLUMNS
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, OWNER_BINDING, owner_reference, regarding_lookup
from activity_sync.systems.dynamics.states import CLOSED, add_closing_fields, plan_steps, shows_closed, split_state
from activity_sync.systems.dynamics.wire import STATE_COLUMNS, bare_column
from activity_sync.systems.records import NOWHERE, Place, SourceRecord, TargetLink, Wire

SYSTEM = "dynamics"

_OWNER_COLUMN = "ownerid"
_TIME_FIELDS = ("time", "start", "due")
"""The field that is an activity's own time; each type has one of them."""


class DynamicsTranslator:
    """Translates. `limits`: the organization's own text limits of a type; empty before they have been read.

    `url_of`: where people open a row of a type. `places`: where one is told what its counterpart is.
    """

    def __init__(
        self,
        mapping: SystemMapping,
        *,
        limits: Callable[[ActivityType], Mapping[str, int]],
        url_of: Callable[[ActivityType, str], str] = lambda *_: "",
        places: Mapping[ActivityType, Place] = NOWHERE,
    ) -> None:
        self._mapping = mapping
        self._limits = limits
        self.url_of = url_of
        self._places = places

    def columns(self, activity_type: ActivityType) -> tuple[str, ...]:
        """The columns to select of a type, each once: the mapping's, and those that the rules need."""
        table = ACTIVITY_TABLES[activity_type]
        needed = NOTE_COLUMNS if activity_type is ActivityType.NOTE else STATE_COLUMNS
        always = (table.key, "createdon", "modifiedon", regarding_lookup(activity_type), *needed)
        mapped = columns_to_read(self._mapping.types[activity_type])
        place = self._places.get(activity_type)
        told = (place.id,) if place is not None else ()
        return tuple(dict.fromkeys((*(bare_column(one) for one in mapped), *always, *told)))

    def time_columns(self, activity_type: ActivityType) -> tuple[str, ...]:
        """The columns that say when an activity took place, or is due; the first that is not empty counts."""
        fields = self._mapping.types[activity_type].fields
        return next((fields[name].read for name in _TIME_FIELDS if name in fields), ("createdon",))

    @property
    def revision(self) -> str:
        """A short hash of the mapping."""
        return self._mapping.revision

    def decode(self, activity_type: ActivityType, record: SourceRecord) -> Activity:
        """The canonical activity of a row. InvalidRecord when a column holds what its type cannot."""
        mapping = self._mapping.types[activity_type]
        payload, block = without_block(mapping, record.payload)
        fields = decode_fields(mapping, payload)
        if PARTICIPANTS in mapping.fields:
            fields[PARTICIPANTS] = read_participants(activity_type, record.payload) or None
        is_bare = activity_type is ActivityType.NOTE and fields.get("body") is None
        if is_bare and own_files_field(mapping) is None and record.payload.get("filename"):
            # A note that is nothing but a file, and whose file is not listed, shows the file's name.
            fields["body"] = RichText(f"Attachment: {record.payload['filename']}", html=False)
        associations = read_associations(activity_type, record.payload)
        url = self.url_of(activity_type, record.id)
        activity = Activity(SYSTEM, activity_type, record.id, fields, associations, appendix=block, url=url)
        return add_files(mapping, activity, record)

    def counterpart(self, activity_type: ActivityType, record: SourceRecord) -> str | None:
        """See Translator. A closed row is not reopened to be told."""
        place = self._places.get(activity_type)
        if place is None or self.is_closed(activity_type, record):
            return None
        return str(record.payload.get(place.id) or "")

    def encode(
        self,
        activity: Activity,
        links: Sequence[TargetLink],
        *,
        only: Collection[str] | None = None,
        key: str | None = None,
        current: Activity | None = None,
        removed: Sequence[TargetLink] = (),
        named: Sequence[TargetLink] | None = None,
    ) -> Wire:
        """The write that makes Dynamics hold the activity's values; see `wire.py` for its body.

        An update associates those of `links` that `current` lacks and parts the activity from `removed`; the record
        that it is about stays, unless that is removed. A closed activity (by `current`) is reopened, changed and
        closed again. Records without a place are named under the body, see `appendix.py`.
        """
        mapping = self._mapping.types[activity.type]
        was_closed = only is not None and shows_closed(mapping, current)
        lists_people = PARTICIPANTS in mapping.fields
        writes = (
            plan_create(activity, links)
            if only is None
            else plan_update(
                activity,
                links,
                current=current,
                removed=removed,
                replaces_people=lists_people and PARTICIPANTS in only,
            )
        )
        limits = self._limits(activity.type)
        listed = frozenset(mapping.lists.get(BODY, ()))
        column = Column.of(mapping, limits)
        # What is listed under the body shares its column.
        places = only if only is None or not listed & frozenset(only) else frozenset(only) | {BODY}
        body = plan_body(mapping, column, activity, writes.about, only=places, current=current, named=named)
        if body.rewrites and only is not None:
            only = frozenset(only) | {BODY}
        if body.alone is not None and only is not None:
            only = frozenset(only) | (listed & activity.fields.keys())
        encoded = encode_fields(
            mapping,
            activity.fields,
            only=None if only is None else add_closing_fields(mapping, only, was_closed=was_closed),
            limits={**limits, **body.limits},
            current=current.fields if current else None,
        )
        columns = {name: value for name, value in encoded.properties.items() if name not in encoded.with_state}
        if _OWNER_COLUMN in columns:
            columns[OWNER_BINDING] = owner_reference(columns.pop(_OWNER_COLUMN))
        state = {name: value for name, value in encoded.properties.items() if name in encoded.with_state}
        # An empty value that is never written (an owner, a time) is filled by the server: what it will show is open.
        intended: dict[str, Value] = {
            name: value
            for name, value in encoded.intended.items()
            if value is not None or mapping.fields[name].clearable
        }
        columns |= body.complete(columns)
        if only is None:
            steps = {"id": key, "state": split_state(columns, state)}
        else:
            columns |= writes.columns
            touches_parties = writes.parties is not None
            steps = plan_steps(mapping, columns, state, was_closed=was_closed, touches_parties=touches_parties)
        if body.alone is not None and current is not None:
            # Written with the block, and open to the server's rewriting like anything that is written.
            intended[BODY] = current.fields.get(BODY)
        if lists_people and writes.shown is not None:
            intended[PARTICIPANTS] = writes.shown or None
        if only is None and (place := self._places.get(activity.type)):
            columns |= place.values(activity.id, activity.url)
        wire_body: dict[str, Any] = {
            "set": ACTIVITY_TABLES[activity.type].entity_set,
            "columns": {**columns, **writes.columns},
            "parties": writes.parties,
            **steps,
        }
        return Wire(wire_body, intended, (*encoded.losses, *body.losses(writes.losses)))

    def comparable(self, activity_type: ActivityType) -> frozenset[str]:
        """The fields that Dynamics shows and lets us change after the create."""
        mapping = self._mapping.types[activity_type]
        return comparable_fields(mapping) | ({PARTICIPANTS} & mapping.fields.keys())

    def properties(self, record: SourceRecord) -> Mapping[str, Any]:
        """The row's columns as Dynamics gave them."""
        return record.payload

    def is_closed(self, activity_type: ActivityType, record: SourceRecord) -> bool:
        """Whether a row is completed or cancelled. Notes have no state; a scheduled appointment is open."""
        return activity_type is not ActivityType.NOTE and record.payload.get("statecode") in CLOSED
