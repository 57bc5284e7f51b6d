"""Everything that `check` looks at, in the order in which a sync would meet it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from activity_sync.checkup.accounts import ledger_findings
from activity_sync.checkup.alerts import alert_findings
from activity_sync.checkup.environment import place_findings, read_environment
from activity_sync.checkup.owners import owner_findings
from activity_sync.checkup.system import Looked, look_at, use_of
from activity_sync.configuration import FLOWS, Configuration, examine_configuration
from activity_sync.errors import ConfigurationError
from activity_sync.findings import Finding, Level, failure, fine, warn, wrong
from activity_sync.settings import Settings
from activity_sync.staging.reachable import look_at as look_at_staging
from activity_sync.systems.records import Use
from activity_sync.systems.registry import SYSTEMS, connect


async def check_up(environ: Mapping[str, str], *, fix: bool) -> list[Finding]:
    """Environment, configuration, staging, both systems, ledger, owners.

    Nothing is written to either system, unless `fix`: then the tracking properties that are missing are made. A system
    whose credentials are incomplete is not asked anything.
    """
    settings, found, closed = read_environment(environ)
    found += place_findings(settings)
    configuration, read = _read(settings.config_path)
    found += [*read, look_at_staging(settings.staging)]
    looked: dict[str, Looked] = {}
    with ExitStack() as stack:
        if any(one.name == "environment.home" and one.level is Level.ERROR for one in found):
            # Calls are counted in the home; without one they are counted aside.
            aside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="activity-sync-check-")))
            settings = replace(settings, home=aside)
        for name in SYSTEMS:
            if name in closed:
                untried = "not tried, as a variable that it needs cannot be used"
                found.append(warn(f"{name}.connection", untried, "correct the variables that are named above"))
                continue
            looked[name] = await _look_at(name, settings, configuration, fix=fix)
            found += looked[name].findings
    ids = {name: one.account_id for name, one in looked.items() if one.account_id is not None}
    found += ledger_findings(settings, ids)
    owners = {name: one.owners for name, one in looked.items() if one.owners is not None}
    if configuration is not None:
        found += alert_findings(configuration.alerts, settings.alerts)
        flows = [flow for flow in FLOWS if configuration.enabled(flow) and {flow.source, flow.target} <= owners.keys()]
        found += owner_findings(flows, owners, configuration.owners) if flows else ()
    return found


async def _look_at(name: str, settings: Settings, configuration: Configuration | None, *, fix: bool) -> Looked:
    shipped = Configuration()
    use = Use() if configuration is None else use_of(name, configuration)
    try:
        async with connect(name, settings, configuration or shipped) as system:
            return await look_at(system, use, fix=fix, filtered_by=(configuration or shipped).also_read(name))
    except ConfigurationError as error:
        return Looked([failure(f"{name}.connection", error)])


def _read(path: Path) -> tuple[Configuration | None, list[Finding]]:
    configuration, problems = examine_configuration(path)
    if configuration is None:
        remedy = "correct it; every setting is in docs/architecture.md, section Configuration"
        many = len(problems) > 1
        return None, [
            wrong(f"configuration.{number}" if many else "configuration", problem, remedy)
            for number, problem in enumerate(problems, start=1)
        ]
    types = {flow.name: len(configuration.enabled(flow)) for flow in FLOWS}
    told = ", ".join(f"{number} types {name}" for name, number in types.items())
    if not any(types.values()):
        return configuration, [warn("configuration", "every type of every flow is switched off", "enable one")]
    return configuration, [fine("configuration", f"the configuration is valid: {told}")]
