"""Dagster: assets, partitions, jobs, checks, resources. No rules here."""

import warnings

import dagster as dg

# Backfill policies are marked beta; facts about this version are pinned by requirements.lock.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
