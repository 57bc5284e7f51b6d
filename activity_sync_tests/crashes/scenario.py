"""What happens between two runs, alike for every type: people make, edit, contradict, close, reopen, re-associate,
delete, and enter in both systems what is one.

Every record has a short name, which is its first subject. `h-...` was made in HubSpot, `d-...` in Dynamics.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from activity_sync_tests.crashes.wording import DYNAMICS, HUBSPOT, Words
from activity_sync_tests.crashes.world import World
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    dynamics_people,
    hubspot_people,
)
from activity_sync_tests.end_to_end.merging import merge_dynamics, merge_hubspot

ANN, BEN, EVE, CAT, DAN, STRANGER = "1001", "1002", "1003", "1004", "1005", "1099"
"""HubSpot contacts. Dynamics does not have the last one. Cat is merged into Eve in HubSpot, Dan in Dynamics."""
_EVE, _CAT, _DAN = 2, 3, 4
"""The same in Dynamics, by their places in `CONTACT_IDS`."""
_FIRST_HUBSPOT = ["h-edit", "h-there", "h-merge", "h-late", "h-early", "h-people", "h-closed", "h-close", "h-quiet"]
_FIRST_HUBSPOT += ["h-gone", "h-copy", "h-torn", "h-back", "h-cat", "h-dan"]
_FIRST_DYNAMICS = ["d-edit", "d-there", "d-merge", "d-people", "d-closed", "d-reopen", "d-quiet"]
_FIRST_DYNAMICS += ["d-gone", "d-copy", "d-torn", "d-back", "d-cat", "d-dan"]
_LATER_HUBSPOT = ["h-new", "h-both", "h-waits", "h-alone", "h-later", "h-doomed", "h-pair", "h-twin", "h-dan-new"]
_LATER_DYNAMICS = ["d-new", "d-more", "d-later", "d-doomed", "d-pair", "d-twin", "d-cat-new"]
_TWINS = {"h-pair": "entered twice", "d-pair": "entered twice", "h-twin": "Typed again", "d-twin": "typed AGAIN"}
"""Their subjects. The second pair's differ, and one of them has to win."""
ARCHIVED = {"note", "task", "email"}
"""The types of which nothing is left when a counterpart is deleted: not even of one that no run got to copy."""
_ABOUT = {"h-cat": CAT, "h-dan": DAN, "h-dan-new": DAN}
"""The contact that they hang on, where it is not Ann."""
_ABOUT_IN_DYNAMICS = {"d-cat": _CAT, "d-dan": _DAN, "d-cat-new": _CAT}
_CLOSED_AT_FIRST = {"h-closed", "d-closed", "d-reopen"}
_HUBSPOT_IDS = {name: str(501 + n) for n, name in enumerate([*_FIRST_HUBSPOT, *_LATER_HUBSPOT])}
DYNAMICS_IDS = {
    name: f"00000000-0000-4000-9000-{501 + n:012d}" for n, name in enumerate([*_FIRST_DYNAMICS, *_LATER_DYNAMICS])
}
_USER = {"type": "systemuser", "id": USER_ID}


