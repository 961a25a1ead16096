"""The edge: User-Agent policy, lag, told faults, limits, the request log."""

import time
from collections.abc import Iterator

import pytest
import requests

from pd_assets.sandbox.faults import Request
from tests.patience import PATIENCE_S, until
from tests.pd_assets.sandbox.asking import ROOTS, Asker


@pytest.fixture
def edgy(reading: Asker) -> Iterator[Asker]:
    """The reading archive, whose faults end with the test."""
    yield reading
    reading.server.faults.clear()
    reading.server.faults.clock = time.monotonic


@pytest.mark.parametrize("agent", ["", "python-requests/2.34.0", "curl/8.0", "Python-urllib/3.11"])
def test_nameless_clients_and_library_defaults_are_refused_with_html(reading: Asker, agent: str) -> None:
    for path in ("/w/api.php", "/wikipedia/commons/a/ab/X.jpg"):
        answer = requests.get(reading.server.base_url + path, headers={"User-Agent": agent}, timeout=PATIENCE_S)
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/html")


def test_browsers_may_open_pages_and_the_front_page(reading: Asker) -> None:
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    for path in ("/", f"/wiki/Category:{ROOTS[0].replace(' ', '_')}"):
        assert requests.get(reading.server.base_url + path, headers=agent, timeout=PATIENCE_S).status_code == 200
    nothing = reading.server.base_url + "/wiki/File:Nothing.jpg"
    assert requests.get(nothing, headers=agent, timeout=PATIENCE_S).status_code == 404


@pytest.mark.parametrize("of_a_page", [{"Origin": "http://evil.com"}, {"Sec-Fetch-Site": "same-site"}], ids=str)
def test_no_web_page_sets_faults(edgy: Asker, of_a_page: dict[str, str]) -> None:
    url = f"{edgy.server.base_url}/sandbox/faults"
    answer = requests.post(url, '{"lag": 7}', headers=of_a_page, timeout=PATIENCE_S)
    assert answer.status_code == 403
    assert edgy.server.faults.lag is None


def test_lag_is_an_error_with_status_200_for_those_who_ask_for_maxlag(edgy: Asker) -> None:
    assert edgy.post("/sandbox/faults", {"lag": 7}).status_code == 200
    lagged = edgy.raw(meta="siteinfo", maxlag=5)
    assert lagged.status_code == 200
    assert lagged.json()["error"]["code"] == "maxlag" and "7 seconds lagged" in lagged.json()["error"]["info"]
    assert lagged.headers["Retry-After"] == "5" and lagged.headers["X-Database-Lag"] == "7"
    assert lagged.headers["MediaWiki-API-Error"] == "maxlag"
    assert edgy.raw(meta="siteinfo", maxlag=5, errorformat="plaintext").json()["errors"][0]["data"]["lag"] == 7
    assert "query" in edgy.query(meta="siteinfo", maxlag=9)
    assert "query" in edgy.query(meta="siteinfo")
    edgy.post("/sandbox/faults", {"lag": None})
    assert "query" in edgy.query(meta="siteinfo", maxlag=5)


def test_a_told_status_is_answered_as_often_as_told_and_only_where_told(edgy: Asker) -> None:
    edgy.post("/sandbox/faults", {"status": 429, "times": 2, "path": "/w/", "retry_after_s": 3})
    assert edgy.get("/wikipedia/commons/a/ab/None.jpg").status_code == 404
    answers = [edgy.raw(meta="siteinfo") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"


def test_too_many_requests_at_once_or_a_second_are_refused(edgy: Asker) -> None:
    faults, now = edgy.server.faults, iter([0.0] * 6 + [1.5])
    edgy.post("/sandbox/faults", {"max_concurrent": 1})
    assert edgy.raw(meta="siteinfo").status_code == 200
    # A request is counted out after its answer.
    until(lambda: faults._open == 0)
    assert faults.entered("/w/api.php") is None, "one that stays"
    assert edgy.raw(meta="siteinfo").status_code == 429
    faults.left(Request(timestamp=0, method="GET", path="/", params={}, status=200, size_bytes=0, user_agent=""))
    edgy.post("/sandbox/faults", {"clear": True, "max_per_second": 4})
    faults.clock = lambda: next(now)
    rapid = [edgy.raw(meta="siteinfo").status_code for _ in range(7)]
    assert rapid == [200, 200, 200, 200, 429, 429, 200]


def test_the_log_of_requests_tells_path_parameters_status_and_bytes(reading: Asker) -> None:
    answer = reading.raw(meta="siteinfo", requestid="find-me")
    lines = [line for line in reading.get("/sandbox/requests").json() if line["params"].get("requestid") == "find-me"]
    assert len(lines) == 1
    assert lines[0]["path"] == "/w/api.php" and lines[0]["status"] == 200
    assert lines[0]["size_bytes"] == int(answer.headers["Content-Length"])
    assert lines[0]["user_agent"].startswith("SandboxTests") and lines[0]["timestamp"] > 1.7e9


def test_attributes_are_served_for_the_evaluation(reading: Asker) -> None:
    told = reading.get("/sandbox/attributes").json()
    assert told["attributes"]["ground"]["values"]["green"]["phrase"] == "green ground"


def test_json_is_compressed_and_pictures_are_not(reading: Asker) -> None:
    page = reading.server.archive.files()[0]
    answer = reading.raw(titles=page.title, prop="imageinfo|revisions", iiprop="url|extmetadata", rvprop="content")
    assert answer.headers["Content-Encoding"] == "gzip"
    url = answer.json()["query"]["pages"][0]["imageinfo"][0]["url"]
    assert "Content-Encoding" not in reading.get(url).headers
