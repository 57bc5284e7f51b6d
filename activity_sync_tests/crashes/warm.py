"""What every run would do first, done once in the process that the runs are forked from: imports, parsing, compiling.

Nothing here starts a thread or keeps anything open.
"""

import gc

import anyio._backends._asyncio  # noqa: F401 - httpx imports it with the first request

from activity_sync.http.connection import open_connection
from activity_sync.ledger.ledger import Ledger
from activity_sync.mapping import load_mapping
from activity_sync.systems.registry import SYSTEMS
from activity_sync_tests.crashes.carrying import Job
from activity_sync_tests.end_to_end.at_once import Leg

for name in SYSTEMS:
    load_mapping(name)
Ledger.open("sqlite://").close()
open_connection("http://127.0.0.1", timeout_seconds=1.0, transport=None)  # reads which authorities are trusted
gc.collect()
gc.freeze()  # no run looks through what all of them share

__all__ = ["Job", "Leg"]
