"""HubSpot e-mails to Dynamics by the batch endpoints of both: `python batched.py MEMORY`."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from connections import DRAFT, SENT, Memory, changed, content, deleted, dynamics, hubspot, row, users
from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicFetchAssociationsBatchRequest,
)
from hubspot.crm.objects import BatchReadInputSimplePublicObjectId, SimplePublicObjectId
from PowerPlatform.Dataverse.client import DataverseClient

ASSOCIATIONS, READS, VALUES, ROWS = 1000, 100, 50, 300
"""So many a call: e-mails whose associations are read, records read, values in a filter, rows written."""


def main() -> None:
    """Carries what changed, then what was deleted."""
    memory = Memory(sys.argv[1])
    source = hubspot()
    with dynamics() as target:
        owners = users(source, target)
        people: dict[str, str | None] = {}
        cases: dict[str, str | None] = {}
        for emails in gathered(changed(source, memory)):
            new = [one for one in emails if one.id not in memory.activities]
            contacts = links(source, new, "contacts")
            tickets = links(source, new, "tickets")
            look_up_contacts(source, target, contacts, people)
            look_up_tickets(source, tickets, cases)
            for part in parts(new, ROWS):
                rows = [
                    row(
                        one,
                        [found for each in contacts.get(one.id, []) if (found := people.get(each))],
                        next((found for each in tickets.get(one.id, []) if (found := cases.get(each))), None),
                        owners.get(one.properties["hubspot_owner_id"]),
                    )
                    for one in part
                ]
                create(target, part, rows, memory)
            for part in parts([one for one in emails if one not in new], ROWS):
                update(target, part, memory)
        for part in parts(deleted(source, memory), ROWS):
            batch = target.batch.new()
            for one in part:
                batch.records.delete("email", memory.activities[one])
            done(batch.execute())
            for one in part:
                del memory.activities[one]
            memory.save()
        memory.close()


def gathered(pages: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """E-mails in portions as large as a read of associations."""
    waiting: list[Any] = []
    for page in pages:
        waiting += page
        if len(waiting) >= ASSOCIATIONS:
            yield waiting[:ASSOCIATIONS]
            waiting = waiting[ASSOCIATIONS:]
    if waiting:
        yield waiting


def links(source: HubSpot, emails: Sequence[Any], kind: str) -> dict[str, list[str]]:
    """Ids of the associated records, by e-mail."""
    if not emails:
        return {}
    asked = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[PublicFetchAssociationsBatchRequest(id=one.id) for one in emails]
    )
    answer = source.crm.associations.v4.batch_api.get_page(
        "emails", kind, batch_input_public_fetch_associations_batch_request=asked
    )
    return {one._from.id: [str(end.to_object_id) for end in one.to] for one in answer.results}  # noqa: SLF001


def look_up_contacts(
    source: HubSpot, target: DataverseClient, links: dict[str, list[str]], known: dict[str, str | None]
) -> None:
    """Adds the contacts in Dynamics, found by address, by HubSpot id."""
    wanted = sorted({end for ends in links.values() for end in ends} - known.keys())
    addresses = {one: (found["email"] or "").lower() for one, found in read(source, "contacts", wanted, "email")}
    by_address: dict[str, str] = {}
    for part in parts(sorted({one for one in addresses.values() if one}), VALUES):
        values = ",".join("'" + one.replace("'", "''") + "'" for one in part)
        asked = f"Microsoft.Dynamics.CRM.In(PropertyName='emailaddress1',PropertyValues=[{values}])"
        for one in target.records.list("contact", filter=asked, select=["contactid", "emailaddress1"]):
            by_address[one["emailaddress1"].lower()] = one["contactid"]
    known.update({one: by_address.get(addresses.get(one, "")) for one in wanted})


def look_up_tickets(source: HubSpot, links: dict[str, list[str]], known: dict[str, str | None]) -> None:
    """Adds the cases in Dynamics, whose ids the tickets carry, by HubSpot id."""
    wanted = sorted({end for ends in links.values() for end in ends} - known.keys())
    name = "dynamics_incident_id"
    known.update({one: found[name] for one, found in read(source, "tickets", wanted, name)})


def read(source: HubSpot, kind: str, ids: Sequence[str], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and properties of records."""
    for part in parts(ids, READS):
        asked = BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=one) for one in part], properties=[name], properties_with_history=[]
        )
        for one in source.crm.objects.batch_api.read(kind, asked).results:
            yield one.id, one.properties


def create(target: DataverseClient, emails: Sequence[Any], rows: Sequence[dict[str, Any]], memory: Memory) -> None:
    """New activities, each made and closed in one change set."""
    batch = target.batch.new()
    for each in rows:
        with batch.changeset() as changes:
            changes.records.update("email", changes.records.create("email", each), SENT)
    made = done(batch.execute())
    for email, activity in zip(emails, made[::2], strict=True):
        memory.activities[email.id] = activity
        memory.versions[email.id] = email.properties["hs_lastmodifieddate"]
    memory.save()


def update(target: DataverseClient, emails: Sequence[Any], memory: Memory) -> None:
    """Closed activities are opened, changed and closed."""
    batch = target.batch.new()
    for email in emails:
        for change in (DRAFT, content(email), SENT):
            batch.records.update("email", memory.activities[email.id], change)
    done(batch.execute())
    memory.versions.update({one.id: one.properties["hs_lastmodifieddate"] for one in emails})
    memory.save()


def done(result: Any) -> list[str]:
    """The ids that a batch wrote; ends the script where it did not write everything."""
    if result.has_errors:
        sys.exit(f"{len(result.failed)} operations failed: {result.failed[0].error_message}")
    return result.entity_ids


def parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Portions of at most so many."""
    return (values[start : start + size] for start in range(0, len(values), size))


main()
