"""The rules by themselves, where a real server would be slow to bring into the case."""

from __future__ import annotations

import pytest

from orchestration.web.rules import DAGSTER, Asked, judge, split_host


def asked(method: str = "GET", path: str = "/", scheme: str | None = None, **headers: str) -> Asked:
    sent = {"host": "127.0.0.1:3000", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Asked(method, path, tuple(sent.items()), scheme)


def status(request: Asked, *hosts: str) -> int | None:
    refusal = judge(request, DAGSTER, frozenset(hosts))
    return refusal.status if refusal else None


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("localhost", ("localhost", None)),
        ("LocalHost:3000", ("localhost", 3000)),
        ("[::1]:3000", ("[::1]", 3000)),
        ("c360.example.com:443", ("c360.example.com", 443)),
        ("localhost:", None),
        ("localhost:0", None),
        ("localhost:65536", None),
        ("localhost.", None),
        ("::1", None),
        ("a@localhost", None),
        ("localhost,evil.example", None),
        ("localhost evil.example", None),
        ("localhost\t", None),
        ("localhost/x", None),
        ("*", None),
        ("", None),
    ],
)
def test_a_host_is_a_name_and_a_port_and_nothing_else(
    host: str, parts: tuple[str, int | None] | None
) -> None:
    assert split_host(host) == parts


@pytest.mark.parametrize("host", ["localhost", "localhost:3000", "127.0.0.1", "[::1]:3000"])
def test_this_machine_is_answered_by_its_names(host: str) -> None:
    assert status(asked(host=host)) is None


@pytest.mark.parametrize("host", ["127.1", "0.0.0.0:3000", "127.0.0.2", "2130706433", "[::]"])
def test_it_is_not_by_others(host: str) -> None:
    assert status(asked(host=host)) == 403


def test_a_declared_name_is_answered_and_only_it() -> None:
    assert status(asked(host="c360.example.com"), "c360.example.com") is None
    assert status(asked(host="C360.example.com:8443"), "c360.example.com") is None
    assert status(asked(host="x.c360.example.com"), "c360.example.com") == 403


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("c360.example.com", "https://c360.example.com", None),
        ("c360.example.com:443", "https://c360.example.com", None),
        ("c360.example.com", "https://c360.example.com:443", None),
        ("c360.example.com", "http://c360.example.com:80", None),
        ("c360.example.com", "https://c360.example.com:8443", 403),
        ("c360.example.com:80", "https://c360.example.com", 403),
        ("c360.example.com", "https://localhost", 403),
        ("c360.example.com", "c360.example.com", 403),
        ("c360.example.com", "file://c360.example.com", 403),
        ("c360.example.com", "https://c360.example.com/", 403),
        ("c360.example.com", "https://c360.example.com https://evil.example", 403),
        ("c360.example.com", "", 403),
    ],
)
def test_an_origin_is_the_same_only_with_its_port(
    host: str, origin: str, expected: int | None
) -> None:
    assert status(asked(host=host, origin=origin), "c360.example.com") == expected


def test_behind_a_trusted_proxy_the_scheme_counts_as_well() -> None:
    secure = asked(scheme="https", host="c360.example.com", origin="https://c360.example.com")
    plain = asked(scheme="https", host="c360.example.com", origin="http://c360.example.com")
    assert status(secure, "c360.example.com") is None
    assert status(plain, "c360.example.com") == 403


@pytest.mark.parametrize("path", ["/..", "/a/../b", "/a\\..\\b", "/a/\0"])
def test_addresses_that_climb_are_refused(path: str) -> None:
    assert status(asked(path=path)) == 400


def test_a_path_with_dots_in_a_name_is_not_one_that_climbs() -> None:
    assert status(asked(path="/assets/a..b/c...d")) is None


def test_a_foreign_post_is_refused_even_when_followed_like_a_link() -> None:
    form = asked(
        "POST",
        "/graphql",
        sec_fetch_site="cross-site",
        sec_fetch_mode="navigate",
        sec_fetch_dest="document",
        content_type="application/json",
    )
    assert status(form) == 403


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    refusal = judge(asked(host="<script>"), DAGSTER)
    assert refusal and "script" not in refusal.text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json", None),
        ("Application/JSON; charset=utf-8", None),
        ("text/plain; application/json", 415),
        ("application/json, text/plain", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_only_json_is_json(kind: str, expected: int | None) -> None:
    assert status(asked("POST", "/graphql", content_type=kind)) == expected
