"""The page in a real browser without a screen: `pytest -m browser`."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.rule_builder.builder import Builder
from orchestration.segment_tools.preview import preview
from orchestration.segments.checking import read_rule
from orchestration.segments.reading import Document, parse_rule_text
from orchestration.segments.rule import KINDS
from orchestration.segments.rule_files import compile_files
from orchestration.segments.rule_text import rule_text, said_of
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import Company
from tests.dashboard import chromium
from tests.rule_builder.driver import Driver, Hands
from tests.rule_builder.serving import SECRET, Asking, ToyBuilder, served
from tests.segments.trees import Trees
from tests.segments.world import random_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium.find() is None, reason="Chromium is not installed (Debian package chromium)"
    ),
]
TEXT = "document.querySelector('#text').textContent"
FAULT = "document.querySelector('#fault').textContent"
MEMBERS = "document.querySelector('.members strong')?.textContent"
AUDIT = (Path(__file__).parent.parent / "dashboard" / "audit.js").read_text()
BY_HAND = Path(__file__).with_name("by_hand")


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    with chromium.Browser() as started:
        yield started


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """The page over the toy company."""
    with served(ToyBuilder(tmp_path_factory.mktemp("toy"))) as asking:
        yield asking


@pytest.fixture(scope="module")
def installation(finished_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company with a project of its own, into which the page may write."""
    project = tmp_path_factory.mktemp("builder") / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target"))
    own = finished_company.settings
    return Settings(own.data_dir, own.landing_dir, project)


@pytest.fixture(scope="module")
def real(installation: Settings) -> Iterator[Asking]:
    """The page over the company."""
    with served(Builder(installation)) as asking:
        yield asking


def opened(browser: chromium.Browser, asking: Asking, width: int = 1280) -> chromium.Browser:
    """The page with an empty rule."""
    browser.resize(width, 900)
    browser.open("about:blank")
    browser.forget()
    browser.open(f"{asking.address}/#{SECRET}")
    browser.wait_for("document.querySelector('#new') && document.querySelector('.clause')")
    browser.click("document.querySelector('#new')")
    browser.wait_for(f"{TEXT}.includes('all: []')")
    return browser


def told(browser: chromium.Browser, wanted: str) -> str:
    """The text of the file on the page, once it is the one that is wanted, or stays another."""
    try:
        browser.wait_for(f"{TEXT} === {json.dumps(wanted)}", 5)
    except TimeoutError:
        browser.idle(0.5)
    return str(browser.run(TEXT))


def by_hand(name: str) -> tuple[str, Any]:
    """A rule file that was written by hand, and what it says."""
    text = (BY_HAND / f"{name}.yml").read_text("utf-8")
    return text, parse_rule_text(text.encode(), name).data


NAMES = sorted(path.stem for path in BY_HAND.glob("*.yml"))


def test_the_files_by_hand_have_each_kind_of_clause() -> None:
    written = "".join(by_hand(name)[0] for name in NAMES)
    assert all(f"{kind}: " in written or f"{kind}:\n" in written for kind in KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_built_by_mouse_counts_and_is_the_file_written_by_hand(
    browser: chromium.Browser, real: Asking, installation: Settings, name: str
) -> None:
    text, said = by_hand(name)
    page = opened(browser, real)
    page.click("document.querySelector('#name')")
    page.type(name)
    Driver(Hands(page)).rule(said)
    assert told(page, text) == text
    assert page.run(FAULT) == ""
    page.click("document.querySelector('#count')")
    page.wait_for(MEMBERS)
    shown = page.run(f"{MEMBERS}.replaceAll(',', '')")
    page.click("document.querySelector('#save')")
    page.wait_for(f"document.querySelector('#message').textContent.includes('{name}')")
    file = installation.dbt_project_dir / "segment_rules" / f"{name}.yml"
    assert file.read_bytes() == text.encode()
    compile_files(installation.dbt_project_dir, [name])
    found = preview(installation, name)
    assert int(shown) == found["members"]
    assert page.messages == []
    assert page.failures == []


def test_a_rule_is_built_with_the_keyboard_alone(
    browser: chromium.Browser, real: Asking, installation: Settings
) -> None:
    text, said = by_hand("loyal_again")
    page = opened(browser, real)
    hands = Hands(page, by_keyboard=True)
    page.run("document.activeElement.blur()")
    Driver(hands).rule(said)
    assert told(page, text) == text
    for button in ("count", "save", "download"):
        page.run(f"document.querySelector('#{button}').setAttribute('aria-label', '{button}')")
    hands.push("count")
    page.wait_for(MEMBERS)
    assert int(page.run(f"{MEMBERS}.replaceAll(',', '')")) > 0
    assert page.messages == []


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["mouse", "keyboard"])
def test_random_rules_can_be_built(
    browser: chromium.Browser, toy: Asking, by_keyboard: bool
) -> None:
    rng = random.Random(5 if by_keyboard else 4)
    trees = Trees(rng, random_world(rng))
    built = 0
    while built < (2 if by_keyboard else 12):
        data = trees.rule()
        said = said_of(read_rule(Document("rule.yml", data, {(): 1})))
        if not is_typeable(said):
            continue
        page = opened(browser, toy)
        Driver(Hands(page, by_keyboard)).rule(said)
        text = rule_text(said)
        assert told(page, text) == text
        assert page.run(FAULT) == ""
        assert page.messages == []
        built += 1


