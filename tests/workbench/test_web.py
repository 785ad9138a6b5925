"""`miger web`: who may reach it, what it serves, how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import aiohttp
import pytest

from miger.workbench.web_server import listen, served_command

from tests.app.sandbox import Done, Process, Sandbox, until

FIRST_FRAME = (b"1 Graph", b"database")


class Served:
    """A running `miger web` on a free port."""

    def __init__(self, process: Process) -> None:
        self.process = process
        found = process.next_event()
        assert found is not None, process.popen.communicate()[1]
        self.url = str(found["url"])
        self.base = self.url.partition("/?")[0]
        self.token = self.url.partition("token=")[2]

    @property
    def websocket(self) -> str:
        return f"{self.base}/ws/{self.token}?width=100&height=30"

    def stop(self) -> Done:
        """ctrl+c."""
        self.process.signal(signal.SIGINT)
        return self.process.end()


@pytest.fixture
def filled(shop: Sandbox) -> Sandbox:
    """Two migrations, one of them applied; the folder's name needs quoting."""
    shop.table("1_customers", "customers")
    shop.table("2_orders", "orders")
    shop.miger("up", "--steps", "1", "--yes")
    return shop


@pytest.fixture
def served(filled: Sandbox) -> Iterator[Served]:
    with filled.start("--json", "web", "--port", "0") as process:
        yield Served(process)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def _read_until(websocket: aiohttp.ClientWebSocketResponse, *wanted: bytes) -> bytes:
    """What the app draws, until all of these are in it."""
    drawn = b""
    while not all(text in drawn for text in wanted):
        message = await websocket.receive(timeout=60)
        assert message.type == aiohttp.WSMsgType.BINARY, (message, drawn[-500:])
        drawn += message.data
    return drawn


async def test_the_page_its_files_and_the_first_frame_come(served: Served, client: aiohttp.ClientSession) -> None:
    async with client.get(served.url) as page:
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
        text = await page.text()
    assert "shop ▸ dev" in text and f"/ws/{served.token}" in text
    for path in ("/static/js/textual.js", "/static/css/xterm.css", "/static/fonts/RobotoMono-VariableFont_wght.ttf"):
        assert path in text
        async with client.get(served.base + path) as file:
            assert file.status == 200 and len(await file.read()) > 1000
    assert "googleapis" not in text and "https://" not in text
    async with client.ws_connect(served.websocket, headers={"Origin": served.base}) as websocket:
        await _read_until(websocket, *FIRST_FRAME)
        await websocket.send_json(["stdin", "q"])
        while (message := await websocket.receive(timeout=60)).type == aiohttp.WSMsgType.BINARY:
            pass
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING)


async def test_without_the_token_there_is_nothing(served: Served, client: aiohttp.ClientSession) -> None:
    other = "x" if served.token[-1] != "x" else "y"
    for path in ("/", "/?token=", f"/?token={served.token[:-1]}{other}"):
        async with client.get(served.base + path) as page:
            assert page.status == 403
            assert served.token not in await page.text()
    async with client.get(f"{served.base}/ws") as page:
        assert page.status == 404


async def test_a_foreign_page_is_refused(served: Served, client: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect(served.websocket, headers={"Origin": "http://evil.example"})
    assert refused.value.status == 403
    port = urlsplit(served.base).port
    for host in (f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "["):
        async with client.get(served.url, headers={"Host": host}) as page:
            assert page.status in (400, 403), host
    async with client.get(served.url, headers={"Host": f"localhost:{port}"}) as page:
        assert page.status == 200


def test_it_listens_on_the_loopback_interface_alone() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


async def test_ctrl_c_ends_it_and_every_workbench(served: Served, client: aiohttp.ClientSession) -> None:
    async with client.ws_connect(served.websocket) as websocket:
        await _read_until(websocket, *FIRST_FRAME)
        children = _children(served.process.popen.pid)
        assert children
        ended = served.stop()
    assert ended.code == 0
    assert "Traceback" not in ended.err and "ended" in ended.err
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), "the workbenches to end")


def _children(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in told.stdout.split()]


def test_a_port_in_use_is_told_with_what_to_do(filled: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = filled.miger("web", "--port", str(port), code=2)
    assert f"port {port} is in use" in done.err and "--port" in done.err
    assert done.out == ""


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_what_is_no_port_is_told(filled: Sandbox, port: str) -> None:
    assert "is no port" in filled.miger("web", f"--port={port}", code=2).err


def test_a_broken_configuration_is_told_before_anything_is_served(filled: Sandbox) -> None:
    filled.configure(more="[environments.prod]\nurl = '${NOT_SET_ANYWHERE}'\n")
    assert "NOT_SET_ANYWHERE" in filled.miger("-e", "prod", "web", "--port", "0", code=2).err


def test_without_textual_serve_its_install_is_told(filled: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)  # as Python marks what is not installed
    done = filled.miger("web", code=2)
    assert "needs textual-serve" in done.err and "miger[web]" in done.err


def test_the_command_of_a_page_is_quoted_and_has_no_secret() -> None:
    command = served_command("/tmp/a $(rm -rf x)'; b", "dev prod")
    assert shlex.split(command) == [
        sys.executable,
        "-P",
        "-m",
        "miger.workbench.served",
        "/tmp/a $(rm -rf x)'; b",
        "dev prod",
    ]
