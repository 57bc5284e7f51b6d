"""Activity Sync keeps CRM activities in step between HubSpot and Microsoft Dynamics 365."""
