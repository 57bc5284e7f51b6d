"""Between HubSpot's records and canonical activities. Pure, but for the option values learnt from the portal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from activity_sync.activities.activity import Activity, Participant, Value
from activity_sync.activities.kinds import ActivityType
from activity_sync.activities.loss import Loss
from activity_sync.errors import InvalidRecord
from activity_sync.mapping import (
    SystemMapping,
    columns_to_read,
    comparable_fields,
    decode_fields,
    encode_fields,
)
from activity_sync.systems.attached import add_files
from activity_sync.systems.hubspot import participants as people
from activity_sync.systems.hubspot.associations import TARGETS, decode_associations, default_types
from activity_sync.systems.hubspot.email_content import without_withheld
from activity_sync.systems.hubspot.file_store import ATTACHED
from activity_sync.systems.hubspot.metadata import TRACKING
from activity_sync.systems.hubspot.wire import CREATED, ERASED, MODIFIED
from activity_sync.systems.records import NOWHERE, Place, SourceRecord, TargetLink, Wire

Options = Callable[[ActivityType], Mapping[str, Collection[str]]]
"""The values of a type's enumerations by property, as far as they are known."""

_REQUIRED: Final = dict.fromkeys(ActivityType, ("hs_timestamp",)) | {
    ActivityType.EMAIL: ("hs_timestamp", "hs_email_direction")
}
# What the rules need besides the mapped fields: origin, our own marks, attachments, erasure.
_ALWAYS_READ: Final = (
    MODIFIED,
    CREATED,
    "hs_object_source",
    "hs_object_source_id",
    ATTACHED,
    ERASED,
    *TRACKING,
)
_CARRIED: Final = frozenset(kind.value for kind in TARGETS)


def _unknown(_: ActivityType) -> Mapping[str, Collection[str]]:
    return {}


