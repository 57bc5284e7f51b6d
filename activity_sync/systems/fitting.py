"""What becomes of properties that the configuration names and a system does not have: findings, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ConfigurationError
from activity_sync.findings import Finding, fine, wrong
from activity_sync.mapping import TypeMapping
from activity_sync.mapping.fit import Definitions, Misfit, is_configured, misfits
from activity_sync.mapping.rules import Kind


def fit_findings(mapping: TypeMapping, known: Definitions) -> Iterator[Finding]:
    """One finding where all configured fields of a type fit, else one for each that does not; none without any."""
    name = f"{mapping.system}.fields.{mapping.type}"
    found = list(misfits(mapping, known))
    for one in found:
        yield wrong(f"{name}.{one.field}", one.problem, one.remedy)
    if known.types and not found and is_configured(mapping):
        yield fine(name, f"{mapping.system} has every property of {mapping.type}s that the configuration names")


def place_misfits(kind: ActivityType, columns: Sequence[str], known: Definitions) -> Iterator[Misfit]:
    """What keeps the named properties from holding a counterpart's id and link: each must be a text that we may write.

    Nothing where the system tells of no property at all.
    """
    setting = f"tracking.write_back (SYSTEM.{kind})"
    for column in columns if known.types else ():
        held = known.types.get(column)
        if held is None:
            yield Misfit(column, f"there is no property {column} of {kind}s", f"create it, or correct {setting}")
        elif column in known.fixed or held not in known.writable[Kind.TEXT]:
            why = ", and nobody may write it" if column in known.fixed else ""
            yield Misfit(column, f"{column} of {kind}s holds {held}{why}", f"name a text property under {setting}")


def place_findings(system: str, kind: ActivityType, columns: Sequence[str], known: Definitions) -> Iterator[Finding]:
    """One finding where the properties fit that say what a counterpart is, else one for each that does not."""
    name = f"{system}.write_back.{kind}"
    found = list(place_misfits(kind, columns, known))
    for one in found:
        yield wrong(f"{name}.{one.field}", one.problem, one.remedy)
    if known.types and not found:
        yield fine(name, f"{kind}s say in {' and '.join(columns)} what their counterpart is")


def refuse(system: str, kind: ActivityType, found: Iterable[Misfit]) -> None:
    """ConfigurationError that tells all that does not fit."""
    told = [f"{one.problem}: {one.remedy}" for one in found]
    if told:
        raise ConfigurationError("; ".join(told), system=system, setting=f"flows.*.{kind}.fields")
