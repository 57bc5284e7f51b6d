"""Leads requests for HubSpot's host to the sandbox: for tools in which the host is written down and not a setting.

Python imports it at its start where this folder is in PYTHONPATH. All of these tools send with `requests`. Two paths
that the sandbox does not have are seen to here: the properties of a type by v2 are read by v3 and shown as v2 does it,
and which custom object types the portal has is answered, uncounted, by: none.
"""

import io
import json
import os
import re
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

_HOST = "https://api.hubapi.com"
_OLD_PROPERTIES = re.compile(r"/properties/v2/(\w+)/properties")
_send = HTTPAdapter.send


def _send_to_sandbox(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
    asked = request.url or ""
    if not asked.startswith(_HOST):
        return _send(adapter, request, **options)
    path = asked.removeprefix(_HOST)
    if path.partition("?")[0] == "/crm/v3/schemas":
        return _answer(adapter, request, {"results": []})
    old = _OLD_PROPERTIES.match(path)
    request.url = os.environ["HUBSPOT_BASE_URL"] + (f"/crm/v3/properties/{old[1]}" if old else path)
    answer = _send(adapter, request, **options)
    return _answer(adapter, request, answer.json()["results"]) if old and answer.ok else answer


def _answer(adapter: HTTPAdapter, request: PreparedRequest, body: Any) -> Response:
    content = io.BytesIO(json.dumps(body).encode())
    headers = {"Content-Type": "application/json"}
    raw = HTTPResponse(content, headers, status=200, preload_content=False, request_url=request.url)
    return adapter.build_response(request, raw)


HTTPAdapter.send = _send_to_sandbox  # type: ignore[method-assign]
