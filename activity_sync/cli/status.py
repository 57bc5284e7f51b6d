"""`activity-sync status`: per flow and type, when it last went well and what is open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from activity_sync.activities.kinds import Step
from activity_sync.cli.console import output
from activity_sync.cli.instance import dagster_instance, existing_dagster_home
from activity_sync.configuration import FLOWS, Configuration, load_configuration
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.pipeline.progress import Course


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def status(*, as_json: bool) -> None:
    """Show per flow and type: last success, lag, waiting, overdue, failed, held, backlog and time to completion.

    Overdue are those of the waiting that have waited for longer than limits.waiting_days.
    """
    settings = Settings.from_environ()
    configuration = load_configuration(settings.config_path)
    existing_dagster_home(settings)
    from activity_sync.ledger.ledger import Ledger  # noqa: PLC0415

    with Ledger.open(settings.ledger_url) as ledger:
        flows = status_of(settings, configuration, ledger)
    if as_json:
        click.echo(json.dumps({"flows": flows}))
        return
    table = Table()
    names = ("waiting", "overdue", "failed", "held", "backlog")
    for name in ("flow", "type", "last success", "lag", *names, "under way", "done about"):
        table.add_column(name)
    for flow, types in flows.items():
        for kind, one in types.items():
            lag = "" if one["lag_seconds"] is None else f"{one['lag_seconds']:,} s"
            numbers = (f"{one[name]:,}" for name in names)
            table.add_row(flow, kind, one["last_success"] or "never", lag, *numbers, *shown(one))
    output().print(table)


def shown(one: Mapping[str, Any]) -> tuple[str, str]:
    """What is under way, and when it will be done, for the table; empty where there is nothing."""
    from activity_sync.pipeline.progress import told_rows, told_time  # noqa: PLC0415

    run, end = one["progress"], one["eta"]
    under_way = "" if run is None else f"{run['step'].replace('_', ' ')} {told_rows(run['rows_done'], run['rows'])}"
    return under_way, "" if end is None else told_time(datetime.fromisoformat(end), datetime.now(tz=UTC))


def status_of(settings: Settings, configuration: Configuration, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """The `flows` of the command's `--json`. Times are ISO, UTC.

    `lag_seconds`: how long ago the source was last read up to the present, None before the first time. `backlog`: the
    records that the run under way has still to bring through, as far as they are counted; without one, those known to
    be taken in by the next pass: creates of unknown end and those due for another try. `eta`: when the backlog will be
    worked off, by the run under way, or by one that began now; None where there is none, or no run has shown yet how
    long it takes. `progress`: the run under way, or None. `overdue`: those of the waiting that have waited for longer
    than `limits.waiting_days`.
    """
    from activity_sync.defs.keys import asset_key  # noqa: PLC0415  # Dagster is slow to load
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415
    from activity_sync.pipeline.progress import courses_of, end_of  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    overlap = configuration.limits.overlap_seconds  # a watermark stands this much before the read that set it
    counted = ledger.count_outstanding()
    overdue = ledger.count_outstanding(before=now - timedelta(days=configuration.limits.waiting_days))
    found: dict[str, dict[str, Any]] = {}
    with dagster_instance(settings) as instance:
        for flow in FLOWS:
            courses = courses_of(ledger.progress(flow.name), now)
            for kind in configuration.enabled(flow):
                course = courses.get(kind)
                backlog = len(ledger.pending(flow.source, kind)) + len(ledger.due(flow.name, kind, now))
                if course is not None and course.known is not None:
                    backlog = course.left
                end = course.ends_at if course is not None else end_of(backlog, ledger.rates(flow.name, kind), now)
                event = instance.get_latest_materialization_event(asset_key(flow, kind, Step.LOADED))
                last = None if event is None else datetime.fromtimestamp(event.timestamp, tz=UTC)
                watermark = ledger.watermark(flow.name, kind)
                found.setdefault(flow.name, {})[kind.value] = {
                    "last_success": last.isoformat(timespec="seconds") if last else None,
                    "lag_seconds": None
                    if watermark is None
                    else max(int((now - watermark).total_seconds()) - overlap, 0),
                    "waiting": counted.get((flow.name, kind, OutstandingState.DEFERRED), 0),
                    "failed": counted.get((flow.name, kind, OutstandingState.FAILED), 0),
                    "held": counted.get((flow.name, kind, OutstandingState.HELD), 0),
                    "backlog": backlog,
                    "eta": None if end is None or not backlog else end.isoformat(timespec="seconds"),
                    "overdue": overdue.get((flow.name, kind, OutstandingState.DEFERRED), 0),
                    "progress": None if course is None else progress_of(course),
                }
    return found


def progress_of(course: Course) -> dict[str, Any]:
    """A run under way, in JSON. `rows`: those of the present step, None as long as nobody can tell.

    `traffic`: by system, the step's `calls`, the `share_of_limit` that they are (of the narrowest, 1 is all of it; None
    where none is known) and how many were `throttled`.
    """
    return {
        "run_id": course.run_id,
        "step": course.step.value,
        "rows_done": course.done,
        "rows": course.known,
        "rows_per_second": None if course.rate is None else round(course.rate, 1),
        "began_at": course.began_at.isoformat(timespec="seconds"),
        "traffic": dict(course.traffic),
        "not_before": None if course.not_before is None else course.not_before.isoformat(timespec="seconds"),
    }
