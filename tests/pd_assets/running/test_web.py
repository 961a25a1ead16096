"""Dagster's own web application behind the guard: an upgrade must leave no way for another page to change something."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from pd_assets.running.private import WorkspaceFileTarget, WorkspaceProcessContext
from pd_assets.running.web import GuardedWebserver

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
    workspace: Path = tmp_path_factory.mktemp("web") / "workspace.yaml"
    workspace.write_text("load_from: []\n")
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as context:
        yield TestClient(GuardedWebserver(context, ["pictures.museum.org"]).create_asgi_app(), base_url=OWN)


@pytest.fixture
def limits(instance: dg.DagsterInstance) -> Callable[[], set[str]]:
    """What the mutation changes, as it is when it is asked for."""
    instance.event_log_storage.delete_concurrency_limit(KEY)
    return instance.event_log_storage.get_concurrency_keys


def test_a_mutation_is_carried_out_for_our_own_page_and_for_a_program(
    web: TestClient, instance: dg.DagsterInstance, limits: Callable[[], set[str]]
) -> None:
    for headers in ({"Origin": OWN}, {}):
        assert web.post("/graphql", json={"query": MUTATION}, headers=headers).json() == ANSWER
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
    assert web.request(method, "/graphql", params={"query": MUTATION}, headers=headers).status_code >= 400
    assert web.request(method, "/graphql/", params={"query": MUTATION}, headers=headers).status_code >= 400
    assert limits() == set()


def test_no_mutation_comes_over_a_socket_not_even_of_our_own_page(
    web: TestClient, limits: Callable[[], set[str]]
) -> None:
    with pytest.raises(WebSocketDenialResponse), web.websocket_connect("/graphql", headers=FOREIGN):
        pass
    own = web.websocket_connect("ws://127.0.0.1:3000/graphql", ["graphql-ws"], headers={"Origin": OWN})
    with own as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json({"type": "start", "id": "1", "payload": {"query": MUTATION}})
        assert socket.receive_json()["type"] == "error"
    assert limits() == set()


@pytest.mark.parametrize("path", ["/", "/runs", "/graphql", "/server_info"])
def test_no_page_of_the_ui_can_be_framed(web: TestClient, path: str) -> None:
    answer = web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
