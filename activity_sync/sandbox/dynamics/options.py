"""The option sets and states of the standard tables, as values and English labels.

Source: the tables' reference pages and an extract of a real organisation's metadata.
"""

from activity_sync.sandbox.dynamics.schema import State

Options = tuple[tuple[int, str], ...]

PRIORITY: Options = ((0, "Low"), (1, "Normal"), (2, "High"))
YES_NO: Options = ((0, "No"), (1, "Yes"))
DIRECTION: Options = ((0, "Incoming"), (1, "Outgoing"))
ALLOW: Options = ((0, "Allow"), (1, "Do Not Allow"))
PARTICIPATION: Options = (
    (1, "Sender"),
    (2, "To Recipient"),
    (3, "CC Recipient"),
    (4, "BCC Recipient"),
    (5, "Required attendee"),
    (6, "Optional attendee"),
    (7, "Organizer"),
    (8, "Regarding"),
    (9, "Owner"),
    (10, "Resource"),
    (11, "Customer"),
    (12, "Chat Participant"),
    (13, "Related"),
)

TASK_STATES = (
    State(0, "Open", ((2, "Not Started"), (3, "In Progress"), (4, "Waiting on someone else"), (7, "Deferred"))),
    State(1, "Completed", ((5, "Completed"),), closed=True),
    State(2, "Canceled", ((6, "Canceled"),), closed=True),
)
PHONECALL_STATES = (
    State(0, "Open", ((1, "Open"),)),
    State(1, "Completed", ((2, "Made"), (4, "Received")), closed=True),
    State(2, "Canceled", ((3, "Canceled"),), closed=True),
)
EMAIL_STATES = (
    State(0, "Open", ((1, "Draft"), (8, "Failed"))),
    State(
        1,
        "Completed",
        ((2, "Completed"), (3, "Sent"), (4, "Received"), (6, "Pending Send"), (7, "Sending")),
        closed=True,
    ),
    State(2, "Canceled", ((5, "Canceled"),), closed=True),
)
APPOINTMENT_STATES = (
    State(0, "Open", ((1, "Free"), (2, "Tentative"))),
    State(1, "Completed", ((3, "Completed"),), closed=True),
    State(2, "Canceled", ((4, "Canceled"),), closed=True),
    State(3, "Scheduled", ((5, "Busy"), (6, "Out of Office"))),
)
LETTER_STATES = (
    State(0, "Open", ((2, "Draft"), (1, "Open"))),
    State(1, "Completed", ((4, "Sent"), (3, "Received")), closed=True),
    State(2, "Canceled", ((5, "Canceled"),), closed=True),
)
POINTER_STATES = (
    State(0, "Open", ((1, "Open"),)),
    State(1, "Completed", ((2, "Completed"),), closed=True),
    State(2, "Canceled", ((3, "Canceled"),), closed=True),
    State(3, "Scheduled", ((4, "Scheduled"),)),
)
# Inactive contacts and accounts stay editable through the API, hence `closed` is False for them.
ACTIVE_STATES = (State(0, "Active", ((1, "Active"),)), State(1, "Inactive", ((2, "Inactive"),)))
LEAD_STATES = (
    State(0, "Open", ((1, "New"), (2, "Contacted"))),
    State(1, "Qualified", ((3, "Qualified"),)),
    State(2, "Disqualified", ((4, "Lost"), (5, "Cannot Contact"), (6, "No Longer Interested"), (7, "Canceled"))),
)
OPPORTUNITY_STATES = (
    State(0, "Open", ((1, "In Progress"), (2, "On Hold"))),
    State(1, "Won", ((3, "Won"),)),
    State(2, "Lost", ((4, "Canceled"), (5, "Out-Sold"))),
)
INCIDENT_STATES = (
    State(0, "Active", ((1, "In Progress"), (2, "On Hold"), (3, "Waiting for Details"), (4, "Researching"))),
    State(1, "Resolved", ((5, "Problem Solved"), (1000, "Information Provided"))),
    State(2, "Canceled", ((6, "Canceled"), (2000, "Merged"))),
)
INVOICE_STATES = (
    State(0, "Active", ((1, "New"), (2, "Partially Shipped"), (4, "Billed"))),
    State(1, "Closed", ((3, "Canceled (deprecated)"), (7, "Invoiced"))),
    State(2, "Paid", ((100001, "Complete"), (100002, "Partial"))),
    State(3, "Canceled", ((100003, "Canceled"),)),
)
