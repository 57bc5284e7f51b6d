"""The files of an activity as lines under the body of its copy: name, size, kind, and a link. Pure.

Each system's files are a field of its own that one flow carries and the other does not know: the list in a copy is
made of the original's files, and is no file of the copy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from activity_sync.activities.files import GONE, UNREADABLE, AttachedFile
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.activities.loss import Loss
from activity_sync.mapping.configured import Carried, FieldProblem, Mappings
from activity_sync.mapping.cut import LengthUnit, cut_text
from activity_sync.mapping.rules import FieldRule, Kind, SystemMapping, TypeMapping

LABEL: Final = "Attachment"
_OTHER_LABEL: Final = "Attached file"
"""Where people list something else under the usual label."""
_BODY: Final = "body"
_LONGEST_NAME: Final = 120
_LONGEST_KIND: Final = 60
_KILO: Final = 1024


def files_field(system: str) -> str:
    """The canonical field that holds what a system tells of an activity's files."""
    return f"{system}_files"


def own_files_field(mapping: TypeMapping) -> str | None:
    """The field of the files that activities of this system have, where they are carried."""
    name = files_field(mapping.system)
    return name if name in mapping.fields else None


def without_files(mapping: TypeMapping) -> dict[str, FieldRule]:
    """The fields of an activity itself."""
    return {
        name: rule
        for name, rule in mapping.fields.items()
        if not rule.several and not (rule.source_only and rule.kind is Kind.TRANSLATOR)
    }


def with_files(found: Mappings, types: Mapping[Flow, Collection[ActivityType]]) -> Mappings:
    """The mappings with the files of every flow's source listed in its target. `types`: both flows, those enabled."""
    rules = {name: {kind: dict(one.fields) for kind, one in each.types.items()} for name, each in found.systems.items()}
    carried, problems = dict(found.carried), list(found.problems)
    for flow, kinds in types.items():
        name = files_field(flow.source)
        for kind in kinds:
            target = rules[flow.target][kind]
            if any(name in each[kind] for each in rules.values()):
                problems.append(FieldProblem(flow.name, kind, name, "", "this name is taken by files; choose another"))
                continue
            rules[flow.source][kind][name] = FieldRule(kind=Kind.TRANSLATOR, source_only=True)
            target[name] = _listed(target)
            back = carried.get((flow.mirror.name, kind), Carried())
            carried[flow.mirror.name, kind] = replace(back, left_out=back.left_out | {name})
            if kind in types.get(flow.mirror, ()):
                here = carried.get((flow.name, kind), Carried())
                carried[flow.name, kind] = replace(here, one_way=here.one_way | {name})
    systems = {
        name: SystemMapping(
            system=name,
            types={kind: _with_rules(each.types[kind], rules[name][kind]) for kind in each.types},
        )
        for name, each in found.systems.items()
    }
    return Mappings(systems, carried, tuple(problems))


def list_files(files: Sequence[AttachedFile], *, opens_at: str) -> str | None:
    """One line for each file that still is, or None. `opens_at`: where people find those that have no link."""
    return "\n".join(_line(one, opens_at) for one in files if one.problem != GONE) or None


def losses_of(field: str, files: Sequence[AttachedFile]) -> tuple[Loss, ...]:
    """What could not be learnt of the files, told in numbers."""
    known = [one for one in files if one.id]
    gone = sum(one.problem == GONE for one in known)
    unreadable = sum(one.problem == UNREADABLE for one in known)
    losses = []
    if len(known) < len(files):
        losses.append(Loss(field, "dropped", "we may not read whether there are files"))
    if gone:
        losses.append(Loss(field, "dropped", f"{gone} of {len(known)} files are gone"))
    if unreadable:
        losses.append(Loss(field, "dropped", f"of {unreadable} of {len(known)} files we may read nothing but the id"))
    return tuple(losses)


def too_large_to_carry(field: str, files: Sequence[AttachedFile], *, at_most: int) -> Loss | None:
    """That some of the files are larger than may be carried; they stay listed. In numbers."""
    known = [one for one in files if one.id and not one.problem]
    large = sum(one.size is not None and one.size > at_most for one in known)
    return Loss(field, "dropped", f"{large} of {len(known)} files are too large to be carried") if large else None


def size_in_words(size: int) -> str:
    """A number of bytes as a reader takes it in."""
    amount, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    return f"{amount:.0f} {unit}" if unit in {"B", "KB"} or amount >= 10 else f"{amount:.1f} {unit}"


def _line(file: AttachedFile, opens_at: str) -> str:
    name = _short(file.name, _LONGEST_NAME) or f"file {file.id}"
    told = [size_in_words(file.size)] if file.size is not None else []
    told += [kind] if (kind := _short(file.kind, _LONGEST_KIND)) else []
    url = file.url or opens_at
    return name + (f" ({', '.join(told)})" if told else "") + (f" - {url}" if url else "")


def _short(text: str, limit: int) -> str:
    """One line, its white space single. A cut shows."""
    whole = " ".join(text.split())
    kept = cut_text(whole, limit, unit=LengthUnit.CHARS)
    return kept if kept == whole else f"{kept.rstrip()}…"


def _listed(fields: Mapping[str, FieldRule]) -> FieldRule:
    columns = fields[_BODY].write
    taken = {rule.label for rule in fields.values() if rule.kind is Kind.LISTED}
    label = _OTHER_LABEL if LABEL in taken else LABEL
    return FieldRule(kind=Kind.LISTED, read=columns, write=columns, inside=_BODY, label=label, several=True)


def _with_rules(mapping: TypeMapping, fields: Mapping[str, FieldRule]) -> TypeMapping:
    if fields == dict(mapping.fields):
        return mapping
    return TypeMapping(system=mapping.system, type=mapping.type, notation=mapping.notation, fields=fields)
