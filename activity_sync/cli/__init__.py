"""The `activity-sync` command: a thin shell over the same pipeline and the same Dagster definitions."""
