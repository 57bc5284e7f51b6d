"""The table of resolution: which record of the target a source record is, and by which rule, in both flows.

All records of a flow's rows stand in the two systems at once, and one run of the step resolves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.resolving import (
    STORED_IDS,
    TO_DYNAMICS,
    TO_HUBSPOT,
    Row,
    hubspot_id,
    ids_of,
    run_resolution,
    seed_of,
)

FIRST_OF_TWO = " (first created of 2)"
MERGED_INTO_A = {"merged": True, "masterid": {"type": "contact", "id": "@a"}, "statecode": 1}


def contact(says: str, source: Any, targets: Mapping[str, Any], found: str | None, rule: str, **also: Any) -> Row:
    return Row(says, "contact", source, targets, found, rule, also)


def company(says: str, source: Any, targets: Mapping[str, Any], found: str | None, rule: str, **also: Any) -> Row:
    return Row(says, "company", source, targets, found, rule, also)


def deal(says: str, source: Any, targets: Mapping[str, Any], found: str | None, rule: str, **also: Any) -> Row:
    return Row(says, "deal", source, targets, found, rule, also)


def ticket(says: str, source: Any, targets: Mapping[str, Any], found: str | None, rule: str, **also: Any) -> Row:
    return Row(says, "ticket", source, targets, found, rule, also)


def mail(address: str, *further: str) -> dict[str, str]:
    """A HubSpot contact."""
    return {"email": address} | ({"hs_additional_emails": ";".join(further)} if further else {})


def mails(*addresses: str, **columns: Any) -> dict[str, Any]:
    """A Dynamics contact."""
    return {f"emailaddress{n}": one for n, one in enumerate(addresses, start=1) if one} | columns


def site(name: str, website: str | None = None, **columns: Any) -> dict[str, Any]:
    """A Dynamics account."""
    return {"name": name} | ({"websiteurl": website} if website else {}) | columns


def firm(name: str, domain: str | None = None, **properties: Any) -> dict[str, Any]:
    """A HubSpot company."""
    return {"name": name} | ({"domain": domain} if domain else {}) | properties


# fmt: off
FROM_HUBSPOT = [
    # --- contacts by address
    contact("the same address", mail("ann@h1.example"), {"a": mails("ann@h1.example")}, "a", "email"),
    contact("letter case", mail("Ben@H2.example"), {"a": mails("bEN@h2.EXAMPLE")}, "a", "email"),
    contact("blanks around it", mail("cy@h3.example"), {"a": mails("cy@h3.example ")}, "a", "email"),
    contact("an apostrophe", mail("d.o'hara@h4.example"), {"a": mails("D.O'Hara@h4.example")}, "a", "email"),
    contact("umlauts", mail("jürgen@h5.example"), {"a": mails("JÜRGEN@h5.example")}, "a", "email"),
    contact("no accents are left out", mail("rené@h6.example"), {"a": mails("rene@h6.example")}, None,
            "no_counterpart"),
    contact("a plus address is one of its own", mail("eve+crm@h7.example"), {"a": mails("eve@h7.example"),
            "b": mails("eve+crm@h7.example")}, "b", "email"),
    contact("a plus address is no other one", mail("fay@h8.example"), {"a": mails("fay+news@h8.example")}, None,
            "no_counterpart"),
    contact("dots count", mail("g.o@h9.example"), {"a": mails("go@h9.example")}, None, "no_counterpart"),
    contact("the target's second address", mail("hal@h10.example"), {"a": mails("other@h10.example",
            "hal@h10.example")}, "a", "email"),
    contact("the target's third address", mail("ida@h11.example"), {"a": mails("x@h11.example", "y@h11.example",
            "ida@h11.example")}, "a", "email"),
    contact("an additional address of the source", mail("new@h12.example", "old@h12.example"),
            {"a": mails("old@h12.example")}, "a", "secondary_email"),
    contact("the primary address before an additional one", mail("p@h13.example", "s@h13.example"),
            {"a": mails("s@h13.example"), "b": mails("p@h13.example")}, "b", "email"),
    contact("both have it as a further one", mail("m@h14.example", "shared@h14.example"),
            {"a": mails("n@h14.example", "", "shared@h14.example")}, "a", "secondary_email"),
    contact("several have it", mail("two@h15.example"), {"a": mails("two@h15.example"), "b": mails("two@h15.example")},
            "a", "email" + FIRST_OF_TWO),
    contact("several have it, the older one as its second", mail("two@h16.example"), {"a": mails("z@h16.example",
            "two@h16.example"), "b": mails("two@h16.example")}, "a", "email" + FIRST_OF_TWO),
    contact("the older one is inactive", mail("ivy@h17.example"), {"a": mails("ivy@h17.example", statecode=1),
            "b": mails("ivy@h17.example")}, "b", "email" + FIRST_OF_TWO),
    contact("the only one is inactive", mail("jo@h18.example"), {"a": mails("jo@h18.example", statecode=1)}, "a",
            "email"),
    contact("it was merged", mail("kim@h19.example"), {"a": mails("kim.new@h19.example"),
            "b": mails("kim@h19.example") | MERGED_INTO_A}, "a", "email"),
    contact("the survivor of a merge in the source", mail("lee@h20.example", "lee.old@h20.example"),
            {"a": mails("lee.old@h20.example")}, "a", "secondary_email"),
    contact("no address", {"firstname": "Nobody"}, {"a": {"firstname": "Nobody"}}, None, "no_counterpart"),
    contact("nobody there", mail("mo@h22.example"), {}, None, "no_counterpart"),
    contact("what an address merely contains", mail("al@h23.example"), {"a": mails("pal@h23.example"),
            "b": mails("al@h23.example.org")}, None, "no_counterpart"),
    contact("an address that is a condition", mail("a'or'1'eq'1@h24.example"), {"a": mails("o@h24.example")}, None,
            "no_counterpart"),
    contact("a percent sign and an underscore", mail("50%_off@h25.example"), {"a": mails("50xx_off@h25.example"),
            "b": mails("50%_off@h25.example")}, "b", "email"),
    # --- contacts by stored id
    contact("the id stored on the source", mail("na@h26.example") | {"dynamics_contact_id": "@b"},
            {"a": mails("na@h26.example"), "b": mails("else@h26.example")}, "b", "stored_id"),
    contact("the id stored in capitals", mail("oz@h27.example") | {"dynamics_contact_id":
            "C000001A-0000-4000-8000-000000000001"}, {"a": mails("else@h27.example")}, "a", "stored_id"),
    contact("the id stored on the target", mail("pat@h28.example"), {"a": mails("pat@h28.example"),
            "b": mails("else@h28.example", crm_contact_id="@source")}, "b", "stored_id_in_target"),
    contact("a stored id that leads nowhere", mail("quin@h29.example") | {"dynamics_contact_id":
            "c9999999-0000-4000-8000-000000000001"}, {"a": mails("quin@h29.example")}, "a", "email"),
    contact("a stored id that is none", mail("rae@h30.example") | {"dynamics_contact_id": "see notes"},
            {"a": mails("rae@h30.example")}, "a", "email"),
    contact("the stored id of one that was merged", mail("sal@h31.example") | {"dynamics_contact_id": "@b"},
            {"a": mails("x@h31.example"), "b": mails("y@h31.example") | MERGED_INTO_A}, "a", "stored_id"),
    # --- companies by domain
    company("the domain", firm("H32", "h32.example"), {"a": site("Other 32", "h32.example")}, "a", "domain"),
    company("a website's domain", firm("H33", "h33.example"), {"a": site("Other 33",
            "https://www.H33.example/path?q=1")}, "a", "domain"),
    company("the source's domain as a web address", firm("H34", "https://www.h34.example/"), {"a": site("Other 34",
            "http://h34.example")}, "a", "domain"),
    company("a further domain of the source", firm("H35", "h35.example", hs_additional_domains="h35.example.org"),
            {"a": site("Other 35", "www.h35.example.org")}, "a", "domain"),
    company("a subdomain is another", firm("H36", "h36.example"), {"a": site("Other 36", "shop.h36.example")}, None,
            "no_counterpart"),
    company("what a domain merely contains", firm("H37", "h37.example"), {"a": site("Other 37", "myh37.example")}, None,
            "no_counterpart"),
    company("a mention in a path", firm("H38", "h38.example"), {"a": site("Other 38",
            "https://partners.example/h38.example")}, None, "no_counterpart"),
    company("the domain before the name", firm("Twin 39", "h39.example"), {"a": site("Twin 39"),
            "b": site("Else 39", "h39.example")}, "b", "domain"),
    company("a free mail domain", firm("H40", "gmail.com"), {"a": site("Other 40", "https://www.gmail.com")}, None,
            "no_counterpart"),
    company("a free mail domain, and the name", firm("Forty One", "web.de"), {"a": site("Other 41", "web.de"),
            "b": site("Forty One")}, "b", "name"),
    company("several have the domain", firm("H42", "h42.example"), {"a": site("One 42", "h42.example"),
            "b": site("Two 42", "h42.example")}, "a", "domain" + FIRST_OF_TWO),
    # --- companies by name
    company("the name", firm("Forty Three"), {"a": site("Forty Three")}, "a", "name"),
    company("the name in another case", firm("FORTY four"), {"a": site("Forty Four")}, "a", "name"),
    company("runs of blanks", firm("Forty  Five"), {"a": site("Forty   Five")}, "a", "name"),
    company("punctuation at the ends", firm("Forty Six!"), {"a": site("Forty Six...")}, "a", "name"),
    company("an apostrophe and quotes", firm("O'Forty \"Seven\""), {"a": site("O'Forty \"Seven\"")}, "a", "name"),
    company("umlauts and a sharp s", firm("Müller Straße"), {"a": site("MÜLLER Straße GmbH")}, "a",
            "name_without_legal_form"),
    company("a legal form in the target only", firm("Forty Nine"), {"a": site("Forty Nine GmbH & Co. KG")}, "a",
            "name_without_legal_form"),
    company("a legal form in the source only", firm("Fifty, Inc."), {"a": site("Fifty")}, "a",
            "name_without_legal_form"),
    company("another legal form", firm("Fifty One Ltd"), {"a": site("Fifty One S.A.")}, "a",
            "name_without_legal_form"),
    company("the same legal form, spelled otherwise", firm("Fifty Two Limited"), {"a": site("Fifty Two, Ltd.")}, "a",
            "name_without_legal_form"),
    company("its own legal form before an older one", firm("Fifty Three GmbH"), {"a": site("Fifty Three AG"),
            "b": site("Fifty Three GmbH")}, "b", "name"),
    company("a name that only begins alike", firm("Fifty Four"), {"a": site("Fifty Four Logistics GmbH")}, None,
            "no_counterpart"),
    company("a name that is nearly alike", firm("Fifty Five"), {"a": site("Fifty Fife")}, None, "no_counterpart"),
    company("wildcards in the name", firm("100% [Fifty] _Six"), {"a": site("100x [Fifty] xSix"),
            "b": site("100% [Fifty] _Six AG")}, "b", "name_without_legal_form"),
    company("a merged account", firm("Fifty Seven"), {"a": site("Survivor 57"), "b": site("Fifty Seven", merged=True,
            masterid={"type": "account", "id": "@a"}, statecode=1)}, "a", "name"),
    company("the id stored on the target account", firm("Fifty Eight"), {"a": site("Fifty Eight"),
            "b": site("Else 58", crm_company_id="@source")}, "b", "stored_id_in_target"),
    # --- deals and tickets
    deal("the opportunity's id", {"dynamics_opportunity_id": "@a"}, {"a": {"name": "Any"}}, "a", "stored_id"),
    deal("a won opportunity", {"dynamics_opportunity_id": "@a"}, {"a": {"name": "Won", "statecode": 1}}, "a",
         "stored_id"),
    deal("the deal's id on the opportunity", {}, {"a": {"name": "Any", "hubspot_deal_id": "@source"}}, "a",
         "stored_id_in_target"),
    deal("never by name", {"dealname": "Same name"}, {"a": {"name": "Same name"}}, None, "no_counterpart"),
    ticket("the case's id", {"dynamics_incident_id": "@a"}, {"a": {"title": "Any"}}, "a", "stored_id"),
    ticket("the ticket's id on the case", {}, {"a": {"title": "Any", "hubspot_ticket_id": "@source"}}, "a",
           "stored_id_in_target"),
    ticket("no id", {"subject": "Same title"}, {"a": {"title": "Same title"}}, None, "no_counterpart"),
]

FROM_DYNAMICS = [
    # --- contacts by address
    contact("the same address", mails("ann@d1.example"), {"a": mail("ann@d1.example")}, "a", "email"),
    contact("letter case", mails("Ben@D2.example"), {"a": mail("ben@d2.example")}, "a", "email"),
    contact("blanks around it", mails(" cy@d3.example "), {"a": mail("cy@d3.example")}, "a", "email"),
    contact("an apostrophe", mails("d.o'hara@d4.example"), {"a": mail("d.o'hara@d4.example")}, "a", "email"),
    contact("umlauts", mails("JÜRGEN@d5.example"), {"a": mail("jürgen@d5.example")}, "a", "email"),
    contact("a plus address", mails("eve+crm@d6.example"), {"a": mail("eve@d6.example"),
            "b": mail("eve+crm@d6.example")}, "b", "email"),
    contact("the source's second address", mails("x@d7.example", "fay@d7.example"), {"a": mail("fay@d7.example")}, "a",
            "secondary_email"),
    contact("the source's third address", mails("x@d8.example", "", "gus@d8.example"), {"a": mail("gus@d8.example")},
            "a", "secondary_email"),
    contact("an additional address of the target", mails("old@d9.example"), {"a": mail("new@d9.example",
            "older@d9.example", "OLD@d9.example")}, "a", "email"),
    contact("an additional plus address of the target", mails("hal+x@d10.example"), {"a": mail("hal@d10.example",
            "hal+x@d10.example")}, "a", "email"),
    contact("what an additional address merely contains", mails("ida@d11.example"), {"a": mail("z@d11.example",
            "not.ida@d11.example")}, None, "no_counterpart"),
    contact("the first address before the second", mails("p@d12.example", "s@d12.example"),
            {"a": mail("s@d12.example"), "b": mail("p@d12.example")}, "b", "email"),
    contact("an inactive source", mails("jo@d13.example", statecode=1), {"a": mail("jo@d13.example")}, "a", "email"),
    contact("a source that was merged", mails("kim.old@d14.example", merged=True, statecode=1,
            masterid={"type": "contact", "id": "@survivor"}), {"a": mail("kim@d14.example")}, "a", "email",
            survivor=mails("kim@d14.example")),
    contact("an old address of one that was merged", mails("lee.old@d15.example", merged=True, statecode=1,
            masterid={"type": "contact", "id": "@survivor"}), {"a": mail("lee.old@d15.example")}, "a",
            "secondary_email", survivor=mails("lee@d15.example")),
    contact("no address", {"firstname": "Nobody"}, {"a": {"firstname": "Nobody"}}, None, "no_counterpart"),
    contact("what is no address", mails("call me"), {}, None, "no_counterpart"),
    contact("the id stored on the source", mails("mo@d18.example", crm_contact_id="@b"), {"a": mail("mo@d18.example"),
            "b": mail("else@d18.example")}, "b", "stored_id"),
    contact("the id stored on the target", mails("na@d19.example"), {"a": mail("na@d19.example"),
            "b": mail("else@d19.example") | {"dynamics_contact_id": "@source"}}, "b", "stored_id_in_target"),
    # --- companies
    company("a website's domain", site("D20", "https://www.D20.example/path"), {"a": firm("Other D20", "d20.example")},
            "a", "domain"),
    company("a further domain of the target", site("D21", "d21.example.org"), {"a": firm("Other D21", "d21.example",
            hs_additional_domains="d21.example.net;d21.example.org")}, "a", "domain"),
    company("a free mail domain", site("D22", "www.outlook.com"), {"a": firm("Other D22", "outlook.com")}, None,
            "no_counterpart"),
    company("several have the domain", site("D23", "d23.example"), {"a": firm("One D23", "d23.example"),
            "b": firm("Two D23", "d23.example")}, "a", "domain" + FIRST_OF_TWO),
    company("a website that is none", site("Dee Twenty Four", "n/a"), {"a": firm("Dee Twenty Four")}, "a", "name"),
    company("the name in capitals", site("DEE TWENTY FIVE"), {"a": firm("Dee Twenty Five")}, "a", "name"),
    company("a legal form in the target only", site("Dee Twenty Six"), {"a": firm("Dee Twenty Six B.V.")}, "a",
            "name_without_legal_form"),
    company("a legal form in the source only", site("Dee Twenty Seven Pty Ltd"), {"a": firm("Dee Twenty Seven")}, "a",
            "name_without_legal_form"),
    company("another legal form", site("Dee Twenty Eight Oy"), {"a": firm("Dee Twenty Eight AB")}, "a",
            "name_without_legal_form"),
    company("punctuation before a legal form", site("Dee Twenty Nine Corp."), {"a": firm("Dee Twenty Nine, PLC")}, "a",
            "name_without_legal_form"),
    company("umlauts and a sharp s", site("Grüße Größe GmbH"), {"a": firm("GRÜSSE Größe"),
            "b": firm("Grüße Größe SAS")}, "b", "name_without_legal_form"),
    company("an ampersand", site("Dee & Thirty One AG"), {"a": firm("Dee & Thirty One")}, "a",
            "name_without_legal_form"),
    company("a name that only begins alike", site("Dee Thirty Two"), {"a": firm("Dee Thirty Two Logistics SRL")}, None,
            "no_counterpart"),
    company("the words in another order", site("Dee Thirty Three"), {"a": firm("Thirty Three Dee GmbH")}, None,
            "no_counterpart"),
    company("its own legal form before an older one", site("Dee Thirty Four Inc."), {"a": firm("Dee Thirty Four LLC"),
            "b": firm("Dee Thirty Four, Inc")}, "a", "name_without_legal_form" + FIRST_OF_TWO),
    # --- deals and tickets
    deal("the deal's id", {"name": "Any", "hubspot_deal_id": "@a"}, {"a": {}}, "a", "stored_id"),
    deal("the opportunity's id on the deal", {"name": "Any"}, {"a": {"dynamics_opportunity_id": "@source"}}, "a",
         "stored_id_in_target"),
    deal("never by name", {"name": "Same again"}, {"a": {"dealname": "Same again"}}, None, "no_counterpart"),
    ticket("the ticket's id", {"title": "Any", "hubspot_ticket_id": "@a"}, {"a": {}}, "a", "stored_id"),
    ticket("a stored id that leads nowhere", {"title": "Any", "hubspot_ticket_id": "404404"}, {"a": {}}, None,
           "no_counterpart"),
]
# fmt: on

ROWS = {TO_DYNAMICS: FROM_HUBSPOT, TO_HUBSPOT: FROM_DYNAMICS}
CALLS = {
    TO_DYNAMICS: [str(900_000 + number) for number in range(len(FROM_HUBSPOT))],
    TO_HUBSPOT: [f"f{number:07x}-0000-4000-8000-000000000000" for number in range(len(FROM_DYNAMICS))],
}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By flow and activity, its one reference as it is staged."""
    found: dict[str, dict[str, Any]] = {}
    for flow, rows in ROWS.items():
        with pytest.MonkeyPatch.context() as monkeypatch:
            bridges = make_bridge(tmp_path_factory.mktemp(flow.name), monkeypatch)
            bridge = next(bridges)
            bridge.configure(yaml.safe_dump({"tracking": {"counterpart_id": STORED_IDS}}))
            bridge.seed(seed_of(rows, flow))
            found[flow.name] = {
                row["source_id"]: row["refs"] for row in run_resolution(bridge, flow, ActivityType.CALL)
            }
        bridges.close()
    return found


