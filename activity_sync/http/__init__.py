"""Speaking HTTP to an API: authentication, retries, shared limits. The only room that imports httpx.

Knows nothing of what is sent or what an answer means to the caller; a system's folder brings that.
"""
