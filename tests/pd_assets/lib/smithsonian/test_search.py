"""The search API: paged, within the key's hourly limit, and the key in a header alone."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.errors import ArchiveError, ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.smithsonian.search import SearchClient, pull, require_key, search_policy
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.smithsonian.bulk import GeneratedBulk, record, synchronise
from tests.pd_assets.lib.virtual_time import VirtualTime

KEY = "a-secret-key"
AT_ONCE = 40


def answering(count: int) -> LocalServer:
    """A search that finds so many records, and tells fewer of them at once than it is asked for."""

    def reply(number: int, target: str) -> Reply:
        start = int(target.split("start=")[1].split("&")[0])
        rows = [record("FSG", at) for at in range(start, min(start + AT_ONCE, count))]
        return Reply(body=json.dumps({"status": 200, "response": {"rows": rows, "rowCount": count}}).encode())

    return LocalServer(reply)


def pulled(home: Home, server: LocalServer, *, most: int = 10_000) -> int:
    with PoliteSession("tests", tries=2, sleep=lambda seconds: None) as session:
        client = SearchClient(session=session, key=KEY, url=f"{server.url}/search")
        done = pull(client, home, "FSG", "topic:Birds", side=512, most=most)
    assert done.reading.lines == done.reading.records + done.reading.reasons.total()
    return done.reading.lines


def test_every_page_is_read_and_the_key_is_in_a_header_alone(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    with answering(100) as server:
        assert pulled(home, server) == 100
    assert len(server.asked) == 3
    assert all(one.headers["x-api-key"] == KEY and KEY not in one.target for one in server.asked)
    assert tables.read(home, RECORDS).num_rows > 100
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_pull_stops_where_it_should_and_takes_nothing_away(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    index = GeneratedBulk.of({"FSG": 300}, shards=256).write(tmp_path / "copy")
    digest = synchronise(index, home)["FSG"].digest
    with answering(300) as server:
        assert pulled(home, server, most=20) == 20
    again = synchronise(index, home)["FSG"]
    assert again.digest == digest and again.gone == 0 and 0 < again.read <= 20


@pytest.mark.parametrize(("key", "hourly"), [(KEY, 1000), ("DEMO_KEY", 30)])
def test_no_hour_holds_more_requests_than_the_key_allows(key: str, hourly: int) -> None:
    time = VirtualTime(is_running=False)
    starts: list[float] = []

    def reply(number: int, target: str) -> Reply:
        starts.append(time.clock())
        return Reply(body=b'{"response": {"rows": [], "rowCount": 0}}')

    with (
        LocalServer(reply) as server,
        PoliteSession("tests", sleep=time.sleep, clock=time.clock, pace_loopback=True) as session,
    ):
        client = SearchClient(session=session, key=key, url=server.url + "/search")
        for _ in range(hourly // 5):
            list(client.records("x"))
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert min(gaps) >= 3600 / hourly
    assert search_policy(key).concurrency == 1


@pytest.mark.parametrize("body", [b'{"response": {"error": "bad query"}}', b"[]", b"3"])
def test_an_answer_without_records_is_a_named_error(tmp_path: Path, body: bytes) -> None:
    with LocalServer(lambda number, target: Reply(body=body)) as server, pytest.raises(ArchiveError, match="check the"):
        pulled(open_home(tmp_path), server)


def test_without_a_key_the_error_says_where_to_get_one() -> None:
    with pytest.raises(ConfigError, match="PD_SMITHSONIAN_KEY"):
        require_key(None)
    assert require_key(KEY) == KEY
