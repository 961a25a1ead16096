"""The guard before our pages: what a browser sends for another page is refused, whatever it looks like."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from pd_assets.lib.guard import guard, sources_of

OWN = "http://127.0.0.1:3000"
POLICY = "default-src 'none'"


@pytest.fixture
def changes() -> list[str]:
    """What the application behind the guard was asked to do."""
    return []


@pytest.fixture
def client(changes: list[str]) -> TestClient:
    async def change(request: Request) -> Response:
        changes.append(f"{request.method} {request.url.path}")
        return PlainTextResponse("done", headers={"Content-Security-Policy": "base-uri 'none'"})

    async def listen(socket: WebSocket) -> None:
        changes.append("socket")
        await socket.accept()
        await socket.close()

    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
    routes = [WebSocketRoute("/graphql", listen), Route("/{path:path}", change, methods=methods)]
    middleware = guard(policy=POLICY, also_called=["pictures.museum.org"], operations_at=frozenset({"/graphql"}))
    return TestClient(Starlette(routes=routes, middleware=middleware), base_url=OWN)


@pytest.mark.parametrize(
    "host", ["evil.com", "127.0.0.1.evil.com", "evil.com:3000", "[::1]:3000", "", "localhost@evil"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_host_is_refused_whatever_it_asks(
    client: TestClient, changes: list[str], method: str, host: str
) -> None:
    answer = client.request(method, "/", headers={"Host": host, "Content-Type": "application/json"})
    assert (answer.status_code, changes) == (400, [])


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost:3000", "LOCALHOST", "pictures.museum.org"])
def test_own_names_and_those_of_the_setting_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200
    origin = {"Host": host, "Origin": f"https://{host.lower()}", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/", headers=origin).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.com"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "file://127.0.0.1:3000"},
        {"Origin": "http://127.0.0.1:3000.evil.com"},
        {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": OWN, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "none", "Content-Type": "application/json"},
        {"Sec-Fetch-Mode": "no-cors", "Content-Type": "application/json"},
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "text/plain; charset=application/json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=application/json"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_what_another_page_or_a_form_could_send_changes_nothing(
    client: TestClient, changes: list[str], method: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, "/graphql?query=x", headers=headers)
    assert answer.status_code in (403, 415) and "expected" in answer.text
    assert changes == []


def test_our_own_page_and_a_program_may_change_something(client: TestClient, changes: list[str]) -> None:
    assert client.post("/graphql", headers={"Origin": OWN}).status_code == 200
    assert client.post("/graphql", json={"query": "x"}).status_code == 200
    assert changes == ["POST /graphql"] * 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/graphql?query=x", "/graphql/?query=x", "/%67raphql?query=x"])
def test_no_operation_is_run_by_a_get_not_even_by_our_own_page(
    client: TestClient, changes: list[str], method: str, path: str
) -> None:
    answer = client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, changes) == (405, [])


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_pages_are_shown(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/graphql", headers=headers).status_code == 200


def test_a_link_from_elsewhere_may_be_followed_and_nothing_be_embedded_elsewhere(client: TestClient) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=followed).status_code == 200
    for dest, mode in (("iframe", "navigate"), ("image", "no-cors"), ("script", "no-cors"), ("empty", "cors")):
        embedded = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        assert client.get("/", headers=embedded).status_code == 403, dest
    assert client.get("/", headers={"Origin": "http://evil.com"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.com"}, {"Origin": "null"}, {"Host": "evil.com"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
def test_a_foreign_page_opens_no_socket(client: TestClient, changes: list[str], headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/graphql", headers=headers):
        pass
    assert changes == []


@pytest.mark.parametrize("headers", [{"Origin": OWN}, {}], ids=["own page", "program"])
def test_our_own_page_and_a_program_may_open_a_socket(
    client: TestClient, changes: list[str], headers: dict[str, str]
) -> None:
    with client.websocket_connect("ws://127.0.0.1:3000/graphql", headers=headers):
        pass
    assert changes == ["socket"]


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.com"])
def test_every_answer_forbids_frames_and_the_applications_own_policy_stays(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    policies = answer.headers.get_list("content-security-policy")
    assert policies[-1] == f"{POLICY}; frame-ancestors 'none'"
    assert policies[:-1] == (["base-uri 'none'"] if host == "127.0.0.1" else [])
    assert answer.headers["x-frame-options"] == "DENY" and answer.headers["x-content-type-options"] == "nosniff"


def test_an_inline_script_is_named_by_the_digest_that_browsers_count() -> None:
    # https://www.w3.org/TR/CSP3/#framework-infrastructure, of `alert('Hello, world.');`
    page = "<style>p {}</style><script>alert('Hello, world.');</script>"
    assert sources_of("script", page) == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert sources_of("style", page).startswith("'sha256-")
