"""A server that stands in for the parts of the HubSpot CRM API that an activity sync meets.

It shares no code with the connector it is used to test, so that a misreading of the API shows as a failing
request and not as two modules agreeing with each other.
"""