class HubSpotTranslator:
    """Decodes records and encodes writes by the mapping.

    `url_of`: where people open a record of a type. `places`: where one is told what its counterpart is.
    """

    def __init__(
        self,
        mapping: SystemMapping,
        *,
        options: Options = _unknown,
        url_of: Callable[[ActivityType, str], str] = lambda *_: "",
        places: Mapping[ActivityType, Place] = NOWHERE,
    ) -> None:
        self._mapping = mapping
        self._options = options
        self.url_of = url_of
        self._places = places

    @property
    def revision(self) -> str:
        """A short hash of the mapping."""
        return self._mapping.revision

    def decode(self, activity_type: ActivityType, record: SourceRecord) -> Activity:
        """The canonical activity of a record. InvalidRecord when a value is not of its property's form."""
        properties = dict(record.payload.get("properties") or {})
        # A record that was created in one go may not say so among its properties.
        properties[CREATED] = properties.get(CREATED) or record.payload.get("createdAt")
        fields = decode_fields(self._mapping.types[activity_type], properties)
        if self._has_participants(activity_type):
            fields[people.FIELD] = people.decode_participants(properties)
        activity = Activity(
            system=self._mapping.system,
            type=activity_type,
            id=record.id,
            fields=fields,
            associations=decode_associations(record.associations),
            url=self.url_of(activity_type, record.id),
        )
        return without_withheld(add_files(self._mapping.types[activity_type], activity, record), record)

    def counterpart(self, activity_type: ActivityType, record: SourceRecord) -> str | None:
        """See Translator."""
        place = self._places.get(activity_type)
        return None if place is None else str((record.payload.get("properties") or {}).get(place.id) or "")

    def encode(
        self,
        activity: Activity,
        links: Sequence[TargetLink],
        *,
        only: Collection[str] | None = None,
        key: str | None = None,  # noqa: ARG002 - the writer stores it where the portal has a property for it
        current: Activity | None = None,
        removed: Sequence[TargetLink] = (),
        named: Sequence[TargetLink] | None = None,  # noqa: ARG002 - every record has its place here
    ) -> Wire:
        """The write that makes HubSpot hold the activity's values.

        A create carries its associations inside. An update associates those of `links` that `current` lacks, and
        none where there is no `current`: labels would be lost; it parts the record from `removed`. InvalidRecord when
        a required property is empty.
        """
        encoded = encode_fields(
            self._mapping.types[activity.type],
            activity.fields,
            only=only,
            options=self._options(activity.type),
            current=current.fields if current else None,
        )
        properties, intended = dict(encoded.properties), dict(encoded.intended)
        losses = list(encoded.losses)
        if self._writes_participants(activity, only):
            value = _participants(activity.fields[people.FIELD])
            if value or only is not None:
                properties[people.HEADERS], lost = people.encode_participants(value)
                losses += lost
            intended[people.FIELD] = people.decode_participants(properties)
        losses += [
            Loss("associations", "no_counterpart", f"{link.kind}/{link.id}")
            for link in links
            if link.kind not in _CARRIED
        ]
        if only is None:
            self._require(activity, properties)
            body = _create_body(activity, properties, links)
            if place := self._places.get(activity.type):
                body["origin"]["place"] = place.values(activity.id, activity.url)
        else:
            body = _update_body(activity.type, properties, links, current=current, removed=removed)
        return Wire(body=body, intended=intended, losses=tuple(losses))

    def comparable(self, activity_type: ActivityType) -> frozenset[str]:
        """The canonical fields that HubSpot shows and lets us change after the create."""
        return comparable_fields(self._mapping.types[activity_type])

    def is_closed(self, activity_type: ActivityType, record: SourceRecord) -> bool:  # noqa: ARG002 - the protocol's
        """False: HubSpot's activities can always be changed."""
        return False

    def properties(self, record: SourceRecord) -> Mapping[str, Any]:
        """The properties as HubSpot gave them."""
        given: Mapping[str, Any] = record.payload.get("properties") or {}
        return given

    def columns(self, activity_type: ActivityType) -> tuple[str, ...]:
        """The allow list of properties to read."""
        mapped = columns_to_read(self._mapping.types[activity_type])
        extra = people.COLUMNS if self._has_participants(activity_type) else ()
        place = self._places.get(activity_type)
        told = (place.id,) if place is not None else ()
        return tuple(dict.fromkeys((*mapped, *extra, *_ALWAYS_READ, *told)))

    def properties_of(self, activity_type: ActivityType, field: str) -> tuple[str, ...]:
        """The properties that a person changes when they change a canonical field."""
        rule = self._mapping.types[activity_type].fields.get(field)
        return rule.write if rule is not None else ()

    def _has_participants(self, activity_type: ActivityType) -> bool:
        return people.FIELD in self._mapping.types[activity_type].fields

    def _writes_participants(self, activity: Activity, only: Collection[str] | None) -> bool:
        wanted = only is None or people.FIELD in only
        return wanted and people.FIELD in activity.fields and self._has_participants(activity.type)

    @staticmethod
    def _require(activity: Activity, properties: Mapping[str, Any]) -> None:
        if empty := [name for name in _REQUIRED[activity.type] if not properties.get(name)]:
            raise InvalidRecord(
                f"hubspot needs a value for {', '.join(empty)} of every {activity.type.value}, "
                "and the activity has none.",
                system="hubspot",
                code="required_property",
            )


def _create_body(activity: Activity, properties: Mapping[str, Any], links: Sequence[TargetLink]) -> dict[str, Any]:
    return {
        "properties": properties,
        "associations": [
            {"to": {"id": record_id}, "types": default_types(activity.type, kind)}
            for kind, record_id in _each_record_once(links)
        ],
        # Where the portal keeps it, a copy says what it is a copy of.
        "origin": {"system": activity.system, "id": activity.id, "url": activity.url},
    }


def _update_body(
    activity_type: ActivityType,
    properties: Mapping[str, Any],
    links: Sequence[TargetLink],
    *,
    current: Activity | None,
    removed: Sequence[TargetLink],
) -> dict[str, Any]:
    body: dict[str, Any] = {"properties": properties}
    # Associating anew what is associated would replace its labels.
    present = {(one.kind, one.id) for one in current.associations} if current else set(_each_record_once(links))
    if missing := [pair for pair in _each_record_once(links) if pair not in present]:
        body["associate"] = [
            {"kind": kind, "to": {"id": record_id}, "types": default_types(activity_type, kind)}
            for kind, record_id in missing
        ]
    if parted := list(_each_record_once(removed)):
        body["dissociate"] = [{"kind": kind, "to": {"id": record_id}} for kind, record_id in parted]
    return body


def _each_record_once(links: Iterable[TargetLink]) -> list[tuple[str, str]]:
    """A record takes part once here, whatever its roles elsewhere."""
    return list(dict.fromkeys((link.kind, link.id) for link in links if link.kind in _CARRIED))


def _participants(value: Value) -> tuple[Participant, ...]:
    return value if isinstance(value, tuple) else ()
