"""The customer page as people get it, in a real browser without a screen: `pytest -m browser`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.customers.roles import read_roles, read_users
from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import settings_in
from tests.customers import people
from tests.customers.people import ANN, BOB, CLEO, PASSWORD, SECRETS
from tests.customers.serving import served
from tests.dashboard import chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium.find() is None, reason="Chromium is not installed (Debian package chromium)"
    ),
]
AUDIT = (Path(__file__).parent.parent / "dashboard" / "audit.js").read_text()
TEXT = "document.body.innerText"
FOCUS = "document.activeElement"
LOADED = "document.readyState === 'complete' && document.querySelector('#search')"
NAMED = ("button", "link", "textbox", "searchbox", "region", "article", "image", "form", "search")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_in(tmp_path_factory.mktemp("customers"))
    people.publish(settings)
    users = read_users(people.users_file(tmp_path_factory.mktemp("u")), read_roles(DBT_PROJECT_DIR))
    with served(settings, users) as at:
        yield at


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    with chromium.Browser() as started:
        yield started


@pytest.fixture
def page(browser: chromium.Browser, address: str) -> chromium.Browser:
    """The page as somebody finds it who comes for the first time."""
    browser.log_in("dora", PASSWORD)
    browser.resize(1280, 900)
    browser.prefer("light")
    browser.open(f"{address}/health")
    browser.wait_for("document.body?.innerText === 'ok'")
    browser.run("sessionStorage.clear(); localStorage.clear()")
    browser.open(f"{address}/customers")
    browser.wait_for(f"{LOADED} && !document.querySelector('#enter').hidden")
    browser.forget()
    return browser


def enter(browser: chromium.Browser) -> None:
    """Type the password where the focus is."""
    browser.wait_for(f"{FOCUS}.id === 'password'")
    browser.type(f"{PASSWORD}\n")
    browser.wait_for("!document.querySelector('#search').hidden")


def look(browser: chromium.Browser, address: str, profile: str) -> None:
    browser.open(f"{address}/customers/{profile}")
    browser.wait_for("document.querySelector('#timeline')")


def quiet(browser: chromium.Browser, address: str) -> None:
    """Nothing is wrong, and nobody else was asked."""
    assert browser.run(AUDIT) == []
    assert browser.messages == []
    assert browser.failures == []
    assert [one for one in browser.requests if not one.startswith((address, "data:"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_for_everyone(
    page: chromium.Browser, address: str, theme: str, width: int, tmp_path: Path
) -> None:
    page.resize(width, 900)
    page.prefer(theme)
    quiet(page, address)
    enter(page)
    page.type("lee\n")
    page.wait_for("document.querySelectorAll('.hit').length === 2")
    quiet(page, address)
    look(page, address, ANN)
    page.click("document.querySelector('#segments button')")
    page.wait_for("document.querySelector('.why p')")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    quiet(page, address)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(250, 250, 250)" if theme == "light" else "rgb(20, 23, 33)")
    tree = page.accessibility_tree()
    assert [node for node in tree if node["role"] in NAMED and not node["name"]] == []
    regions = {node["name"] for node in tree if node["role"] == "region"}
    assert regions >= {"Ann Lee", "Timeline", "Segments", "Consent", "Where it comes from"}
    page.screenshot(tmp_path / f"{width}-{theme}.png", whole=True)


def test_people_are_looked_at_by_keyboard(page: chromium.Browser, address: str) -> None:
    enter(page)
    page.wait_for(f"{FOCUS}.id === 'text'")
    page.type("lee\n")
    page.wait_for("document.querySelectorAll('.hit').length === 2")
    for _ in range(3):
        page.press("Tab")
        if page.run(f"{FOCUS}.className") == "hit":
            break
    page.type("\n")
    page.wait_for("document.querySelector('#timeline')")
    page.wait_for(f"{FOCUS}.id === 'person'")
    assert page.run("location.pathname") in (f"/customers/{ANN}", f"/customers/{BOB}")
    assert page.run("document.title") == "Customer · Customer 360"
    # What was typed stands in no address.
    assert not any("lee" in one.lower() or PASSWORD in one for one in page.requests)
    look(page, address, ANN)  # a deep link, in the same tab
    page.run("document.querySelector('[data-type=support_contact].chip').focus()")
    page.type("\n")
    page.wait_for("document.querySelectorAll('.event').length === 30")
    types = "new Set(Array.from(document.querySelectorAll('.event'), (one) => one.dataset.type))"
    assert page.run(f"Array.from({types})") == ["support_contact"]
    assert page.run(f"{FOCUS}.dataset.type") == "support_contact"
    assert page.run(f"{FOCUS}.getAttribute('aria-pressed')") == "true"
    assert page.messages == []


def test_more_is_shown_when_it_is_asked_for(page: chromium.Browser, address: str) -> None:
    enter(page)
    look(page, address, ANN)
    assert page.run("document.querySelectorAll('.event').length") == 50
    times = "Array.from(document.querySelectorAll('.event time'), (one) => one.dateTime)"
    shown = page.run(times)
    assert shown == sorted(shown, reverse=True)
    page.click("document.querySelector('#more')")
    page.wait_for("document.querySelectorAll('.event').length === 120")
    assert page.run("document.querySelector('#more')") is None
    assert "Activities by month from" in page.run(
        "document.querySelector('.months').getAttribute('aria-label')"
    )


def test_nothing_of_a_person_is_left_after_signing_out(
    page: chromium.Browser, address: str
) -> None:
    enter(page)
    look(page, address, ANN)
    assert "ann.lee@x.example" in page.run(TEXT)
    page.click("document.querySelector('#leave')")
    page.wait_for("!document.querySelector('#enter').hidden")
    whole = "document.documentElement.outerHTML"
    assert not any(secret in page.run(whole) for secret in (*SECRETS, "Ann", "Lee"))
    assert page.run("sessionStorage.getItem('c360-session')") is None
    page.run("history.back()")
    page.idle(0.5)
    page.wait_for(f"{LOADED} && !document.querySelector('#enter').hidden")
    assert not any(secret in page.run(whole) for secret in (*SECRETS, "Ann", "Lee"))


def test_a_session_that_has_ended_shows_nobody(page: chromium.Browser, address: str) -> None:
    enter(page)
    look(page, address, ANN)
    page.run("sessionStorage.setItem('c360-session', 'of another day')")
    page.click("document.querySelector('.chip[data-type=message_sent]')")
    page.wait_for("!document.querySelector('#enter').hidden")
    assert "Ann" not in page.run(TEXT)
    enter(page)  # and goes on where it was
    page.wait_for("document.querySelector('#timeline')")


def test_a_name_is_text_and_no_html(page: chromium.Browser, address: str) -> None:
    enter(page)
    look(page, address, CLEO)
    assert "Cleo <img src=x onerror=alert(1)> O'Hara" in page.run(TEXT)
    assert page.run("document.querySelector('img')") is None
    assert page.messages == []


def test_what_a_role_does_not_show_is_said(page: chromium.Browser, address: str) -> None:
    page.log_in("sam", PASSWORD)
    enter(page)
    look(page, address, ANN)
    text = page.run(TEXT)
    assert "does not show contact points" in text
    assert not any(secret in text for secret in SECRETS)
    page.log_in("ana", PASSWORD)
    page.open(f"{address}/customers/{ANN}")
    page.wait_for("document.body?.innerText.includes('Your role does not show this page')")
