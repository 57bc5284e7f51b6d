"""How a write treats the block under a body (`appendix.py`): makes it, keeps it, or writes it alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from activity_sync.activities.activity import Activity, RichText
from activity_sync.activities.loss import Loss
from activity_sync.mapping import TypeMapping, encode_fields
from activity_sync.mapping.cut import length
from activity_sync.systems.dynamics.appendix import BODY, Block, Column, make_block, split_block
from activity_sync.systems.dynamics.associations import can_be_party
from activity_sync.systems.records import TargetLink

_NOBODY = Block()


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """What becomes of the block in one write.

    `stands`: a block that stays as it is. `limits`: what is left of the column for the body. `rewrites`: the body is
    to be written besides. `alone`: the text to stand above the block where no body is written; None: then nothing is.
    """

    column: Column
    block: Block = _NOBODY
    stands: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    rewrites: bool = False
    alone: str | None = None

    def complete(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """The body's column as it is sent, given the columns that are written so far; empty where it is not."""
        name = self.column.name
        if name not in columns and self.alone is None:
            return {}
        text = columns.get(name, self.alone) or ""
        return {name: (text + self.stands if self.stands else self.block.under(text, self.column)) or columns.get(name)}

    def losses(self, found: Iterable[Loss]) -> list[Loss]:
        """The losses; those of records that are named say so."""
        named = {f"{kind}/{record_id}" for kind, record_id in self.block.records}
        return [
            replace(one, what="appended") if one.field == "associations" and one.detail in named else one
            for one in found
        ]


def without_block(mapping: TypeMapping, payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """A row with its body alone, and the block that stood there."""
    name = mapping.fields[BODY].write[0]
    text = payload.get(name)
    if not isinstance(text, str):
        return payload, ""
    body, block = split_block(text)
    return ({**payload, name: body}, block) if block else (payload, "")


def plan_body(
    mapping: TypeMapping,
    column: Column,
    activity: Activity,
    about: tuple[str, str] | None,
    *,
    only: Collection[str] | None,
    current: Activity | None,
    named: Sequence[TargetLink] | None,
) -> BodyPlan:
    """How a write of `activity`, which is about `about` afterwards, treats the block. `named` as for `encode`."""
    stands = current.appendix if current is not None and only is not None else ""
    writes_body = only is None or BODY in only
    if named is None:
        left = _left(column, length(stands, column.unit))
        return BodyPlan(column, stands=stands, limits=left) if writes_body else BodyPlan(column)
    unplaced = [link for link in named if (link.kind, link.id) != about and not can_be_party(activity.type, link.kind)]
    wanted = list({(link.kind, link.id): link for link in unplaced}.values())
    block = make_block(wanted, column)
    if only is None:
        return BodyPlan(column, block, limits=_left(column, block.size(column)), alone="" if block.lines else None)
    if writes_body:
        return BodyPlan(column, block, limits=_left(column, block.size(column)))
    if current is None:
        return BodyPlan(column)
    text = _text(current)
    if block.under(text, column) == text + stands:
        return BodyPlan(column, block)
    if stands and _is_our_cut(mapping, column, activity, text=text, stands=stands):
        # With more room, or less, another part of the whole body fits.
        return BodyPlan(column, block, limits=_left(column, block.size(column)), rewrites=True)
    return BodyPlan(column, make_block(wanted, column, room=column.limit - length(text, column.unit)), alone=text)


def _left(column: Column, taken: int) -> dict[str, int]:
    return {column.name: column.limit - taken} if taken else {}


def _text(current: Activity) -> str:
    body = current.fields.get(BODY)
    return body.text if isinstance(body, RichText) else ""


def _is_our_cut(mapping: TypeMapping, column: Column, activity: Activity, *, text: str, stands: str) -> bool:
    """Whether what stands there is the source's body, cut because of the block."""
    limits = _left(column, length(stands, column.unit))
    encoded = encode_fields(mapping, activity.fields, only=frozenset({BODY}), limits=limits)
    return any(loss.what == "cut" for loss in encoded.losses) and encoded.properties.get(column.name) == text
