"""Mails, calendars and recorded activities that nobody of the project wrote, as records to carry in both directions.

They lie beside the project (`../shared/data`, described in its SOURCES.md) and are not copied into it.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
DATA = ROOT / ".." / "shared" / "data"
PAGE = ROOT / "docs" / "real-data.md"
