"""Tokens: fetched once, renewed in time and once on a 401, never shown."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import httpx
import pytest

from activity_sync.errors import AuthenticationFailed, ConfigurationError, MalformedResponse, Unreachable
from activity_sync.http.auth import ClientCredentials, StaticBearer
from activity_sync.http.message import ApiRequest

TOKEN_URL = "https://login.test/tenant/oauth2/v2.0/token"
READ = ApiRequest("GET", "/WhoAmI", repeatable=True)
CREATE = ApiRequest("POST", "/tasks", json={}, repeatable=False)


class Organization:
    """A token host and an API that accepts the tokens named in `valid`, or all."""

    def __init__(self, *, valid=None, expires_in=3600):
        self.valid = valid
        self.expires_in = expires_in
        self.token_answers = []
        self.token_requests = []
        self.seen_tokens = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.test":
            self.token_requests.append(parse_qs(request.content.decode()))
            await asyncio.sleep(0)
            if self.token_answers:
                return self.token_answers.pop(0)
            issued = {"access_token": f"t{len(self.token_requests)}", "expires_in": self.expires_in}
            return httpx.Response(200, json=issued)
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.seen_tokens.append(token)
        return httpx.Response(200 if self.valid is None or token in self.valid else 401, json={})


@pytest.fixture
def connect(make_client, waits):
    def make(organization):
        auth = ClientCredentials(TOKEN_URL, "app", "the-secret", "https://org.test/.default", clock=waits.clock)
        transport = httpx.MockTransport(organization)
        return make_client("https://org.test", system="dynamics", auth=auth, transport=transport)

    return make


def run(client, *steps):
    async def go():
        async with client:
            return [await step(client) for step in steps]

    return asyncio.run(go())


def read(client):
    return client.send(READ)


def test_token_is_asked_for_once_and_not_counted(connect):
    organization = Organization()
    client = connect(organization)

    async def many(client):
        await asyncio.gather(*(client.send(READ) for _ in range(8)))

    run(client, many, read)

    assert organization.token_requests == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["app"],
            "client_secret": ["the-secret"],
            "scope": ["https://org.test/.default"],
        }
    ]
    assert client.calls == 9


@pytest.mark.parametrize(("expires_in", "asked_after"), [(3600, 3480), (100, 50), ("3599", 3479)])
def test_token_is_renewed_before_it_expires(connect, waits, expires_in, asked_after):
    organization = Organization(expires_in=expires_in)

    async def until(_client):
        waits.seconds.append(asked_after - 1)

    async def past(_client):
        waits.seconds.append(1)

    run(connect(organization), read, until, read, past, read)

    assert organization.seen_tokens == ["t1", "t1", "t2"]


def test_refused_token_is_renewed_once_even_for_a_create(connect):
    organization = Organization(valid={"t2"})

    run(connect(organization), lambda client: client.send(CREATE))

    assert organization.seen_tokens == ["t1", "t2"]


def test_token_refused_twice_is_an_authentication_failure(connect):
    organization = Organization(valid=set())

    with pytest.raises(AuthenticationFailed) as caught:
        run(connect(organization), read)

    assert organization.seen_tokens == ["t1", "t2"]
    assert "DYNAMICS_CLIENT_ID" in str(caught.value)


def test_tokens_refused_together_are_renewed_together(connect):
    organization = Organization(valid={"t2"})

    async def many(client):
        await asyncio.gather(*(client.send(READ) for _ in range(4)))

    run(connect(organization), many)

    assert len(organization.token_requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refused_application_names_the_variables(connect, status):
    organization = Organization()
    error = {"error": "invalid_client", "error_description": "AADSTS7000215 for the-secret"}
    organization.token_answers = [httpx.Response(status, json=error)]

    with pytest.raises(AuthenticationFailed) as caught:
        run(connect(organization), read)

    assert caught.value.code == "invalid_client"
    for name in ("DYNAMICS_TENANT_ID", "DYNAMICS_CLIENT_ID", "DYNAMICS_CLIENT_SECRET"):
        assert name in str(caught.value)
    assert "the-secret" not in str(caught.value)


@pytest.mark.parametrize("code", ["invalid_resource", "invalid_scope"])
def test_an_address_that_is_no_organization_is_not_blamed_on_the_secret(connect, code):
    organization = Organization()
    organization.token_answers = [httpx.Response(400, json={"error": code})]

    with pytest.raises(AuthenticationFailed) as caught:
        run(connect(organization), read)

    assert (caught.value.setting, caught.value.code) == ("DYNAMICS_URL", code)
    assert "SECRET" not in str(caught.value)


def test_token_host_in_trouble_is_asked_again(connect):
    organization = Organization()
    organization.token_answers = [httpx.Response(503), httpx.Response(429, headers={"retry-after": "3"})]

    run(connect(organization), read)

    assert organization.seen_tokens == ["t3"]


def test_token_host_that_is_not_there_names_its_own_variable(connect):
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unreachable) as caught:
        run(connect(refuse), read)

    assert caught.value.setting == "DYNAMICS_AUTHORITY"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": "a\\nb"}'])
def test_token_answer_without_a_token_is_malformed(connect, body):
    organization = Organization()
    organization.token_answers = [httpx.Response(200, content=body)]

    with pytest.raises(MalformedResponse):
        run(connect(organization), read)


@pytest.mark.parametrize("token", ["", "with space", "line\nbreak", "ключ"])
def test_token_that_no_header_can_carry_is_refused_unquoted(token):
    with pytest.raises(ConfigurationError) as caught:
        StaticBearer(token)

    assert not token or token not in str(caught.value)
