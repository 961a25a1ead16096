"""Serves an archive on loopback: the edge that every request passes, and the two ways to run it.

`SandboxServer` runs in a thread of this process; `serve_forever` runs in the foreground.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.faults import Faults, Refusal, Request, refused_agent
from pd_assets.sandbox.site import Site, edge_page, pairs

LOOPBACK = "127.0.0.1"
START_LIMIT_S = 300
POLICED = ("/w/", "/wikipedia/")


class _Edge:
    """What stands before the site: User-Agent policy, faults, limits, and the log of every request."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        headers = dict(scope["headers"])
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        status, size_bytes = 500, 0

        async def counted(message: Message) -> None:
            nonlocal status, size_bytes
            status = message.get("status", status)
            size_bytes += len(message.get("body", b""))
            await send(message)

        # Whoever sets faults is a program: a browser says whose page asks, and no page has a reason to.
        of_a_page = not {b"origin", b"sec-fetch-site"}.isdisjoint(headers)
        refusal = self._refusal(scope["path"], agent, of_a_page=of_a_page and scope["method"] == "POST")
        try:
            if self.faults.delay_s and scope["path"].startswith(POLICED):
                await asyncio.sleep(self.faults.delay_s)
            app = self.app if refusal is None else edge_page(refusal.status, refusal.reason, refusal.retry_after_s)
            await app(scope, receive, counted)
        finally:
            if not scope["path"].startswith("/sandbox/"):
                self._log(scope, agent, status, size_bytes)

    def _refusal(self, path: str, agent: str, *, of_a_page: bool) -> Refusal | None:
        if path.startswith("/sandbox/"):
            return Refusal(status=403, reason="a page's request; expected a program's") if of_a_page else None
        refusal = self.faults.entered(path)
        return refused_agent(agent) or refusal if path.startswith(POLICED) else None

    def _log(self, scope: Scope, agent: str, status: int, size_bytes: int) -> None:
        params = scope["state"].get("params") or pairs(scope["query_string"].decode("latin-1"))
        self.faults.left(
            Request(
                timestamp=time.time(),
                method=scope["method"],
                path=scope["path"],
                params=params,
                status=status,
                size_bytes=size_bytes,
                user_agent=agent,
            )
        )


class SandboxServer:
    """An archive served by a thread of this process; use it as a context manager. Errors: SandboxError."""

    def __init__(self, archive: Archive, port: int = 0, *, host: str = LOOPBACK, faults: Faults | None = None) -> None:
        self.archive = archive
        self.faults = faults or Faults()
        self.host, self.port = host, port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/w/api.php"

    def start(self) -> Self:
        """Begins to answer; returns when it does."""
        listener = _listener(self.host, self.port)
        self.port = listener.getsockname()[1]
        server = uvicorn.Server(_config(Site(self.archive, self.base_url, self.faults)))
        self._server = server
        self._thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT_S
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise SandboxError(f"The sandbox did not start on {self.host}:{self.port}; see the log.")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(START_LIMIT_S)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Announcing(uvicorn.Server):
    """A server that tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()


def serve_forever(
    archive: Archive, port: int, host: str = LOOPBACK, *, on_ready: Callable[[str], None] = lambda url: None
) -> None:
    """Answers until interrupted or terminated; `on_ready` gets the base URL. Errors: SandboxError (port in use)."""
    listener = _listener(host, port)
    base_url = f"http://{host}:{listener.getsockname()[1]}"
    server = _Announcing(_config(Site(archive, base_url, Faults())), lambda: on_ready(base_url))
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return


def _config(site: Site) -> uvicorn.Config:
    return uvicorn.Config(
        _Edge(site.app(), site.faults), log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port} ({error.strerror}); choose another port or end what uses it."
        ) from None
    return listener
