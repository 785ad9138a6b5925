"""No password is ever shown."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.secrets import Secret, mask_url, scrub, secrets_of

# The start keeps a password from being part of the rest of the URL by chance.
ANY_PASSWORD = st.text(min_size=1).map(lambda text: "S3cr" + text)
NO_AMPERSAND = ANY_PASSWORD.filter(lambda text: "&" not in text)
HOSTS = st.sampled_from(["h/db", "h:5432/db", "[::1]:5432/db?sslmode=require", "a:1,b:2/db?x=y", "h", "h/d?o=a@b"])
SCHEMES = st.sampled_from(["postgresql", "mysql", "mongodb+srv", "sqlite", "x"])


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://u:pw@host/db", "postgresql://u:***@host/db"),
        ("postgresql://:pw@host/db", "postgresql://:***@host/db"),
        ("postgresql://u@host:5432/db", "postgresql://u@host:5432/db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://u:p@w/x#y?z@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u@h/d?password=pw&x=1", "postgresql://u@h/d?password=***&x=1"),
        ("postgresql://u@h:1/d?password=p@w", "postgresql://u@h:1/d?password=***"),
        ("postgresql://h/d?x=1&SSLpassword=pw", "postgresql://h/d?x=1&SSLpassword=***"),
        ("postgresql://h/d?p%61ssword=pw", "postgresql://h/d?p%61ssword=***"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=pw", "mongodb://h/?tlsCertificateKeyFilePassword=***"),
        ("host=h password=pw user=u", "host=h password=*** user=u"),
        ("u:pw@host", "u:***@host"),
        ("sqlite:////x/shop.db?mode=ro", "sqlite:////x/shop.db?mode=ro"),
        ("postgresql://u:@host/db", "postgresql://u:@host/db"),
        ("", ""),
    ],
)
def test_the_password_is_masked_and_the_rest_is_not(url: str, masked: str) -> None:
    assert mask_url(url) == masked
    assert str(Secret(url)) == masked
    assert repr(Secret(url)) == f"Secret({masked!r})"


@given(SCHEMES, ANY_PASSWORD, HOSTS)
def test_a_masked_url_never_holds_the_password(scheme: str, password: str, host: str) -> None:
    assert password not in mask_url(f"{scheme}://user:{password}@{host}")


@given(SCHEMES, NO_AMPERSAND, HOSTS.filter(lambda host: "?" not in host), st.sampled_from(["", "user@", "u:p@"]))
def test_a_masked_query_never_holds_the_password(scheme: str, password: str, host: str, user: str) -> None:
    assert password not in mask_url(f"{scheme}://{user}{host}?a=b&password={password}&c=d")


@given(SCHEMES, ANY_PASSWORD, HOSTS)
def test_a_driver_message_is_scrubbed_of_both_forms_of_the_password(scheme: str, password: str, host: str) -> None:
    encoded = quote(password, safe="")
    for url in (f"{scheme}://user:{encoded}@{host}", f"{scheme}://user@{host}?password={encoded}"):
        text = scrub(f"no login with <{password}> or <{encoded}>", secrets_of(url))
        if not ("?" in host and "password=" in url):
            assert password not in text
            assert encoded not in text


def test_secrets_are_the_raw_and_the_decoded_password() -> None:
    assert secrets_of("postgresql://u:a%40b@h/d?sslpassword=key") == ("a%40b", "a@b", "key")
    assert secrets_of("postgresql://u:pw@h/d?options=a@b") == ("pw@h/d?options=a", "pw")
    assert secrets_of("postgresql://u@h/d") == ()


def test_scrubbing_prefers_the_longer_secret_and_ignores_empty_ones() -> None:
    assert scrub("abc ab", ["ab", "abc", ""]) == "*** ***"
    assert scrub("abc", []) == "abc"


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("x://u:pw@h").secrets == ("pw",)
