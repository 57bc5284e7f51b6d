"""A page in the machine's own Chromium, without a screen; what it showed is kept when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from activity_sync_tests.conftest import chromium_path

WIDTH, HEIGHT = 1440, 900
_PATIENCE_MS = 30_000
"""How long a page may take to show what its server knows; what runs may take is told where they are awaited."""
_ARGUMENTS = (
    "--no-sandbox",  # root, as in containers, has no other way
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # It looks for nothing outside this machine.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@contextmanager
def chromium_page(evidence: Path) -> Iterator[Page]:
    """A page until the block ends. If the block raises, `evidence` holds a picture and the text of the page."""
    path = chromium_path()
    if path is None:
        raise FileNotFoundError("no Chromium on this machine: install Debian's package chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        page = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US", timezone_id="UTC"
        ).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        try:
            yield page
        except BaseException as error:
            _keep(page, evidence, error)
            raise
        finally:
            browser.close()


def _keep(page: Page, folder: Path, error: BaseException) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / "page.png")
    (folder / "page.txt").write_text(f"{page.url}\n\n{page.inner_text('body')}", encoding="utf-8")
    error.add_note(f"What the browser showed: {folder / 'page.png'}, and its text: {folder / 'page.txt'}")
