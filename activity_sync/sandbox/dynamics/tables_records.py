"""The records that activities hang on, and the people and organisation around them."""

from typing import Any

from activity_sync.sandbox.dynamics import options
from activity_sync.sandbox.dynamics.columns import (
    boolean,
    integer,
    lookup,
    memo,
    moment,
    ownership,
    server_columns,
    state_columns,
    text,
)
from activity_sync.sandbox.dynamics.schema import Collection, Column, State, Table

_ACTIVITY_COLLECTIONS = (
    ("Tasks", "task"),
    ("Phonecalls", "phonecall"),
    ("Emails", "email"),
    ("Appointments", "appointment"),
    ("Letters", "letter"),
    ("ActivityPointers", "activitypointer"),
)
_SERVER_ONLY: dict[str, Any] = {"create": False, "update": False}


def _record(
    name: str,
    set_name: str,
    code: int,
    *,
    own: tuple[Column, ...],
    states: tuple[State, ...],
    primary_name: str = "name",
    collections: tuple[Collection, ...] = (),
) -> Table:
    """A table that activities may be about: ownership, states, and the collections of its activities."""
    title = name.capitalize()
    columns = (
        *own,
        moment("overriddencreatedon", update=False),
        integer("importsequencenumber", update=False),
        *state_columns(states),
        *ownership(),
        *server_columns(f"{name}id"),
    )
    return Table(
        name=name,
        set_name=set_name,
        key=f"{name}id",
        primary_name=primary_name,
        object_type_code=code,
        columns={column.name: column for column in columns},
        states=states,
        collections=(
            *(Collection(f"{title}_{ending}", table, "regardingobjectid") for ending, table in _ACTIVITY_COLLECTIONS),
            Collection(f"{title}_Annotation", "annotation", "objectid"),
            *collections,
        ),
    )


def _customer(name: str = "customerid") -> Column:
    return lookup(name, ((f"{name}_account", "account"), (f"{name}_contact", "contact")))


def record_tables() -> tuple[Table, ...]:
    """Contact and account, on every organisation; lead, opportunity, incident and invoice, where installed."""
    emails = tuple(text(f"emailaddress{number}", 100) for number in (1, 2, 3))
    merged = boolean("merged", default=False, **_SERVER_ONLY)
    person = (
        text("firstname", 50),
        text("lastname", 50),
        text("middlename", 50),
        text("fullname", 160, **_SERVER_ONLY),
        text("jobtitle", 100),
        text("salutation", 100),
        text("telephone1", 50),
        text("telephone2", 50),
        text("mobilephone", 50),
        text("fax", 50),
        text("websiteurl", 200),
        memo("description", 2000),
        boolean("donotemail", options.ALLOW, default=False),
        boolean("donotphone", options.ALLOW, default=False),
        boolean("donotbulkemail", options.ALLOW, default=False),
        text("address1_line1", 250),
        text("address1_line2", 250),
        text("address1_city", 80),
        text("address1_stateorprovince", 50),
        text("address1_postalcode", 20),
        text("address1_country", 80),
    )
    return (
        _record(
            "contact",
            "contacts",
            2,
            states=options.ACTIVE_STATES,
            primary_name="fullname",
            own=(
                *person,
                *emails,
                text("department", 100),
                text("nickname", 100),
                text("suffix", 10),
                text("externaluseridentifier", 50),
                boolean("marketingonly", default=False),
                merged,
                lookup("masterid", (("masterid", "contact"),), **_SERVER_ONLY),
                _customer("parentcustomerid"),
                # The account behind the customer lookup, as the platform derives it.
                lookup("accountid", (), **_SERVER_ONLY),
            ),
            collections=(Collection("contact_customer_contacts", "contact", "parentcustomerid"),),
        ),
        _record(
            "account",
            "accounts",
            1,
            states=options.ACTIVE_STATES,
            own=(
                text("name", 160, required="ApplicationRequired"),
                text("accountnumber", 20),
                *emails,
                text("telephone1", 50),
                text("telephone2", 50),
                text("fax", 50),
                text("websiteurl", 200),
                memo("description", 2000),
                integer("numberofemployees", low=0),
                Column("revenue", "decimal"),
                text("address1_line1", 250),
                text("address1_city", 80),
                text("address1_stateorprovince", 50),
                text("address1_postalcode", 20),
                text("address1_country", 80),
                merged,
                lookup("masterid", (("masterid", "account"),), **_SERVER_ONLY),
                lookup("primarycontactid", (("primarycontactid", "contact"),)),
                lookup("parentaccountid", (("parentaccountid", "account"),)),
            ),
            collections=(
                Collection("contact_customer_accounts", "contact", "parentcustomerid"),
                Collection("account_parent_account", "account", "parentaccountid"),
            ),
        ),
        _record(
            "lead",
            "leads",
            4,
            states=options.LEAD_STATES,
            primary_name="fullname",
            own=(
                *person,
                *emails,
                text("subject", 300, required="ApplicationRequired"),
                text("companyname", 100),
                merged,
                lookup("masterid", (("masterid", "lead"),), **_SERVER_ONLY),
                lookup("parentcontactid", (("parentcontactid", "contact"),)),
                lookup("parentaccountid", (("parentaccountid", "account"),)),
            ),
        ),
        _record(
            "opportunity",
            "opportunities",
            3,
            states=options.OPPORTUNITY_STATES,
            own=(
                text("name", 300, required="ApplicationRequired"),
                memo("description", 2000),
                Column("estimatedvalue", "decimal"),
                moment("estimatedclosedate"),
                moment("actualclosedate"),
                _customer(),
                lookup("parentcontactid", (("parentcontactid", "contact"),)),
                lookup("parentaccountid", (("parentaccountid", "account"),)),
            ),
        ),
        _record(
            "incident",
            "incidents",
            112,
            states=options.INCIDENT_STATES,
            primary_name="title",
            own=(
                text("title", 200, required="ApplicationRequired"),
                text("ticketnumber", 100),
                memo("description", 2000),
                Column("prioritycode", "choice", options=((1, "High"), (2, "Normal"), (3, "Low")), default=2),
                merged,
                lookup("masterid", (("masterid", "incident"),), **_SERVER_ONLY),
                _customer(),
                lookup("primarycontactid", (("primarycontactid", "contact"),)),
            ),
        ),
        _record(
            "invoice",
            "invoices",
            1090,
            states=options.INVOICE_STATES,
            own=(
                text("name", 300, required="SystemRequired"),
                text("invoicenumber", 100),
                memo("description", 2000),
                Column("totalamount", "decimal"),
                moment("duedate"),
                _customer(),
                lookup("opportunityid", (("opportunityid", "opportunity"),)),
            ),
        ),
    )


