"""A TCP relay in front of a PostgreSQL server: notes what clients send, and can swallow an answer."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Listens on a free port while it is open.

    `queries` holds the text of each Query message and of each Parse message, in order; `named` the names of
    prepared statements. After `cut_commit`, the server's answer to the next COMMIT is not passed on, and
    the connection is closed.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._cut = threading.Event()
        self.queries: list[str] = []
        self.named: list[str] = []
        self.was_cut = threading.Event()

    @property
    def url(self) -> str:
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{self._listener.getsockname()[1]}"))

    def cut_commit(self) -> None:
        self._cut.set()

    def __enter__(self) -> Relay:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._sockets:
            _shut(end)
        for thread in self._threads:
            thread.join(5)
        for end in self._sockets:
            end.close()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((self._parts.hostname or "127.0.0.1", self._parts.port or 5432))
            self._sockets += [client, server]
            cut = threading.Event()
            self._start(self._to_server, client, server, cut)
            self._start(self._to_client, server, client, cut)

    def _to_server(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        """Message by message; those before the first typed one (start-up, a request for SSL) have no type."""
        waiting, started = b"", False
        while content := _received(client):
            waiting += content
            while True:
                head = 1 if started else 0
                if len(waiting) < head + 4:
                    break
                (length,) = struct.unpack("!I", waiting[head : head + 4])
                if len(waiting) < head + length:
                    break
                message, waiting = waiting[: head + length], waiting[head + length :]
                if started:
                    self._note(message, cut)
                elif struct.unpack("!I", message[4:8])[0] == 196608:  # protocol 3.0
                    started = True
                if not _sent(server, message):
                    return
        _shut(server)

    def _note(self, message: bytes, cut: threading.Event) -> None:
        body = message[5:]
        if message[:1] == b"Q":
            text = body.rstrip(b"\0").decode()
            self.queries.append(text)
            if text == "COMMIT" and self._cut.is_set():
                self._cut.clear()
                cut.set()
        elif message[:1] == b"P":
            name, text_, _ = body.split(b"\0", 2)
            self.queries.append(text_.decode())
            if name:
                self.named.append(name.decode())

    def _to_client(self, server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
        while content := _received(server):
            if cut.is_set():
                self.was_cut.set()
                break
            if not _sent(client, content):
                break
        _shut(client)
        _shut(server)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


def _sent(end: socket.socket, content: bytes) -> bool:
    try:
        end.sendall(content)
    except OSError:
        return False
    return True


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
