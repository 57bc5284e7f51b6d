"""`activity-sync held`: records that wait for a person, and what a person decides about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.cli.open_records import (
    entry,
    in_state,
    narrowed,
    open_ledger,
    print_json,
    ref_of,
    selected,
    show,
)
from activity_sync.cli.undo import undo
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.lineage import parse_record
from activity_sync.rules.chosen import Decision, fitting

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.choices import Choice
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.outstanding import Outstanding

_NO_OPTION = {
    "ambiguous_record": "it hangs on a record that may be one of several. Merge or deactivate all but one of them, or "
    "store the counterpart's id on the right one; the next run looks again by itself",
    "closed": "its counterpart is closed and the policy leaves closed records alone. Reopen the counterpart, or set "
    "flows.FLOW.TYPE.closed to reopen, and run sync --from DAY",
    "counterpart_linked": "it was deleted and is back, and its counterpart has a new one by now. Delete one of the two",
    "last_association": "people took away all that it hangs on, and nobody would see its copy in HubSpot any more. Put "
    "it on a record, or set flows.FLOW.TYPE.unresolved to load_unassociated; the next run looks again by itself",
    "merged": "it was merged into a record that has a counterpart of its own. Delete one of the two counterparts",
}


@click.group()
def held() -> None:
    """Records about which a person has to decide."""


held.add_command(undo)


@held.command("list")
@narrowed
def list_held(*, flow_name: str | None, type_name: str | None, as_json: bool) -> None:
    """List the records that wait for a person, which records they may be, and what can be decided."""
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    with open_ledger() as ledger:
        rows = selected(ledger, OutstandingState.HELD, flow_name, type_name)
        chosen = {
            kind: ledger.choices(*kind) for kind in {(Flow.parse(row.flow).source, row.activity_type) for row in rows}
        }
    entries = [
        held_entry(row, chosen[Flow.parse(row.flow).source, row.activity_type].get(row.source_id)) for row in rows
    ]
    if as_json:
        print_json(entries)
        return
    show(
        entries,
        {
            "reason": lambda one: str(one["reason"]),
            "may be": lambda one: ", ".join(one["candidates"]),
            "held resolve": lambda one: " ".join(map(option_of, one["options"])) or no_option(one["reason"]),
            "decided": lambda one: f"{one['choice']}: next run" if one["choice"] else "",
        },
        nothing="nothing is held",
    )


@held.command()
@click.argument("record", metavar="SYSTEM:TYPE/ID")
@click.option("--create", is_flag=True, help="Create it in the target: it is none of the candidates.")
@click.option("--link", metavar="ID", help="It is this record of the target.")
@click.option("--keep", is_flag=True, help="Leave both sides as they are.")
@click.option("--delete", is_flag=True, help="Carry the delete, though the counterpart was edited.")
@click.option("--release", is_flag=True, help="Carry it again, though it was written over and over.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def resolve(
    record: str, *, create: bool, link: str | None, keep: bool, delete: bool, release: bool, as_json: bool
) -> None:
    """Decide about a held record. The next run acts on it; until then a later decision replaces it."""
    given = {
        Decision.CREATE: create,
        Decision.LINK: link is not None,
        Decision.KEEP: keep,
        Decision.DELETE: delete,
        Decision.RELEASE: release,
    }
    decisions = [decision for decision, is_given in given.items() if is_given]
    from activity_sync.ledger.choices import Choice  # noqa: PLC0415
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    with open_ledger() as ledger:
        (row, *_) = in_state(ledger, record, (OutstandingState.HELD,), wanted="held")
        decision = fitting_decision(row, decisions)
        other_id = "" if link is None else linkable(ledger, row, link)
        ref = ref_of(row)
        made = Choice(ref.system, row.activity_type, ref.id, decision, made_at=datetime.now(tz=UTC), other_id=other_id)
        ledger.choose([made], concerned=concerned(ledger, row))
    if as_json:
        print_json([held_entry(row, made)])
    else:
        target = f" {other_id}" if other_id else ""
        output().print(f"{ref} is held ({row.reason}). The next run acts on your decision: {decision}{target}")


def held_entry(row: Outstanding, choice: Choice | None) -> dict[str, Any]:
    """An entry with what there is to decide, and what was decided and is not done yet."""
    is_decided = choice is not None and choice.decision in fitting(row.reason)
    return entry(row) | {
        "candidates": list(row.candidates),
        "options": [decision.value for decision in fitting(row.reason)],
        "choice": choice.decision.value if choice is not None and is_decided else None,
    }


def option_of(decision: str) -> str:
    """How a decision is given to `held resolve`."""
    return "--link ID" if decision == Decision.LINK else f"--{decision}"


def no_option(reason: str) -> str:
    """What ends a hold that no decision ends."""
    return _NO_OPTION.get(reason, "nothing can be decided here")


def fitting_decision(row: Outstanding, decisions: list[Decision]) -> Decision:
    """The one decision that was given, if it fits. ConfigurationError names those that would."""
    fit = fitting(row.reason)
    if not fit:
        raise ConfigurationError(f"{ref_of(row)} is held ({row.reason}): {no_option(row.reason)}")
    match decisions:
        case [decision] if decision in fit:
            return decision
    choice = " or ".join(option_of(one) for one in fit)
    raise ConfigurationError(
        f"{ref_of(row)} is held ({row.reason}): give one of {choice}",
        setting=option_of(decisions[0]).split()[0] if decisions else None,
    )


def linkable(ledger: Ledger, row: Outstanding, text: str) -> str:
    """The id of the target's record that was named. ConfigurationError where it cannot be this one's counterpart."""
    target = Flow.parse(row.flow).target
    other_id = _id_in(target, row.activity_type, text)
    known = {one.casefold(): one for one in row.candidates}
    if known and other_id.casefold() not in known:
        raise ConfigurationError(
            f"{ref_of(row)} may be one of {', '.join(row.candidates)}, not {text}", setting="--link"
        )
    other_id = known.get(other_id.casefold(), other_id)
    taken = ledger.links(target, row.activity_type, [other_id]).get(other_id)
    if taken is not None and taken.is_living:
        source = Flow.parse(row.flow).source
        raise ConfigurationError(
            f"{target}:{row.activity_type}/{other_id} is the counterpart of "
            f"{source}:{row.activity_type}/{taken.sides[source].record_id} already",
            setting="--link",
        )
    return other_id


def _id_in(target: str, kind: ActivityType, text: str) -> str:
    if ":" not in text:
        return text.strip()
    ref, named = parse_record(text)
    if (ref.system, named) != (target, kind):
        raise ConfigurationError(f"{text} is no {kind} of {target}", setting="--link")
    return ref.id


def concerned(ledger: Ledger, row: Outstanding) -> list[Outstanding]:
    """Other held records whose question this decision may answer: its candidates, and those that share one."""
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    flow, kind, candidates = Flow.parse(row.flow), row.activity_type, set(row.candidates)
    here = ledger.list_outstanding(OutstandingState.HELD, flow=flow.name, activity_type=kind)
    there = ledger.list_outstanding(OutstandingState.HELD, flow=flow.mirror.name, activity_type=kind)
    return [one for one in here if one.source_id != row.source_id and candidates & set(one.candidates)] + [
        one for one in there if one.source_id in candidates or row.source_id in one.candidates
    ]
