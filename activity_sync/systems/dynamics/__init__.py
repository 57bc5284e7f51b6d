"""Microsoft Dynamics 365 (Dataverse Web API v9.2): how its activities are read, written and looked up.

Vendor spellings stay inside this folder; outside, `system.py` is all there is.
"""
