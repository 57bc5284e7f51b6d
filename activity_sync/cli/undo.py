"""`activity-sync held undo`: parts two records that are not the same, and takes back what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from activity_sync.activities.identity import RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.cli.open_records import open_ledger, print_json
from activity_sync.configuration import FLOWS, Configuration, load_configuration
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.lineage import parse_record
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.outstanding import Outstanding
    from activity_sync.ledger.rows import LinkRow


@click.command()
@click.argument("record", metavar="SYSTEM:TYPE/ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def undo(record: str, *, as_json: bool) -> None:
    """Part a record from the one that a match rule or a person linked it with, or take back a decision about it.

    The two are never linked again, and the next incremental run copies each to the other side. A record that the sync
    itself created is no match: it cannot be parted from its original.
    """
    configuration = load_configuration(Settings.from_environ().config_path)
    ref, kind = parse_record(record)
    with open_ledger() as ledger:
        link = ledger.links(ref.system, kind, [ref.id]).get(ref.id)
        if link is None or not link.is_living:
            take_back(ledger, ref, kind, configuration, ended=link is not None)
            done, said = "taken_back", f"{ref}: what was decided about it is taken back"
        else:
            other = part(ledger, link, ref, configuration)
            done, said = "parted", f"{ref} and {other} are parted; the next run copies each to the other side"
    if as_json:
        print_json([{"system": ref.system, "type": ref.kind, "id": ref.id, "done": done}])
    else:
        output().print(said)


def take_back(ledger: Ledger, ref: RecordRef, kind: ActivityType, configuration: Configuration, *, ended: bool) -> None:
    """What a person decided about the record, and no run has carried out, is forgotten. ConfigurationError if none.

    A record that was to be left as it is, is held no more: the next run decides about it again.
    """
    from activity_sync.ledger.choices import Decision  # noqa: PLC0415

    choice = ledger.choices(ref.system, kind).get(ref.id)
    if choice is None or choice.decision is Decision.APART:
        why = "it was parted already" if choice is not None else "it has no counterpart, and nobody decided about it"
        raise ConfigurationError(
            f"nothing to undo about {ref}: {'its link has ended' if ended else why}", setting="SYSTEM:TYPE/ID"
        )
    ledger.forget_choices(ref.system, kind, [ref.id])
    is_open = any(ledger.outstanding(flow.name, kind, [ref.id]) for flow in FLOWS if flow.source == ref.system)
    if not is_open:
        ledger.record_outstanding(again([ref], kind, configuration, reason="taken_back"))


def part(ledger: Ledger, link: LinkRow, ref: RecordRef, configuration: Configuration) -> RecordRef:
    """Ends the link for good; the record that was the counterpart. ConfigurationError where the two belong together."""
    from activity_sync.ledger.rows import LinkState  # noqa: PLC0415

    if link.state is LinkState.PENDING:
        raise ConfigurationError(
            f"{ref} is being created in the other system, and the end of that is not known yet: run "
            "`activity-sync sync` first",
            setting="SYSTEM:TYPE/ID",
        )
    refs = {system: RecordRef(system, ref.kind, str(side.record_id)) for system, side in link.sides.items()}
    if link.key:
        copy, original = refs[link.counterpart], refs[link.origin]
        raise ConfigurationError(
            f"{copy} is the copy that the sync made of {original}, not a match. To be rid of it, delete it there",
            setting="SYSTEM:TYPE/ID",
        )
    parted = again(list(refs.values()), link.activity_type, configuration, reason="parted")
    if not ledger.part(link, parted, now=datetime.now(tz=UTC)):
        raise ConfigurationError(
            f"a run is writing to {ref} at this moment; try again when it has ended", setting="SYSTEM:TYPE/ID"
        )
    return next(other for system, other in refs.items() if system != ref.system)


def again(
    refs: Sequence[RecordRef], kind: ActivityType, configuration: Configuration, *, reason: str
) -> list[Outstanding]:
    """The records, to be taken in by the next run of the flow that reads them: none of them has changed."""
    from activity_sync.ledger.outstanding import Outstanding  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    return [
        Outstanding.due_at_once(flow.name, kind, ref.id, rule="held_undo", reason=reason, now=now)
        for flow in FLOWS
        for ref in refs
        if ref.system == flow.source and kind in configuration.enabled(flow)
    ]