def is_typeable(said: Any) -> bool:
    """Whether its texts survive a field of a form: no blanks around them."""
    if isinstance(said, dict):
        return all(is_typeable(v) for v in said.values())
    if isinstance(said, list):
        return all(is_typeable(v) for v in said)
    return not isinstance(said, str) or said == said.strip()


def test_clauses_move_and_keep_what_they_say(browser: chromium.Browser, toy: Asking) -> None:
    page = opened(browser, toy)
    driver = Driver(Hands(page))
    loyal, first = {"segment": "loyal"}, {"segment": "first_half"}
    driver.first({"all": [loyal, {"any": [first]}]})
    steps: list[tuple[str, dict[str, Any]]] = [
        ("Move down include 1", {"all": [{"any": [first]}, loyal]}),
        ("Move into the container before include 2", {"all": [{"any": [first, loyal]}]}),
        ("Move up include 1.2", {"all": [{"any": [loyal, first]}]}),
        ("Move out of its container include 1.1", {"all": [{"any": [first]}, loyal]}),
        ("Put into a container of its own include 2",
         {"all": [{"any": [first]}, {"all": [loyal]}]}),
        ("Remove include 1", {"all": [{"all": [loyal]}]}),
    ]  # fmt: skip
    head = {"title": "", "owner": "", "purpose": "", "state": "active"}
    for button, wanted in steps:
        driver.hands.push(button)
        text = rule_text({**head, "include": wanted})
        assert told(page, text) == text
        assert page.run("document.activeElement !== document.body"), "the focus is lost"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off(
    browser: chromium.Browser, real: Asking, width: int, tmp_path: Path
) -> None:
    page = opened(browser, real, width)
    _, said = by_hand("loyal_again")
    Driver(Hands(page)).rule(said)
    page.idle(2)
    assert page.run("document.documentElement.scrollWidth") <= width
    wide = page.run(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('pre, .frequent') && "
        f"e.getClientRects().length && e.getBoundingClientRect().right > {width})"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert wide == []
    names = page.accessibility_tree()
    controls = ("button", "combobox", "textbox", "checkbox", "Date")
    assert [node for node in names if node["role"] in controls and not node["name"]] == []
    for theme in ("dark", "light"):
        page.prefer(theme)
        page.idle(0.3)
        assert page.run(AUDIT) == ["there is no one navigation"], theme  # it is one page
        page.screenshot(tmp_path / f"{width}-{theme}.png", True)


def test_what_others_have_written_is_text_on_the_page(
    browser: chromium.Browser, tmp_path: Path
) -> None:
    evil = "<img src=x onerror=document.title='broken'>"

    class Evil(ToyBuilder):
        def values(self, table: str, column: str) -> dict[str, Any]:
            return {"values": [{"value": evil, "people": 12}], "says": evil}

        def form(self) -> dict[str, Any]:
            told = super().form()
            told["segments"]["loyal"] = evil
            told["tables"]["profiles"]["columns"]["city"]["description"] = evil
            return told

    with served(Evil(tmp_path)) as asking:
        page = opened(browser, asking)
        driver = Driver(Hands(page))
        driver.hands.write("title", evil)
        city = {"field": "profiles.city", "operator": "equals", "value": evil}
        driver.first({"all": [city, {"segment": "loyal"}]})
        page.wait_for(f"{TEXT}.includes('onerror')")
        assert page.run("document.querySelectorAll('img').length") == 0
        assert page.run("document.title") == "Customer 360: Rule builder"
        refused = page.run(
            "(() => {try {document.body.innerHTML = '<b>x</b>'; return 'let in'} "
            "catch (error) {return error.name}})()"
        )
        assert refused == "TypeError"
        page.run("new Image().src = 'http://127.0.0.2/'")
        page.idle(0.5)
        assert any("Content Security Policy" in one for one in page.messages)


def test_without_the_token_nothing_is_shown(browser: chromium.Browser, toy: Asking) -> None:
    browser.open("about:blank")
    browser.open(f"{toy.address}/#guessed")
    browser.wait_for("document.querySelector('#message')?.textContent.includes('c360 segment')")
    assert browser.run("document.querySelector('main').hidden")


def test_a_rule_survives_a_reload_and_comes_as_a_file(
    browser: chromium.Browser, toy: Asking, tmp_path: Path
) -> None:
    page = opened(browser, toy)
    said = {
        "title": "A", "owner": "team:marketing", "purpose": "To see.", "state": "draft",
        "include": {"event": "login", "when": {"before": date(2026, 1, 31)}},
    }  # fmt: skip
    Driver(Hands(page)).rule(said)
    assert told(page, rule_text(said)) == rule_text(said)
    page.run("location.reload()")
    page.idle(0.5)
    page.wait_for(f"{TEXT} === {json.dumps(rule_text(said))}")
    page.save_downloads(tmp_path)
    page.click("document.querySelector('#download')")
    page.idle(1.5)
    assert (tmp_path / "new_segment.yml").read_text("utf-8") == rule_text(said)
