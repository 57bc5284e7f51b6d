"""The ledger as the rest of the project sees it. Every method is one transaction; nothing is held between two.

Safe for several processes and threads. The wall clock is the caller's: `now` is passed in, aware.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.ledger import (
    accounts,
    carried,
    changes,
    choices,
    counterparts,
    leases,
    links,
    made,
    outstanding,
    progress,
    reads,
    turns,
    watermarks,
)
from activity_sync.ledger.carried import CarriedFile
from activity_sync.ledger.choices import Choice
from activity_sync.ledger.counterparts import Counterpart
from activity_sync.ledger.engine import connect, may_exist, reading, writing
from activity_sync.ledger.leases import Lease
from activity_sync.ledger.made import MadeRecord
from activity_sync.ledger.migrate import migrate
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.progress import Rate, StepProgress
from activity_sync.ledger.reads import Read
from activity_sync.ledger.rows import AdoptedLink, Claim, LinkChange, LinkRow, LinkVersion, NewLink
from activity_sync.ledger.scratch import copied

# Inserting waits for a faster process's row and then meets it: seen at the next look. More looks would be a defect.
_LOOKS = 5


class Ledger:
    """Which record here is which record there, and what is pending. `Ledger.open(url)` as a context manager."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Ledger:
        """The ledger at a SQLAlchemy URL, made or migrated as needed. LedgerUnusable says what to do."""
        engine = connect(url)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def copy(self, path: Path) -> Ledger:
        """A ledger of its own that holds what this one does now, in a file that did not exist; nobody has a lease."""
        return Ledger(copied(self._engine, path))

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there may be a ledger at a URL: False only for an SQLite file that is not there."""
        return may_exist(url)

    def close(self) -> None:
        """No connection is open."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- accounts and mapping

    def confirm_accounts(self, account_ids: Mapping[str, str]) -> None:
        """The ledger belongs to these accounts (by system). LedgerUnusable names both when it has others."""
        with writing(self._engine) as connection:
            accounts.confirm(connection, account_ids)

    def confirm_key(self, mark: str) -> None:
        """The ledger's fingerprints are made with the key of this mark (`settings.key_mark`). LedgerUnusable if not."""
        with reading(self._engine) as connection:
            begun_with = accounts.key_mark(connection)
        if begun_with is None:
            with writing(self._engine) as connection:
                begun_with = accounts.begin_key(connection, mark)
        accounts.confirm_key(begun_with, mark)

    def accounts(self) -> dict[str, str]:
        """The accounts confirmed so far, by system."""
        with reading(self._engine) as connection:
            return accounts.known(connection)

    def keys_unread(self, activity_type: ActivityType) -> bool:
        """Whether this ledger is new, and nobody has looked yet for keys that an earlier one left in the systems."""
        with reading(self._engine) as connection:
            return accounts.keys_unread(connection, activity_type)

    def note_keys_read(self, activity_type: ActivityType) -> None:
        """What keys of ours the systems hold of this type is known to the ledger now."""
        with writing(self._engine) as connection:
            accounts.note_keys_read(connection, activity_type)

    def mapping_revision(self, scope: str) -> str | None:
        """The revision of the mapping that `scope` (a flow and type, say) was last carried under."""
        with reading(self._engine) as connection:
            return accounts.mapping_revision(connection, scope)

    def store_mapping_revision(self, scope: str, revision: str) -> None:
        """`scope` is now carried under this revision."""
        with writing(self._engine) as connection:
            accounts.store_mapping_revision(connection, scope, revision)

    # --- links

    def links(self, system: str, activity_type: ActivityType, record_ids: Collection[str]) -> dict[str, LinkRow]:
        """Per record of `system` its living link, else its last tombstoned one; absent where there is none."""
        with reading(self._engine) as connection:
            return links.by_record(connection, system, activity_type, record_ids)

    def link_versions(
        self, system: str, activity_type: ActivityType, record_ids: Collection[str]
    ) -> dict[str, LinkVersion]:
        """Of the links that `links` gives, only what tells whether they have moved."""
        with reading(self._engine) as connection:
            return links.versions(connection, system, activity_type, record_ids)

    def link_by_id(self, link_id: int) -> LinkRow | None:
        """The link, or None."""
        return self.links_by_id([link_id]).get(link_id)

    def links_by_id(self, link_ids: Collection[int]) -> dict[int, LinkRow]:
        """The links of these ids."""
        with reading(self._engine) as connection:
            return links.load(connection, link_ids)

    def links_by_key(self, keys: Collection[str]) -> dict[str, LinkRow]:
        """The links made under these keys of ours: how a record just created is known before its id is."""
        with reading(self._engine) as connection:
            return links.by_key(connection, keys)

    def pending(self, origin: str, activity_type: ActivityType) -> list[LinkRow]:
        """Creates from `origin` whose end is unknown, oldest first."""
        with reading(self._engine) as connection:
            return links.pending(connection, origin, activity_type)

    def unfinished(self, activity_type: ActivityType) -> list[LinkRow]:
        """Links with a write plan that was never settled, oldest first."""
        with reading(self._engine) as connection:
            return links.unfinished(connection, activity_type)

    def with_waiting_elements(self, activity_type: ActivityType) -> list[LinkRow]:
        """Linked rows of which at least one association waits for its record."""
        with reading(self._engine) as connection:
            return links.with_waiting_elements(connection, activity_type)

    def hanging(
        self, system: str, activity_type: ActivityType, *, since: datetime, until: datetime, at_once: int
    ) -> Iterator[dict[str, set[tuple[str, str]]]]:
        """By record id, what linked activities are known to hang on in the system; of links last touched in between.

        In slices of at most `at_once` activities, each read when it is asked for.
        """
        after: int | None = 0
        while after is not None:
            with reading(self._engine) as connection:
                found, after = links.hanging(
                    connection, system, activity_type, since=since, until=until, after=after, limit=at_once
                )
            if found:
                yield found

    def fed_at(self, flow: str, activity_type: ActivityType) -> datetime | None:
        """When associations were last compared for the flow and type; None before the first time."""
        with reading(self._engine) as connection:
            return accounts.fed_at(connection, flow, activity_type)

    def note_fed(self, flow: str, activity_type: ActivityType, at: datetime) -> None:
        """Associations have been compared."""
        with writing(self._engine) as connection:
            accounts.note_fed(connection, flow, activity_type, at)

    def take_turn(self, what: str, flow: str, activity_type: ActivityType, *, now: datetime, every: timedelta) -> bool:
        """Whether nobody has had this turn for so long; the caller has it now."""
        with reading(self._engine) as connection:  # nearly always enough, and nobody waits for a read
            if not turns.is_due(connection, what, flow, activity_type, now=now, every=every):
                return False
        with writing(self._engine) as connection:
            return turns.take(connection, what, flow, activity_type, now=now, every=every)

    def linked_twice(self) -> list[tuple[str, str, str]]:
        """System, type and id of records with two counterparts: none, or the database has lost its constraint."""
        with reading(self._engine) as connection:
            return links.linked_twice(connection)

    def linked_ids(self, system: str, activity_type: ActivityType) -> list[str]:
        """The system's records that have a counterpart."""
        with reading(self._engine) as connection:
            return links.linked_ids(connection, system, activity_type)

    def is_linked(self, system: str, activity_type: ActivityType) -> bool:
        """Whether any record of the system has a counterpart."""
        with reading(self._engine) as connection:
            return links.is_linked(connection, system, activity_type)

    def delete_due(self, system: str, activity_type: ActivityType) -> list[LinkRow]:
        """Ended links whose delete in `system` its own flow has not acted on yet, oldest first."""
        with reading(self._engine) as connection:
            return links.delete_due(connection, system, activity_type)

    def announce(self, creates: Sequence[NewLink], *, now: datetime) -> dict[str, LinkRow]:
        """A committed pending row per source id. `fresh=False`: another run was faster; do not create."""
        return self._until_seen(lambda connection: changes.announce(connection, creates, now=now))

    def adopt(self, adopted: Sequence[AdoptedLink], *, now: datetime) -> dict[str, LinkRow]:
        """A linked row per origin id. `fresh=False`: one of the two records has this living link already."""
        return self._until_seen(lambda connection: changes.adopt(connection, adopted, now=now))

    def claim(self, claims: Sequence[Claim], *, now: datetime) -> set[int]:
        """The link ids won by compare-and-set: their plan is stored and their revision is one higher."""
        with writing(self._engine) as connection:
            return changes.claim(connection, claims, now=now)

    def settle(self, link_changes: Sequence[LinkChange], *, now: datetime, known: Sequence[LinkRow] = ()) -> set[int]:
        """The link ids changed. Left out: moved since (`expect_revision`), unknown, or its record is taken.

        `known`: links as they were last read, which are read again only where they have moved.
        """
        with writing(self._engine) as connection:
            return changes.settle(connection, link_changes, now=now, known=known)

    def discard(self, link_ids: Sequence[int]) -> None:
        """Pending links whose create was certainly refused are gone; nothing was written under their keys."""
        with writing(self._engine) as connection:
            changes.discard(connection, link_ids)

    def part(self, link: LinkRow, again: Sequence[Outstanding], *, now: datetime) -> bool:
        """The two records of this link have no counterpart, and no rule ever links them again; False: it has moved.

        `again`: what is to be looked at because of that.
        """
        with writing(self._engine) as connection:
            if not changes.forget(connection, link.id, expect_revision=link.revision):
                return False
            choices.store(connection, choices.apart(link, now))
            outstanding.record(connection, again)
            return True

    # --- outstanding records

    def record_outstanding(self, rows: Sequence[Outstanding]) -> None:
        """Each is outstanding; one recorded before keeps its `since` and counts one more attempt."""
        with writing(self._engine) as connection:
            outstanding.record(connection, rows)

    def clear_outstanding(self, flow: str, activity_type: ActivityType, source_ids: Collection[str]) -> None:
        """None of these is outstanding."""
        with writing(self._engine) as connection:
            outstanding.clear(connection, flow, activity_type, source_ids)

    def outstanding(
        self, flow: str, activity_type: ActivityType, source_ids: Collection[str]
    ) -> dict[str, Outstanding]:
        """Those of these that are outstanding, by source id."""
        with reading(self._engine) as connection:
            return outstanding.of_records(connection, flow, activity_type, source_ids)

    def due(
        self, flow: str, activity_type: ActivityType, now: datetime, *, mapping: str | None = None
    ) -> list[Outstanding]:
        """Those whose next try has come, the longest waiting first; then those that failed under another `mapping`."""
        with reading(self._engine) as connection:
            return outstanding.due(connection, flow, activity_type, now, mapping=mapping)

    def retry_failed(self, rows: Sequence[Outstanding], *, now: datetime) -> None:
        """Those of these that failed, dismissed or not, are due now."""
        with writing(self._engine) as connection:
            outstanding.retry(connection, rows, now)

    def dismiss_failed(self, rows: Sequence[Outstanding]) -> None:
        """Those of these that failed are neither listed nor tried again until their record changes."""
        with writing(self._engine) as connection:
            outstanding.dismiss(connection, rows)

    def list_outstanding(
        self,
        state: OutstandingState | None = None,
        *,
        flow: str | None = None,
        activity_type: ActivityType | None = None,
    ) -> list[Outstanding]:
        """All that match, oldest first."""
        with reading(self._engine) as connection:
            return outstanding.listed(connection, state, flow, activity_type)

    def count_outstanding(
        self, *, before: datetime | None = None
    ) -> dict[tuple[str, ActivityType, OutstandingState], int]:
        """How many per flow, type and state; absent where none. `before`: only those listed since before then."""
        with reading(self._engine) as connection:
            return outstanding.counted(connection, before=before)

    # --- people's choices

    def choose(self, made: Sequence[Choice], *, concerned: Sequence[Outstanding] = ()) -> None:
        """Each is its record's one choice from now on, and held records that it concerns are looked at again."""
        with writing(self._engine) as connection:
            choices.store(connection, made)
            if concerned:
                outstanding.look_again(connection, concerned, made[0].made_at)

    def choices(self, system: str, activity_type: ActivityType) -> dict[str, Choice]:
        """What people decided about the system's records of this type, by record id."""
        with reading(self._engine) as connection:
            return choices.of_type(connection, system, activity_type)

    def forget_choices(self, system: str, activity_type: ActivityType, record_ids: Collection[str]) -> None:
        """A run has acted on these choices. Those that keep two records apart stay."""
        with writing(self._engine) as connection:
            choices.forget(connection, system, activity_type, record_ids)

    # --- counterparts that look-ups found

    def note_counterparts(self, flow: Flow, kind: str, found: Mapping[str, tuple[str, str]], *, now: datetime) -> None:
        """By source id, these counterparts have just been found: their id, and a keyed hash of the source's keys."""
        with writing(self._engine) as connection:
            counterparts.note(connection, flow, kind, found, now=now)

    def counterparts(self, flow: Flow, kind: str, source_ids: Collection[str]) -> dict[str, Counterpart]:
        """By source id, what look-ups found last; absent where nothing is noted."""
        with reading(self._engine) as connection:
            return counterparts.known(connection, flow, kind, source_ids)

    def seen_on(self, system: str, kind: str, record_ids: Collection[str]) -> dict[str, tuple[ActivityType, str]]:
        """By record of the system, an activity there that hangs on it as far as the ledger knows: its type and id."""
        with reading(self._engine) as connection:
            return counterparts.seen_on(connection, system, kind, record_ids)

    # --- records made on demand

    def announce_records(
        self, flow: Flow, kind: str, source_ids: Sequence[str], *, now: datetime
    ) -> dict[str, MadeRecord]:
        """A committed row per source record whose counterpart is to be made; the one that is there is not `fresh`."""
        with writing(self._engine) as connection:
            return made.announce(connection, flow, kind, source_ids, now=now)

    def announce_record_again(self, flow: Flow, kind: str, seen: MadeRecord, *, now: datetime) -> bool:
        """A create that certainly had not happened is announced anew; False where another run was faster."""
        with writing(self._engine) as connection:
            return made.announce_again(connection, flow, kind, seen, now=now)

    def settle_records(self, flow: Flow, kind: str, counterparts: Mapping[str, str], *, now: datetime) -> None:
        """The counterparts of these source records are made."""
        with writing(self._engine) as connection:
            made.settle(connection, flow, kind, counterparts, now=now)

    def discard_records(self, flow: Flow, kind: str, source_ids: Collection[str]) -> None:
        """These announcements came to nothing, certainly."""
        with writing(self._engine) as connection:
            made.discard(connection, flow, kind, source_ids)

    def made_records(self, flow: Flow, kind: str, source_ids: Collection[str]) -> dict[str, str]:
        """Those of the source's records whose counterpart we made, or that were made themselves, with the other id."""
        with reading(self._engine) as connection:
            return made.counterparts(connection, flow, kind, source_ids)

    # --- files that are carried

    def announce_files(self, system: str, wanted: Collection[tuple[int, str]], *, now: datetime) -> None:
        """Each of these links and files of `system` has a committed row; what is new is pending, and due."""
        with writing(self._engine) as connection:
            carried.announce(connection, system, wanted, now=now)

    def carried_files(self, link_ids: Collection[int], system: str | None = None) -> dict[tuple[int, str], CarriedFile]:
        """By link and file what is known of the files of these links, those from `system` or from either."""
        with reading(self._engine) as connection:
            return carried.of_links(connection, link_ids, system)

    def claim_file(self, seen: CarriedFile, *, now: datetime) -> CarriedFile | None:
        """The file as it is now that it is this caller's to carry; None where another run was faster."""
        with writing(self._engine) as connection:
            return carried.claim(connection, seen, now=now)

    def settle_files(self, changes: Sequence[tuple[CarriedFile, CarriedFile]]) -> list[bool]:
        """Each file is what became of it (seen, became); False where another run has claimed it since."""
        with writing(self._engine) as connection:
            return [carried.settle(connection, seen, became) for seen, became in changes]

    def retry_files(self, failed: Sequence[CarriedFile], *, now: datetime) -> list[CarriedFile]:
        """Those of these that no run has taken up since are due now, but for what is too large; none is dismissed."""
        with writing(self._engine) as connection:
            return [carried.retry(connection, one, now=now) for one in failed]

    def dismiss_files(self, failed: Sequence[CarriedFile]) -> list[CarriedFile]:
        """Those of these that no run has taken up since are neither listed nor tried any more, until `retry_files`."""
        with writing(self._engine) as connection:
            return [carried.dismiss(connection, one) for one in failed]

    def files_due(self, system: str, activity_type: ActivityType, now: datetime) -> list[str]:
        """The ids of the system's linked activities of which a file is to be carried by now, sorted."""
        with reading(self._engine) as connection:
            return carried.due(connection, system, activity_type, now)

    def files_made_on(
        self, system: str, activity_type: ActivityType, record_ids: Collection[str]
    ) -> dict[str, set[str]]:
        """By record of the system, the files that we have put on it; absent where there are none."""
        with reading(self._engine) as connection:
            return carried.made_on(connection, system, activity_type, record_ids)

    def failed_files(
        self, system: str, activity_type: ActivityType, *, dismissed: bool = False
    ) -> list[tuple[str, CarriedFile]]:
        """The files of the system's activities that could not be carried, with the activity's id, oldest first.

        `dismissed`: also those that were.
        """
        with reading(self._engine) as connection:
            return carried.failed(connection, system, activity_type, dismissed=dismissed)

    # --- watermarks, leases, calls

    def watermark(self, flow: str, activity_type: ActivityType) -> datetime | None:
        """How far the flow has come, in the source's timestamps; None before the first pass."""
        with reading(self._engine) as connection:
            return watermarks.read(connection, flow, activity_type)

    def move_watermark(self, flow: str, activity_type: ActivityType, to: datetime) -> None:
        """The watermark is at `to`, or later: it never goes back."""
        with writing(self._engine) as connection:
            watermarks.move(connection, flow, activity_type, to)

    def deletion_cursor(self, flow: str, activity_type: ActivityType) -> str | None:
        """From where deletions are to be read on, in the source's own terms; None before the first time."""
        with reading(self._engine) as connection:
            return watermarks.deletion_cursor(connection, flow, activity_type)

    def store_deletion_cursor(self, flow: str, activity_type: ActivityType, cursor: str) -> None:
        """What was deleted up to here is committed."""
        with writing(self._engine) as connection:
            watermarks.store_deletion_cursor(connection, flow, activity_type, cursor)

    def note_read(self, run_id: str, flow: str, activity_type: ActivityType, read: Read) -> None:
        """How far this run read its source; a repeated extraction replaces it."""
        with writing(self._engine) as connection:
            reads.note(connection, run_id, flow, activity_type, read)

    def read_of(self, run_id: str, flow: str, activity_type: ActivityType) -> Read | None:
        """How far the run read its source; None when it did not extract."""
        with reading(self._engine) as connection:
            return reads.of_run(connection, run_id, flow, activity_type)

    def acquire_lease(self, flow: str, activity_type: ActivityType, *, holder: Holder, now: datetime) -> Lease | None:
        """The lease on this flow and type (`Holder.here()` holds it); None while somebody alive has it."""
        return leases.acquire(self._engine, flow, activity_type, holder, now)

    def lease_holder(self, flow: str, activity_type: ActivityType) -> Holder | None:
        """Who has the lease, dead or alive; None when it is free."""
        return leases.held_by(self._engine, flow, activity_type)

    def add_calls(
        self, run_id: str, flow: str, activity_type: ActivityType, step: str, calls: Mapping[str, int]
    ) -> None:
        """`calls` (by system) are added to what this step of the run has made."""
        with writing(self._engine) as connection:
            watermarks.add_calls(connection, run_id, flow, activity_type, step, calls)

    def calls(self, run_id: str, flow: str, activity_type: ActivityType) -> dict[str, int]:
        """The run's calls for this flow and type over all steps, by system."""
        with reading(self._engine) as connection:
            return watermarks.calls(connection, run_id, flow, activity_type)

    # --- progress

    def note_progress(self, rows: Sequence[StepProgress]) -> None:
        """These steps of runs under way have come as far as this."""
        with writing(self._engine) as connection:
            progress.note(connection, rows)

    def progress(self, flow: str) -> list[StepProgress]:
        """All that is written of the flow's runs, in no order; `StepProgress.is_alive` tells the living ones."""
        with reading(self._engine) as connection:
            return progress.of_flow(connection, flow)

    def beat(self, run_id: str, now: datetime) -> None:
        """The run lives."""
        with writing(self._engine) as connection:
            progress.beat(connection, run_id, now)

    def forget_progress(self, flow: str, activity_type: ActivityType) -> None:
        """No run of the flow and type is under way."""
        with writing(self._engine) as connection:
            progress.forget(connection, flow, activity_type)

    def learn_rate(self, flow: str, activity_type: ActivityType, step: Step, *, rows: int, seconds: float) -> None:
        """So many rows of the step took so long, this time."""
        with writing(self._engine) as connection:
            progress.learn(connection, flow, activity_type, step, rows=rows, seconds=seconds)

    def rates(self, flow: str, activity_type: ActivityType) -> dict[Step, Rate]:
        """What a row of each step took in earlier runs; absent where none has shown it yet."""
        with reading(self._engine) as connection:
            return progress.rates(connection, flow, activity_type)

    def _until_seen(self, insert: changes.Insert) -> dict[str, LinkRow]:
        for _ in range(_LOOKS - 1):
            try:
                with writing(self._engine) as connection:
                    return insert(connection)
            except IntegrityError:  # PostgreSQL: a row committed between our look and our insert; look again
                continue
        with writing(self._engine) as connection:
            return insert(connection)
