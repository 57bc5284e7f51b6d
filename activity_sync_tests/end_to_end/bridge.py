"""Both sandboxes and one installation of the product between them, for tests: real HTTP, real files, real Dagster."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.launch import FlowRun, launch
from activity_sync.cli.people import SandboxUser
from activity_sync.cli.sync import chosen_days, chosen_flows, chosen_types
from activity_sync.configuration import load_configuration
from activity_sync.ledger.ledger import Ledger
from activity_sync.sandbox.serve import RunningSandboxes
from activity_sync.settings import Settings

HUBSPOT_TYPES = {"note": "notes", "task": "tasks", "call": "calls", "email": "emails", "meeting": "meetings"}
DYNAMICS_TABLES = {
    "note": "annotation",
    "task": "task",
    "call": "phonecall",
    "email": "email",
    "meeting": "appointment",
}


@dataclass
class Bridge:
    """One installation with a home of its own. `environ` is what its commands see.

    `begins`: the first day of its history where no configuration says another one. Dagster lists every partition at
    every run: the days from 2015 on take longer than all the work of most tests.
    """

    sandboxes: RunningSandboxes
    home: Path
    environ: dict[str, str]
    begins: date | None = None
    people: SandboxUser = field(init=False)

    def __post_init__(self) -> None:
        self.people = SandboxUser(self.sandboxes.environment)

    @property
    def settings(self) -> Settings:
        return Settings.from_environ(self.environ)

    def configure(self, text: str) -> None:
        """The configuration file holds this YAML from now on, and where history begins if that is told beside it."""
        path = self.home / "sync.yaml"
        begin = f"start_date: {self.begins}"
        if self.begins is not None and "start_date" not in text:
            text = f"{{{begin}, {text[1:]}" if text.startswith("{") else f"{begin}\n{text}"
        path.write_text(text, encoding="utf-8")
        self.environ["ACTIVITY_SYNC_CONFIG"] = os.environ["ACTIVITY_SYNC_CONFIG"] = str(path)

    def sync(
        self,
        flow: str | None = None,
        kind: str | None = None,
        *,
        first: str | None = None,
        last: str | None = None,
        preview: bool = False,
        failed: bool = False,
    ) -> dict[str, FlowRun]:
        """One pass in this process, by flow: as the command does it, but for the command line.

        Raises what the command would exit 3 for.
        """
        configuration = load_configuration(self.settings.config_path)
        days = chosen_days(configuration, first, last)
        types = chosen_types(kind)
        console = Console(quiet=True)
        runs = {
            one.name: launch(
                self.settings,
                configuration,
                one,
                [each for each in configuration.enabled(one) if each in types],
                days=days,
                wait=True,
                console=console,
                preview=preview,
                failed=failed,
            )
            for one in chosen_flows(configuration, flow)
        }
        for run in runs.values():
            if run.error is not None:
                raise run.error
        return runs

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The real command in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "activity_sync", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def ledger(self) -> Ledger:
        """This installation's ledger."""
        return Ledger.open(self.settings.ledger_url)

    def counterpart(self, system: str, kind: str, record_id: str) -> str | None:
        """The id on the other side of a linked record."""
        with self.ledger() as ledger:
            link = ledger.links(system, ActivityType(kind), [record_id]).get(record_id)
        if link is None:
            return None
        return next(side.record_id for name, side in link.sides.items() if name != system)

    # --- what the sandboxes hold

    def seed(self, document: Mapping[str, Any]) -> None:
        """Records as given, with their ids and times."""
        self.sandboxes.load(document)

    def hubspot(self, object_type: str) -> dict[str, dict[str, Any]]:
        """All living HubSpot records of a type, by id."""
        objects = self.sandboxes.hubspot.store.dump()["objects"].get(object_type, [])
        return {one["id"]: one for one in objects if not one.get("archived")}

    def dynamics(self, table: str) -> dict[str, dict[str, Any]]:
        """All rows of a Dynamics table, by id."""
        rows = self.sandboxes.dynamics.store.dump()["rows"].get(table, [])
        key = {"annotation": "annotationid"}.get(
            table, "activityid" if table in DYNAMICS_TABLES.values() else f"{table}id"
        )
        return {one[key]: one for one in rows}

    def associations(self, object_type: str, record_id: str) -> set[tuple[str, str]]:
        """(object type, id) of every HubSpot record that this one is associated with."""
        found = set()
        for one in self.sandboxes.hubspot.store.dump()["associations"]:
            left, right = tuple(one["from"]), tuple(one["to"])
            if left == (object_type, record_id):
                found.add(right)
            if right == (object_type, record_id):
                found.add(left)
        return found

    # --- what was asked of them

    def forget(self) -> None:
        """The request logs are empty."""
        for sandbox in (self.sandboxes.hubspot, self.sandboxes.dynamics):
            sandbox.controls.requests.clear()

    def asked(self, system: str) -> dict[str, Any]:
        """What was asked of a sandbox since the last `forget`."""
        sandbox = self.sandboxes.hubspot if system == "hubspot" else self.sandboxes.dynamics
        return sandbox.controls.requests.shown(last=0)

    def writes(self) -> int:
        """Records written in both since the last `forget`."""
        return sum(self.asked(system)["writes"] for system in ("hubspot", "dynamics"))


