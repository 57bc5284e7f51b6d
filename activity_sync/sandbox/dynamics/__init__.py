"""A Dataverse organisation over HTTP: the part of the Web API that deals with activities and their records.

Read in this order: `schema` and `tables` (what exists), `store` (what is kept), `writing` with `payload`, `parties`
and `states` (the rules of a write), `reading` with `query` and `filtering` (the rules of a read), `batch`, `metadata`,
then `service` (which answers one call) and `app` (HTTP).
"""
