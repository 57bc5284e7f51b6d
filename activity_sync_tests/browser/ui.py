"""The Dagster UI in a browser, by what a person sees and presses there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

LOCATION = "activity_sync"
_RUN_ENDS_MS = 120_000
_BACKFILL_ENDS_MS = 240_000  # Dagster's daemon looks at backfills every 30 s: once to start it, once to see its end
_ENDED = re.compile(r"^(Success|Failure|Canceled)$")


@dataclass(frozen=True)
class DagsterUi:
    """One browser page on one Dagster. Every step waits for what it needs to see."""

    page: Page
    address: str

    # --- pages

    def open_group(self, group: str) -> None:
        """The graph of an asset group."""
        self.page.goto(f"{self.address}/locations/{LOCATION}/asset-groups/{group}")
        expect(self.page.get_by_role("button", name="Materialize all")).to_be_visible()
        expect(self.page.get_by_text("load_results").first).to_be_visible()

    def zoom_out(self) -> None:
        """A graph that is larger than the page fits into it."""
        self.page.get_by_role("button", name="zoom_out").click()
        expect(self.page.get_by_text(re.compile("^Loading"))).to_have_count(0, timeout=60_000)

    def open_asset(self, key: str, view: str = "overview") -> None:
        """A tab of an asset's page."""
        self.page.goto(f"{self.address}/assets/{key}?view={view}")
        expect(self.page.get_by_role("button", name="Materialize").first).to_be_enabled()

    def open_partition(self, key: str, partition: str) -> None:
        """One partition on an asset's page."""
        self.page.goto(f"{self.address}/assets/{key}?view=partitions&partition={partition}")
        expect(self.page.get_by_text("Latest materialization")).to_be_visible()

    def open_run(self, run_id: str) -> None:
        """A run's page."""
        self.page.goto(f"{self.address}/runs/{run_id}")
        expect(self.page.get_by_role("button", name="Re-execute all")).to_be_enabled()

    # --- launching

    def launch_dialog(self) -> Locator:
        """The dialog in which partitions are chosen, of everything that the page shows."""
        self.page.get_by_role("button", name="Materialize").first.click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.get_by_text("Partition selection")).to_be_visible()
        return dialog

    def choose(self, dialog: Locator, partitions: str) -> None:
        """Exactly these partitions, as the dialog writes them: `DAY` or `[DAY...DAY]`."""
        box = dialog.get_by_role("textbox").first
        box.fill(partitions)
        box.press("Enter")

    def launch(self, dialog: Locator, button: str, *, told: str) -> str:
        """Pressed; what was launched is open. Its id."""
        dialog.get_by_role("button", name=button).click()
        return self.follow(told)

    def follow(self, told: str) -> str:
        """What a notice tells was launched is open. Its id."""
        toast = self.page.get_by_role("region", name=re.compile("Notifications")).get_by_text(told)
        expect(toast).to_be_visible()
        self.page.get_by_role("region", name=re.compile("Notifications")).get_by_text("View").click()
        self.page.wait_for_url(re.compile(r"/runs/(b/)?[\w-]+"))
        # The notice stays while the mouse is on it, and would lie on what is looked at next.
        self.page.mouse.move(0, 0)
        expect(toast).to_be_hidden()
        return self._last_of_path()

    def launch_run(self, dialog: Locator) -> str:
        """The one run of the partition chosen, and its page. Its id."""
        return self.launch(dialog, "Launch 1 run", told="Launched run")

    def launch_backfill(self, dialog: Locator) -> str:
        """The backfill of the partitions chosen, and its page. Its id."""
        return self.launch(dialog, "Launch backfill", told="Created backfill")

    def open_reexecution_menu(self) -> None:
        """The arrow beside *Re-execute all* on a run's page is pressed."""
        self.page.get_by_role("button", name="Re-execute all").locator("xpath=following::button[1]").click()
        expect(self.page.get_by_text("From failure", exact=True)).to_be_visible()

    def reexecute_from_failure(self, run_id: str) -> str:
        """Pressed in that menu on the page of this run; the new run is open. Its id."""
        self.page.get_by_text("From failure", exact=True).click()
        self.page.wait_for_url(lambda url: "/runs/" in url and run_id not in url)
        return self._last_of_path()

    # --- watching

    def watch_run(self) -> str:
        """How the run whose page is open has ended: Success, Failure or Canceled."""
        status = self.page.get_by_text(_ENDED).first
        expect(status).to_be_visible(timeout=_RUN_ENDS_MS)
        return status.inner_text()

    def watch_backfill(self) -> None:
        """The runs of the backfill whose page is open have ended, all of them well."""
        self.page.get_by_role("tab", name="Runs").or_(
            self.page.get_by_role("link", name="Runs", exact=True)
        ).last.click()
        expect(self.page.get_by_text("Success", exact=True).first).to_be_visible(timeout=_BACKFILL_ENDS_MS)
        for other in ("Queued", "Starting", "Started", "Failure"):
            expect(self.page.get_by_text(other, exact=True)).to_have_count(0)

    def see_backfill(self) -> None:
        """Its overview, once Dagster's daemon has noticed that all is done, which it does some time later."""
        self.page.get_by_role("tab", name="Overview").or_(
            self.page.get_by_role("link", name="Overview", exact=True)
        ).last.click()
        expect(self.page.get_by_text("100% completed").first).to_be_visible(timeout=_BACKFILL_ENDS_MS)
        expect(self.page.get_by_text(re.compile(r"^\d?\d% completed"))).to_have_count(0, timeout=_BACKFILL_ENDS_MS)

    def partition_counts(self) -> dict[str, int]:
        """On an asset's partitions: how many there are by status."""
        found = {}
        for status in ("Failed", "Materialized", "Materializing", "Missing"):
            label = self.page.get_by_text(re.compile(rf"^{status} \(\d+\)$")).first
            expect(label).to_be_visible()
            found[status] = int(re.sub(r"\D", "", label.inner_text()))
        return found

    def _last_of_path(self) -> str:
        return self.page.url.partition("?")[0].rpartition("/")[2]
