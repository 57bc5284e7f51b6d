"""The CRMs: one folder each, with the same file names, behind the protocols of `system.py`."""
