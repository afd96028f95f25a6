"""The page as people get it, in a real browser without a screen: `pytest -m browser`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

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

ITEMS = [item for page in read_pages().sound for item in page.items]
CHARTS = [item.id for item in ITEMS if item.chart]
SELECTORS = [(item.id, selector) for item in ITEMS for selector in item.selectors]
DRAWN = " && ".join(
    [f"document.querySelector('#{chart} .main-svg')" for chart in CHARTS]
    + [
        f"document.querySelector('#{item}_{s.variable} :is(button, input)')"
        for item, s in SELECTORS
    ]
    + ["document.querySelector('.c360-value')"]
)
DECILES = "Array.from(document.querySelector('#value_by_decile .js-plotly-plot').calcdata[0])"


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


@pytest.fixture
def page(browser: chromium.Browser, address: str) -> chromium.Browser:
    """The first page, drawn, as somebody sees it who comes for the first time."""
    browser.resize(1280, 900)
    browser.open(address)
    browser.wait_for("document.readyState === 'complete'")
    browser.run("sessionStorage.clear()")
    browser.forget()
    browser.open(address)
    browser.wait_for(DRAWN, seconds=60)
    return browser


def test_the_page_is_local_and_quiet(page: chromium.Browser, address: str) -> None:
    page.idle(1)
    assert page.messages == []
    assert page.failures == []
    own = (address, "data:", "blob:", "about:")
    assert [request for request in page.requests if not request.startswith(own)] == []
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("document.title") == "Customer 360: Overview"
    assert "31 October 2026" in page.run("document.querySelector('.c360-stamp').innerText")
    assert "1,846,811 EUR" in page.run("document.querySelector('.c360-figures').innerText")


def test_everything_to_press_or_to_see_has_a_name(page: chromium.Browser) -> None:
    page.wait_for("document.querySelector('#reset-button[aria-label]')")
    tree = page.accessibility_tree()
    names = [node["name"] for node in tree if node["role"] in ("button", "combobox")]
    assert "" not in names
    # Radio buttons are named by what they choose, and their group by what it is about.
    groups = [node["name"] for node in tree if node["role"] in ("group", "radiogroup")]
    for _, selector in SELECTORS:
        found = groups if selector.control == "radio" else names
        assert any(name.startswith(selector.title) for name in found), found
    assert not any("download" in name.split() for name in names), "an icon's name is read out"
    pictures = {
        node["name"].split(":")[1].split(".")[0].strip()
        for node in tree
        if node["role"] in ("image", "img") and node["name"].startswith("Chart:")
    }
    assert pictures == {item.title for item in ITEMS if item.chart}


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off(page: chromium.Browser, width: int, tmp_path: Path) -> None:
    page.resize(width, 900)
    page.idle(2)
    wider = page.run(
        "Array.from(document.querySelectorAll('#page-components, .c360-card, .c360-value,"
        ".dash-graph, .c360-controls')).filter(e => e.getBoundingClientRect().right >"
        f" {width} || e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    )
    assert wider == []
    smallest = page.run(
        "Math.min(...Array.from(document.querySelectorAll('#right-side *'))"
        ".filter(e => e.innerText && e.clientHeight)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 12
    page.screenshot(tmp_path / f"{width}.png")
    assert (tmp_path / f"{width}.png").stat().st_size > 10_000


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
    page.click("document.querySelector('#card_value_by_decile .c360-card-head button')")
    page.wait_for("document.body?.innerText.includes('Data exported.')")
    page.idle(1)
    lines = (tmp_path / "value_by_decile.csv").read_text().splitlines()
    assert len(lines) == 11
    assert float(lines[1].split(",")[3]) == pytest.approx(chosen)
    page.run("document.querySelector('#reset-button').click()")
    page.wait_for(f"{DECILES}[0].y === {lifetime}")
    assert page.messages == []


def test_the_theme_can_be_switched(page: chromium.Browser) -> None:
    colour = "getComputedStyle(document.querySelector('#right-side')).backgroundColor"
    light = page.run(colour)
    page.click("document.querySelector('#theme-toggle')")
    page.wait_for(f"{colour} !== '{light}'")
    assert page.messages == []


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
