"""A TCP relay in front of a server that can hold what the server says, or be gone, and come back."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit, urlunsplit


class Valve:
    """Listens on one port of its own while it is open; `url` is that of the server behind it."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._serve()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{self._port}"))

    def hold(self) -> None:
        """From now on the server's answers wait."""
        self._flowing.clear()

    def flow(self) -> None:
        """Hands on what was held."""
        self._flowing.set()

    def go_away(self) -> None:
        """Ends all connections and takes no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._sockets.clear()

    def come_back(self) -> None:
        """Takes connections again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._serve()

    def __enter__(self) -> Valve:
        return self

    def __exit__(self, *exception: object) -> None:
        self.flow()
        self.go_away()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((self._parts.hostname or "127.0.0.1", self._parts.port or 5432))
            self._sockets += [client, server]
            for source, target, held in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, target, held), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, held: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if held:
                    self._flowing.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
