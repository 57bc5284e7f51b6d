"""The console script: one group, and the only place where an error becomes a message and an exit code."""

from __future__ import annotations

import json
import logging
import sys
from typing import NoReturn

import click

from activity_sync.cli.check import check
from activity_sync.cli.demo import demo
from activity_sync.cli.erase import erase
from activity_sync.cli.failures import failures
from activity_sync.cli.held import held
from activity_sync.cli.ledger import ledger
from activity_sync.cli.limits import limits
from activity_sync.cli.reconcile import reconcile
from activity_sync.cli.sandbox import sandbox
from activity_sync.cli.status import status
from activity_sync.cli.sync import sync
from activity_sync.cli.trace import trace
from activity_sync.cli.waiting import waiting
from activity_sync.errors import ActivitySyncError, ConfigurationError, FatalError

WRONG_USE = 2
SYSTEMIC = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="activity-sync")
def cli() -> None:
    """Keep CRM activities in step between HubSpot and Microsoft Dynamics 365.

    Exit codes: 0 success, 1 some records of this run failed, 2 wrong use or configuration, 3 a systemic fault.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


for _command in (check, demo, erase, failures, held, ledger, limits, reconcile, sandbox, status, sync, trace, waiting):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        code = cli.main(arguments, prog_name="activity-sync", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        if not as_json:
            error.show()
        sys.exit(_report(ConfigurationError(error.format_message()), as_json=as_json, quiet=not as_json))
    except ActivitySyncError as error:
        sys.exit(_report(error, as_json=as_json, quiet=False))
    except Exception as error:
        # A defect of ours: the trace is for whoever reports it, the document for whoever reads stdout.
        logging.getLogger(__name__).exception("activity-sync met what it does not know")
        sys.exit(_report(FatalError(f"{type(error).__name__}: {error}"), as_json=as_json, quiet=False))
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: ActivitySyncError, *, as_json: bool, quiet: bool) -> int:
    """One clear message on stderr, or one JSON document on stdout; the exit code."""
    code = WRONG_USE if isinstance(error, ConfigurationError) else SYSTEMIC
    if as_json:
        document = {
            "code": type(error).__name__,
            "message": error.message,
            "system": error.system,
            "setting": error.setting,
        }
        click.echo(json.dumps({"error": document}, ensure_ascii=False))
    elif not quiet:
        setting = f" (see {error.setting})" if error.setting and error.setting not in error.message else ""
        click.echo(f"error: {error.message}{setting}", err=True)
    return code
