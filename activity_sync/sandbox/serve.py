"""Both sandboxes over real HTTP, in threads of this process."""

import contextlib
import json
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from activity_sync.sandbox.controls import Controls, SandboxStore, Settings
from activity_sync.sandbox.dynamics.app import create_app as create_dynamics
from activity_sync.sandbox.dynamics.store import Store as DynamicsStore
from activity_sync.sandbox.hubspot.app import create_app as create_hubspot
from activity_sync.sandbox.hubspot.store import HubSpotStore
from activity_sync.sandbox.middleware import DISCONNECT_KEY

_HOST = "127.0.0.1"
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Sandbox:
    """One running server, with direct access to its store and controls for tests in the same process."""

    url: str
    controls: Controls
    store: SandboxStore


class RunningSandboxes:
    """Both servers. A context manager; `close()` stops them. `ca_file` is set when Dynamics serves TLS."""

    def __init__(
        self, hubspot: Sandbox, dynamics: Sandbox, *, ca_file: Path | None, resources: contextlib.ExitStack
    ) -> None:
        self.hubspot = hubspot
        self.dynamics = dynamics
        self.ca_file = ca_file
        self._resources = resources

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which a client reaches these servers."""
        settings = self.dynamics.controls.settings
        found = {
            "HUBSPOT_BASE_URL": self.hubspot.url,
            "HUBSPOT_ACCESS_TOKEN": self.hubspot.controls.settings.hubspot_access_token,
            "DYNAMICS_URL": self.dynamics.url,
            "DYNAMICS_AUTHORITY": self.dynamics.url,
            "DYNAMICS_TENANT_ID": settings.dynamics_tenant_id,
            "DYNAMICS_CLIENT_ID": settings.dynamics_client_id,
            "DYNAMICS_CLIENT_SECRET": settings.dynamics_client_secret,
        }
        return found if self.ca_file is None else found | {"SSL_CERT_FILE": str(self.ca_file)}

    def load(self, seed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Loads `{"hubspot": ..., "dynamics": ...}` into the two stores; returns the counts.

        A document of `seed.demo_seed` does, with its list of `cases`, which is for readers.
        """
        sides = {"hubspot": self.hubspot.store, "dynamics": self.dynamics.store}
        unknown = set(seed) - set(sides) - {"cases"}
        if unknown:
            raise ValueError(f"A seed is for hubspot and dynamics, not for {', '.join(sorted(unknown))}.")
        return {side: store.load(seed[side]) for side, store in sides.items() if side in seed}

    def close(self) -> None:
        """Stops both servers and removes the throw-away authority."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_sandboxes(
    *,
    hubspot_port: int = 0,
    dynamics_port: int = 0,
    settings: Mapping[str, Any] | None = None,
    seed: Mapping[str, Any] | None = None,
    random_seed: int = 0,
    tls: bool = False,
) -> RunningSandboxes:
    """Starts both servers on the loopback address and returns when both accept requests.

    `settings` are changes to the defaults of `Settings`, given to both; port 0 takes a free one. With `tls` the
    Dynamics server has a certificate for `localhost` of an authority made for this run. Raises OSError when a port
    is taken, UnknownSetting, ValueError for a seed that cannot be stored.
    """
    with contextlib.ExitStack() as resources:
        hubspot_controls = _controls(settings, random_seed)
        dynamics_controls = _controls(settings, random_seed)
        hubspot_store, dynamics_store = HubSpotStore(hubspot_controls), DynamicsStore(dynamics_controls)
        context, ca_file = resources.enter_context(_authority()) if tls else (None, None)
        hubspot_url = resources.enter_context(
            serving(create_hubspot(hubspot_store, hubspot_controls), port=hubspot_port)
        )
        dynamics_url = resources.enter_context(
            serving(create_dynamics(dynamics_store, dynamics_controls), port=dynamics_port, tls=context)
        )
        running = RunningSandboxes(
            Sandbox(hubspot_url, hubspot_controls, hubspot_store),
            Sandbox(dynamics_url, dynamics_controls, dynamics_store),
            ca_file=ca_file,
            # From here on the servers belong to the caller.
            resources=resources.pop_all(),
        )
    try:
        running.load(seed or {})
    except BaseException:
        running.close()
        raise
    return running


def read_seed(path: Path) -> dict[str, Any]:
    """A seed file: JSON with the keys `hubspot` and `dynamics`. Raises ValueError, OSError."""
    given = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(given, dict):
        raise TypeError(f"{path} holds no JSON object.")
    return given


def _controls(settings: Mapping[str, Any] | None, random_seed: int) -> Controls:
    chosen = Settings()
    chosen.change(settings or {})
    return Controls(chosen, seed=random_seed)


@contextlib.contextmanager
def serving(app: ASGIApp, *, port: int, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves an application in a thread until the block ends; yields its URL."""
    listener = socket.create_server((_HOST, port), backlog=256)
    config = uvicorn.Config(
        _with_disconnect(app),
        log_level="warning",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    config.load()
    if tls is not None:
        config.ssl = tls
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        number = listener.getsockname()[1]
        yield f"https://localhost:{number}" if tls is not None else f"http://{_HOST}:{number}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("A sandbox server did not start.")
        time.sleep(0.01)


def _with_disconnect(app: ASGIApp) -> ASGIApp:
    """Puts into the scope a function that cuts the connection; faults need one, and ASGI has none."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's `send` is a method of the request's cycle, which holds the transport.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope[DISCONNECT_KEY] = transport.abort
        await app(scope, receive, send)

    return wrapped


@contextlib.contextmanager
def _authority() -> Iterator[tuple[ssl.SSLContext, Path]]:
    """A certificate for `localhost` by a new authority, and the file with the authority's own certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", _HOST).configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="activity-sync-sandbox-") as folder:
        file = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(str(file))
        yield context, file
