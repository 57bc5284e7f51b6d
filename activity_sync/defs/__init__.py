"""Dagster: assets, partitions, jobs, checks, resources. No rules here."""