@dataclass(frozen=True)
class Story:
    """The scenario of one type in one world."""

    world: World
    kind: str

    def begin(self) -> None:
        """The people, and the records of the first run, on both sides."""
        self.begin_with(*_FIRST_HUBSPOT, *_FIRST_DYNAMICS)

    def begin_with(self, *names: str) -> None:
        """The people, and these records only."""
        self.world.seed({"hubspot": hubspot_people(5), "dynamics": dynamics_people(5)})
        self.hubspot_contact(STRANGER)
        for name in names:
            (self.make_in_hubspot if name in _HUBSPOT_IDS else self.make_in_dynamics)(
                name, closed=name in _CLOSED_AT_FIRST
            )
        self.world.advance(minutes=5)

    def go_on(self) -> None:
        """Half an hour after the first run: everything that the second one has to carry."""
        self.world.advance(minutes=30)
        self.edit_in_hubspot("h-edit", subject="h-edit edited")
        self.edit_in_hubspot("h-merge", subject="h-merge edited")
        self.edit_in_hubspot("h-early", subject="h-early from HubSpot")
        self.edit_in_hubspot("h-closed", subject="h-closed edited", other=1)
        self.edit_in_hubspot("h-close", subject="h-close", closed=True)
        self.edit_in_hubspot("d-there", subject="d-there edited")
        self.edit_in_hubspot("d-merge", subject="d-merge", other=1)
        self.edit_in_hubspot("h-people", subject="h-people edited")
        self.associate("h-people", BEN)
        self.edit_in_dynamics("h-late", subject="h-late from Dynamics")
        self.world.advance(minutes=2)
        self.edit_in_dynamics("d-edit", subject="d-edit edited")
        self.edit_in_dynamics("h-there", subject="h-there edited")
        self.edit_in_dynamics("h-merge", other=1)
        self.edit_in_dynamics("d-merge", subject="d-merge edited")
        self.edit_in_dynamics("h-early", subject="h-early from Dynamics")
        self.edit_in_dynamics("d-closed", subject="d-closed edited")
        self.edit_in_dynamics("d-reopen", closed=False)
        self.edit_in_dynamics("d-people", with_ben=True, subject="d-people edited")
        self.edit_in_hubspot("h-late", subject="h-late from HubSpot")
        self.make_in_hubspot("h-new")
        self.make_in_hubspot("h-both", contacts=(ANN, BEN), closed=True)
        self.make_in_hubspot("h-waits", contacts=(ANN, STRANGER))
        self.make_in_hubspot("h-alone", contacts=(STRANGER,))
        self.make_in_dynamics("d-new")
        self.make_in_dynamics("d-more", closed=True)
        self.make_in_hubspot("h-doomed")
        self.make_in_dynamics("d-doomed")
        for name in _TWINS:
            (self.make_in_hubspot if name in _HUBSPOT_IDS else self.make_in_dynamics)(name)
        self.take_away()
        self.join()
        self.world.advance(minutes=2)

    def join(self) -> None:
        """Contacts are merged on either side. What hangs on them is edited on that side, or made on the other."""
        merge_hubspot(self.world, EVE, CAT)
        merge_dynamics(self.world, CONTACT_IDS[_EVE], CONTACT_IDS[_DAN])
        for name in ("h-cat", "d-cat"):
            self.edit_in_hubspot(name, subject=f"{name} edited")
        for name in ("h-dan", "d-dan"):
            self.edit_in_dynamics(name, subject=f"{name} edited")
        self.make_in_hubspot("h-dan-new")
        self.make_in_dynamics("d-cat-new")

    def take_away(self) -> None:
        """Originals and copies are deleted on either side. The counterparts of some have been edited."""
        self.delete_in_hubspot("h-gone", "d-copy", "h-torn", "d-back")
        self.delete_in_dynamics("d-gone", "h-copy", "d-torn", "h-back")
        self.edit_in_dynamics("h-torn", subject="h-torn still needed")
        self.edit_in_dynamics("d-back", subject="d-back still needed")
        self.world.advance(minutes=1)
        self.edit_in_hubspot("d-torn", subject="d-torn still needed")
        self.edit_in_hubspot("h-back", subject="h-back still needed")

    def go_on_later(self) -> None:
        """While no run gets through, people work on, also on what a dead run had begun; then hours pass."""
        self.world.advance(minutes=30)
        self.edit_in_hubspot("h-edit", subject="h-edit edited again")
        self.edit_in_hubspot("h-new", subject="h-new edited")
        self.edit_in_hubspot("d-quiet", subject="d-quiet", other=2)
        self.edit_in_hubspot("d-reopen", subject="d-reopen", other=2)
        self.make_in_hubspot("h-later")
        self.edit_in_dynamics("d-edit", subject="d-edit edited again")
        self.edit_in_dynamics("d-new", subject="d-new edited")
        self.edit_in_dynamics("h-quiet", other=2)
        self.edit_in_dynamics("h-people", other=2)
        self.make_in_dynamics("d-later")
        if self.kind in ARCHIVED:
            self.delete_in_hubspot("h-doomed")
            self.delete_in_dynamics("d-doomed")
        self.world.advance(hours=2)

    # --- people's eyes

    def shown_in_hubspot(self, name: str) -> dict[str, Any]:
        """The subject and the other field of a record, in HubSpot's words."""
        held = self.world.sandboxes.hubspot.store.dump()["objects"][HUBSPOT_TYPES[self.kind]]
        record = next(one for one in held if one["id"] == self._hubspot_id(name))
        form = HUBSPOT[self.kind]
        return {key: record["properties"].get(key) for key in (form.subject, form.other) if key}

    def shown_in_dynamics(self, name: str) -> dict[str, Any]:
        """The same in the words of Dynamics."""
        held = self.world.sandboxes.dynamics.store.dump()["rows"][DYNAMICS_TABLES[self.kind]]
        row = next(one for one in held if self._dynamics_id(name) in (one.get("activityid"), one.get("annotationid")))
        form = DYNAMICS[self.kind]
        return {key: row.get(key) for key in (form.subject, form.other)}

    # --- people's hands

    def make_in_hubspot(self, name: str, *, contacts: Iterable[str] = (), closed: bool = False) -> None:
        contacts = contacts or (_ABOUT.get(name, ANN),)
        form, record_type = HUBSPOT[self.kind], HUBSPOT_TYPES[self.kind]
        properties = form.always | Words(_TWINS.get(name, name), 0, closed).in_form(form)
        self.world.seed(
            {
                "hubspot": {
                    "objects": {record_type: [{"id": _HUBSPOT_IDS[name], "properties": properties}]},
                    "associations": [
                        {"from": [record_type, _HUBSPOT_IDS[name]], "to": ["contacts", one]} for one in contacts
                    ],
                }
            }
        )

    def make_in_dynamics(self, name: str, *, closed: bool = False) -> None:
        form = DYNAMICS[self.kind]
        self._put(
            DYNAMICS_IDS[name],
            form.always
            | Words(_TWINS.get(name, name), 0, closed).in_form(form)
            | self._about(_ABOUT_IN_DYNAMICS.get(name, 0)),
        )

    def edit_in_hubspot(
        self, name: str, *, subject: str | None = None, other: int | None = None, closed: bool | None = None
    ) -> None:
        properties = Words(subject, other, closed).in_form(HUBSPOT[self.kind])
        if properties:
            record = {"id": self._hubspot_id(name), "properties": properties}
            self.world.seed({"hubspot": {"objects": {HUBSPOT_TYPES[self.kind]: [record]}}})

    def edit_in_dynamics(
        self,
        name: str,
        *,
        subject: str | None = None,
        other: int | None = None,
        closed: bool | None = None,
        with_ben: bool = False,
    ) -> None:
        columns = Words(subject, other, closed).in_form(DYNAMICS[self.kind])
        self._put(self._dynamics_id(name), columns | (self._with_ben() if with_ben else {}))

    def delete_in_hubspot(self, *names: str) -> None:
        records = [{"id": self._hubspot_id(one), "properties": {}, "archived": True} for one in names]
        self.world.seed({"hubspot": {"objects": {HUBSPOT_TYPES[self.kind]: records}}})

    def delete_in_dynamics(self, *names: str) -> None:
        rows = [self._dynamics_id(one) for one in names]
        self.world.seed({"dynamics": {"deleted": {DYNAMICS_TABLES[self.kind]: rows}}})

    def hubspot_contact(self, record_id: str) -> None:
        contact = {"id": record_id, "properties": {"email": f"{record_id}@nowhere.example"}}
        self.world.seed({"hubspot": {"objects": {"contacts": [contact]}}})

    def associate(self, name: str, contact: str) -> None:
        ends = {"from": {"id": self._hubspot_id(name)}, "to": {"id": contact}}
        request = urllib.request.Request(
            f"{self.world.environ['HUBSPOT_BASE_URL']}/crm/associations/2026-09/{HUBSPOT_TYPES[self.kind]}/contacts"
            "/batch/associate/default",
            data=json.dumps({"inputs": [ends]}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.world.environ['HUBSPOT_ACCESS_TOKEN']}",
            },
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status < 300

    def _put(self, record_id: str, columns: dict[str, Any]) -> None:
        row = {("annotationid" if self.kind == "note" else "activityid"): record_id, "modifiedby": _USER, **columns}
        self.world.seed({"dynamics": {"records": {DYNAMICS_TABLES[self.kind]: [row]}}})

    def _about(self, contact: int) -> dict[str, Any]:
        column = "objectid" if self.kind == "note" else "regardingobjectid"
        return {column: {"type": "contact", "id": CONTACT_IDS[contact]}}

    def _with_ben(self) -> dict[str, Any]:
        """Ben takes part, too; where nobody does, the activity is about him now."""
        masks = {"call": 2, "email": 3, "meeting": 5}
        if self.kind not in masks:
            return self._about(1)
        party = {"type": "contact", "id": CONTACT_IDS[1]}
        return {"parties": [{"participationtypemask": masks[self.kind], "party": party}]}

    def _hubspot_id(self, name: str) -> str:
        return _HUBSPOT_IDS.get(name) or self._counterpart("dynamics", DYNAMICS_IDS[name])

    def _dynamics_id(self, name: str) -> str:
        return DYNAMICS_IDS.get(name) or self._counterpart("hubspot", _HUBSPOT_IDS[name])

    def _counterpart(self, system: str, record_id: str) -> str:
        return self.world.counterpart(system, self.kind, record_id)
