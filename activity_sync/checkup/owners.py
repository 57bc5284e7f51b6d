"""How the owners of the two systems match. Pure. Findings count people and name none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from activity_sync.activities.identity import Flow
from activity_sync.configuration import OwnersConfig
from activity_sync.findings import Finding, fine, warn, wrong
from activity_sync.pipeline.resolver import match_owners
from activity_sync.systems.records import Owner


def owner_findings(
    flows: Sequence[Flow], owners: Mapping[str, Mapping[str, Owner]], config: OwnersConfig
) -> Iterator[Finding]:
    """One finding per flow; one for the fallback; one for each override that leads nowhere. `owners`: by system."""
    for flow in flows:
        yield _matched(flow, owners[flow.source], owners[flow.target], config)
    targets = {flow.target: _addresses(owners[flow.target]) for flow in flows}
    if config.fallback is not None:
        yield _fallback(config.fallback.lower(), targets)
    everybody = frozenset[str]().union(*targets.values())
    for number, address in enumerate(config.overrides.values(), start=1):
        if address.lower() not in everybody:
            yield wrong(
                f"owners.overrides.{number}",
                f"the address that entry {number} of owners.overrides leads to is no active user's",
                "correct the address on its right side, or remove the entry",
            )


def _matched(flow: Flow, source: Mapping[str, Owner], target: Mapping[str, Owner], config: OwnersConfig) -> Finding:
    match = match_owners(config, target)
    active = [one for one in source.values() if one.active]
    rules = Counter(match(one).owner_rule for one in active)
    by_key = rules["email"] + rules["override"]
    name, told = f"owners.{flow.name}", f"{by_key} of {len(active)} active owners in {flow.source}"
    if by_key == len(active):
        return fine(name, f"{told} have an active user in {flow.target}")
    rest = "go to the fallback" if rules["fallback"] else "carry no owner"
    return warn(
        name,
        f"{told} have an active user in {flow.target}; activities of the other {len(active) - by_key} {rest}",
        "give them users with the same address, or list them in owners.overrides"
        + ("" if rules["fallback"] else ", or set owners.fallback"),
    )


def _fallback(address: str, targets: Mapping[str, frozenset[str]]) -> Finding:
    lacking = [system for system, addresses in targets.items() if address not in addresses]
    if not lacking:
        return fine("owners.fallback", "owners.fallback is an active user of every target")
    message = f"owners.fallback is no active user of {' or '.join(lacking)}"
    remedy = "give the address of an active user there, or null"
    return (wrong if len(lacking) == len(targets) else warn)("owners.fallback", message, remedy)


def _addresses(owners: Mapping[str, Owner]) -> frozenset[str]:
    return frozenset(one.email.lower() for one in owners.values() if one.active and one.email)
