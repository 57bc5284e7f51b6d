"""The counts as they stand in `docs/real-data.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from activity_sync_tests.end_to_end.real_data.crossing import Crossed

COMMAND = "python -m activity_sync_tests.end_to_end.real_data --write"
_BEGIN, _END = "<!-- written by the command: begin -->", "<!-- written by the command: end -->"


def counts_table(crossed: Sequence[Crossed]) -> str:
    """Given, created and all others, per source and flow, as a Markdown table."""
    groups: dict[tuple[str, str], list[Crossed]] = {}
    for one in crossed:
        groups.setdefault((one.given.source, one.given.flow), []).append(one)
    rows = [_counts(f"`{source}`", f"`{flow}`", group) for (source, flow), group in sorted(groups.items())]
    return _table(
        ("source", "flow", "given", "created", "share", "all others, with their reasons"),
        [*rows, _counts("all", "", crossed)],
    )


def losses_table(crossed: Iterable[Crossed]) -> str:
    """What the targets do not hold as it was given, as a Markdown table."""
    found = Counter(
        (one.given.flow, one.given.kind.value, loss["field"], loss["what"], loss.get("detail", ""))
        for one in crossed
        for loss in one.losses
    )
    rows = [
        (f"`{flow}`", kind, f"`{field}`", what.replace("_", " "), detail, str(count))
        for (flow, kind, field, what, detail), count in sorted(found.items())
    ]
    return _table(("flow", "type", "field", "what", "detail", "records"), rows)


def updated(page: str, crossed: Sequence[Crossed], today: date) -> str:
    """The page with these counts in place of its old ones. ValueError where it has no place for them."""
    before, marked, rest = page.partition(_BEGIN)
    _, closed, after = rest.partition(_END)
    if not (marked and closed):
        raise ValueError("the page does not say where the counts stand")
    parts = [
        _BEGIN,
        f"Counted on {today.isoformat()} by `{COMMAND}`.",
        counts_table(crossed),
        "## What did not fit",
        losses_table(crossed),
        _END,
    ]
    return before + "\n\n".join(parts) + after


def _counts(source: str, flow: str, group: Sequence[Crossed]) -> tuple[str, ...]:
    created = sum(one.outcome == "created" for one in group)
    others = Counter(f"{one.outcome}: {one.reason}" for one in group if one.outcome != "created")
    reasons = "; ".join(f"{count} {why}" for why, count in sorted(others.items())) or "none"
    return source, flow, str(len(group)), str(created), f"{created / len(group):.1%}", reasons


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
