"""The page as people get it, in a real browser without a screen: `pytest -m browser`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.dashboard.app import build, guarded
from orchestration.dashboard.reading import read_pages
from orchestration.settings import Settings
from orchestration.web.access import Access
from orchestration.web.server import address_of, listen
from tests.conftest import settings_in
from tests.dashboard import chromium, published_model

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium.find() is None, reason="Chromium is not installed (Debian package chromium)"
    ),
]

PAGES = {page.name: page for page in read_pages().sound}
AUDIT = Path(__file__).with_name("audit.js").read_text()
DECILES = "Array.from(document.querySelector('#value_by_decile .js-plotly-plot').calcdata[0])"
THEME = "document.documentElement.getAttribute('data-bs-theme')"


def drawn(name: str) -> str:
    """JavaScript that is true when all of a page is drawn."""
    parts = ["document.querySelector('.c360-stamp')", "document.querySelector('#page-title[role]')"]
    for item in PAGES[name].items:
        inner = ".main-svg" if item.chart else ":is(dl, table, p)"
        parts.append(f"document.querySelector('#{item.id} {inner}')")
    return " && ".join(parts)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the installation that the browser looks at."""
    settings = settings_in(tmp_path_factory.mktemp("shown"))
    published_model.write(settings.published_path)
    return settings


@pytest.fixture(scope="module")
def address(shown: Settings) -> Iterator[str]:
    """Where the dashboard over the small published model answers."""
    with listen(Access(), 0, "c360 dashboard") as taken:
        server = guarded(build(shown), Access())
        thread = threading.Thread(target=server.run, args=(taken,))
        thread.start()
        yield f"{address_of(taken)}/"
        server.end()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    """One browser for all tests of this file; starting it takes longer than using it."""
    with chromium.Browser() as started:
        yield started


def go(browser: chromium.Browser, address: str, name: str, query: str = "") -> None:
    """Open a page as somebody who comes for the first time, and wait until it is drawn."""
    browser.resize(1280, 900)
    browser.prefer("light")
    browser.open(f"{address}health")
    browser.wait_for("document.readyState === 'complete'")
    browser.run("sessionStorage.clear(); localStorage.clear()")
    browser.forget()
    browser.open(f"{address}{name}{query}")
    browser.wait_for(drawn(name), seconds=60)


@pytest.fixture
def page(browser: chromium.Browser, address: str) -> chromium.Browser:
    """The first page, drawn."""
    go(browser, address, "overview")
    return browser


def audited(browser: chromium.Browser) -> list[str]:
    """What is wrong on the page once it has settled; charts take a moment to a new width."""
    for _ in range(20):
        wrong: list[str] = browser.run(AUDIT)
        if not wrong:
            break
        browser.idle(0.5)
    return wrong


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everyone(
    browser: chromium.Browser, address: str, name: str, tmp_path: Path
) -> None:
    go(browser, address, name)
    assert browser.run("document.title") == f"Customer 360: {PAGES[name].title}"
    assert "31 October 2026" in browser.run("document.querySelector('.c360-stamp').innerText")
    light = browser.run("getComputedStyle(document.querySelector('#right-side')).backgroundColor")
    assert audited(browser) == []
    browser.prefer("dark")  # while the page is open, nobody having pressed the switch
    browser.wait_for(f"{THEME} === 'dark'")
    assert audited(browser) == []
    assert light != browser.run(
        "getComputedStyle(document.querySelector('#right-side')).backgroundColor"
    )
    browser.resize(390, 844)
    browser.idle(0.5)
    assert audited(browser) == []
    browser.screenshot(tmp_path / f"{name}.png")
    names_are_there(browser.accessibility_tree(), name)
    assert browser.messages == []
    assert browser.failures == []
    own = (address, "data:", "blob:", "about:")
    assert [request for request in browser.requests if not request.startswith(own)] == []


def names_are_there(tree: list[dict[str, Any]], name: str) -> None:
    """All that can be pressed or chosen has a name that says what it is about."""
    pressed = ("button", "combobox", "link", "radio", "table", "region")
    named = [node["name"] for node in tree if node["role"] in pressed]
    assert "" not in named
    assert not any(said == "download" for said in named), "an icon's name is read out"
    groups = [node["name"] for node in tree if node["role"] in ("group", "radiogroup")]
    items = PAGES[name].items
    own = [selector for item in items for selector in item.selectors]
    for selector in own:  # those of the page are behind the menu on a telephone
        found = groups if selector.control == "radio" else named
        assert any(said.startswith(selector.title) for said in found), (selector.title, found)
    pictures = [node["name"] for node in tree if node["role"] in ("image", "img")]
    for item in items:
        assert item.chart is None or any(item.title in said for said in pictures), item.id
        assert any(item.title in said and said.startswith("CSV") for said in named), item.id


