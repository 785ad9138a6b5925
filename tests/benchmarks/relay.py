"""A door in front of a PostgreSQL server that notes what its clients ask.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

FIRST_VERSION = 3 << 16  # of a start-up message; what is above asks for encryption and is answered by one byte
QUERY, PARSE = b"Q", b"P"


class Relay:
    """Listens on a port of its own. `url` leads through it; `asked` holds one text for each round trip."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        account = parts.netloc.rpartition("@")[0]
        netloc = f"{account}@127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=netloc, query="sslmode=disable&gssencmode=disable"))
        self.asked: list[str] = []
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def statements(self) -> list[str]:
        """What was asked, statement by statement. No `;` may stand within one."""
        return [part.strip() for text in self.asked for part in text.split(";") if part.strip()]

    def close(self) -> None:
        """Stop, once the clients have gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        for end in self._open:
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.append(end)
                for work, source, target in ((self._note, client, server), (_pass_on, server, client)):
                    thread = threading.Thread(target=work, args=(source, target), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _note(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), client.makefile("rb") as reader:
            started = False
            while head := reader.read(5 if started else 4):
                kind, (length,) = head[:-4], struct.unpack("!i", head[-4:])
                body = reader.read(length - 4)
                if not started:
                    started = struct.unpack("!i", body[:4])[0] < FIRST_VERSION + (1 << 16)
                elif kind == QUERY:
                    self.asked.append(body.rstrip(b"\0").decode())
                elif kind == PARSE:
                    self.asked.append(body.split(b"\0")[1].decode())
                server.sendall(head + body)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(1 << 16):
            client.sendall(data)
        client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relay_to(url: str) -> Iterator[Relay]:
    """A relay in front of the server of `url`."""
    relay = Relay(url)
    try:
        yield relay
    finally:
        relay.close()
