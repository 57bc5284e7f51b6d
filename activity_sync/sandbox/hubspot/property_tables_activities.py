"""The properties that activities have from the start.

Names, types and options: HubSpot developer documentation, the activity guides, and the option lists that HubSpot's
own command line tools carry (read 2026-11). Read-only ones beyond the guides were seen in recorded answers.
"""

from __future__ import annotations

from activity_sync.sandbox.hubspot.property_definition import (
    Option,
    choice,
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

EVERY_ACTIVITY = (
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

NOTES = (rich("hs_note_body", "Note body"),)

TASKS = (
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

CALLS = (
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

EMAILS = (
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

MEETINGS = (
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