def totals(runs: Mapping[str, FlowRun]) -> dict[str, int]:
    """The counts of all flows and types together, those that are not zero."""
    found: dict[str, int] = {}
    for run in runs.values():
        for counts in run.counts.values():
            for name, number in counts.items():
                if number:
                    found[name] = found.get(name, 0) + number
    return found


def iso(moment: datetime) -> str:
    """A time as both APIs write it, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(**parts: float) -> datetime:
    """A time in the past."""
    return datetime.now(tz=UTC) - timedelta(**parts)


def hubspot_people(count: int = 3) -> dict[str, Any]:
    """A HubSpot seed of `count` contacts `person-N@acme.example`, one company `acme.example`, one owner."""
    made = iso(ago(days=40))
    return {
        "owners": [
            {
                "id": "7001",
                "userId": 7101,
                "email": "olga@ourfirm.example",
                "firstName": "Olga",
                "lastName": "Owner",
                "archived": False,
                "createdAt": made,
                "updatedAt": made,
            }
        ],
        "objects": {
            "contacts": [
                {
                    "id": str(1001 + n),
                    "properties": {"email": f"person-{n}@acme.example", "firstname": f"Person {n}"},
                    "createdAt": made,
                    "updatedAt": made,
                }
                for n in range(count)
            ],
            "companies": [
                {
                    "id": "2001",
                    "properties": {"name": "Acme", "domain": "acme.example"},
                    "createdAt": made,
                    "updatedAt": made,
                }
            ],
        },
        "associations": [],
    }


CONTACT_IDS: Sequence[str] = [f"00000000-0000-4000-8000-0000000{1001 + n:05d}" for n in range(30_000)]
ACCOUNT_ID = "00000000-0000-4000-8000-000000002001"
USER_ID = "00000000-0000-4000-8000-000000007001"


def dynamics_people(count: int = 3) -> dict[str, Any]:
    """The same people as `hubspot_people` in Dynamics."""
    made = ago(days=40).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return {
        "records": {
            "systemuser": [
                {
                    "systemuserid": USER_ID,
                    "fullname": "Olga Owner",
                    "internalemailaddress": "olga@ourfirm.example",
                    "isdisabled": False,
                }
            ],
            "account": [
                {
                    "accountid": ACCOUNT_ID,
                    "name": "Acme",
                    "websiteurl": "https://www.acme.example/",
                    "createdon": made,
                    "modifiedon": made,
                }
            ],
            "contact": [
                {
                    "contactid": CONTACT_IDS[n],
                    "firstname": "Person",
                    "lastname": str(n),
                    "emailaddress1": f"person-{n}@acme.example",
                    "createdon": made,
                    "modifiedon": made,
                }
                for n in range(count)
            ],
        }
    }


__all__ = [
    "ACCOUNT_ID",
    "CONTACT_IDS",
    "DYNAMICS_TABLES",
    "HUBSPOT_TYPES",
    "USER_ID",
    "Bridge",
    "ago",
    "dynamics_people",
    "hubspot_people",
    "iso",
    "totals",
]
