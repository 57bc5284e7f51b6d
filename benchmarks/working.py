"""A worker between fresh systems: what the CPU and memory measurements run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.campaign import Campaign
from benchmarks.where import installation, sandboxes

FLOWS = ("hubspot_to_dynamics", "dynamics_to_hubspot")


def worked(flow: str, emails: int, *options: str) -> list[dict[str, Any]]:
    """The passes of a worker over new e-mails, as it prints them. The sandboxes run in a process of their own."""
    campaign = Campaign(emails, contacts=max(min(emails // 4, 1_000), 2), companies=100, deals=50)
    with tempfile.TemporaryDirectory(prefix="activity-sync-work-") as folder:
        home = Path(folder)
        with sandboxes(home, campaign.seed(flow.partition("_")[0]), 0) as systems:
            command = [sys.executable, "-m", "benchmarks.worker", flow, f"{campaign.day:%Y-%m-%d}", *options]
            told = subprocess.run(command, env=installation(home, systems), stdout=subprocess.PIPE, check=True)
            found: list[dict[str, Any]] = json.loads(told.stdout)
            return found
