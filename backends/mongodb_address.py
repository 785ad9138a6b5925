"""What a MongoDB URL says, and whether anybody listens where it leads."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple
from urllib.parse import unquote

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

CONNECT_SECONDS = 10

_DATABASE = re.compile(r"mongodb(?:\+srv)?://[^/?]*/([^?]*)", re.IGNORECASE)


class Address(NamedTuple):
    """The database of a URL, and its servers by host and port; none where DNS or a socket file names one."""

    database: str
    servers: tuple[tuple[str, int], ...]


def read_address(url: str) -> Address:
    """What a URL says. Raises ValueError where it cannot be meant; the message may hold parts of the URL."""
    found = _DATABASE.match(url)
    database = unquote(found.group(1)).partition(".")[0] if found else ""
    try:
        hosts = () if url.lower().startswith("mongodb+srv:") else parse_uri(url, warn=False)["nodelist"]
    except (PyMongoError, ValueError) as error:
        raise ValueError(str(error)) from None
    if not database:
        raise ValueError("the URL names no database")
    servers = tuple((host, port) for host, port in hosts if port is not None)
    return Address(database, servers if len(servers) == len(hosts) else ())


def refused_by_all(address: Address) -> str:
    """Why no server can be there, "" where one may be.

    The driver would look for a server that refuses every connection for as long as for one that starts.
    """
    reasons = []
    for server in address.servers:
        try:
            socket.create_connection(server, timeout=CONNECT_SECONDS).close()
        except (ConnectionRefusedError, socket.gaierror) as error:
            reasons.append(f"{server[0]}:{server[1]}: {error.strerror}")
        except OSError:
            return ""
        else:
            return ""
    return "; ".join(reasons)
