"""What becomes of properties that the configuration names and a system does not have: findings, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ConfigurationError
from activity_sync.findings import Finding, fine, wrong
from activity_sync.mapping import TypeMapping
from activity_sync.mapping.fit import Definitions, Misfit, is_configured, misfits


def fit_findings(mapping: TypeMapping, known: Definitions) -> Iterator[Finding]:
    """One finding where all configured fields of a type fit, else one for each that does not; none without any."""
    name = f"{mapping.system}.fields.{mapping.type}"
    found = list(misfits(mapping, known))
    for one in found:
        yield wrong(f"{name}.{one.field}", one.problem, one.remedy)
    if known.types and not found and is_configured(mapping):
        yield fine(name, f"{mapping.system} has every property of {mapping.type}s that the configuration names")


def refuse(system: str, kind: ActivityType, found: Iterable[Misfit]) -> None:
    """ConfigurationError that tells all that does not fit."""
    told = [f"{one.problem}: {one.remedy}" for one in found]
    if told:
        raise ConfigurationError("; ".join(told), system=system, setting=f"flows.*.{kind}.fields")
