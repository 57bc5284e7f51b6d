"""Carrying the files of linked activities: `attachments.files`, and nothing else.

After the activities of a batch are written, one file at a time: announced in the ledger, claimed, looked for under its
own key, fetched, kept, noted, attached, noted again. A run that is killed in between leaves a row that is due; the next
one finds what was done and does the rest. What goes wrong with a file stands in its own row and keeps no activity back.
"""

from __future__ import annotations

import logging
import mimetypes
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from activity_sync.activities.files import GONE, AttachedFile
from activity_sync.activities.identity import RecordRef, file_key
from activity_sync.errors import (
    AuthenticationFailed,
    MalformedResponse,
    RecordError,
    RetriableError,
    ServerUnavailable,
    Unreachable,
)
from activity_sync.ledger.carried import CarriedFile
from activity_sync.ledger.rows import LinkRow, LinkState
from activity_sync.pipeline.attached import most_bytes
from activity_sync.pipeline.rows import Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.files import (
    FORBIDDEN,
    LOOK_AGAIN,
    REMOVED,
    TOO_LARGE,
    FileState,
    FileStep,
    decide_file,
    judge_try,
)
from activity_sync.systems.records import KeptFile, WriteResult
from activity_sync.systems.system import Files

_log = logging.getLogger(__name__)

_CARRIES: Final = frozenset({"created", "updated", "unchanged"})
"""Only what is in step gets its files; what waits, is held or failed gets them when it is no longer so."""
_IN_MEMORY: Final = 1_048_576
_REFUSALS: Final = 3
"""After so many refusals for a missing right, and nothing that was allowed, no further file is asked for."""
_UNANSWERED: Final = frozenset({"busy", "uncertain"})
_FORBIDDEN: Final = WriteResult("refused", status=FORBIDDEN, code="missing_right")


@dataclass(frozen=True, slots=True)
class _Item:
    """One file that something is to be done about."""

    link: LinkRow
    file: AttachedFile
    row: CarriedFile
    step: FileStep


