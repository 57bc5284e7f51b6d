"""The activity tables, notes, and activity parties.

Lengths, types and writability: the tables' reference pages on learn.microsoft.com (facts, sections 2 to 2.7).
"""

from dataclasses import replace

from activity_sync.sandbox.dynamics import options
from activity_sync.sandbox.dynamics.columns import (
    boolean,
    choice,
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

HTML_TEXT = 1_073_741_823


def _shared(*, subject: int, subject_required: bool = True) -> tuple[Column, ...]:
    """The columns that every activity inherits from `activitypointer`."""
    return (
        text("subject", subject, required="ApplicationRequired" if subject_required else "None"),
        memo("description", 2000),
        moment("scheduledstart"),
        moment("scheduledend"),
        moment("actualstart"),
        moment("actualend"),
        integer("actualdurationminutes", low=0),
        integer("scheduleddurationminutes", low=0, create=False, update=False),
        choice("prioritycode", options.PRIORITY, default=1),
        moment("sortdate"),
        moment("senton", create=False, update=False),
        moment("deliverylastattemptedon", create=False, update=False),
        boolean("isbilled", default=False),
        boolean("ismapiprivate", default=False),
        boolean("isregularactivity", default=True, create=False, update=False),
        boolean("isworkflowcreated", default=False),
        boolean("leftvoicemail", default=False),
        text("activityadditionalparams", 8192),
        text("exchangeitemid", 200, create=False, update=False),
        text("exchangeweblink", 1250, create=False, update=False),
        text("traversedpath", 1250),
        integer("instancetypecode", default=0, create=False, update=False),
        integer("timezoneruleversionnumber", low=-1),
        integer("utcconversiontimezonecode", low=-1),
        text("activitytypecode", 64, create=False, update=False),
    )


def _activity(
    name: str,
    set_name: str,
    code: int,
    *,
    states: tuple[State, ...],
    regarding: tuple[str, ...],
    own: tuple[Column, ...],
    subject: int = 200,
    subject_required: bool = True,
) -> Table:
    """An activity table: inherited columns, its own, regarding, ownership, states."""
    bound = tuple(
        pair
        for target in regarding
        for pair in (
            (f"regardingobjectid_{target}_{name}", target),
            (f"regardingobjectid_{target}", target),
        )
    )
    columns = (
        *_shared(subject=subject, subject_required=subject_required),
        text("category", 250),
        text("subcategory", 250),
        moment("overriddencreatedon", update=False),
        integer("importsequencenumber", update=False),
        lookup("regardingobjectid", bound),
        *state_columns(states),
        *ownership(suffix=f"_{name}"),
        *server_columns("activityid", suffix=f"_{name}"),
        *own,
    )
    return Table(
        name=name,
        set_name=set_name,
        key="activityid",
        primary_name="subject",
        object_type_code=code,
        columns={column.name: column for column in columns},
        states=states,
        base="activitypointer",
        collections=(
            Collection(f"{_ANNOTATION_PREFIX[name]}_Annotation", "annotation", "objectid"),
            *((Collection(_ATTACHMENTS[name], "activitymimeattachment", "objectid"),) if name in _ATTACHMENTS else ()),
        ),
    )


_ATTACHMENTS = {
    "email": "email_activity_mime_attachment",
    "appointment": "appointment_activity_mime_attachment",
}
_ANNOTATION_PREFIX = {
    "task": "Task",
    "phonecall": "PhoneCall",
    "email": "Email",
    "appointment": "Appointment",
    "letter": "Letter",
}


def activity_tables(regarding: tuple[str, ...]) -> tuple[Table, ...]:
    """The five activity tables; `regarding` are the installed tables an activity may be about."""
    direction = boolean("directioncode", options.DIRECTION, default=True)
    unsafe = integer("isunsafe", create=False, update=False)
    return (
        _activity(
            "task",
            "tasks",
            4212,
            states=options.TASK_STATES,
            regarding=regarding,
            own=(
                integer("percentcomplete", low=0, high=100),
                Column("crmtaskassigneduniqueid", "guid"),
            ),
        ),
        _activity(
            "phonecall",
            "phonecalls",
            4210,
            states=options.PHONECALL_STATES,
            regarding=regarding,
            own=(text("phonenumber", 200), direction),
        ),
        _activity(
            "email",
            "emails",
            4202,
            states=options.EMAIL_STATES,
            regarding=regarding,
            subject=800,
            subject_required=False,
            own=(
                replace(memo("description", HTML_TEXT), html=True, filterable=False),
                replace(memo("safedescription", HTML_TEXT, create=False, update=False), filterable=False),
                unsafe,
                direction,
                text("messageid", 320),
                text("sender", 250),
                text("torecipients", 500),
                text("submittedby", 250),
                text("mimetype", 256),
                text("trackingtoken", 50),
                text("internetmessageheaders", 500),
                text("inreplyto", 320, create=False, update=False),
                text("conversationindex", 2048, create=False, update=False),
                integer("attachmentcount", default=0, create=False, update=False),
                boolean("readreceiptrequested", default=False),
                boolean("deliveryreceiptrequested", default=False),
                integer("opencount", default=0, create=False, update=False),
                integer("linksclickedcount", default=0, create=False, update=False),
                integer("replycount", default=0, create=False, update=False),
                moment("lastopenedtime", create=False, update=False),
            ),
        ),
        _activity(
            "appointment",
            "appointments",
            4201,
            states=options.APPOINTMENT_STATES,
            regarding=regarding,
            own=(
                memo("description", 1_048_576),
                memo("safedescription", HTML_TEXT, create=False, update=False),
                unsafe,
                integer("scheduleddurationminutes", low=0),
                text("location", 200),
                boolean("isalldayevent", default=False),
                text("globalobjectid", 300),
            ),
        ),
        _activity(
            "letter",
            "letters",
            4207,
            states=options.LETTER_STATES,
            regarding=regarding,
            own=(text("address", 200), direction),
        ),
    )


def pointer_table(regarding: tuple[str, ...]) -> Table:
    """`activitypointer`: what all activities share, for reading across them. Its status codes are its own."""
    bound = tuple((f"regardingobjectid_{target}", target) for target in regarding)
    columns = (
        *_shared(subject=200),
        lookup("regardingobjectid", bound),
        *state_columns(options.POINTER_STATES),
        *ownership(),
        *server_columns("activityid"),
    )
    return Table(
        name="activitypointer",
        set_name="activitypointers",
        key="activityid",
        primary_name="subject",
        object_type_code=4200,
        columns={column.name: column for column in columns},
        states=options.POINTER_STATES,
        writable=False,
    )


def annotation_table(targets: tuple[str, ...]) -> Table:
    """`annotation`: notes. Not an activity: no state, `objectid` instead of regarding."""
    columns = (
        text("subject", 500, required="ApplicationRequired"),
        replace(memo("notetext", 100_000), html=True),
        boolean("isdocument", default=False, required="SystemRequired"),
        text("filename", 255),
        text("mimetype", 256),
        memo("documentbody", HTML_TEXT),
        integer("filesize", create=False, update=False),
        text("langid", 2),
        text("objecttypecode", 64, create=False, update=False),
        lookup("objectid", tuple((f"objectid_{target}", target) for target in targets)),
        moment("overriddencreatedon", update=False),
        integer("importsequencenumber", update=False),
        *ownership(),
        *server_columns("annotationid"),
    )
    return Table(
        name="annotation",
        set_name="annotations",
        key="annotationid",
        primary_name="subject",
        object_type_code=5,
        columns={column.name: column for column in columns},
    )


def attachment_table() -> Table:
    """`activitymimeattachment`: files of e-mails and appointments."""
    binds = tuple((f"objectid_{target}", target) for target in ("activitypointer", "email", "appointment"))
    columns = (
        text("subject", 2000),
        text("filename", 255),
        text("mimetype", 256),
        memo("body", HTML_TEXT),
        integer("filesize", create=False, update=False),
        integer("attachmentnumber", low=0, high=1_000_000_000),
        text("objecttypecode", 64, required="SystemRequired"),
        lookup("objectid", binds, required="SystemRequired"),
        Column("activitymimeattachmentid", "guid", update=False),
        Column("versionnumber", "bigint", create=False, update=False),
    )
    return Table(
        name="activitymimeattachment",
        set_name="activitymimeattachments",
        key="activitymimeattachmentid",
        primary_name="filename",
        object_type_code=1001,
        columns={column.name: column for column in columns},
    )


def party_table(targets: tuple[str, ...]) -> Table:
    """`activityparty`: who took part in an activity. Written only inside its activity."""
    columns = (
        choice("participationtypemask", options.PARTICIPATION, required="SystemRequired"),
        lookup("partyid", tuple((f"partyid_{target}", target) for target in targets)),
        text("addressused", 320),
        integer("addressusedemailcolumnnumber", create=False, update=False),
        text("unresolvedpartyname", 200),
        text("exchangeentryid", 1024),
        Column("effort", "double", low=0, high=1_000_000_000),
        boolean("donotemail", options.ALLOW, default=False, create=False, update=False),
        boolean("donotfax", options.ALLOW, default=False, create=False, update=False),
        boolean("donotphone", options.ALLOW, default=False, create=False, update=False),
        boolean("donotpostalmail", options.ALLOW, default=False, create=False, update=False),
        boolean("ispartydeleted", default=False, create=False, update=False),
        integer("instancetypecode", default=0, create=False, update=False),
        moment("scheduledstart", create=False, update=False),
        moment("scheduledend", create=False, update=False),
        lookup("activityid", (("activityid_activitypointer", "activitypointer"),), create=False, update=False),
        lookup("ownerid", (), create=False, update=False),
        Column("activitypartyid", "guid", create=False, update=False),
        Column("versionnumber", "bigint", create=False, update=False),
    )
    return Table(
        name="activityparty",
        set_name="activityparties",
        key="activitypartyid",
        primary_name="partyidname",
        object_type_code=135,
        columns={column.name: column for column in columns},
        writable=False,
    )
