"""The world in the form in which each system holds it: owners, contacts, companies, deals, tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from activity_sync.sandbox.seeds.world import Contact, Matter, World, iso_ms, iso_s

DEAL_KEY, TICKET_KEY = "dynamics_opportunity_id", "dynamics_incident_id"
"""HubSpot properties that hold the id of the counterpart in Dynamics."""

ATTACHED_FILE = "4241968539"
"""The id of the file that a note is nothing but."""

OPPORTUNITY_KEY, INCIDENT_KEY = "hubspot_deal_id", "hubspot_ticket_id"
"""Dynamics columns that hold the id of the counterpart in HubSpot."""

Row = dict[str, Any]


def hubspot_records(world: World) -> dict[str, Any]:
    """Give HubSpot's owners, properties, records and their associations."""
    since = iso_ms(world.now - timedelta(days=400))
    contacts = [each for each in world.contacts if each.hubspot_id]
    companies = [each for each in world.companies if each.hubspot_id]
    text = {"type": "string", "fieldType": "text"}
    return {
        "properties": {
            "deals": [{"name": DEAL_KEY, "label": "Dynamics opportunity", "groupName": "dealinformation", **text}],
            "tickets": [{"name": TICKET_KEY, "label": "Dynamics case", "groupName": "ticketinformation", **text}],
        },
        "owners": [
            {
                "id": owner.hubspot_id,
                "userId": int(owner.hubspot_id) + 12_000_000,
                "email": owner.email,
                "firstName": owner.first,
                "lastName": owner.last,
                "archived": not owner.active,
                "createdAt": since,
                "updatedAt": since,
            }
            for owner in world.owners
            if owner.hubspot_id
        ],
        "files": [{"id": ATTACHED_FILE, "name": "site visit", "extension": "pdf", "size": 182_334, "createdAt": since}],
        "objects": {
            "companies": [
                {"id": each.hubspot_id, "createdAt": since, "updatedAt": since,
                 "properties": {"name": each.name, "domain": each.domain, "website": f"https://www.{each.domain}"}}
                for each in companies
            ],
            "contacts": [
                {"id": each.hubspot_id, "createdAt": since, "updatedAt": since, "properties": _hubspot_contact(each)}
                for each in contacts
            ],
            "deals": [
                {"id": each.hubspot_id, "createdAt": since, "updatedAt": since,
                 "properties": {"dealname": each.title, "pipeline": "default", "dealstage": "qualifiedtobuy",
                                "amount": "12000", DEAL_KEY: each.dynamics_id}}
                for each in world.deals
            ],
            "tickets": [
                {"id": each.hubspot_id, "createdAt": since, "updatedAt": since,
                 "properties": {"subject": each.title, "hs_pipeline": "0", "hs_pipeline_stage": "1",
                                TICKET_KEY: each.dynamics_id}}
                for each in world.tickets
            ],
        },
        "associations": [
            *({"from": ["contacts", each.hubspot_id], "to": ["companies", each.company.hubspot_id], "types": [279, 1]}
              for each in contacts if each.company.hubspot_id),
            *({"from": ["deals", each.hubspot_id], "to": ["contacts", each.contact.hubspot_id]}
              for each in world.deals),
            *({"from": ["tickets", each.hubspot_id], "to": ["contacts", each.contact.hubspot_id]}
              for each in world.tickets),
        ],
    }  # fmt: skip


def dynamics_records(world: World) -> dict[str, Any]:
    """Give Dynamics' custom columns and the rows of users, accounts, contacts, opportunities and incidents."""
    since = iso_s(world.now - timedelta(days=400))
    dates = {"createdon": since, "modifiedon": since}
    return {
        "schema": {
            "columns": {
                "opportunity": [{"name": OPPORTUNITY_KEY, "type": "string", "max_length": 100}],
                "incident": [{"name": INCIDENT_KEY, "type": "string", "max_length": 100}],
            }
        },
        "records": {
            "systemuser": [
                {
                    "systemuserid": owner.dynamics_id,
                    "firstname": owner.first,
                    "lastname": owner.last,
                    "internalemailaddress": owner.email,
                    "domainname": owner.email,
                    "isdisabled": not owner.active,
                    **dates,
                }
                for owner in world.owners
                if owner.dynamics_id
            ],
            "account": [
                {"accountid": each.dynamics_id, "name": each.name, "websiteurl": f"https://www.{each.domain}", **dates}
                for each in world.companies
                if each.dynamics_id
            ],
            "contact": [_dynamics_contact(each) | dates for each in world.contacts if each.dynamics_id],
            "opportunity": [
                _matter(each, "opportunityid", name=each.title, estimatedvalue=12000.0, key=OPPORTUNITY_KEY) | dates
                for each in world.deals
            ],
            "incident": [
                _matter(each, "incidentid", title=each.title, key=INCIDENT_KEY) | dates for each in world.tickets
            ],
        },
    }


def _hubspot_contact(contact: Contact) -> dict[str, str]:
    properties = {"firstname": contact.first, "lastname": contact.last, "hubspot_owner_id": contact.owner.hubspot_id}
    if contact.email:
        properties["email"] = contact.email
    if contact.further_emails:
        properties["hs_additional_emails"] = ";".join(contact.further_emails)
    return properties


def _dynamics_contact(contact: Contact) -> Row:
    row: Row = {
        "contactid": contact.dynamics_id,
        "firstname": contact.first,
        "lastname": contact.last,
        "ownerid": {"type": "systemuser", "id": contact.owner.dynamics_id},
    }
    if contact.dynamics_email:
        row["emailaddress1"] = contact.dynamics_email
    if contact.company.dynamics_id:
        row["parentcustomerid"] = {"type": "account", "id": contact.company.dynamics_id}
    return row


def _matter(matter: Matter, id_column: str, *, key: str, **columns: Any) -> Row:
    customer = {"type": "contact", "id": matter.contact.dynamics_id}
    return {id_column: matter.dynamics_id, "customerid": customer, key: matter.hubspot_id, **columns}