def test_a_choice_reaches_the_query_and_the_export(page: chromium.Browser, tmp_path: Path) -> None:
    page.save_downloads(tmp_path)
    lifetime = page.run(f"{DECILES}[0].y")
    page.click("document.querySelector('#value_by_decile_look_back button')")
    option = (
        "Array.from(document.querySelectorAll('[role=option]'))"
        ".find(e => e.innerText.trim() === 'Last 3 months')"
    )
    page.wait_for(option)
    page.click(option)
    page.wait_for(f"{DECILES}[0].y < {lifetime} / 2")
    chosen = page.run(f"{DECILES}[0].y")
    page.wait_for("location.search.includes('value_by_decile_look_back')")
    page.click("document.querySelector('#card_value_by_decile .c360-csv')")
    page.click("document.querySelector('#card_value_by_decile .c360-png')")
    page.idle(2)
    lines = (tmp_path / "value_by_decile.csv").read_text().splitlines()
    assert len(lines) == 11
    assert float(lines[1].split(",")[3]) == pytest.approx(chosen)
    assert (tmp_path / "value_by_decile.png").read_bytes().startswith(b"\x89PNG")
    page.run("document.querySelector('#reset-button').click()")
    page.wait_for(f"{DECILES}[0].y === {lifetime}")
    assert page.messages == []


def test_the_switch_of_the_theme_is_remembered(page: chromium.Browser, address: str) -> None:
    page.click("document.querySelector('#theme-toggle')")
    page.wait_for(f"{THEME} === 'dark'")
    page.run("sessionStorage.clear()")  # another session, another page
    page.open(f"{address}consent")
    page.wait_for(drawn("consent"))
    assert page.run(THEME) == "dark"
    page.prefer("dark")
    page.click("document.querySelector('#theme-toggle')")
    page.wait_for(f"{THEME} === 'light'")
    page.prefer("light")
    page.prefer("dark")
    page.idle(0.5)
    assert page.run(THEME) == "light"
    assert page.messages == []


def chosen(browser: chromium.Browser, control: str) -> str:
    """What a selector shows."""
    return str(browser.run(f"document.querySelector('#{control} button').innerText.trim()"))


@pytest.mark.parametrize("way", ["mark", "row"])
def test_a_mark_and_a_row_lead_on_and_take_the_choices_along(
    browser: chromium.Browser, address: str, way: str
) -> None:
    go(browser, address, "audiences", "?audiences_days=30&audiences_until=2026-10-20")
    assert chosen(browser, "audiences_days") == "30 days"
    if way == "mark":
        browser.click("document.querySelectorAll('#audience_sizes .points path')[1]")
    else:
        link = "document.querySelectorAll('#audience_list a.c360-lead')[0]"
        browser.run(f"{link}.focus()")
        browser.type("\n")
    browser.wait_for("location.pathname === '/audience'")
    browser.wait_for(drawn("audience"))
    assert chosen(browser, "audience_segment") == "Loyalty points over 1000"
    assert chosen(browser, "audience_days") == "30 days"
    assert chosen(browser, "audience_until") == "20 October 2026"
    # Of the day and the window that were chosen: 812 less a person a day.
    browser.wait_for("document.querySelector('#audience_figures .c360-value').innerText === '801'")
    said = browser.run("document.querySelector('#audience_figures .c360-change').innerText")
    assert said == "+30 (+3.9 %) since 20 September 2026"
    assert browser.messages == []


def test_a_page_goes_on_paper(browser: chromium.Browser, address: str, tmp_path: Path) -> None:
    go(browser, address, "value", "?value_look_back=3")
    browser.prefer("dark")
    browser.wait_for(f"{THEME} === 'dark'")
    width = "document.querySelector('#deciles .main-svg').clientWidth"
    before = browser.run(width)
    browser.pdf(tmp_path / "value.pdf")
    assert (tmp_path / "value.pdf").read_bytes().startswith(b"%PDF")
    assert browser.run(THEME) == "dark"
    browser.wait_for(f"{width} === {before}")
    said = browser.run("document.querySelector('[data-page]').dataset.chosen")
    assert said == "Look-back: Last 3 months · Loyalty tier: Every tier"
    assert browser.messages == []


def test_a_new_version_is_shown_on_the_next_load(
    page: chromium.Browser, address: str, shown: Settings
) -> None:
    published_model.write(shown.published_path, known_profiles=4711)
    page.open(address)
    page.wait_for("document.querySelector('.c360-value')?.innerText === '4,711'")
    shown.published_path.unlink()
    page.open(address)
    page.wait_for("document.body?.innerText.includes('Nothing is published yet')")
    published_model.write(shown.published_path)
    assert page.messages == []
