"""What the page's server refuses, and in which words; nothing is written then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.rule_builder.app import ASKED, FILES, MOST_BYTES, TOKEN
from orchestration.rule_builder.form import form
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.web.rules import BUILDER
from tests.rule_builder.serving import Asking, ToyBuilder, served
from tests.segments.world import catalogue

GOOD = {
    "title": "A", "owner": "team:marketing", "purpose": "To see.", "state": "active",
    "include": {"all": [{"segment": "loyal"}]},
}  # fmt: skip
SAVE = {"name": "fresh", "rule": GOOD, "mark": ""}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project without models: the toy catalogue stands for them."""
    folder = tmp_path_factory.mktemp("refusals") / "dbt_project"
    folder.mkdir()
    shutil.copy(DBT_PROJECT_DIR / "dbt_project.yml", folder)
    return folder


@pytest.fixture(scope="module")
def page(project: Path) -> Iterator[Asking]:
    with served(ToyBuilder(project.parent / "data", project)) as asking:
        yield asking


@pytest.fixture
def rules(project: Path) -> Iterator[Path]:
    """The folder of rule files, empty."""
    yield project / "segment_rules"
    shutil.rmtree(project / "segment_rules", ignore_errors=True)


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({TOKEN: None}, 403, "c360 segment build"),
        ({TOKEN: "guessed"}, 403, "c360 segment build"),
        ({TOKEN: "é"}, 403, "c360 segment build"),
        ({"Origin": "http://evil.example"}, 403, "another page"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "another page"),
        ({"Origin": "null"}, 403, "another page"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "Another page"),
        ({"Host": "evil.example"}, 403, "localhost"),
        ({"Content-Type": "text/plain"}, 415, "JSON"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "JSON"),
    ],
)
def test_who_is_not_our_page_with_its_token_is_refused(
    page: Asking, rules: Path, headers: dict[str, str | None], status: int, says: str
) -> None:
    for what in ASKED:
        answer = page.ask(f"/ask/{what}", SAVE, headers)
        assert answer.status == status, what
        assert says in answer.text
    assert not rules.exists()


def test_all_that_is_asked_takes_post_alone(page: Asking) -> None:
    assert {f"/ask/{what}" for what in ASKED} == BUILDER.calls
    for what in ASKED:
        for method in ("GET", "PUT", "DELETE"):
            assert page.ask(f"/ask/{what}", method=method).status == 405
    assert page.ask("/ask/else", {}).status == 405
    assert page.ask("/", {}).status == 405


def test_the_page_is_its_own_files_under_a_strict_policy(page: Asking) -> None:
    for path in ("/", *(f"/{file.name}" for file in FILES.iterdir() if file.name != "index.html")):
        answer = page.ask(path, method="GET")
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        for word in ("http://", "https://", "innerHTML", "eval(", "onclick=", "style="):
            assert word not in answer.text, (path, word)
    for path in ("/builder.py", "/../app.py", "/page/main.js", "/main.js/..", "/%2e%2e/app.py"):
        assert page.ask(path, method="GET").status in (400, 404)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"[]", 400, "not what is asked"),
        (b'{"name": "x"}', 400, "not what is asked"),
        (b'{"name": "fresh", "rule": {}, "mark": "", "more": 1}', 400, "not what is asked"),
        (b'{"name": 1, "rule": {}, "mark": ""}', 400, "name is a text"),
        (b'{"name": "a\\u0000b", "rule": {}, "mark": ""}', 400, "none of a text"),
        (b'{"name": "fresh", "rule": [], "mark": ""}', 422, "a mapping"),
        (b'{"name": "fresh", "rule": {"title": 1e999}, "mark": ""}', 422, "neither text, number"),
        (b'{"name": "fresh", "rule": {"title": null}, "mark": ""}', 422, "neither text, number"),
        (b'{"name": "fresh", "rule": {"id": {"number": "1e5"}}, "mark": ""}', 422, "is no number"),
        (b'{"name": "fresh", "rule": {"id": {"number": 1}}, "mark": ""}', 422, "is no number"),
        (b'{"name": "fresh", "rule": {"id": {"day": "2026-02-30"}}, "mark": ""}', 422, "is no day"),
        (b'{"name": "fresh", "rule": {"a": "\\ud800"}, "mark": ""}', 422, "half a character"),
        (b'{"name": "fresh", "rule": ' + b'{"a":' * 60 + b"1" + b"}" * 60 + b', "mark": ""}', 422,
         "nested deeper"),
        (b'{"name": "' + b"x" * MOST_BYTES + b'", "rule": {}, "mark": ""}', 413, "KB"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_is_no_rule_is_told_in_a_sentence(
    page: Asking, rules: Path, body: bytes, status: int, says: str
) -> None:
    answer = page.ask("/ask/save", body=body)
    assert (answer.status, says in answer.says) == (status, True), answer.text
    assert "Traceback" not in answer.text
    assert not rules.exists()


def wrong(include: Any, **more: Any) -> dict[str, Any]:
    return {**GOOD, "include": include, **more}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (wrong({"field": "profiles.cty", "operator": "is_null"}), "Nearest: city"),
        (wrong({"field": "profile.city", "operator": "is_null"}), "Nearest: profiles"),
        (wrong({"field": "profiles.city; drop table x", "operator": "is_null"}), "table.column"),
        (wrong({"field": "profiles.city", "operator": "at_least", "value": "a"}), "at_least"),
        (wrong({"field": "profiles.city", "operator": "equals", "value": {"number": "1"}}),
         "profiles.city is text"),
        (wrong({"segment": "loyl"}), "Nearest: loyal"),
        (wrong({"segment": "fresh"}), "build on itself"),
        (wrong({"event": "{{ env_var('HOME') }}"}), "dbt would run"),
        (wrong({"event": "a\nb"}), "can't be seen"),
        (wrong({"all": []}), "is empty"),
        (wrong({"sql": "select 1"}), "is no clause"),
        (wrong({"segment": "loyal"}, title="<script>alert(1)</script>{%"), "dbt would run"),
        (wrong({"segment": "loyal"}, owner="nobody"), "team:marketing"),
        (wrong({"any": [{"segment": "loyal"}] * 61}), "60"),
    ],
)  # fmt: skip
def test_rules_are_held_to_what_files_are_held_to(
    page: Asking, rules: Path, rule: dict[str, Any], says: str
) -> None:
    told = json.loads(page.ask("/ask/check", {"name": "fresh", "rule": rule}).text)
    assert says in told["says"]
    assert told["sql"] == ""
    assert page.ask("/ask/save", {**SAVE, "rule": rule}).status == 422
    assert not rules.exists()


