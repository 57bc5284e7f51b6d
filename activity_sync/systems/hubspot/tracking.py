"""What our tracking properties and the portal's definitions amount to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from activity_sync.activities.kinds import ActivityType
from activity_sync.findings import Finding, fine, warn, wrong
from activity_sync.mapping.coverage import values_not_offered
from activity_sync.mapping.fit import configured_columns
from activity_sync.mapping.rules import TypeMapping, columns_to_write
from activity_sync.systems.hubspot.metadata import KEY, OWN_PLACE, KeyProperty, Schema
from activity_sync.systems.hubspot.paths import name_collection

_TEXT: Final = "string"

_SUNSETS: Final[Mapping[str, tuple[tuple[str, date], ...]]] = {
    "2026-09": (("the dated API 2026-09", date(2028, 3, 8)),),
    "2026-03": (("the dated API 2026-03", date(2027, 9, 30)),),
    "v3": (("/crm/v4 associations", date(2027, 3, 30)), ("/crm/v3", date(2027, 9, 1))),
}
"""Until when HubSpot supports what each version uses: dated ones for 18 months from their release.

Source: HubSpot developer documentation, "API versioning" and "Legacy APIs and legacy apps", read 2026-11.
"""


def api_version(version: str, today: date) -> Finding:
    """Until when HubSpot supports the API that is used. The versions before the dated ones are warned of already."""
    name = "hubspot.api_version"
    ends = _SUNSETS[version]
    told = ", ".join(f"{what} until {day.isoformat()}" for what, day in ends)
    if version == "v3" or any(day <= today for _, day in ends):
        return warn(name, f"HubSpot supports {told}", "unset HUBSPOT_API_VERSION, or set it to 2026-09")
    return fine(name, f"HubSpot supports {told}")


def tracking_findings(kind: str, schema: Schema, *, creates: bool) -> Iterator[Finding]:
    """One finding where all is well with our properties on a type, else one for each thing that is not."""
    name, plural = f"hubspot.tracking.{kind}", name_collection(kind)
    unusable = [one for one in schema.tracking if schema.types.get(one, _TEXT) != _TEXT]
    for one in unusable:
        yield wrong(
            f"{name}.{one}",
            f"the property {one} of {plural} holds a {schema.types[one]}, not text",
            "delete it in HubSpot, then run `activity-sync check --fix`; no create is accepted until then",
        )
    if schema.missing:
        yield warn(
            f"{name}.missing",
            f"{plural} have no property {', '.join(schema.missing)}: {' and '.join(_consequences(schema.missing))}",
            "`activity-sync check --fix` creates them"
            + (", and so does the first sync that writes" if creates else ""),
        )
    if schema.key is KeyProperty.PLAIN:
        yield warn(
            f"{name}.unique",
            f"{KEY} of {plural} does not hold unique values: a create whose answer was lost is settled a quarter of an "
            "hour later, by searching",
            "where the portal allows unique properties on this type: delete the property in HubSpot before the first "
            "sync, then run `activity-sync check --fix`. It cannot be changed afterwards",
        )
    if not unusable and not schema.missing and schema.key is KeyProperty.UNIQUE:
        yield fine(name, f"{plural} have all tracking properties, and {KEY} is unique")


def option_findings(kind: ActivityType, schema: Schema, mapping: TypeMapping) -> Iterator[Finding]:
    """Whether the portal has every property and every option that the mapping writes."""
    name, plural = f"hubspot.mapping.{kind}", name_collection(kind)
    named = configured_columns(mapping)
    missing = [one for one in columns_to_write(mapping) if one not in schema.properties and one not in named]
    lacking = values_not_offered(mapping, schema.options)
    for one in missing:
        yield warn(
            f"{name}.{one}",
            f"{plural} have no property {one}, which the mapping writes: HubSpot refuses it",
            "restore it in HubSpot: Settings, Properties, archived ones",
        )
    for one, values in lacking.items():
        yield warn(
            f"{name}.{one}",
            f"the property {one} of {plural} has no option for {', '.join(values)}: such a value is left out, and the "
            "loss is recorded",
            "add the option in HubSpot, under the internal name that docs/mapping.md gives",
        )
    if not missing and not lacking:
        yield fine(name, f"{plural} have every property and option that the mapping writes")


def stored_id_finding(kind: str, property_name: str, schema: Schema) -> Finding:
    """Whether records of a kind have the property that is to hold the id of their counterpart in Dynamics."""
    name, plural = f"hubspot.counterpart_id.{kind}", name_collection(kind)
    if property_name in schema.properties:
        return fine(name, f"{plural} have the property {property_name}")
    return warn(
        name,
        f"{plural} have no property {property_name}: none is recognised by the counterpart's id that it would store",
        f"create it, or name another under tracking.counterpart_id (hubspot.{kind}); one of the two systems is enough",
    )


def _consequences(missing: Sequence[str]) -> Iterator[str]:
    if KEY in missing:
        yield "where a create's answer is lost, only a person can tell whether it has happened"
    if set(missing) - {KEY, *OWN_PLACE.columns}:
        yield "a copy does not show where it came from"
    if set(missing) & set(OWN_PLACE.columns):
        yield "a record does not show what its counterpart in the other system is"
