"""TLS: the authority of `SSL_CERT_FILE` is trusted, another is not, and the error says what to set."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import trustme
import uvicorn

from activity_sync.errors import Unreachable
from activity_sync.http.message import ApiRequest


async def _app(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def secured(tmp_path):
    """The address of a server, and a file with the certificate of its authority."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    key, chain, trusted = tmp_path / "key.pem", tmp_path / "chain.pem", tmp_path / "authority.pem"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(chain)
    authority.cert_pem.write_to_path(trusted)
    config = uvicorn.Config(_app, log_level="critical", lifespan="off", ssl_keyfile=str(key), ssl_certfile=str(chain))
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", trusted
    server.should_exit = True
    thread.join(10)
    listener.close()


def fetch_status(client):
    async def run():
        async with client:
            return (await client.send(ApiRequest("GET", "/", repeatable=True))).status

    return asyncio.run(run())


def test_authority_of_the_environment_is_trusted(secured, make_client, monkeypatch):
    address, trusted = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    assert fetch_status(make_client(address)) == 204


def test_unknown_authority_is_not_trusted_and_the_remedy_is_named(secured, make_client, monkeypatch):
    address, _ = secured
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    with pytest.raises(Unreachable, match="SSL_CERT_FILE") as caught:
        fetch_status(make_client(address))

    assert "certificate verify failed" in str(caught.value)


def test_file_that_is_replaced_under_its_name_is_read_again(secured, make_client, monkeypatch, tmp_path):
    address, trusted = secured
    bundle = tmp_path / "bundle.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with pytest.raises(Unreachable, match="SSL_CERT_FILE"):
        fetch_status(make_client(address))

    bundle.write_bytes(trusted.read_bytes())

    assert fetch_status(make_client(address)) == 204


def test_another_file_is_read_in_the_same_process(secured, make_client, monkeypatch):
    address, trusted = secured
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(Unreachable, match="SSL_CERT_FILE"):
        fetch_status(make_client(address))

    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    assert fetch_status(make_client(address)) == 204