def lines() -> Iterator[Any]:
    for flow, rows in ROWS.items():
        for number, row in enumerate(rows):
            yield pytest.param(flow, number, row, id=f"{flow.name}: {row.kind}: {row.says}")


@pytest.mark.parametrize(("flow", "number", "row"), lines())
def test_a_record_resolves_to_its_counterpart(staged: dict[str, Any], flow: Any, number: int, row: Row) -> None:
    (ref,) = staged[flow.name][CALLS[flow][number]]
    labels = {record_id: label for label, record_id in ids_of(row, number, flow).items()}

    assert (labels.get(ref["target"]), ref["rule"]) == (row.found, row.rule)


def test_what_matched_is_staged_with_the_rule(staged: dict[str, Any]) -> None:
    def matched(says: str) -> str:
        number = next(n for n, row in enumerate(FROM_HUBSPOT) if row.says == says)
        return str(staged[TO_DYNAMICS.name][CALLS[TO_DYNAMICS][number]][0]["matched"])

    assert matched("an additional address of the source") == "old@h12.example"
    assert matched("a further domain of the source") == "h35.example.org"
    assert matched("another legal form") == "Fifty One Ltd"
    assert matched("the id stored on the target") == hubspot_id(27, 0)


@pytest.mark.parametrize("kind", ["deal", "ticket"])
def test_an_organization_without_the_table_has_no_counterpart_and_breaks_nothing(bridge: Bridge, kind: str) -> None:
    bridge.sandboxes.dynamics.controls.settings.change({"dynamics_tables": ()})
    stored = {"deal": "dynamics_opportunity_id", "ticket": "dynamics_incident_id"}[kind]
    rows = [
        Row("no such table", kind, {stored: "d0000000-0000-4000-8000-000000000001"}, {}, None, "no_counterpart"),
    ]
    bridge.seed({"hubspot": seed_of(rows, TO_DYNAMICS)["hubspot"]})

    (row,) = run_resolution(bridge, TO_DYNAMICS, ActivityType.CALL)

    assert [(ref["target"], ref["rule"]) for ref in row["refs"]] == [(None, "no_counterpart")]
