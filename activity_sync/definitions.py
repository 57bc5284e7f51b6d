"""Dagster's entry point: everything comes from the configuration file."""

import dagster as dg

from activity_sync.bootstrap import read_configuration, read_settings
from activity_sync.defs.build import build_definitions

defs: dg.Definitions = build_definitions(read_configuration(read_settings()))
