"""The four steps over staging, ledger and two systems. No rules here, no vendor, no Dagster."""