def _surrounding(name: str, set_name: str, code: int, own: tuple[Column, ...], **more: object) -> Table:
    columns = (*own, *server_columns(f"{name}id"))
    primary = str(more.get("primary_name", "name"))
    states = options.ACTIVE_STATES if more.get("stateful") else ()
    stated = (*columns, *state_columns(states)) if states else columns
    return Table(
        name=name,
        set_name=set_name,
        key=f"{name}id",
        primary_name=primary,
        object_type_code=code,
        columns={column.name: column for column in stated},
        states=states,
        base="principal" if name in ("systemuser", "team") else "crmbaseentity",
        writable=bool(more.get("writable", True)),
    )


def surrounding_tables() -> tuple[Table, ...]:
    """Users, teams, queues, the organisation, and the register of messages."""
    unit = lookup("businessunitid", (), **_SERVER_ONLY)
    return (
        _surrounding(
            "systemuser",
            "systemusers",
            8,
            (
                text("fullname", 200, **_SERVER_ONLY),
                text("firstname", 256),
                text("lastname", 256),
                text("internalemailaddress", 100),
                text("domainname", 1024),
                text("title", 128),
                text("jobtitle", 100),
                boolean("isdisabled", default=False),
                integer("accessmode", low=0, high=5, default=0),
                Column("azureactivedirectoryobjectid", "guid"),
                Column("applicationid", "guid"),
                # Users inherit `ownerid` from `principal`; it repeats the key.
                Column("ownerid", "guid", create=False, update=False),
                unit,
            ),
            primary_name="fullname",
        ),
        _surrounding(
            "team",
            "teams",
            9,
            (
                text("name", 160),
                memo("description", 2000),
                text("emailaddress", 100),
                integer("teamtype", low=0, high=3, default=0),
                boolean("isdefault", default=False, **_SERVER_ONLY),
                Column("ownerid", "guid", create=False, update=False),
                unit,
            ),
        ),
        _surrounding(
            "queue",
            "queues",
            2020,
            (text("name", 200), text("emailaddress", 100), memo("description", 2000)),
            stateful=True,
        ),
        _surrounding(
            "organization",
            "organizations",
            1019,
            (
                text("name", 160),
                integer("expirechangetrackingindays", low=0, high=365, default=7),
                integer("languagecode", default=1033),
                integer("maxuploadfilesize", default=5_242_880),
                memo("blockedattachments", 1_073_741_823),
            ),
        ),
        _surrounding(
            "sdkmessage",
            "sdkmessages",
            4606,
            (text("name", 256),),
            writable=False,
        ),
        _surrounding(
            "sdkmessagefilter",
            "sdkmessagefilters",
            4607,
            (text("primaryobjecttypecode", 64), lookup("sdkmessageid", (("sdkmessageid", "sdkmessage"),))),
            writable=False,
        ),
    )
