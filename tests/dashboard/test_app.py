"""The application: it builds, keeps to this machine, and asks nobody else for anything."""

from __future__ import annotations

import base64
import io
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import vizro.models as vm
import yaml
from flask.testing import FlaskClient
from vizro.managers import model_manager

from orchestration.dashboard.app import build
from orchestration.dashboard.reading import PAGES_DIR, read_pages
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.conftest import settings_in
from tests.dashboard import published_model


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the installation whose dashboard is built for this file."""
    settings = settings_in(tmp_path_factory.mktemp("shown"))
    published_model.write(settings.published_path)
    return settings


@pytest.fixture(scope="module")
def client(shown: Settings) -> FlaskClient:
    app = build(shown)
    assert not app.dash.server.debug
    assert not app.dash._dev_tools.ui
    client = app.dash.server.test_client()
    assert isinstance(client, FlaskClient)
    return client


def test_the_page_speaks_english_and_names_only_this_machine(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert re.search(r"<html lang=\"en\"", answer.text)
    loaded = re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"([^\"]+)\"", answer.text)
    assert len(loaded) > 10
    assert [address for address in loaded if not address.startswith("/")] == []
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_the_first_page_keeps_its_own_address(client: FlaskClient) -> None:
    answer = client.get("/overview?value_by_decile_look_back=3")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/?value_by_decile_look_back=3"


@pytest.mark.usefixtures("client")
def test_every_item_draws() -> None:
    for item in (item for page in read_pages().sound for item in page.items):
        drawn = model_manager[item.id]()
        if item.chart:
            assert len(drawn.data) >= len(item.chart.values), item.id
            assert not drawn.layout.annotations, (item.id, drawn.layout.annotations)
            assert drawn.data[0].customdata is not None
            assert model_manager[f"words-{item.id}"]().children, item.id
        elif item.table:
            assert getattr(drawn, "role", "") == "region", item.id
        else:
            assert len(drawn.children) == len(item.figures)


def encoded(value: str) -> str:
    """As Vizro writes a choice into the address."""
    text = base64.urlsafe_b64encode(f'"{value}"'.encode()).decode().rstrip("=")
    return f"b64_{text}"


@pytest.mark.parametrize("write", [str, encoded])
def test_a_csv_has_the_choices_of_the_address(client: FlaskClient, write: type[str]) -> None:
    def total(query: str) -> float:
        answer = client.get(f"/csv/value_by_decile?{query}")
        assert answer.headers["content-disposition"].endswith('"value_by_decile.csv"')
        return float(pd.read_csv(io.StringIO(answer.text))["net_amount"].sum())

    lifetime = total("")
    assert total(f"value_by_decile_look_back={write('lifetime')}") == lifetime
    assert total(f"value_by_decile_look_back={write('3')}") == pytest.approx(lifetime / 8)
    assert total(f"value_by_decile_loyalty_tier={write('NONE')}") == lifetime


def test_a_choice_of_the_page_reaches_the_csv_of_its_items(client: FlaskClient) -> None:
    days = pd.read_csv(io.StringIO(client.get("/csv/profile_trend?profiles_days=7").text))
    assert len(days) == 7
    assert client.get("/csv/profile_trend?audience_days=7").text.count("\n") == 91


@pytest.mark.parametrize("broken", ["b64_", "b64_%%%", "b64_W10", "x" * 5000, "'; drop table x"])
def test_a_choice_that_is_none_is_left_out(client: FlaskClient, broken: str) -> None:
    assert client.get(f"/csv/profile_trend?profiles_days={broken}").text.count("\n") == 91


def test_what_is_not_there_is_said(client: FlaskClient, shown: Settings, model: Path) -> None:
    assert client.get("/csv/nothing").status_code == 404
    shown.published_path.unlink()
    answer = client.get("/csv/key_figures")
    shutil.copyfile(model, shown.published_path)
    assert answer.status_code == 503
    assert "c360 run" in answer.text


def test_a_new_campaign_is_offered_on_the_next_load(client: FlaskClient, shown: Settings) -> None:
    parameter = model_manager["campaign_response_by_decile_campaign_id"]
    assert isinstance(parameter, vm.Parameter)
    before = len(parameter.selector.options)
    published_model.write(shown.published_path, campaigns=3)
    parameter.build()
    assert len(parameter.selector.options) == before - 3


def test_a_bad_page_stands_beside_the_others_and_says_what_is_wrong(
    published: Settings, tmp_path: Path
) -> None:
    shutil.copyfile(PAGES_DIR / "consent.yml", tmp_path / "consent.yml")
    wrong = yaml.safe_load((PAGES_DIR / "consent.yml").read_text())
    wrong["items"][0]["tempalte"] = wrong["items"][0].pop("template")
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(wrong))
    for _ in range(2):  # Vizro keeps models for the whole process; it can be built again
        build(published, tmp_path)
    titles = [model_manager[f"page-{name}"].title for name in ("consent", "mine")]
    assert titles == ["Consent", "⚠ mine.yml"]
    told = model_manager["page-mine"].components[0].told
    assert len(told) == 2
    assert any("tempalte" in said for said in told)
    (tmp_path / "consent.yml").unlink()
    with pytest.raises(UserError, match=r"(?s)No page can be read.*mine\.yml.*tempalte"):
        build(published, tmp_path)


def test_nothing_published_is_told_before_anything_listens(settings: Settings) -> None:
    with pytest.raises(UserError, match="c360 run") as told:
        build(settings)
    assert told.value.exit_code == 3
