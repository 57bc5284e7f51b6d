"""Whether the ledger can be used, and belongs to the accounts that the credentials open."""

from __future__ import annotations

from collections.abc import Mapping

from activity_sync.errors import LedgerUnusable
from activity_sync.findings import Finding, broken, failure, fine, wrong
from activity_sync.ledger.ledger import Ledger
from activity_sync.settings import Settings


def ledger_findings(settings: Settings, found: Mapping[str, str]) -> list[Finding]:
    """`found`: the account ids that the credentials open, by system; systems that were not reached are left out.

    A ledger that does not exist yet is not made.
    """
    name = "ledger"
    if not Ledger.exists(settings.ledger_url):
        return [fine(name, "there is no ledger yet: the first run begins it with these accounts")]
    try:
        with Ledger.open(settings.ledger_url) as ledger:
            known = ledger.accounts()
    except LedgerUnusable as error:
        return [failure(name, error)]
    if not known:
        return [fine(name, "the ledger can be used; the first run begins it with these accounts")]
    others = [
        broken(
            f"ledger.accounts.{system}",
            f"the ledger belongs to the {system} account {known[system]}, but the credentials open {account}",
            f"use the credentials of {known[system]}, or another ledger (ACTIVITY_SYNC_HOME, ACTIVITY_SYNC_LEDGER_URL)",
        )
        for system, account in found.items()
        if known.get(system, account) != account
    ]
    if not settings.key and not (settings.home / "key").exists():
        others.append(
            wrong(
                "ledger.key",
                "there is a ledger, and the key of its fingerprints is gone: with a new one every record looks changed",
                "restore the file `key` of the home, or set ACTIVITY_SYNC_KEY to what it held",
            )
        )
    return others or [fine(name, "the ledger can be used, and belongs to these accounts")]
