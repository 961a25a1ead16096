"""Our pages, and below /dagster Dagster's own application behind the guard: an upgrade must leave no way for another
page to change something.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings
from pd_assets.running.private import WorkspaceFileTarget, WorkspaceProcessContext
from pd_assets.running.web import GuardedWebserver, our_site
from pd_assets.web.site import Beside

OWN = "http://127.0.0.1:3000"
KEY = "asked-for"
MUTATION = f'mutation {{ setConcurrencyLimit(concurrencyKey: "{KEY}", limit: 2) }}'
ANSWER = {"data": {"setConcurrencyLimit": True}}
FOREIGN = {"Origin": "http://evil.com"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture(scope="module")
def web(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("web")
    workspace = folder / "workspace.yaml"
    workspace.write_text("load_from: []\n")
    home = open_home(folder / "home").root
    names = ["pictures.museum.org"]
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as context:
        dagster = GuardedWebserver(context, names).create_asgi_app()
        yield TestClient(Beside(our_site(Settings(home=home), names, read_only=False), dagster), base_url=OWN)


@pytest.fixture
def limits(instance: dg.DagsterInstance) -> Callable[[], set[str]]:
    """What the mutation changes, as it is when it is asked for."""
    instance.event_log_storage.delete_concurrency_limit(KEY)
    return instance.event_log_storage.get_concurrency_keys


def test_a_mutation_is_carried_out_for_our_own_page_and_for_a_program(
    web: TestClient, instance: dg.DagsterInstance, limits: Callable[[], set[str]]
) -> None:
    for headers in ({"Origin": OWN}, {}):
        assert web.post("/dagster/graphql", json={"query": MUTATION}, headers=headers).json() == ANSWER
        assert limits() == {KEY}
        instance.event_log_storage.delete_concurrency_limit(KEY)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Host": "evil.com", "Referer": "http://evil.com/"}),
        ("GET", {"Origin": OWN}),
        ("HEAD", {}),
        ("POST", FOREIGN),
        ("POST", {"Origin": "null"}),
        ("POST", {"Host": "evil.com", "Origin": "http://evil.com"}),
        ("POST", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
    ids=str,
)
def test_no_mutation_comes_from_elsewhere(
    web: TestClient, limits: Callable[[], set[str]], method: str, headers: dict[str, str]
) -> None:
    assert web.request(method, "/dagster/graphql", params={"query": MUTATION}, headers=headers).status_code >= 400
    assert web.request(method, "/dagster/graphql/", params={"query": MUTATION}, headers=headers).status_code >= 400
    assert limits() == set()


def test_no_mutation_comes_over_a_socket_not_even_of_our_own_page(
    web: TestClient, limits: Callable[[], set[str]]
) -> None:
    with pytest.raises(WebSocketDenialResponse), web.websocket_connect("/dagster/graphql", headers=FOREIGN):
        pass
    own = web.websocket_connect("ws://127.0.0.1:3000/dagster/graphql", ["graphql-ws"], headers={"Origin": OWN})
    with own as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json({"type": "start", "id": "1", "payload": {"query": MUTATION}})
        assert socket.receive_json()["type"] == "error"
    assert limits() == set()


@pytest.mark.parametrize("path", ["/dagster/", "/dagster/runs", "/dagster/graphql", "/dagster/server_info"])
def test_no_page_of_the_ui_can_be_framed(web: TestClient, path: str) -> None:
    answer = web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_our_pages_are_at_the_root_and_what_dagsters_pages_ask_for_is_below_dagster(web: TestClient) -> None:
    ours = web.get("/nowhere")
    assert ours.status_code == 404 and 'href="/dagster/"' in ours.text
    assert web.get("/static/site.css").status_code == 200
    page = web.get("/dagster/", headers={"Accept": "text/html"}).text
    script = next(iter(re.findall(r'src="(/dagster/_next/[^"]+[.]js)"', page)))
    assert web.get(script).headers["content-type"].startswith(("application/javascript", "text/javascript"))
    assert web.get("/graphql").status_code == 404, "of the UI nothing is left at the root"


def test_where_the_home_is_elsewhere_our_pages_say_so_and_where_it_is_only_shown_nothing_is_changed(
    tmp_path: Path,
) -> None:
    nowhere = TestClient(our_site(Settings(home=tmp_path / "none"), [], read_only=True), base_url=OWN)
    told = nowhere.get("/pictures")
    assert told.status_code == 503 and "there is no such folder" in told.text and 'href="/dagster/"' in told.text
    home = open_home(tmp_path / "home").root
    shown = TestClient(our_site(Settings(home=home), [], read_only=True), base_url=OWN)
    for path in ("/judge/1", "/draw", "/ask/takedown"):
        refused = shown.post(path, headers={"Origin": OWN})
        assert refused.status_code == 403 and "only shown" in refused.text
    assert shown.post("/nowhere", headers={"Origin": "http://evil.com"}).status_code == 403
    assert shown.post("/ask", headers={"Origin": OWN}).status_code != 403
