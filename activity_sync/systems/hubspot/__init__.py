"""HubSpot: reads, writes and knows its records. Vendor spellings stay inside this folder."""
