"""A hostile page and ours in one real browser, and ours as people see it: `pytest -m browser`."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.conftest import Company
from tests.dashboard import chromium
from tests.web.serving import PASSWORD, USER, Served, login_in, page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium.find() is None, reason="Chromium is not installed (Debian package chromium)"
    ),
]

ATTACKS = """
const target = location.hash.slice(1), done = {};
const launch = 'mutation{launchRun(executionParams:{mode:"default",selector:{jobName:"refresh",' +
  'repositoryName:"__repository__",repositoryLocationName:"orchestration.definitions"}})' +
  '{__typename}}';
const body = JSON.stringify({query: launch});
const byGet = target + '/graphql?query=' + encodeURIComponent(launch);
const said = (name, promise) => promise.then(
  () => { done[name] = 'worked'; }, () => { done[name] = 'refused'; });
const element = (kind, address) => new Promise((yes, no) => {
  const made = document.createElement(kind);
  made.onload = yes; made.onerror = no; made.src = address;
  document.body.append(made);
});
const form = (name, encoding, address) => {
  const frame = document.createElement('iframe'), made = document.createElement('form');
  frame.name = name; made.target = name; made.method = 'post';
  made.enctype = encoding; made.action = address;
  const field = document.createElement('input');
  field.name = body.slice(0, -1) + ',"x":"'; field.value = '"}';
  made.append(field); document.body.append(frame, made); made.submit();
};
const plain = {method: 'POST', mode: 'no-cors', body};
const json = {method: 'POST', body, headers: {'Content-Type': 'application/json'}};
const sneaky = new Blob([body], {type: 'text/plain; application/json'});
window.attack = async () => {
  fetch(byGet, {mode: 'no-cors', credentials: 'include'}).catch(() => {});
  fetch(target + '/graphql', {...plain, credentials: 'include'}).catch(() => {});
  fetch(target + '/graphql', {...plain, body: sneaky}).catch(() => {});
  navigator.sendBeacon(target + '/graphql', sneaky);
  form('one', 'text/plain', target + '/graphql');
  form('two', 'application/x-www-form-urlencoded', byGet);
  const frame = document.createElement('iframe');
  frame.src = target + '/runs'; document.body.append(frame);
  await Promise.all([
    said('read the page', fetch(target + '/runs', {credentials: 'include'})),
    said('read the data docs', fetch(target + '/data-docs/index.html')),
    said('post json', fetch(target + '/graphql', json)),
    said('load a picture', element('img', target + '/favicon.png')),
    said('load a script', element('script', target + '/server_info')),
    said('start by picture', element('img', byGet)),
    said('open a socket', new Promise((yes, no) => {
      const socket = new WebSocket(target.replace('http', 'ws') + '/graphql', 'graphql-ws');
      socket.onopen = yes; socket.onerror = no;
    })),
  ]);
  return done;
};
"""


@pytest.fixture(scope="module")
def settings_of_company(finished_company: Company) -> Settings:
    """The finished company; nothing here changes it."""
    return finished_company.settings


@pytest.fixture
def hostile() -> Iterator[str]:
    """The address of a page of somebody else's."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<body><script>{ATTACKS}</script></body>".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def runs(served: Served) -> list[str]:
    kind = [("Content-Type", "application/json")]
    query = json.dumps({"query": "{runsOrError{... on Runs{results{runId}}}}"})
    answer = json.loads(served.ask("POST", "/graphql", kind, query, login=None).text)
    return [run["runId"] for run in answer["data"]["runsOrError"]["results"]]


def test_a_hostile_page_gets_nothing(settings_of_company: Settings, hostile: str) -> None:
    with page(settings_of_company, "ui") as served, chromium.Browser() as browser:
        before = runs(served)
        for name in (hostile, hostile.replace("localhost", "127.0.0.1")):
            browser.open(f"http://{name}/#{served.origin}")
            browser.wait_for("window.attack")
            browser.forget()
            done = browser.run("window.attack()")
            browser.idle(2)
            assert len(done) == 7
            assert set(done.values()) == {"refused"}, done
            reached = [r for r in browser.requests if r.startswith(served.origin)]
            assert len(reached) >= 10
            # Whatever the browser has let through, the server has answered with a refusal.
            shown = [f for f in browser.failures if f.startswith(served.origin + "/runs")]
            assert any(f.endswith(": 403") for f in shown), browser.failures
        assert runs(served) == before


def test_dagster_works_behind_the_login(settings_of_company: Settings, tmp_path: Path) -> None:
    secret = PASSWORD.replace(" ", "%20")
    with (
        page(settings_of_company, "ui", **login_in(tmp_path)) as served,
        chromium.Browser(1400, 900) as browser,
    ):
        browser.open(f"{served.origin}/data-docs/")
        browser.idle(1)
        assert "Gates between" not in browser.run("document.body.innerText")
        browser.open(f"http://{USER}:{secret}@{served.host}/data-docs/")
        browser.wait_for("document.body?.innerText.includes('Gates between the layers')")
        browser.open(f"{served.origin}/assets/gate/staging")
        browser.forget()
        link = "document.querySelector('a[href=\"/data-docs/staging.html\"]')"
        browser.wait_for(link, seconds=90)
        assert browser.failures == []
        own = (served.origin, f"ws://{served.host}", "data:", "blob:")
        assert [r[:200] for r in browser.requests if not r.startswith(own)] == []
        socket = f"new WebSocket('ws://{served.host}/graphql', 'graphql-ws')"
        opened = f"new Promise(yes => {{const s = {socket}; s.onopen = () => yes('open');"
        assert browser.run(f"{opened} s.onerror = () => yes('refused')}})") == "open"
        browser.open(browser.run(f"{link}.href"))
        browser.wait_for("document.body?.innerText.includes('staging')")
        assert browser.failures == []
        picture = tmp_path / "dagster.png"
        browser.screenshot(picture)
        assert picture.stat().st_size > 10_000
