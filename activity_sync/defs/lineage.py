"""The life of one record as a run of its own, for those who have the UI and no shell."""

from typing import Any

import dagster as dg
from pydantic import Field

from activity_sync.defs.jobs import EXECUTOR
from activity_sync.ledger.ledger import Ledger
from activity_sync.pipeline.lineage import parse_record, trace_record
from activity_sync.settings import Settings
from activity_sync.staging.staging import Staging

TRACE_JOB, _OP = "trace_record", "life_of_a_record"
STEP_COLUMNS = ("at", "flow", "step", "partition", "outcome", "rule", "reason", "run_id")
PENDING_COLUMNS = ("flow", "state", "reason", "code", "since", "attempts", "waits_for")


class TraceConfig(dg.Config):
    """Which record."""

    record: str = Field(
        description="SYSTEM:TYPE/ID, for example hubspot:task/30652597343; the id that either system gave it."
    )


@dg.op(name=_OP, description="Everything that any run did with one record, in the metadata of its output.")
def trace(config: TraceConfig) -> dg.Output[None]:
    """As `activity-sync trace` does it. A record that is none fails the run with what to write."""
    ref, kind = parse_record(config.record)
    settings = Settings.from_environ()
    with Ledger.open(settings.ledger_url) as ledger:
        document = trace_record(ledger, Staging(settings.staging), ref, kind)
    return dg.Output(None, metadata=lineage_metadata(document))


@dg.job(
    name=TRACE_JOB,
    executor_def=EXECUTOR,
    description="Shows what became of one record and why, over all runs: name it in the run configuration.",
)
def trace_job() -> None:
    """One record's life."""
    trace()


def lineage_metadata(document: dict[str, Any]) -> dict[str, dg.MetadataValue[Any]]:
    """What `trace --json` prints, as a person reads it in the UI. Ids, rules and reasons; nothing of what was written.

    Tables are left out where they would be empty.
    """
    link = document["link"]
    told: dict[str, dg.MetadataValue[Any]] = {
        "record": dg.MetadataValue.text(document["record"]),
        "link": dg.MetadataValue.md(_told(link)),
    }
    if document["steps"]:
        told["steps"] = _table(document["steps"], STEP_COLUMNS)
    else:
        told["steps"] = dg.MetadataValue.text("no run has seen it")
    if document["pending"]:
        told["pending"] = _table(document["pending"], PENDING_COLUMNS)
    return told


def _told(link: dict[str, Any] | None) -> str:
    if link is None:
        return "none: it has no counterpart"
    return (
        f"**{link['state']}**: hubspot {link['hubspot_id']} = dynamics {link['dynamics_id']}, first in {link['origin']}"
    )


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.table(
        [dg.TableRecord({name: _cell(row[name]) for name in columns}) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(name) for name in columns]),
    )


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
