"""Faults on demand: which requests shall go wrong, and how."""

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

FaultKind = Literal["status", "drop_before", "drop_after", "status_after", "truncate", "slow", "slow_write"]


class BadFault(ValueError):
    """A fault that cannot be: unknown kind, unknown field, broken expression."""


@dataclass(frozen=True)
class Fault:
    """One rule. It applies to requests whose method, path (with query) and route kind all match.

    kind: `status` answers `status` without applying the request; `status_after` applies it, then answers
    `status`; `drop_before` and `drop_after` cut the connection before or after applying; `truncate` cuts it in the
    middle of the answer's body; `slow` answers correctly, `delay_ms` later; `slow_write` likewise, but applies the
    request at once, and only a request that has written a record waits.
    A request that matches fires the rule when it is past the first `skip` matches, the rule has fired fewer
    than `times` times (None: no end), and a draw falls under `probability`. `retry_after` is in seconds (None:
    the header is left out). Token requests match only a `route` given as `token`.
    """

    kind: FaultKind
    method: str = ".*"
    path: str = ".*"
    route: str = ".*"
    status: int = 500
    retry_after: float | None = None
    delay_ms: float = 0.0
    skip: int = 0
    times: int | None = None
    probability: float = 1.0

    def concerns(self, method: str, path: str, route: str) -> bool:
        """Whether this rule is about such a request."""
        if route == "token" and self.route != "token":
            return False
        return bool(
            re.fullmatch(self.method, method, re.IGNORECASE)
            and re.search(self.path, path)
            and re.fullmatch(self.route, route)
        )


def fault_from(given: Mapping[str, Any]) -> Fault:
    """Reads a rule from JSON. Raises BadFault."""
    unknown = set(given) - {field.name for field in fields(Fault)}
    if unknown:
        raise BadFault(f"A fault has no {', '.join(sorted(unknown))}.")
    if given.get("kind") not in get_args(FaultKind):
        raise BadFault(f"A fault's kind is one of {', '.join(get_args(FaultKind))}.")
    try:
        for name in ("method", "path", "route"):
            re.compile(given.get(name, ".*"))
    except re.error as broken:
        raise BadFault(f"Not a regular expression: {broken}.") from broken
    return Fault(**given)


class FaultPlan:
    """The rules in force, in order; the first that fires wins. Draws come from a seeded generator."""

    def __init__(self, *, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._rules: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Puts a rule in force."""
        self._rules.append((fault, [0, 0]))

    def clear(self) -> None:
        """Takes all rules out of force."""
        self._rules.clear()

    def draw(self, method: str, path: str, *, route: str) -> Fault | None:
        """The fault that befalls this request, if any. Counts matches, so ask once a request."""
        for fault, counts in self._rules:
            if not fault.concerns(method, path, route):
                continue
            counts[0] += 1
            spent = fault.times is not None and counts[1] >= fault.times
            if counts[0] <= fault.skip or spent or self._random.random() >= fault.probability:
                continue
            counts[1] += 1
            return fault
        return None

    def shown(self) -> list[dict[str, Any]]:
        """Every rule with how often it matched and fired."""
        return [asdict(fault) | {"matched": counts[0], "fired": counts[1]} for fault, counts in self._rules]
