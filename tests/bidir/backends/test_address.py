"""Addresses: every form that means a lake, and one clear sentence for every form that does not."""

import pytest

from bidir.backends import AddressError, HttpBackend
from bidir.backends.http.address import address_of


def address(url, *, project=None, dataset="production", api_version="2025-02-19"):
    return address_of(url, project=project, dataset=dataset, api_version=api_version)


FORMS = {
    "a lake of one's own": ("http://127.0.0.1:3333", None, "http://127.0.0.1:3333", {}, True),
    "with a slash": ("http://127.0.0.1:3333/", None, "http://127.0.0.1:3333", {}, True),
    "project by header": ("http://lake:80", "abc", "http://lake:80", {"X-Sanity-Project-ID": "abc"}, False),
    "project by label": (
        "http://abc.localhost:3333",
        None,
        "http://localhost:3333",
        {"X-Sanity-Project-ID": "abc"},
        True,
    ),
    "IPv6": ("http://[::1]:3333", None, "http://[::1]:3333", {}, True),
    "a real project": ("https://abc123.api.sanity.io", None, "https://abc123.api.sanity.io", {}, False),
    "the same named twice": ("https://abc123.api.sanity.io", "abc123", "https://abc123.api.sanity.io", {}, False),
    "the service's own host": ("https://api.sanity.io", "abc123", "https://abc123.api.sanity.io", {}, False),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_address(name):
    url, project, base, headers, local = FORMS[name]
    found = address(url, project=project)
    assert (found.base, found.headers, found.is_local) == (base, headers, local)


def test_an_endpoint_stands_below_version_and_dataset():
    found = address("http://127.0.0.1:3333", dataset="staging", api_version="v2026-01-01")
    assert found.path("doc", "/a,b") == "http://127.0.0.1:3333/v2026-01-01/data/doc/staging/a,b"


BAD = {
    "no scheme": ({"url": "127.0.0.1:3333"}, "http://127.0.0.1:3333"),
    "another scheme": ({"url": "ftp://127.0.0.1"}, "no web address"),
    "no host": ({"url": "http://"}, "no web address"),
    "port": ({"url": "http://127.0.0.1:many"}, "malformed"),
    "path": ({"url": "https://abc.api.sanity.io/v2021-03-25/"}, "right|apart: https://abc.api.sanity.io"),
    "password": ({"url": "http://me:secret@127.0.0.1"}, "give a token"),
    "cache": ({"url": "https://abc.apicdn.sanity.io"}, "abc.api.sanity.io"),
    "the service without a project": ({"url": "https://api.sanity.io"}, "project="),
    "the management site": ({"url": "https://www.sanity.io", "project": "abc"}, "PROJECT.api.sanity.io"),
    "two projects": ({"url": "https://abc.api.sanity.io", "project": "xyz"}, '"xyz"'),
    "two local projects": ({"url": "http://abc.localhost", "project": "xyz"}, '"xyz"'),
    "the service in the clear": ({"url": "http://abc.api.sanity.io"}, "https://abc.api.sanity.io"),
    "project": ({"url": "http://127.0.0.1", "project": "No Such"}, "no project id"),
    "dataset": ({"url": "http://127.0.0.1", "dataset": "Not a name"}, "no name of a dataset"),
    "version": ({"url": "http://127.0.0.1", "api_version": "soon"}, "no API version"),
    "old version": ({"url": "http://127.0.0.1", "api_version": "2021-03-25"}, "2025-02-19"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_right_is_said_before_anything_is_sent(name):
    options, said = BAD[name]
    with pytest.raises(AddressError, match=said) as refused:
        address(**options)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_no_header_can_carry(token):
    with pytest.raises(AddressError) as refused:
        HttpBackend("http://127.0.0.1:3333", token=token)
    assert token.strip() == "" or token not in str(refused.value)


def test_the_token_is_never_shown():
    with HttpBackend("http://127.0.0.1:3333", token="sk-very-secret") as backend:
        assert "secret" not in f"{backend!r} {backend._connection!r} {backend.address}"


@pytest.mark.parametrize(
    ("url", "consistent"), [("http://localhost:1", True), ("https://abc.api.sanity.io", False), ("http://lake", False)]
)
def test_only_a_lake_on_this_machine_is_taken_to_be_consistent(url, consistent):
    with HttpBackend(url) as backend:
        assert backend.consistent_queries is consistent
    with HttpBackend(url, consistent_queries=not consistent) as backend:
        assert backend.consistent_queries is not consistent