@pytest.mark.parametrize(
    "name", ["", "x", "../x", "a/b", "Upper", "select", "a" * 64, "x.yml", "ü" * 3]
)
def test_a_name_is_that_of_a_segment(page: Asking, project: Path, rules: Path, name: str) -> None:
    for what, said in (("save", {**SAVE, "name": name}), ("open", {"name": name})):
        answer = page.ask(f"/ask/{what}", said)
        assert (answer.status, "can't be the name" in answer.says) == (422, True)
    assert not rules.exists()


def test_a_script_in_a_text_is_a_text_in_the_file(page: Asking, rules: Path) -> None:
    title = "</pre><script>alert('x')</script> # it: is"
    assert page.ask("/ask/save", {**SAVE, "rule": {**GOOD, "title": title}}).status == 200
    assert json.dumps(title) in (rules / "fresh.yml").read_text("utf-8")
    opened = json.loads(page.ask("/ask/open", {"name": "fresh"}).text)
    assert opened["rule"]["title"] == title


def test_a_file_is_written_over_only_by_who_has_opened_it_as_it_is(
    page: Asking, rules: Path
) -> None:
    assert page.ask("/ask/save", SAVE).status == 200
    file = rules / "fresh.yml"
    before = file.read_text("utf-8")
    again = page.ask("/ask/save", SAVE)
    assert (again.status, "already a rule file" in again.says) == (422, True)
    opened = json.loads(page.ask("/ask/open", {"name": "fresh"}).text)
    assert opened["says"] == ""
    file.write_text(before + "# somebody else's\n", "utf-8")
    changed = {**SAVE, "mark": opened["mark"], "rule": {**GOOD, "title": "B"}}
    late = page.ask("/ask/save", changed)
    assert (late.status, "has changed since" in late.says) == (422, True)
    assert file.read_text("utf-8").endswith("else's\n")
    opened = json.loads(page.ask("/ask/open", {"name": "fresh"}).text)
    assert "not kept" in opened["says"]
    assert page.ask("/ask/save", {**changed, "mark": opened["mark"]}).status == 200
    assert file.read_text("utf-8") == before.replace("title: A", "title: B")
    file.unlink()
    gone = page.ask("/ask/save", {**changed, "mark": opened["mark"]})
    assert (gone.status, file.exists()) == (422, False)


def test_links_are_not_followed(page: Asking, rules: Path, tmp_path: Path) -> None:
    rules.mkdir()
    outside = tmp_path / "outside.yml"
    outside.write_text("title: secret\n")
    (rules / "fresh.yml").symlink_to(outside)
    opened = page.ask("/ask/open", {"name": "fresh"})
    assert (opened.status, "secret" in opened.text) == (422, False)
    assert page.ask("/ask/save", SAVE).status == 422
    assert outside.read_text() == "title: secret\n"
    outside.unlink()
    assert page.ask("/ask/save", SAVE).status == 422
    assert (rules / "fresh.yml").is_symlink()


def test_without_a_warehouse_counting_says_so(page: Asking) -> None:
    answer = page.ask("/ask/count", {"name": "", "rule": GOOD})
    assert answer.status == 422
    assert "c360 run" in answer.says


def test_the_form_is_the_rule_model_and_the_catalogue() -> None:
    told = json.loads(json.dumps(form(catalogue(), {"loyal": "Loyal"})))
    words = {w for model in told["schema"]["$defs"].values() for w in model.get("properties", ())}
    assert {"since", "quantifier", "within", "except", "aggregate"} <= words
    assert told["kinds"]["table"] == told["kinds"]["event"] == "EventClause"
    assert set(told["tables"]) == set(catalogue().tables)
    assert "profile_id" not in told["events"]["columns"]
    assert told["segments"]["loyal"] == "Loyal"
