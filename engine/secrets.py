"""Keep passwords out of everything that is shown: masks for URLs, scrubbing for foreign messages."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://")
_PARAMETER = re.compile(r"(?:^|[?&;#\s])([\w.%-]+)=")
_VALUE_IN_URL = re.compile(r"[^&]*")
_VALUE_IN_WORDS = re.compile(r"\S*")  # host=… password=…
_SECRET_NAMES = ("passw", "pwd", "secret", "token", "authmechanismproperties")
_AUTHORITY_END = re.compile(r"[/?#]")


class Secret:
    """A URL that shows itself masked; `reveal()` gives the real one."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The URL with its password."""
        return self._value

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown, for `scrub`."""
        return secrets_of(self._value)

    def __str__(self) -> str:
        return mask_url(self._value)

    def __repr__(self) -> str:
        return f"Secret({mask_url(self._value)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def mask_url(url: str) -> str:
    """`url` with `***` for its password and for values of query keys such as `password`.

    A password with a raw `@`, `/`, `?` or `#` makes a URL ambiguous; then too much is hidden
    rather than too little.
    """
    masked, end = [], 0
    for start, stop in _merged(_secret_spans(url)):
        masked += [url[end:start], MASK]
        end = stop
    return "".join([*masked, url[end:]])


def secrets_of(url: str) -> tuple[str, ...]:
    """The passwords in `url`, as written and percent-decoded, the longest first.

    An ambiguous URL gives every reading.
    """
    spans = _secret_spans(url)
    strict = _strict_password(url)
    if strict is not None:
        spans.append(strict)
    found = set()
    for start, stop in spans:
        found |= {url[start:stop], _decoded(url[start:stop])}
    return tuple(sorted(found - {""}, key=lambda secret: (-len(secret), secret)))


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` with `***` for every one of `secrets`."""
    longest_first = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    if not longest_first:
        return text
    return re.sub("|".join(map(re.escape, longest_first)), MASK, text)


def _secret_spans(url: str) -> list[tuple[int, int]]:
    """Where secrets lie: the password before the last `@`, and the values of secret parameters."""
    rest = _rest_start(url)
    value = _VALUE_IN_URL if rest else _VALUE_IN_WORDS
    strict_end = _authority_end(url, rest)
    spans, last_at = [], url.rfind("@", rest)
    for match in _PARAMETER.finditer(url, rest):
        name = _decoded(match[1]).lower()
        if not any(word in name for word in _SECRET_NAMES):
            continue
        start = match.end()
        found = value.match(url, start)
        stop = found.end() if found else len(url)
        spans.append((start, stop))
        # With an `@` where one belongs, one in this value is just a part of it.
        if start <= last_at < stop and start > strict_end and "@" in url[rest:strict_end]:
            last_at = url.rfind("@", rest, start)
    colon = url.find(":", rest, last_at) if last_at >= 0 else -1
    if colon >= 0:
        spans.append((colon + 1, last_at))
    return [(start, stop) for start, stop in spans if start < stop]


def _strict_password(url: str) -> tuple[int, int] | None:
    """Where the password lies when the URL is read by the letter of RFC 3986."""
    rest = _rest_start(url)
    at = url.rfind("@", rest, _authority_end(url, rest))
    colon = url.find(":", rest, at) if at >= 0 else -1
    return (colon + 1, at) if colon >= 0 else None


def _rest_start(url: str) -> int:
    scheme = _SCHEME.match(url)
    return scheme.end() if scheme else 0


def _authority_end(url: str, rest: int) -> int:
    match = _AUTHORITY_END.search(url, rest)
    return match.start() if match else len(url)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping and touching spans as one, in order."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote  # slow to import, and most passwords need none of it

    return unquote(text)
