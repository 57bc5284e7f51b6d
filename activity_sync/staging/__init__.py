"""Staging: what every step of every run saw, decided and got, as Parquet files that DuckDB writes and reads.

The only room that knows DuckDB. Each run writes files of its own, so that no process waits for another.
"""

from activity_sync.staging.staging import Staging

__all__ = ["Staging"]
