"""More records with one and the same modification time than a query can page through, an index that lags, and people
who edit between two pages: everything is carried, and carried once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from activity_sync.sandbox.request_log import Seen
from activity_sync.sandbox.serve import Sandbox
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    USER_ID,
    Bridge,
    ago,
    dynamics_people,
    hubspot_people,
    iso,
    totals,
)
from activity_sync_tests.end_to_end.conftest import make_bridge

TIED = 10_500
OLDER = 5_500
"""Records from before the first day of the configuration. With them, a list of all is dearer than a search."""
LAG_SECONDS = 20
PAGE = 200


@pytest.fixture
def lagging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """A bridge to a HubSpot whose search lags 20 s, and whose time passes only when told to.

    Its rate limits are off: a window of theirs would never end. The product's own limits are on.
    """
    settings = {"search_lag_seconds": LAG_SECONDS, "limits_enabled": False, "dynamics_page_size": 500}
    for bridge in make_bridge(tmp_path, monkeypatch, settings=settings):
        bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
        bridge.sandboxes.hubspot.controls.clock.hold()
        yield bridge


@pytest.mark.slow
def test_ten_thousand_ties_behind_a_lagging_index_edited_while_paged_are_carried_once(
    lagging: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    lagging.configure(f"start_date: {ago(days=2).date()}\n")
    tied, old = iso(ago(hours=2)), iso(ago(days=60))
    ids = [str(10_000 + n) for n in range(TIED)]
    lagging.seed(
        {
            "hubspot": {
                "objects": {
                    "notes": [
                        *(note(record_id, f"Note {record_id}", modified=tied) for record_id in ids),
                        *(note(str(40_000 + n), "Too old", modified=old) for n in range(OLDER)),
                    ]
                },
                "associations": [{"from": ["notes", record_id], "to": ["contacts", "1001"]} for record_id in ids],
            }
        }
    )
    fresh = [create_note(lagging, f"Fresh {n}") for n in range(5)]
    edited = [*ids[:5], *ids[4000:4005], *ids[-5:]]  # one page that is read, one in the middle, the last one

    def edit() -> None:
        edits = [note(record_id, f"Edited {record_id}", modified=None) for record_id in edited]
        lagging.seed({"hubspot": {"objects": {"notes": edits}}})

    after_answers(lagging.sandboxes.hubspot, "search", 3, edit, monkeypatch)
    lagging.forget()

    first = totals(lagging.sync("hubspot_to_dynamics", "note"))
    asked = lagging.asked("hubspot")["by_kind"]
    bodies_at_first = bodies(lagging)
    lagging.sandboxes.hubspot.controls.clock.advance(LAG_SECONDS + 5)
    second = totals(lagging.sync("hubspot_to_dynamics", "note"))
    lagging.forget()
    third = totals(lagging.sync("hubspot_to_dynamics", "note"))

    assert first == {"extracted": TIED, "created": TIED}
    assert "list" not in asked
    assert asked["search"] <= TIED / PAGE + 4
    assert bodies_at_first == Counter(f"Note {record_id}" for record_id in ids)
    assert second == {
        "extracted": len(edited) + len(fresh),
        "created": len(fresh),
        "updated": len(edited),
    }
    texts = {record_id: f"Note {record_id}" for record_id in ids}
    texts |= {record_id: f"Edited {record_id}" for record_id in edited}
    texts |= {record_id: f"Fresh {n}" for n, record_id in enumerate(fresh)}
    assert bodies(lagging) == Counter(texts.values())
    assert set(third) == {"extracted", "unchanged"}
    assert lagging.writes() == 0


def test_ties_of_dynamics_edited_while_paged_are_carried_once(lagging: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    tied = ago(hours=2).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    ids = [f"00000000-0000-4000-8000-0000001{n:05d}" for n in range(1200)]
    lagging.seed({"dynamics": {"records": {"task": [task(record_id, modifiedon=tied) for record_id in ids]}}})
    edited = [*ids[:3], *ids[700:703], *ids[-3:]]
    fresh = "00000000-0000-4000-8000-000000200000"

    def edit() -> None:
        rows = [{"activityid": record_id, "subject": f"Edited {record_id}"} for record_id in edited]
        lagging.seed({"dynamics": {"records": {"task": [*rows, task(fresh)]}}})

    after_answers(lagging.sandboxes.dynamics, "list", 1, edit, monkeypatch)
    lagging.forget()

    first = totals(lagging.sync("dynamics_to_hubspot", "task"))
    pages = lagging.asked("dynamics")["by_kind"]["list"]
    second = totals(lagging.sync("dynamics_to_hubspot", "task"))

    assert pages >= 3
    assert first["created"] == first["extracted"] == len(ids) + 1
    # Those of the page that had been read moved behind the last page; the next pass has the newer state.
    assert second == {"extracted": len(edited) + 1, "updated": 3, "unchanged": len(edited) - 2}
    subjects = {record_id: f"Task {record_id}" for record_id in (*ids, fresh)}
    subjects |= {record_id: f"Edited {record_id}" for record_id in edited}
    tasks = [one["properties"] for one in lagging.hubspot("tasks").values()]
    assert Counter(one["hs_task_subject"] for one in tasks) == Counter(subjects.values())
    assert sorted(one["activity_sync_source_id"] for one in tasks) == sorted(subjects)


def note(record_id: str, body: str, *, modified: str | None) -> dict[str, Any]:
    """A HubSpot note; without a time it is modified when it is loaded."""
    stamps = {"createdAt": modified, "updatedAt": modified} if modified else {}
    made = {"hs_timestamp": modified} if modified else {}
    return {"id": record_id, "properties": {"hs_note_body": body, **made}, **stamps}


def task(record_id: str, **columns: str) -> dict[str, Any]:
    """A Dynamics task that is about the first contact."""
    return {
        "activityid": record_id,
        "subject": f"Task {record_id}",
        "ownerid": {"type": "systemuser", "id": USER_ID},
        "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[0]},
        **columns,
    }


def create_note(bridge: Bridge, body: str) -> str:
    """The id of a note that a person has just created on the first contact: not in the index yet."""
    answer = httpx.post(
        f"{bridge.environ['HUBSPOT_BASE_URL']}/crm/objects/2026-09/notes",
        headers={"Authorization": f"Bearer {bridge.environ['HUBSPOT_ACCESS_TOKEN']}"},
        json={
            "properties": {"hs_note_body": body, "hs_timestamp": iso(ago(minutes=1))},
            "associations": [
                {
                    "to": {"id": "1001"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
                }
            ],
        },
    )
    answer.raise_for_status()
    record_id: str = answer.json()["id"]
    return record_id


def bodies(bridge: Bridge) -> Counter[str]:
    """The texts of all Dynamics notes, without the markup that the server puts around them."""
    return Counter(re.sub("<[^>]*>", "", row["notetext"]) for row in bridge.dynamics("annotation").values())


def after_answers(
    sandbox: Sandbox, kind: str, number: int, do: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`do` happens once, in the sandbox's own thread, when so many requests of a kind have been answered."""
    log = sandbox.controls.requests
    leave = log.leave
    done: list[int] = []

    def leave_and_do(seen: Seen) -> None:
        leave(seen)
        if not done and log.by_kind[kind] >= number:
            done.append(number)
            do()

    monkeypatch.setattr(log, "leave", leave_and_do)
