"""What every run would do first, done once in the process that the runs are forked from: imports, parsing, compiling.

Nothing here starts a thread or keeps anything open.
"""

from activity_sync.ledger.ledger import Ledger
from activity_sync.mapping import load_mapping
from activity_sync.systems.registry import SYSTEMS
from activity_sync_tests.crashes.carrying import Job
from activity_sync_tests.end_to_end.at_once import Leg

for name in SYSTEMS:
    load_mapping(name)
Ledger.open("sqlite://").close()

__all__ = ["Job", "Leg"]
