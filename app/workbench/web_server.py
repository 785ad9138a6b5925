"""The server behind `miger web`.

What it serves can change databases, so nobody else may reach it: it listens on the loopback interface alone,
answers only requests that name it so (a foreign web page cannot make its own name lead here), takes a
websocket only from its own page, and only who knows the token of the printed address. Nothing is fetched
from anywhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from miger.engine.errors import UsageError
from miger.workbench.web_page import PAGE

HOST = "127.0.0.1"
OUR_NAMES = frozenset({HOST, "localhost"})
MOST_CELLS = 1000  # a terminal's width or height, at most
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws:; "
    "frame-ancestors 'none'",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listen(port: int) -> socket.socket:
    """A socket that listens on `port` of the loopback interface, 0 for any free one. Raises UsageError."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        hint = "--port N takes another, --port 0 any that is free"
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use", hint) from None
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint) from None


def served_command(folder: str, environment: str) -> str:
    """The command line that starts the workbench of one page, for the shell."""
    # -P: a secrets.py or json.py in the current folder must not take the place of Python's own.
    words = [sys.executable, "-P", "-m", "miger.workbench.served", folder, environment]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


class WorkbenchServer(Server):
    """textual-serve's server for one project and environment. `address` is what to open in a browser."""

    def __init__(self, listener: socket.socket, folder: str, environment: str, title: str) -> None:
        port = int(listener.getsockname()[1])
        super().__init__(served_command(folder, environment), host=HOST, port=port, title=title)
        self.token = secrets.token_urlsafe(24)
        self.address = f"http://{HOST}:{port}/?token={self.token}"
        self._listener = listener
        self._services: set[AppService] = set()
        self._tell: Callable[[], None] = lambda: None

    def serve_until_stopped(self, tell: Callable[[], None]) -> None:
        """Serves until SIGINT or SIGTERM; `tell` is called once it can be reached."""
        self._tell = tell
        web.run_app(
            self._make_app(),
            sock=self._listener,
            print=None,
            access_log=None,
            handle_signals=True,
            shutdown_timeout=5.0,
        )

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._only_us])
        app.add_routes(
            [
                web.get("/", self.handle_index, name="index"),
                web.get(f"/ws/{self.token}", self.handle_websocket, name="websocket"),
                web.get("/download/{key}", self.handle_download, name="download"),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        app.on_startup.append(self.on_startup)
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Tells the address."""
        self._tell()

    async def on_shutdown(self, app: web.Application) -> None:
        """Ends the workbenches; each lets a run of its own stop after the current statement."""
        await asyncio.gather(*(service.stop() for service in tuple(self._services)), return_exceptions=True)

    @web.middleware
    async def _only_us(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses what another web page, or another name of this machine, brings about."""
        if _name_of(f"//{request.host}") not in OUR_NAMES:
            raise web.HTTPForbidden(text="this workbench is for this machine alone\n")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="this workbench answers no other page\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, for who has the token."""
        if not secrets.compare_digest(request.query.get("token", "").encode(), self.token.encode()):
            raise web.HTTPForbidden(text="open the whole address that `miger web` has printed, with its token\n")
        values = {
            "title": escape(self.title),
            "font_size": str(min(max(to_int(request.query.get("fontsize", "16"), 16), 6), 64)),
            "websocket": f"ws://{request.host}/ws/{self.token}",
        }
        return web.Response(text=PAGE.substitute(values), content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Starts a workbench for a page, and ends it with the page."""
        width, height = (
            min(max(to_int(request.query.get(name, ""), usual), 1), MOST_CELLS)
            for name, usual in (("width", 80), ("height", 24))
        )
        websocket = web.WebSocketResponse(heartbeat=15)
        await websocket.prepare(request)
        service = AppService(
            self.command,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=websocket.close,  # type: ignore[arg-type]  # that it gives a bool is of no interest
            download_manager=self.download_manager,
        )
        self._services.add(service)
        try:
            await service.start(width, height)
            await self._process_messages(websocket, service)
        except (ConnectionError, ValueError, KeyError, AssertionError):  # the page is gone, or is none of ours
            await websocket.close()
        finally:
            with contextlib.suppress(ConnectionError):
                await asyncio.shield(service.stop())
            self._services.discard(service)
        return websocket


def _name_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
