"""HubSpot e-mails to Dynamics, one call per record: `python by_record.py MEMORY`."""

import sys
from functools import cache
from typing import Any

from connections import DRAFT, SENT, Memory, changed, content, deleted, dynamics, hubspot, row, users


def main() -> None:
    """Carries what changed, then what was deleted."""
    memory = Memory(sys.argv[1])
    source = hubspot()
    with dynamics() as target:
        owners = users(source, target)

        @cache
        def contact(record_id: str) -> str | None:
            found = source.crm.contacts.basic_api.get_by_id(record_id, properties=["email"])
            address = (found.properties["email"] or "").replace("'", "''")
            rows = target.records.list("contact", filter=f"emailaddress1 eq '{address}'", select=["contactid"], top=1)
            return next((one["contactid"] for one in rows), None)

        @cache
        def incident(record_id: str) -> str | None:
            found = source.crm.tickets.basic_api.get_by_id(record_id, properties=["dynamics_incident_id"])
            return found.properties["dynamics_incident_id"]

        def linked(email: Any, kind: str) -> list[str]:
            page = source.crm.associations.v4.basic_api.get_page("emails", email.id, kind, limit=500)
            return [str(one.to_object_id) for one in page.results]

        for page in changed(source, memory):
            for email in page:
                activity = memory.activities.get(email.id)
                if activity is None:
                    contacts = [found for one in linked(email, "contacts") if (found := contact(one))]
                    incidents = [found for one in linked(email, "tickets") if (found := incident(one))]
                    made = row(
                        email, contacts, next(iter(incidents), None), owners.get(email.properties["hubspot_owner_id"])
                    )
                    memory.activities[email.id] = activity = target.records.create("email", made)
                else:
                    target.records.update("email", activity, DRAFT)
                    target.records.update("email", activity, content(email))
                target.records.update("email", activity, SENT)
                memory.versions[email.id] = email.properties["hs_lastmodifieddate"]
                memory.save()

        for record_id in deleted(source, memory):
            target.records.delete("email", memory.activities.pop(record_id))
        memory.close()


main()
