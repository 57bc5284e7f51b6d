"""Two runs at the same moment: each thing is done by one of them."""

from __future__ import annotations

import json

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import NewLink

PRELUDE = """
import json, sys
from datetime import UTC, datetime
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import Ledger
from activity_sync.ledger.rows import Claim, NewLink
ledger = Ledger.open(sys.argv[1])
now = datetime(2026, 11, 2, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
"""

# The second process takes the sources in the opposite order: neither may wait for the other for ever.
ANNOUNCE = (
    PRELUDE
    + """
ids = [f"{one:04}" for one in range(400)][:: int(sys.argv[2])]
fresh = []
for start in range(0, 400, 50):
    creates = [NewLink(ActivityType.CALL, "hubspot", "dynamics", one, key="k" + one) for one in ids[start:start + 50]]
    rows = ledger.announce(creates, now=now)
    assert len(rows) == 50
    fresh += [one for one, row in rows.items() if row.fresh]
print(json.dumps(fresh))
"""
)

CLAIM = (
    PRELUDE
    + """
ids = json.loads(sys.argv[2])
won = []
for start in range(0, len(ids), 20):
    won += ledger.claim([Claim(one, 0, {"by": sys.argv[3]}) for one in ids[start:start + 20]], now=now)
print(json.dumps(won))
"""
)


def answers(processes) -> list[list]:
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # both stand before the door: let them in
        process.stdin.write("\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=60)[0]) for process in processes]


def test_two_processes_announce_the_same_sources_once(url, ledger, start_python):
    first, second = answers([start_python(ANNOUNCE, url, "1"), start_python(ANNOUNCE, url, "-1")])

    assert sorted(first + second) == [f"{one:04}" for one in range(400)]
    assert len(ledger.pending("hubspot", ActivityType.CALL)) == 400


def test_two_processes_claim_each_link_once(url, ledger, now, start_python):
    creates = [NewLink(ActivityType.CALL, "hubspot", "dynamics", str(one), key=f"k{one}") for one in range(300)]
    ids = [row.id for row in ledger.announce(creates, now=now).values()]

    first, second = answers([start_python(CLAIM, url, json.dumps(ids), name) for name in ("one", "two")])

    assert sorted(first + second) == sorted(ids)
    by = {row.id: row.plan["by"] for row in ledger.links_by_id(ids).values()}
    assert by == dict.fromkeys(first, "one") | dict.fromkeys(second, "two")
    assert {row.revision for row in ledger.links_by_id(ids).values()} == {1}
