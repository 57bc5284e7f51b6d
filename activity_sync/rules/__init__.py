"""What the sync decides: pure functions over values. No I/O, no clock (sync-rules.md is the specification)."""
