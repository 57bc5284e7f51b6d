"""One system: whether it is reached, whose account it is, and what of the configuration it lets us do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.errors import ActivitySyncError
from activity_sync.findings import Finding, failure, fine, warn, wrong
from activity_sync.rules.values import Delete
from activity_sync.systems.records import NOTHING, Owner, Use
from activity_sync.systems.system import System

_CLOCK = timedelta(seconds=60)
"""Clocks that differ by more are out of order; token hosts refuse from five minutes on."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found. `account_id` None: the system was not reached. `owners` None: they could not be read."""

    findings: list[Finding]
    account_id: str | None = None
    owners: Mapping[str, Owner] | None = field(default=None, repr=False)


def use_of(system: str, configuration: Configuration) -> Use:
    """What the configuration has us do in a system."""

    def types(*, source: bool, archived: bool = False) -> tuple[ActivityType, ...]:
        return tuple(
            kind
            for flow in FLOWS
            if (flow.source if source else flow.target) == system
            for kind in configuration.enabled(flow)
            if not archived or configuration.flow(flow).of(kind).delete is Delete.ARCHIVE
        )

    makes = tuple(
        kind
        for kind in RecordKind
        if any(
            flow.target == system and configuration.enabled(flow) and configuration.makes_missing(flow, kind)
            for flow in FLOWS
        )
    )
    return Use(
        types(source=True),
        types(source=False),
        types(source=False, archived=True),
        makes,
        lists_files=configuration.attachments.reads_files,
        carries_files=configuration.attachments.files,
    )


async def look_at(system: System, use: Use, *, fix: bool, filtered_by: Mapping[str, Sequence[str]] = NOTHING) -> Looked:
    """Identified, timed and inspected; with `fix`, completed before that. What ends the look is a finding too.

    `filtered_by`: by activity type and kind of record, the properties that filters ask for.
    """
    try:
        account = await system.identify()
    except ActivitySyncError as error:
        return Looked([failure(f"{system.name}.connection", error)])
    found = [
        fine(f"{system.name}.connection", f"the credentials open the {system.name} account {account.id}"),
        clock_finding(system.name, system.clock_ahead),
    ]
    try:
        if fix:
            found += await system.inspector.complete(use)
        found += await system.inspector.findings(use)
        if filtered_by:
            found += filter_findings(system.name, await system.directory.lacking(filtered_by))
    except ActivitySyncError as error:
        return Looked([*found, failure(f"{system.name}.inspection", error)], account.id)
    try:
        return Looked(found, account.id, await system.directory.owners())
    except ActivitySyncError as error:
        unread = failure(f"owners.{system.name}", error)
        # The inspector has said so already where it is a right that is missing.
        known = any(one.remedy == unread.remedy for one in found)
        return Looked(found if known else [*found, unread], account.id)


def filter_findings(system: str, lacking: Sequence[str]) -> list[Finding]:
    """Whether the system has the properties that filters ask for."""
    if not lacking:
        return [fine(f"{system}.filters", f"{system} has every property that a filter names")]
    return [
        wrong(
            f"{system}.filters.{one}",
            f"{system} has no property {one}, which a filter names: its flow is stopped before anything is read",
            "write it as the system itself calls it, not by its label, in `filter` of the flows from there",
        )
        for one in lacking
    ]


def clock_finding(system: str, ahead: timedelta) -> Finding:
    """Whether the two clocks agree."""
    seconds = round(ahead.total_seconds())
    if abs(ahead) <= _CLOCK:
        return fine(f"{system}.clock", f"the clocks of {system} and of this machine agree")
    word = "ahead of" if seconds > 0 else "behind"
    return warn(
        f"{system}.clock",
        f"the clock of {system} is {abs(seconds)} s {word} this machine's",
        "set this machine's clock (NTP): tokens are refused when it is minutes off, and progress shows wrong times",
    )
