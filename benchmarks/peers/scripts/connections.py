"""Both clients, the e-mails that changed, and what a script remembers: what the two scripts share.

Runs in an environment that holds the two vendors' libraries and nothing of this project.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from azure.core.credentials import AccessToken
from hubspot import HubSpot
from hubspot.crm.objects import PublicObjectSearchRequest
from PowerPlatform.Dataverse.client import DataverseClient
from urllib3.util.retry import Retry

PROPERTIES = ["hs_email_subject", "hs_email_html", "hs_timestamp", "hs_lastmodifieddate", "hubspot_owner_id"]
SENDER, TO = 1, 2
DRAFT = {"statecode": 0, "statuscode": 1}
SENT = {"statecode": 1, "statuscode": 3}
_SEARCH_PAGE, _SEARCH_END = 200, 10_000


def hubspot() -> HubSpot:
    """HubSpot's client, which tries again when it has asked too fast; searches are POST requests."""
    retry = Retry(total=6, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=None)
    return HubSpot(access_token=os.environ["HUBSPOT_ACCESS_TOKEN"], host=os.environ["HUBSPOT_BASE_URL"], retry=retry)


def dynamics() -> DataverseClient:
    """Microsoft's client."""
    return DataverseClient(os.environ["DYNAMICS_URL"], _ClientSecret())


class _ClientSecret:
    """A token by client credentials. `azure-identity` does this too, but only with Microsoft's own hosts."""

    def __init__(self) -> None:
        self._token = AccessToken("", 0)

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        if self._token.expires_on < time.time() + 60:
            url = f"{os.environ['DYNAMICS_AUTHORITY']}/{os.environ['DYNAMICS_TENANT_ID']}/oauth2/v2.0/token"
            form = {
                "grant_type": "client_credentials",
                "client_id": os.environ["DYNAMICS_CLIENT_ID"],
                "client_secret": os.environ["DYNAMICS_CLIENT_SECRET"],
                "scope": scopes[0],
            }
            answer = requests.post(url, data=form, timeout=30)
            answer.raise_for_status()
            given = answer.json()
            self._token = AccessToken(given["access_token"], int(time.time()) + given["expires_in"])
        return self._token


class Memory:
    """A file: up to where HubSpot was read, and which activity each e-mail became, in which version.

    `read_to`: up to where it is read now, which counts from `close` on: a script that fails reads the same again.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        known = json.loads(self._path.read_text()) if self._path.exists() else {}
        self.since = self.read_to = known.get("since", "0")
        self.activities: dict[str, str] = known.get("activities", {})
        self.versions: dict[str, str] = known.get("versions", {})

    def save(self) -> None:
        """What was carried so far."""
        known = {"since": self.since, "activities": self.activities, "versions": self.versions}
        self._path.write_text(json.dumps(known))

    def close(self) -> None:
        """All of it was carried."""
        self.since = self.read_to
        self.save()


def changed(client: HubSpot, memory: Memory) -> Iterator[list[Any]]:
    """Pages of the e-mails modified since the last time, oldest first, without those already carried as they are.

    A search ends at 10,000 hits: a new one goes on from the last modification time.
    """
    since, after = memory.since, "0"
    while True:
        asked = PublicObjectSearchRequest(
            filter_groups=[{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}]}],
            sorts=[{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            properties=PROPERTIES,
            limit=_SEARCH_PAGE,
            after=after,
        )
        page = client.crm.objects.search_api.do_search("emails", asked)
        if page.results:
            memory.read_to = page.results[-1].properties["hs_lastmodifieddate"]
        yield [one for one in page.results if memory.versions.get(one.id) != one.properties["hs_lastmodifieddate"]]
        if page.paging is None:
            return
        after = page.paging.next.after
        if int(after) >= _SEARCH_END:
            since, after = memory.read_to, "0"


def deleted(client: HubSpot, memory: Memory) -> list[str]:
    """Ids of the e-mails in the recycling bin that were carried; a search never shows them."""
    found, after = [], None
    while True:
        page = client.crm.objects.basic_api.get_page("emails", archived=True, limit=100, after=after)
        found += [one.id for one in page.results if one.id in memory.activities]
        if page.paging is None:
            return found
        after = page.paging.next.after


def row(email: Any, contacts: list[str], incident: str | None, user: str | None) -> dict[str, Any]:
    """The row in Dynamics: sent by the owner to the contacts, about the case."""
    parties = [{"participationtypemask": TO, "partyid_contact@odata.bind": f"/contacts({one})"} for one in contacts]
    if user is not None:
        parties.append({"participationtypemask": SENDER, "partyid_systemuser@odata.bind": f"/systemusers({user})"})
    made = {
        "subject": email.properties["hs_email_subject"],
        "description": email.properties["hs_email_html"],
        "directioncode": True,
        "actualend": email.properties["hs_timestamp"],
        "email_activity_parties": parties,
    }
    if user is not None:
        made["ownerid@odata.bind"] = f"/systemusers({user})"
    if incident is not None:
        made["regardingobjectid_incident_email@odata.bind"] = f"/incidents({incident})"
    return made


def content(email: Any) -> dict[str, Any]:
    """What an edit can have changed."""
    return {"subject": email.properties["hs_email_subject"], "description": email.properties["hs_email_html"]}


def users(client: HubSpot, target: DataverseClient) -> dict[str, str]:
    """The user in Dynamics of each HubSpot owner, by address."""
    rows = target.records.list("systemuser", select=["systemuserid", "internalemailaddress"])
    by_address = {(one["internalemailaddress"] or "").lower(): one["systemuserid"] for one in rows}
    owners = client.crm.owners.get_all()
    return {one.id: by_address[one.email.lower()] for one in owners if (one.email or "").lower() in by_address}
