"""The properties that each object type has from the start.

Names, types and options: HubSpot developer documentation, the activity guides, and the option lists that HubSpot's
own command line tools carry (read 2026-11). Read-only ones beyond the guides were seen in recorded answers.
"""

from __future__ import annotations

from activity_sync.sandbox.hubspot.object_types import ACTIVITY_NAMES, OBJECT_TYPES
from activity_sync.sandbox.hubspot.property_definition import (
    Option,
    PropertyDefinition,
    choice,
    day,
    flag,
    moment,
    number,
    open_choice,
    rich,
    text,
)

CALL_DISPOSITIONS = (
    Option("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
    Option("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    Option("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
    Option("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    Option("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    Option("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
)

_EVERY_TYPE = (
    number("hs_object_id", "Record ID", read_only=True),
    text("hs_object_source", "Record source", read_only=True),
    text("hs_object_source_id", "Record source ID", read_only=True),
    text("hs_object_source_label", "Record source label", read_only=True),
    text("hs_object_source_detail_1", "Record source detail 1", read_only=True),
    text("hs_object_source_detail_2", "Record source detail 2", read_only=True),
    text("hs_object_source_detail_3", "Record source detail 3", read_only=True),
    number("hs_object_source_user_id", "Record source user ID", read_only=True),
    number("hs_created_by_user_id", "Created by user ID", read_only=True),
    number("hs_updated_by_user_id", "Updated by user ID", read_only=True),
    text("hs_unique_creation_key", "Unique creation key", read_only=True, unique=True),
    open_choice("hs_merged_object_ids", "Merged record IDs", read_only=True, multiple=True),
    flag("hs_was_imported", "Performed in an import", read_only=True),
    flag("hs_read_only", "Read only object", read_only=True),
    open_choice("hs_all_owner_ids", "All owner IDs", read_only=True, multiple=True),
    open_choice("hs_all_team_ids", "All team IDs", read_only=True, multiple=True),
    open_choice("hs_user_ids_of_all_owners", "User IDs of all owners", read_only=True, multiple=True),
    open_choice("hubspot_owner_id", "Owner", owner=True),
    moment("hubspot_owner_assigneddate", "Owner assigned date", read_only=True),
    open_choice("hubspot_team_id", "HubSpot team", read_only=True),
)

_EVERY_ACTIVITY = (
    moment("hs_timestamp", "Activity date"),
    moment("hs_createdate", "Create date", read_only=True),
    moment("hs_lastmodifieddate", "Last modified date", read_only=True),
    number("hs_created_by", "Activity created by", read_only=True),
    number("hs_modified_by", "Updated by", read_only=True),
    text("hs_body_preview", "Body preview", read_only=True, filterable=False),
    text("hs_body_preview_html", "HTML body preview", read_only=True, filterable=False),
    flag("hs_body_preview_is_truncated", "Body preview truncated", read_only=True),
    text("hs_attachment_ids", "Attached file IDs"),
    flag("hs_gdpr_deleted", "GDPR deleted", read_only=True),
    text("hs_engagement_source", "Engagement source", read_only=True),
    text("hs_engagement_source_id", "Engagement source ID", read_only=True),
    text("hs_unique_id", "Unique ID"),
    open_choice("hs_queue_membership_ids", "Task queues", multiple=True),
    text("hs_obj_coords", "Object coordinates", read_only=True),
)

_EVERY_RECORD = (moment("createdate", "Create date", read_only=True),)

_NOTES = (rich("hs_note_body", "Note body"),)

_TASKS = (
    text("hs_task_subject", "Task title"),
    rich("hs_task_body", "Task notes"),
    choice("hs_task_status", "Task status", "NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED"),
    choice("hs_task_priority", "Priority", "NONE LOW MEDIUM HIGH"),
    choice("hs_task_type", "Task type", "TODO CALL EMAIL LINKED_IN LINKED_IN_CONNECT LINKED_IN_MESSAGE"),
    moment("hs_task_reminders", "Reminders", milliseconds_only=True),
    text("hs_task_relative_reminders", "Relative reminders"),
    flag("hs_task_send_default_reminder", "Send default reminder"),
    text("hs_task_repeat_interval", "Repeat interval"),
    text("hs_repeat_status", "Repeat status"),
    moment("hs_task_completion_date", "Completed at", read_only=True),
    number("hs_task_completion_count", "Task completions", read_only=True),
    number("hs_task_is_completed", "Is completed", read_only=True),
    number("hs_task_is_completed_call", "Is a completed call task", read_only=True),
    number("hs_task_is_completed_email", "Is a completed email task", read_only=True),
    number("hs_task_is_completed_linked_in", "Is a completed LinkedIn task", read_only=True),
    number("hs_task_is_completed_sequence", "Is a completed sequence task", read_only=True),
    flag("hs_task_is_open", "Is open", read_only=True),
    flag("hs_task_is_overdue", "Is overdue", read_only=True),
    flag("hs_task_is_past_due_date", "Is past due", read_only=True),
    flag("hs_task_missed_due_date", "Missed due date", read_only=True),
    number("hs_task_missed_due_date_count", "Missed due date count", read_only=True),
    flag("hs_task_is_all_day", "Is all day", read_only=True),
    text("hs_task_family", "Task family", read_only=True),
    text("hs_task_for_object_type", "Task for object type", read_only=True),
    text("hs_pipeline", "Pipeline", read_only=True),
    text("hs_pipeline_stage", "Pipeline stage", read_only=True),
)

_CALLS = (
    text("hs_call_title", "Call title"),
    rich("hs_call_body", "Call notes"),
    choice("hs_call_direction", "Call direction", "INBOUND OUTBOUND"),
    number("hs_call_duration", "Call duration"),
    choice(
        "hs_call_status",
        "Call status",
        "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS MISSED NO_ANSWER QUEUED RINGING",
    ),
    choice("hs_call_disposition", "Call outcome", CALL_DISPOSITIONS),
    text("hs_call_from_number", "From number"),
    text("hs_call_to_number", "To number"),
    text("hs_call_recording_url", "Recording URL"),
    text("hs_call_video_recording_url", "Video recording URL"),
    text("hs_call_source", "Call source"),
    text("hs_call_callee_object_id", "Callee object ID"),
    text("hs_call_callee_object_type", "Callee object type"),
    text("hs_call_app_id", "Call app ID"),
    text("hs_call_external_id", "External call ID"),
    text("hs_call_external_account_id", "External account ID"),
    open_choice("hs_activity_type", "Call and meeting type"),
)

_EMAILS = (
    choice("hs_email_direction", "Email direction", "EMAIL INCOMING_EMAIL FORWARDED_EMAIL"),
    choice("hs_email_status", "Email send status", "BOUNCED FAILED SCHEDULED SENDING SENT"),
    text("hs_email_subject", "Email subject"),
    text("hs_email_text", "Text body", area=True),
    rich("hs_email_html", "Email body", filterable=False),
    text("hs_email_headers", "Email headers", area=True),
    text("hs_email_message_id", "Email message ID"),
    text("hs_email_thread_id", "Email thread ID"),
    text("hs_email_logged_from", "Logged from", read_only=True),
    number("hs_email_open_count", "Number of email opens", read_only=True),
    number("hs_email_click_count", "Number of email clicks", read_only=True),
    number("hs_email_reply_count", "Number of email replies", read_only=True),
    number("hs_email_open_rate", "Email open rate", read_only=True),
    number("hs_email_click_rate", "Email click rate", read_only=True),
    number("hs_email_reply_rate", "Email reply rate", read_only=True),
    text("hs_email_from_raw", "From, raw", read_only=True),
    text("hs_email_to_raw", "To, raw", read_only=True),
    text("hs_email_cc_raw", "Cc, raw", read_only=True),
    text("hs_email_bcc_raw", "Bcc, raw", read_only=True),
    *(
        text(f"hs_email_{role}_{part}", f"Email {role} {part}", read_only=True)
        for role in ("from", "sender", "to", "cc", "bcc")
        for part in ("email", "firstname", "lastname")
    ),
)

_MEETINGS = (
    text("hs_meeting_title", "Meeting name"),
    rich("hs_meeting_body", "Meeting description"),
    rich("hs_internal_meeting_notes", "Internal meeting notes"),
    text("hs_meeting_location", "Location"),
    choice("hs_meeting_location_type", "Location type", "ADDRESS CUSTOM PHONE VIDEO"),
    text("hs_meeting_external_url", "External URL"),
    moment("hs_meeting_start_time", "Meeting start time"),
    moment("hs_meeting_end_time", "Meeting end time"),
    choice("hs_meeting_outcome", "Meeting outcome", "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED"),
    text("hs_meeting_source", "Meeting source"),
    text("hs_meeting_source_id", "Meeting source ID"),
    text("hs_timezone", "Time zone"),
    text("hs_i_cal_uid", "iCal UID"),
    text("hs_guest_emails", "Guest emails"),
    text("hs_attendee_owner_ids", "Attendee owner IDs"),
    open_choice("hs_activity_type", "Call and meeting type"),
)

_CONTACTS = (
    text("email", "Email", unique=True),
    text("firstname", "First name"),
    text("lastname", "Last name"),
    text("hs_full_name_or_email", "Full name or email", read_only=True),
    text("phone", "Phone number"),
    text("mobilephone", "Mobile phone number"),
    text("jobtitle", "Job title"),
    text("company", "Company name"),
    text("website", "Website URL"),
    text("address", "Street address"),
    text("city", "City"),
    text("state", "State/Region"),
    text("zip", "Postal code"),
    text("country", "Country/Region"),
    text("salutation", "Salutation"),
    text("hs_additional_emails", "Additional email addresses", read_only=True),
    text("hs_email_domain", "Email domain", read_only=True),
    flag("hs_marketable_status", "Marketing contact status", read_only=True),
    flag("hs_marketable_until_renewal", "Marketing contact until next update", read_only=True),
    choice(
        "lifecyclestage",
        "Lifecycle stage",
        "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other",
    ),
    choice(
        "hs_lead_status",
        "Lead status",
        "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING",
    ),
    number("associatedcompanyid", "Primary associated company ID"),
    text("message", "Message", area=True),
    day("date_of_birth", "Date of birth"),
    moment("lastmodifieddate", "Last modified date", read_only=True),
    flag("hs_is_contact", "Is a contact", read_only=True),
)

_COMPANIES = (
    text("name", "Company name"),
    text("domain", "Company domain name"),
    text("hs_additional_domains", "Additional domains", read_only=True),
    text("website", "Website URL"),
    text("phone", "Phone number"),
    text("description", "Description", area=True),
    text("address", "Street address"),
    text("city", "City"),
    text("state", "State/Region"),
    text("zip", "Postal code"),
    text("country", "Country/Region"),
    choice("industry", "Industry", "ACCOUNTING COMPUTER_SOFTWARE CONSTRUCTION FOOD_PRODUCTION MACHINERY RETAIL"),
    number("numberofemployees", "Number of employees"),
    number("annualrevenue", "Annual revenue"),
    choice(
        "lifecyclestage",
        "Lifecycle stage",
        "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other",
    ),
    moment("hs_lastmodifieddate", "Last modified date", read_only=True),
)

_DEALS = (
    text("dealname", "Deal name"),
    choice("pipeline", "Pipeline", (Option("default", "Sales Pipeline"),)),
    choice(
        "dealstage",
        "Deal stage",
        "appointmentscheduled qualifiedtobuy presentationscheduled decisionmakerboughtin contractsent closedwon "
        "closedlost",
    ),
    number("amount", "Amount"),
    moment("closedate", "Close date"),
    choice("dealtype", "Deal type", "newbusiness existingbusiness"),
    text("description", "Deal description", area=True),
    moment("hs_lastmodifieddate", "Last modified date", read_only=True),
)

_TICKETS = (
    text("subject", "Ticket name"),
    text("content", "Ticket description", area=True),
    choice("hs_pipeline", "Pipeline", (Option("0", "Support Pipeline"),)),
    choice(
        "hs_pipeline_stage",
        "Ticket status",
        (
            Option("1", "New"),
            Option("2", "Waiting on contact"),
            Option("3", "Waiting on us"),
            Option("4", "Closed"),
        ),
    ),
    choice("hs_ticket_priority", "Priority", "LOW MEDIUM HIGH URGENT"),
    choice("hs_ticket_category", "Category", "PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY"),
    moment("hs_lastmodifieddate", "Last modified date", read_only=True),
)

_OWN = {
    "notes": ("note", _NOTES),
    "tasks": ("task", _TASKS),
    "calls": ("call", _CALLS),
    "emails": ("email", _EMAILS),
    "meetings": ("meeting", _MEETINGS),
    "contacts": ("contactinformation", _CONTACTS),
    "companies": ("companyinformation", _COMPANIES),
    "deals": ("dealinformation", _DEALS),
    "tickets": ("ticketinformation", _TICKETS),
}


def initial_groups() -> dict[str, dict[str, str]]:
    """Give the property groups of a new portal: object type to group name to label."""
    return {
        object_type.name: {
            _OWN[object_type.name][0]: f"{object_type.singular.capitalize()} information",
            **({"engagement": "Engagement information"} if object_type.name in ACTIVITY_NAMES else {}),
        }
        for object_type in OBJECT_TYPES
    }


def initial_properties() -> dict[str, dict[str, PropertyDefinition]]:
    """Give the properties of a new portal: object type to property name to definition."""
    tables: dict[str, dict[str, PropertyDefinition]] = {}
    for object_type in OBJECT_TYPES:
        group, own = _OWN[object_type.name]
        shared = _EVERY_ACTIVITY if object_type.name in ACTIVITY_NAMES else _EVERY_RECORD
        tables[object_type.name] = {
            definition.name: definition.grouped(group) for definition in (*_EVERY_TYPE, *shared, *own)
        }
    return tables
