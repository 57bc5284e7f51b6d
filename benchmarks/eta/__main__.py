"""`python -m benchmarks.eta`: a first sync, then a burst, with what was said of their end at each tenth of the way.

Both sandboxes run in a process of their own, with the limits that the APIs publish and an answer time; the sync is the
real command. A third process, this one, reads the ledger as `activity-sync status` does. The truth is when the load
had ended. The first sync meets an installation that has never seen a row; the burst, one that has.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.ledger import Ledger
from activity_sync.pipeline.progress import Course, courses_of
from activity_sync.rules.eta import error_of
from activity_sync.settings import Settings
from activity_sync_tests.end_to_end.bridge import iso
from activity_sync_tests.end_to_end.mailing import Mailing
from benchmarks.documents import Measurement
from benchmarks.where import installation, sandboxes

FLOW = "hubspot_to_dynamics"
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Said:
    """What the ledger told at one moment, `seconds` after the run of the type had begun.

    `total`: how long the run was said to take in all, `at_least` by the limits alone; None while nobody could tell.
    """

    seconds: float
    step: str
    done: int
    total: float | None
    at_least: float | None


@dataclass(frozen=True)
class Tenth:
    """What was said at a share of the way. `error`: of the whole; `error_left`: of the time that was left."""

    share: float
    step: str
    estimated: float | None
    error: float | None
    error_left: float | None


@dataclass(frozen=True)
class Measured:
    """One run. `first`: the first estimate, and how long after the beginning it was there."""

    name: str
    emails: int
    seconds: float
    first_after: float | None
    first_estimated: float | None
    first_error: float | None
    first_floor: float | None
    tenths: tuple[Tenth, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints a table, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eta", description=__doc__)
    parser.add_argument("--first", type=int, default=1_500, help="e-mails of the first sync")
    parser.add_argument("--burst", type=int, default=4_000, help="e-mails of the burst")
    parser.add_argument("--latency-ms", type=float, default=100.0, help="how long each answer takes besides")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    measurement = Measurement.begin(
        "eta",
        f"python -m benchmarks.eta --first {given.first} --burst {given.burst} --latency-ms {given.latency_ms:g}",
    )
    seed = Mailing(given.first + given.burst).seed("hubspot")
    with tempfile.TemporaryDirectory(prefix="activity-sync-eta-") as folder:
        home = Path(folder)
        first, burst = split(seed, given.first)
        with sandboxes(home, first, given.latency_ms) as systems:
            environ = installation(home, systems)
            runs = [measure("first sync", given.first, environ)]
            refresh(burst)
            httpx.post(f"{environ['HUBSPOT_BASE_URL']}/_sandbox/seed", json=burst, timeout=120).raise_for_status()
            time.sleep(5)  # HubSpot's index lags, here as there
            runs.append(measure("burst", given.burst, environ))
    measurement.keep({"runs": [asdict(one) for one in runs]}, given.out)
    for one in runs:
        show(one)
    return 0


# --- what runs


def measure(name: str, emails: int, environ: Mapping[str, str]) -> Measured:
    """One sync of the e-mails, watched from here."""
    settings = Settings.from_environ(environ)
    command = [sys.executable, "-m", "activity_sync", "sync", "--flow", FLOW, "--type", "email", "--json"]
    said: list[Said] = []
    began: datetime | None = None
    ended = datetime.now(tz=UTC)
    with (
        Ledger.open(settings.ledger_url) as ledger,
        subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sync,
    ):
        while sync.poll() is None:
            now = datetime.now(tz=UTC)
            course = courses_of(ledger.progress(FLOW), now).get(ActivityType.EMAIL)
            if course is not None:
                began = began or course.began_at
                said.append(_said(course, now, began))
                ended = datetime.now(tz=UTC)
            time.sleep(LOOK_SECONDS)
        answer = json.loads(sync.stdout.read() if sync.stdout else b"")
    created = answer["flows"][FLOW]["email"]["created"]
    if created != emails or began is None:
        raise SystemExit(f"{name}: {created} of {emails} e-mails were created; the measurement means nothing")
    return judge(name, emails, said, (ended - began).total_seconds())


def _said(course: Course, now: datetime, began: datetime) -> Said:
    def since(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - began).total_seconds()

    return Said(
        (now - began).total_seconds(), course.step.value, course.done, since(course.ends_at), since(course.not_before)
    )


# --- what came of it


def judge(name: str, emails: int, said: Sequence[Said], took: float) -> Measured:
    """What was said at each tenth of the way, against what it took in all."""
    first = next((one for one in said if one.total is not None), None)
    tenths = []
    for number in range(1, 10):
        at = took * number / 10
        one = max((one for one in said if one.seconds <= at), key=lambda one: one.seconds, default=said[0])
        known = one.total is not None
        tenths.append(
            Tenth(
                share=number / 10,
                step=one.step,
                estimated=_rounded(one.total),
                error=_rounded(error_of(estimated=one.total or 0.0, actual=took), 3) if known else None,
                error_left=_rounded(error_of(estimated=(one.total or 0.0) - one.seconds, actual=took - one.seconds), 3)
                if known
                else None,
            )
        )
    return Measured(
        name=name,
        emails=emails,
        seconds=round(took, 1),
        first_after=_rounded(first.seconds) if first else None,
        first_estimated=_rounded(first.total) if first else None,
        first_error=_rounded(error_of(estimated=first.total or 0.0, actual=took), 3) if first else None,
        first_floor=_rounded(first.at_least) if first else None,
        tenths=tuple(tenths),
    )


def show(one: Measured) -> None:
    """The run as a table on the terminal."""
    sys.stdout.write(f"{one.name}: {one.emails:,} e-mails in {one.seconds} s\n")
    if one.first_error is not None:
        sys.stdout.write(
            f"  first estimate after {one.first_after} s: {one.first_estimated} s ({one.first_error:+.0%}), "
            f"not before {one.first_floor} s\n"
        )
    for tenth in one.tenths:
        told = "unknown" if tenth.error is None else f"{tenth.estimated} s in all, {tenth.error:+.0%}"
        left = "" if tenth.error_left is None else f" (of what was left: {tenth.error_left:+.0%})"
        sys.stdout.write(f"  {tenth.share:.0%} {tenth.step}: {told}{left}\n")


def _rounded(number: float | None, digits: int = 1) -> float | None:
    return None if number is None else round(number, digits)


# --- the amount of work


def split(seed: Mapping[str, Any], first: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything with the first e-mails only, and the others for HubSpot alone."""
    hubspot = seed["hubspot"]
    emails, ends = hubspot["objects"]["emails"], hubspot["associations"]
    ids = {one["id"] for one in emails[:first]}
    before = hubspot | {
        "objects": hubspot["objects"] | {"emails": emails[:first]},
        "associations": [one for one in ends if one["from"][1] in ids],
    }
    after = {"objects": {"emails": emails[first:]}, "associations": [one for one in ends if one["from"][1] not in ids]}
    return {"hubspot": before, "dynamics": seed["dynamics"]}, after


def refresh(burst: Mapping[str, Any]) -> None:
    """These e-mails were made and modified within the last minute."""
    emails = burst["objects"]["emails"]
    start = datetime.now(tz=UTC) - timedelta(seconds=60)
    for number, one in enumerate(emails):
        one["createdAt"] = one["updatedAt"] = iso(start + timedelta(seconds=55 * number / len(emails)))


if __name__ == "__main__":
    sys.exit(main())
