"""The ledger: which record here is which record there, and what is pending. Nothing that identifies a person.

Ids, keyed hashes, times and codes in a SQL database: SQLite (WAL) by default, PostgreSQL by URL.
"""

from activity_sync.ledger.ledger import Ledger

__all__ = ["Ledger"]
