"""A month of an operator's work in the Dagster UI, act by act: what the test judges, and what the docs show."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from activity_sync.sandbox.faults import Fault
from activity_sync_tests.browser.stage import DAYS, REFUSED_NOTE, Stage
from activity_sync_tests.browser.ui import DagsterUi
from activity_sync_tests.dagster_dev import asked

FLOW = "hubspot_to_dynamics"
STEPS = ("extracted_activities", "resolved_associations", "transformed_payloads", "load_results")

Show = Callable[[str], None]
"""Takes the name of what the page shows now."""

_RUNS = """
query Runs($tags: [ExecutionTag!]) {
  runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId status tags { key value } } } }
}
"""


def see_the_graph(ui: DagsterUi, stage: Stage) -> None:
    """Every type is a row of four steps."""
    ui.open_group(FLOW)
    for step in STEPS:
        expect(ui.page.get_by_text(step, exact=True)).to_have_count(len(stage.types))


def carry_one_day(ui: DagsterUi, stage: Stage, show: Show) -> str:
    """Yesterday, launched from the graph and watched to its end. The run's id."""
    ui.open_group(FLOW)
    dialog = ui.launch_dialog()
    ui.choose(dialog, stage.day(1))
    run_id = ui.launch_run(dialog)
    assert ui.watch_run() == "Success"
    # Beside the assets' steps, the checks of each load are one.
    expect(ui.page.get_by_text(f"Succeeded ({len(stage.types) * (len(STEPS) + 1)})")).to_be_visible()
    show("run")
    return run_id


def backfill_the_month(ui: DagsterUi, stage: Stage, show: Show) -> str:
    """The last full days, launched from the graph as one backfill. Its id."""
    ui.open_group(FLOW)
    dialog = ui.launch_dialog()
    ui.choose(dialog, f"[{stage.day(DAYS)}...{stage.day(1)}]")
    expect(dialog.get_by_text(f"{DAYS} partitions")).to_be_visible()
    show("backfill-dialog")
    backfill_id = ui.launch_backfill(dialog)
    ui.watch_backfill()
    show("backfill")
    for kind in stage.types:
        ui.open_asset(f"{FLOW}/{kind}/load_results", "partitions")
        counts = ui.partition_counts()
        assert (counts["Materialized"], counts["Failed"]) == (DAYS, 0), (kind, counts)
    return backfill_id


def meet_a_fault(ui: DagsterUi, stage: Stage, show: Show) -> str:
    """HubSpot refuses to tell the tasks of today: the day fails, for that type alone. The run's id."""
    stage.bridge.sandboxes.hubspot.controls.faults.add(Fault(kind="status", status=403, path="/tasks/search"))
    ui.open_group(FLOW)
    dialog = ui.launch_dialog()
    ui.choose(dialog, stage.day(0))
    run_id = ui.launch_run(dialog)
    assert ui.watch_run() == "Failure"
    expect(ui.page.get_by_text("Errored (1)")).to_be_visible()
    expect(ui.page.get_by_text("hubspot denies").first).to_be_visible()
    ui.open_partition(f"{FLOW}/task/load_results", stage.day(0))
    expect(ui.page.get_by_text("failed, and did not materialize this asset")).to_be_visible()
    counts = ui.partition_counts()
    assert (counts["Materialized"], counts["Failed"]) == (DAYS, 1), counts
    show("failed-partition")
    return run_id


def rerun_what_failed(ui: DagsterUi, stage: Stage, failed: str, show: Show) -> str:
    """The fault is over; of the failed run, what failed is run again, alone. The run's id."""
    stage.bridge.sandboxes.hubspot.controls.faults.clear()
    ui.open_run(failed)
    ui.open_reexecution_menu()
    show("rerun-failed")
    run_id = ui.reexecute_from_failure(failed)
    assert ui.watch_run() == "Success"
    # The four steps and the checks of one type.
    expect(ui.page.get_by_text(f"Succeeded ({len(STEPS) + 1})")).to_be_visible()
    ui.open_partition(f"{FLOW}/task/load_results", stage.day(0))
    expect(ui.page.get_by_text("failed, and did not materialize this asset")).to_have_count(0)
    counts = ui.partition_counts()
    assert (counts["Materialized"], counts["Failed"]) == (DAYS + 1, 0), counts
    return run_id


def see_the_failed_record(ui: DagsterUi, stage: Stage, show: Show) -> None:
    """What Dynamics refused stands in a table on its partition, and fails the check of its type."""
    ui.open_partition(f"{FLOW}/note/load_results", stage.day(0))
    expect(ui.page.get_by_text(f"hubspot:note/{REFUSED_NOTE}")).to_be_visible()
    show("failed-records")
    ui.open_asset(f"{FLOW}/note/load_results", "checks")
    ui.page.get_by_text("failures", exact=True).first.click()
    expect(ui.page.get_by_text("1 record failed")).to_be_visible()
    show("checks")


def see_the_plots(ui: DagsterUi, stage: Stage, show: Show) -> None:
    """The counts of every partition, drawn by Dagster."""
    ui.open_asset(f"{FLOW}/{stage.types[-1]}/load_results")
    ui.page.get_by_role("button", name="Plots").click()
    created = ui.page.get_by_text("created", exact=True)
    expect(created).to_be_visible()
    for canvas in ui.page.locator("canvas").all():
        assert canvas.evaluate(_HAS_INK), "a plot is empty"
    created.evaluate("heading => heading.scrollIntoView()")
    show("plots")


def reconcile(ui: DagsterUi, show: Show) -> str:
    """Both systems compared, and the days drawn. The run's id."""
    ui.open_asset("reconciliation")
    ui.page.get_by_role("button", name="Materialize").first.click()
    run_id = ui.follow("Launched run")
    assert ui.watch_run() == "Success"
    ui.open_asset("reconciliation")
    # Dagster shows Markdown of more than a thousand characters, as a picture's is, in a dialog.
    ui.page.get_by_text("[Show Markdown]").click()
    picture = ui.page.get_by_role("dialog").get_by_alt_text("activities by day")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0
    show("reconciliation")
    return run_id


_HAS_INK = """canvas => canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0)"""


def runs_tagged(stage: Stage, key: str, value: str) -> list[dict[str, str]]:
    """The tags of each run that has this one, and its status."""
    runs = asked(stage.address, _RUNS, tags=[{"key": key, "value": value}])["runsOrError"]["results"]
    return [{one["key"]: one["value"] for one in run["tags"]} | {"status": run["status"]} for run in runs]
