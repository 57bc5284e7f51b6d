"""`python -m activity_sync_tests.browser.screenshots`: draws docs/images again, from the story that the test plays."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from activity_sync.settings import PROJECT_ROOT
from activity_sync_tests.browser import story
from activity_sync_tests.browser.chromium import HEIGHT, WIDTH, chromium_page
from activity_sync_tests.browser.stage import set_up
from activity_sync_tests.browser.ui import DagsterUi
from activity_sync_tests.end_to_end.bridge import HUBSPOT_TYPES

IMAGES = PROJECT_ROOT / "docs" / "images"
_COLOURS = 256
"""Enough for a page of text and a few bars, at a third of the size."""
_HEIGHT = {"rerun-failed": 344}
"""Where the rest of the page shows nothing that the docs tell of, as a stack trace with the paths of the machine."""


def main(images: Path = IMAGES) -> None:
    """Every picture of the docs is new."""
    images.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="activity-sync-") as folder,
        set_up(Path(folder), tuple(HUBSPOT_TYPES)) as stage,
        chromium_page(images) as page,
    ):
        ui = DagsterUi(page, stage.address)

        def show(name: str) -> None:
            _picture(page, images / f"{name}.png", height=_HEIGHT.get(name, HEIGHT))

        story.see_the_graph(ui, stage)
        story.carry_one_day(ui, stage, show)
        story.backfill_the_month(ui, stage, show)
        failed = story.meet_a_fault(ui, stage, show)
        story.rerun_what_failed(ui, stage, failed, show)
        story.see_the_failed_record(ui, stage, show)
        story.see_the_plots(ui, stage, show)
        story.reconcile(ui, show)
        story.see_the_graph(ui, stage)
        ui.zoom_out()
        show("asset-graph")


def _picture(page: Page, path: Path, *, height: int) -> None:
    page.wait_for_timeout(1_000)  # what moves has come to rest
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
