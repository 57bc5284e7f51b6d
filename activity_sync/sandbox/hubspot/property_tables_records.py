"""The properties that every type, and each type that activities hang on, has from the start.

Names, types and options: HubSpot developer documentation, the activity guides, and the option lists that HubSpot's
own command line tools carry (read 2026-11). Read-only ones beyond the guides were seen in recorded answers.
"""

from __future__ import annotations

from activity_sync.sandbox.hubspot.property_definition import (
    Option,
    choice,
    day,
    flag,
    moment,
    number,
    open_choice,
    text,
)

EVERY_TYPE = (
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

EVERY_RECORD = (moment("createdate", "Create date", read_only=True),)

CONTACTS = (
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

COMPANIES = (
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

DEALS = (
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

TICKETS = (
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