class FileCarrier:
    """Carries the files of one load. After an outage, or refusals that tell of a missing right, it asks no more."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self._out_of_order = False
        self._refusals = 0
        self._was_allowed = False

    @property
    def source(self) -> Files:
        """Where the files come from."""
        return self.session.source(self.scope).files

    @property
    def target(self) -> Files:
        """Where they go."""
        return self.session.target(self.scope).files

    async def carry(self, results: Sequence[Result]) -> Counter[str]:
        """The files of these results are carried, or have a row that says why not; how many became what.

        By `carried`, `too_large`, `failed` and `waiting`. AuthenticationFailed where the credentials themselves fail.
        """
        found = Counter[str]()
        if not self.session.configuration.attachments.files:
            return found
        self._set_aside(results)
        wanted = self._announce(results)
        if not wanted:
            return found
        items = await self._items(wanted, found)
        by_link: dict[int, list[_Item]] = {}
        for one in items:
            by_link.setdefault(one.link.id, []).append(one)
        for some in by_link.values():
            found += await self._carry_some(some)
        if found:
            _log.info(
                "flow=%s type=%s event=files %s",
                self.scope.flow.name,
                self.scope.activity_type,
                " ".join(f"{name}={number}" for name, number in sorted(found.items())),
            )
        return found

    def _set_aside(self, results: Sequence[Result]) -> None:
        """What was due and cannot be carried now makes nobody read its activity again with every run.

        A file that its activity does not name any more was removed. One that may not be read, or whose activity is not
        in step, is looked for a day later, or when the activity is read for another reason.
        """
        flow, now = self.scope.flow, self.session.clock()
        due = set(self.session.ledger.files_due(flow.source, self.scope.activity_type, now))
        by_id = {one.proposal.source_id: one for one in results if one.proposal.source_id in due}
        if not by_id:
            return
        links = self.session.ledger.links(flow.source, self.scope.activity_type, list(by_id))
        of_link = {link.id: by_id[source_id] for source_id, link in links.items()}
        changes = []
        for (link_id, file_id), row in self.session.ledger.carried_files(list(of_link), flow.source).items():
            if row.state is FileState.DONE or row.next_try is None or row.next_try > now:
                continue
            result = of_link[link_id]
            named = {one["id"]: one for one in result.proposal.files if "id" in one}
            later = replace(row, next_try=now + LOOK_AGAIN)
            if result.outcome not in _CARRIES:
                changes.append((row, later))
            elif file_id not in named or named[file_id].get("problem") == GONE:
                changes.append((row, replace(row, state=FileState.FAILED, code=REMOVED, next_try=None)))
            elif named[file_id].get("problem"):
                changes.append((row, replace(later, state=FileState.FAILED, code=_FORBIDDEN.code)))
        if changes:
            self.session.ledger.settle_files(changes)

    def _announce(self, results: Sequence[Result]) -> list[tuple[LinkRow, AttachedFile]]:
        """The files of linked activities; each has a row in the ledger from here on."""
        told = {
            one.proposal.source_id: [AttachedFile.from_json(each) for each in one.proposal.files]
            for one in results
            if one.outcome in _CARRIES and one.proposal.files
        }
        told = {source_id: [one for one in files if one.id and not one.problem] for source_id, files in told.items()}
        told = {source_id: files for source_id, files in told.items() if files}
        if not told:
            return []
        flow, kind = self.scope.flow, self.scope.activity_type
        rows = self.session.ledger.links(flow.source, kind, list(told))
        wanted = [
            (row, file)
            for source_id, files in told.items()
            if (row := rows.get(source_id)) is not None and row.state is LinkState.LINKED
            for file in files
            if row.sides[flow.target].record_id
        ]
        known = self.session.ledger.carried_files([row.id for row, _ in wanted], flow.source)
        new = [(row.id, file.id) for row, file in wanted if (row.id, file.id) not in known]
        if new:
            self.session.ledger.announce_files(flow.source, new, now=self.session.clock())
        return wanted

    async def _items(self, wanted: Sequence[tuple[LinkRow, AttachedFile]], found: Counter[str]) -> list[_Item]:
        now = self.session.clock()
        rows = self.session.ledger.carried_files([link.id for link, _ in wanted], self.scope.flow.source)
        undone = [(link, file) for link, file in wanted if rows[link.id, file.id].state is not FileState.DONE]
        if not undone:
            return []
        try:
            at_most = await most_bytes(self.session, self.scope)
        except (RetriableError, Unreachable):
            self._out_of_order = True
            found["waiting"] += len(undone)
            return []
        items = []
        for link, file in undone:
            row = rows[link.id, file.id]
            step = decide_file(
                row.state, code=row.code, next_try=row.next_try, size=file.size, at_most=at_most, now=now
            )
            if step is not FileStep.LEAVE:
                items.append(_Item(link, file, row, step))
        return items

    async def _carry_some(self, items: Sequence[_Item]) -> Counter[str]:
        """The files of one activity."""
        found = Counter[str]()
        kept: list[tuple[_Item, CarriedFile]] = []
        for one in items:
            if self._out_of_order:
                found["waiting"] += 1  # its row is due
                continue
            row = self.session.ledger.claim_file(one.row, now=self.session.clock())
            if row is None:
                continue  # another run has it
            if one.step is FileStep.ATTACH:
                kept.append((one, row))
                continue
            result = WriteResult("refused", code=TOO_LARGE) if one.step is FileStep.REFUSE else await self._put(one)
            if result.outcome not in {"done", "exists"}:
                found[self._note(one, row, result)] += 1
                continue
            made = replace(row, state=FileState.MADE, target_file=result.id or "", code="", correlation_id="")
            if self.session.ledger.settle_files([(row, made)]) == [True]:
                kept.append((one, made))
        if kept:
            found += await self._attach(kept)
        return found

    async def _put(self, item: _Item) -> WriteResult:
        """The file stands in the target: it did already, or is fetched and kept."""
        flow, kind, file = self.scope.flow, self.scope.activity_type, item.file
        if self._refusals >= _REFUSALS and not self._was_allowed:
            return _FORBIDDEN
        source_id = item.link.sides[flow.source].record_id or ""
        wanted = KeptFile(
            key=file_key(
                account=self.session.accounts[flow.source].id,
                activity=RecordRef(flow.source, kind.value, source_id),
                file_id=file.id,
                generation=item.link.generation,
            ),
            record_id=item.link.sides[flow.target].record_id or "",
            name=file.name or f"file {file.id}",
            kind=file.kind if "/" in file.kind else mimetypes.guess_type(file.name)[0] or "",
        )

        async def put() -> WriteResult:
            there = await self.target.find(wanted)
            if there is not None:
                return WriteResult("exists", there)
            at_most = await most_bytes(self.session, self.scope)
            if self.session.spool is not None:
                self.session.spool.mkdir(parents=True, exist_ok=True)
            # It has no name on the disk, so that nothing of it is left there whatever becomes of this process.
            with tempfile.SpooledTemporaryFile(
                max_size=_IN_MEMORY, dir=str(self.session.spool) if self.session.spool else None
            ) as content:
                fetched = await self.source.fetch(file, content, at_most=at_most)
                if fetched.outcome != "done":
                    return fetched
                content.seek(0)
                return await self.target.keep(kind, wanted, content)

        result = await self._ask(put)
        self._was_allowed = self._was_allowed or result.outcome == "done"
        return result

    async def _attach(self, kept: Sequence[tuple[_Item, CarriedFile]]) -> Counter[str]:
        found = Counter[str]()
        record_id = kept[0][0].link.sides[self.scope.flow.target].record_id or ""
        files = [row.target_file for _, row in kept]
        result = await self._ask(lambda: self.target.attach(self.scope.activity_type, record_id, files))
        if result.outcome == "done":
            done = [
                (row, replace(row, state=FileState.DONE, code="", correlation_id="", next_try=None)) for _, row in kept
            ]
            found["carried"] += sum(self.session.ledger.settle_files(done))
            return found
        for item, row in kept:
            found[self._note(item, row, result)] += 1
        return found

    async def _ask(self, call: Callable[[], Awaitable[WriteResult]]) -> WriteResult:
        """The result of a call, also where it is an error that concerns one file, or an outage."""
        try:
            result = await call()
        except (RetriableError, Unreachable) as error:
            self._out_of_order = True
            maybe = isinstance(error, ServerUnavailable) and error.maybe_applied
            result = WriteResult(
                "uncertain" if maybe else "busy",
                status=error.status,
                code=error.code or "no_answer",
                correlation_id=error.correlation_id or "",
            )
        except OSError:
            self._out_of_order = True
            result = WriteResult("busy", code="no_room_to_spool")
        except AuthenticationFailed as error:
            if error.status != FORBIDDEN:
                raise
            result = WriteResult(
                "refused", status=FORBIDDEN, code="missing_right", correlation_id=error.correlation_id or ""
            )
        except (MalformedResponse, RecordError) as error:
            result = WriteResult(
                "refused",
                status=error.status,
                code=error.code or "not_understood",
                correlation_id=error.correlation_id or "",
            )
        self._refusals += result.status == FORBIDDEN
        return result

    def _note(self, item: _Item, row: CarriedFile, result: WriteResult) -> str:
        """The ledger has what became of a try that did not end well; its name among the counts."""
        verdict = judge_try(result.outcome, status=result.status, kept=bool(row.target_file), now=self.session.clock())
        code = result.code or str(result.status or result.outcome)
        became = replace(
            row, state=verdict.state, next_try=verdict.next_try, code=code, correlation_id=result.correlation_id
        )
        self.session.ledger.settle_files([(row, became)])
        name = TOO_LARGE if code == TOO_LARGE else "waiting" if result.outcome in _UNANSWERED else "failed"
        _log.warning(
            "flow=%s type=%s event=file_%s id=%s file=%s status=%s code=%s correlation_id=%s",
            self.scope.flow.name,
            self.scope.activity_type,
            name,
            item.link.sides[self.scope.flow.source].record_id,
            item.file.id,
            result.status,
            code,
            result.correlation_id,
        )
        return name
