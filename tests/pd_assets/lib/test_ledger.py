"""The ledger: what a session asked is there by host and kind afterwards, whatever became of the session."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import FILES, LEDGER
from pd_assets.lib.errors import AddressRefused
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.ledger import append, expense, recording, rows_of
from pd_assets.lib.pacing import ACTION_API, MEDIA
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
from tests.pd_assets.lib.virtual_time import VirtualTime

RUN = "0b7f3a52-8f0e-4c1d-9d6e-0f1a2b3c4d5e"
FINE = Reply(body=b"fine")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def stored(home: Home) -> list[dict[str, object]]:
    return list(tables.rows(tables.read_or_empty(home, LEDGER)))


def session_of(time: VirtualTime) -> PoliteSession:
    return PoliteSession("tests", sleep=time.sleep, clock=time.clock)


def test_a_session_leaves_a_row_for_each_host_and_kind_with_what_the_server_saw(home: Home) -> None:
    busy = Reply(status=429, headers={"Retry-After": "7"})
    with LocalServer(in_turn([FINE, busy, FINE])) as server:
        with recording(home, RUN, session_of(VirtualTime(is_running=False))) as session:
            for policy in (ACTION_API, MEDIA, MEDIA):
                session.get(server.url, policy=policy)
        host = server.url.removeprefix("http://")
        assert len(server.asked) == 4
    api, media = stored(home)
    assert [(row["run_id"], row["host"], row["kind"]) for row in (api, media)] == [
        (RUN, host, "api"),
        (RUN, host, "media"),
    ]
    assert (api["requests"], api["bytes"], api["retries"], api["errors"]) == (1, 4, 0, "{}")
    assert (media["requests"], media["bytes"], media["retries"]) == (3, 8, 1)
    assert json.loads(str(media["errors"])) == {"HTTP 429": 1}
    assert media["waited_s"] == 7
    assert (home.root / "http/ledger" / f"{RUN}.parquet").is_file()


def test_a_run_that_is_refused_has_its_requests_recorded(home: Home) -> None:
    with (
        LocalServer(in_turn([Reply(status=403)])) as server,
        pytest.raises(AddressRefused),
        recording(home, RUN, session_of(VirtualTime(is_running=False))) as session,
    ):
        session.get(server.url, policy=ACTION_API)
    (row,) = stored(home)
    assert (row["requests"], row["errors"]) == (1, '{"HTTP 403": 1}')


def test_a_session_that_asked_nothing_leaves_nothing(home: Home) -> None:
    with recording(home, RUN, session_of(VirtualTime(is_running=False))):
        pass
    assert stored(home) == []


def test_steps_of_a_run_that_end_at_once_lose_no_rows(home: Home) -> None:
    def one_step(number: int) -> None:
        with LocalServer(in_turn([FINE])) as server, PoliteSession("tests") as session:
            session.get(server.url, policy=MEDIA)
            append(home, RUN if number % 2 else "other", rows_of(RUN if number % 2 else "other", session.traffic))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one_step, range(24)))
    assert len(stored(home)) == 24
    assert len(tables.parts(home, LEDGER)) == 2


@pytest.mark.parametrize("run_id", ["../../escaped", ".hidden", "a/b", "x" * 300, "Ü"])
def test_whatever_a_run_is_called_its_file_lies_in_the_ledger(home: Home, run_id: str) -> None:
    with LocalServer(in_turn([FINE])) as server, recording(home, run_id, PoliteSession("tests")) as session:
        session.get(server.url, policy=MEDIA)
    (path,) = home.root.parent.rglob("*.parquet")
    assert path.parent == home.table("http/ledger")
    assert [row["run_id"] for row in stored(home)] == [run_id]


def test_the_cost_of_a_picture_counts_every_run_and_the_pictures_that_are_there(home: Home) -> None:
    assert expense(home).pictures == 0
    for run in ("one", "two"):
        with LocalServer(in_turn([FINE])) as server, recording(home, run, PoliteSession("tests")) as session:
            session.get(server.url, policy=ACTION_API)
            session.get(server.url, policy=MEDIA)
    empty = dict.fromkeys(FILES.columns)
    rows = [{**empty, "item_id": str(n), "status": status} for n, status in enumerate(("ok", "ok", "failed"))]
    tables.write(home, FILES, tables.as_table(FILES, rows))
    spent = expense(home)
    assert (spent.requests, spent.size_bytes, spent.pictures) == (4, 16, 2)
