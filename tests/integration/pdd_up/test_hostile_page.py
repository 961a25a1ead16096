"""A real browser opens a hostile page, served by this machine, beside a running `pdd up`: nothing changes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast

import pytest
from playwright.sync_api import Browser, Page

from tests.integration.dagster_ui import DagsterUi, Json

pytestmark = pytest.mark.slow
LAUNCH = """mutation { launchRun(executionParams: {mode: "default", runConfigData: "{}", selector: {
  repositoryLocationName: "pd", repositoryName: "__repository__", pipelineName: "nightly"}}) { __typename } }"""
RUNS = "query { runsOrError { ... on Runs { results { runId } } } }"
# Everything that a page may send without being asked for leave, and what it would send if it were given it. Each tells
# how it went; a form and a frame tell by being shown.
PAGE = """<!doctype html><title>Hostile</title>
<form id="form" method="post" enctype="text/plain" target="shown"><input name="query"></form>
<form id="get" method="get" target="shown"><input name="query"></form>
<iframe name="shown"></iframe><iframe id="framed"></iframe>
<script>
const launch = LAUNCH, own = "UI/graphql", asked = own + "?query=" + encodeURIComponent(launch)
const body = JSON.stringify({query: launch}), told = {}
const tell = name => done => { told[name] = done }
const tried = (name, ...request) =>
  fetch(...request).then(answer => tell(name)(answer.type), () => tell(name)("failed"))
const loaded = (name, tag, address) => new Promise(ends => {
  const element = document.createElement(tag)
  element.onload = () => ends(tell(name)("loaded")); element.onerror = () => ends(tell(name)("failed"))
  element.src = address; document.body.append(element)
})
const socket = () => new Promise(ends => {
  const one = new WebSocket(own.replace("http", "ws"), "graphql-ws")
  one.onopen = () => ends(tell("socket")("open")); one.onerror = () => ends(tell("socket")("failed"))
})
const form = (id, field, value) => {
  const one = document.getElementById(id)
  one.action = own; one.elements[0].name = field; one.elements[0].value = value; one.submit()
}
const shown = () => new Promise(ends => { document.querySelector("[name=shown]").onload = ends })
async function attack() {
  await Promise.all([
    tried("get", asked, {mode: "no-cors", credentials: "include"}),
    tried("post", asked, {mode: "no-cors", method: "POST"}),
    tried("text", own, {mode: "no-cors", method: "POST", headers: {"Content-Type": "text/plain;a=application/json"},
                        body}),
    tried("json", own, {method: "POST", headers: {"Content-Type": "application/json"}, body}),
    loaded("picture", "img", asked), loaded("script", "script", asked), loaded("file", "img", "UI/favicon.png"),
    socket(),
  ])
  told.beacon = navigator.sendBeacon(asked, new Blob([body], {type: "text/plain"}))
  let next = shown(); form("form", '{"query":' + JSON.stringify(launch) + ',"a":"', '"}'); await next
  next = shown(); form("get", "query", launch); await next
  document.getElementById("framed").src = "UI/runs"
  return told
}
</script>"""


@contextmanager
def hostile(ui: DagsterUi) -> Iterator[int]:
    """The port of a server whose every page is the hostile one."""

    class Hostile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = PAGE.replace("LAUNCH", json.dumps(LAUNCH), 1).replace("UI/", f"{ui.url}/").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def runs(ui: DagsterUi) -> list[Json]:
    return cast(list[Json], cast(Json, ui.ask(RUNS)["runsOrError"])["results"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_hostile_page_starts_no_run_and_sees_and_frames_nothing(ui: DagsterUi, page: Page, host: str) -> None:
    before = runs(ui)
    refused: list[int] = []
    page.on("response", lambda answer: refused.append(answer.status) if "/graphql" in answer.url else None)
    with hostile(ui) as port:
        page.goto(f"http://{host}:{port}/")
        told = page.evaluate("attack()")
    seen = {name: told[name] for name in ("json", "picture", "script", "file", "socket")}
    assert seen == dict.fromkeys(seen, "failed")
    assert refused and set(refused) <= {403, 405, 415}, "each was asked, and each was refused"
    framed = [frame for frame in page.frames if frame.url.startswith(ui.url)]
    assert all("Dagster" not in frame.title() for frame in framed)
    assert runs(ui) == before


def test_a_page_that_takes_our_address_for_its_own_name_is_refused(ui: DagsterUi, browser: Browser) -> None:
    """DNS rebinding: to the browser the page is of one origin with what answers, and only the host tells it."""
    before = runs(ui)
    page = browser.new_page()
    # Chromium takes every name below localhost for this machine.
    answer = page.goto(f"http://evil.localhost:{ui.port}/dagster/runs")
    assert answer is not None and answer.status == 400
    status = page.evaluate(
        "query => fetch('/dagster/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({query})}).then(answer => answer.status)",
        LAUNCH,
    )
    page.close()
    assert status == 400
    assert runs(ui) == before
