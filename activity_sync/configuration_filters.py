"""How the YAML file writes a filter: `field`, `operator` and `value`, or several of these under all, any or not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from activity_sync.mapping.attached import without_files
from activity_sync.mapping.rules import Kind, TypeMapping
from activity_sync.mapping.values import OTHER
from activity_sync.marked_yaml import Path
from activity_sync.rules.conditions import ABOUT, ORDERING, All, AnyOf, Condition, Not, Operator, Scalar, Test

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LISTED = frozenset({Operator.ONE_OF, Operator.NONE_OF})
_ALONE = frozenset({Operator.KNOWN, Operator.UNKNOWN})
_TEXTS = frozenset({Operator.CONTAINS, Operator.BEGINS_WITH})

One = bool | int | float | datetime | date | str


class FilterConfig(BaseModel):
    """One condition: `field`, `operator` and `value`; or `all`, `any`, `not` around others. See docs/filters.md.

    `field`: one of docs/mapping.md, or `contact.NAME`, `company.NAME`, `deal.NAME`, `ticket.NAME` and `activity.NAME`
    for a property as the source itself calls it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str | None = None
    operator: Operator | None = None
    value: One | tuple[One, ...] | None = None
    all: tuple[FilterConfig, ...] | None = None
    any: tuple[FilterConfig, ...] | None = None
    not_: FilterConfig | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _is_one_condition(self) -> Self:
        given = [one for one in ("field", "all", "any") if getattr(self, one) is not None]
        given += ["not"] if self.not_ is not None else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} stand in one condition; put them under `all` or `any`, as a list")
        if given and given[0] != "field" and (self.operator is not None or self.value is not None):
            raise ValueError(f"`operator` and `value` belong beside `field`, not beside `{given[0]}`")
        if not given:
            raise ValueError(
                "holds no condition; write {field: status, operator: is, value: completed}, or all, any, not of such"
            )
        if given[0] == "field":
            self._check_test()
        elif () in (self.all, self.any):
            raise ValueError(f"`{given[0]}` holds no condition; put some into its list, or remove it")
        return self

    def _check_test(self) -> None:
        about, dot, name = (self.field or "").rpartition(".")
        if not _NAME.fullmatch(name) or (dot and about not in ABOUT):
            raise ValueError(
                f"{self.field!r} is no field; use one of docs/mapping.md, or "
                + ", ".join(f"{one}.NAME" for one in ABOUT)
                + " with the name that the source itself gives the property"
            )
        if self.operator is None:
            raise ValueError(f"lacks `operator`; use {', '.join(Operator)}")
        many = isinstance(self.value, tuple)
        if self.operator in _ALONE:
            if self.value is not None:
                raise ValueError(f"`{self.operator}` takes no value; remove it")
            return
        if self.value is None or self.value == ():
            raise ValueError(f"`{self.operator}` needs a `value`; for an empty field there are known and unknown")
        if many != (self.operator in _LISTED):
            raise ValueError(
                f"`{self.operator}` takes several values; write a list, as [one, another]"
                if not many
                else f"`{self.operator}` takes one value; for several there are one_of and none_of"
            )
        if self.operator in ORDERING and (isinstance(self.value, bool | str) or many):
            raise ValueError(
                f"`{self.operator}` compares; use a number, a day or a time, as 2024-01-31, without quotes"
            )
        if self.operator in _TEXTS and not (isinstance(self.value, str) and self.value.strip()):
            raise ValueError(f"`{self.operator}` needs a text; put what looks like a number or a day in quotes")

    @property
    def condition(self) -> Condition:
        """The condition that it writes."""
        if self.all is not None:
            return All(tuple(one.condition for one in self.all))
        if self.any is not None:
            return AnyOf(tuple(one.condition for one in self.any))
        if self.not_ is not None:
            return Not(self.not_.condition)
        about, _, name = (self.field or "").rpartition(".")
        given: tuple[Scalar, ...]
        given = self.value if isinstance(self.value, tuple) else () if self.value is None else (self.value,)
        return Test(name, self.operator or Operator.KNOWN, given, about)


def misnamed(given: FilterConfig, mapping: TypeMapping, path: Path) -> Iterator[tuple[Path, str]]:
    """What no activity of this type has: fields, and values of a field that has a closed list of them; with its place.

    `mapping`: that of the flow's source. `path`: where the condition stands in the file.
    """
    for name in ("all", "any"):
        for number, one in enumerate(getattr(given, name) or ()):
            yield from misnamed(one, mapping, (*path, name, number))
    if given.not_ is not None:
        yield from misnamed(given.not_, mapping, (*path, "not"))
    if given.field is None or "." in given.field:
        return
    fields = without_files(mapping)
    rule = fields.get(given.field)
    if rule is None:
        near = difflib.get_close_matches(given.field, fields, n=1)
        hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(fields)}."
        yield (
            (*path, "field"),
            f"a {mapping.type} has no such field; {hint} A property of {mapping.system}'s own is activity.NAME",
        )
    elif rule.kind in {Kind.CHOICE, Kind.STATE}:
        known = list(dict.fromkeys(one.value for one in rule.choices if one.value is not None))
        listed = given.value if isinstance(given.value, tuple) else () if given.value is None else (given.value,)
        wrong = [one for one in listed if not (str(one) in known or str(one).startswith(OTHER))]
        if wrong and given.operator not in _TEXTS:
            told = "this value" if "@" in str(wrong[0]) else repr(str(wrong[0]))
            yield (*path, "value"), f"{given.field} is never {told}; it is one of {', '.join(known)}"
