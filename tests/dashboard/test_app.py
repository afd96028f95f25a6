"""The application: it builds, keeps to this machine, and asks nobody else for anything."""

from __future__ import annotations

import re

import pytest
import vizro.models as vm
from vizro import Vizro
from vizro.managers import model_manager

from orchestration.dashboard.app import build
from orchestration.dashboard.pages import read_pages
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.dashboard import published_model


@pytest.fixture
def app(published: Settings) -> Vizro:
    return build(published)


def test_the_page_speaks_english_and_names_only_this_machine(app: Vizro) -> None:
    answer = app.dash.server.test_client().get("/")
    assert answer.status_code == 200
    assert re.search(r"<html lang=\"en\"", answer.text)
    loaded = re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"([^\"]+)\"", answer.text)
    assert len(loaded) > 10
    assert [address for address in loaded if not address.startswith("/")] == []


def test_the_browser_is_told_to_refuse_other_addresses(app: Vizro) -> None:
    policy = app.dash.server.test_client().get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_nothing_runs_in_debug(app: Vizro) -> None:
    assert not app.dash.server.debug
    assert not app.dash._dev_tools.ui


def test_every_item_draws(app: Vizro) -> None:
    for item in (item for page in read_pages() for item in page.items):
        drawn = model_manager[item.id]()
        if item.chart:
            assert len(drawn.data) >= len(item.chart.values), item.id
            assert not drawn.layout.annotations, item.id
        else:
            assert len(drawn.children) == len(item.figures)


def test_a_new_campaign_is_offered_on_the_next_load(published: Settings) -> None:
    build(published)
    parameter = model_manager["campaign_response_by_decile_campaign_id"]
    assert isinstance(parameter, vm.Parameter)
    before = len(parameter.selector.options)
    published_model.write(published.published_path, campaigns=3)
    parameter.build()
    assert len(parameter.selector.options) == before - 3


def test_it_can_be_built_again(published: Settings) -> None:
    build(published)
    build(published)


def test_nothing_published_is_told_before_anything_listens(settings: Settings) -> None:
    with pytest.raises(UserError, match="c360 run") as told:
        build(settings)
    assert told.value.exit_code == 3
