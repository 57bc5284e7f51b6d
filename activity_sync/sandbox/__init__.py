"""Stand-ins for the two CRMs: HTTP servers that behave as the published APIs do, inconveniences included.

Nothing here imports from the rest of `activity_sync`: a fake that shares the connector's models would share
its mistakes.
"""
