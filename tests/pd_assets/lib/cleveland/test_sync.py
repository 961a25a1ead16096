"""Keeping in step with the museum's file: what came, changed and went, and reads that withdraw nothing."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pd_assets.lib.catalog.looks import load_looks, stale
from pd_assets.lib.cleveland import bulk
from pd_assets.lib.errors import ArchiveError, ConfigError, FetchFailed
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.museums.whole_file import last
from pd_assets.lib.pacing import HostPolicy
from tests.pd_assets.lib.cleveland.works import ARCHIVE, Work, stored, synced, work, write
from tests.pd_assets.lib.local_server import LocalServer, Reply

MANY = 250


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def works(count: int = MANY) -> list[Work]:
    return [work(number) for number in range(1, count + 1)]


def live(home: Home) -> set[str]:
    return {name for name, row in stored(home).items() if row["status"] == "live"}


def test_what_came_changed_and_went_is_told_and_an_unchanged_file_is_not_read(home: Home, tmp_path: Path) -> None:
    folder, all_works = write(tmp_path / "bulk", works(), count=MANY), works()
    first = synced(home, folder)
    assert (first.outcome.new, first.state.reading.records, first.kept) == (MANY, MANY, "")
    again = synced(home, folder)
    assert (again.is_read, again.digest) == (False, first.digest)

    all_works[4]["share_license_status"] = "Copyrighted"
    all_works[5] |= {"accession_number": "9999.1.b", "url": "https://clevelandart.org/art/9999.1.b"}
    write(folder, [*all_works[2:], work(900)], count=MANY - 1)
    then = synced(home, folder)
    assert (then.outcome.new, then.outcome.changed, then.outcome.gone) == (1, 2, 2)
    rows = stored(home)
    assert {name for name, row in rows.items() if row["status"] == "deleted"} == {"cleveland:1", "cleveland:2"}
    assert rows["cleveland:5"]["usage_access"] == "Copyrighted"
    assert rows["cleveland:6"]["page_url"] == "https://clevelandart.org/art/9999.1.b"


def test_a_field_that_neither_rights_nor_labels_read_changes_nothing(home: Home, tmp_path: Path) -> None:
    before = synced(home, write(tmp_path / "bulk", works(3)))
    other = [one | {"citations": ["a book"], "updated_at": "2026-08-20 01:00:00.0", "new_field": 1} for one in works(3)]
    after = synced(home, write(tmp_path / "bulk", other))
    assert after.is_read and after.digest == before.digest and after.outcome.changed == 0


@pytest.mark.parametrize("lost", ["a fifth of the works", "the end of the file", "what the museum counts"])
def test_a_read_that_lost_much_withdraws_nothing_says_so_and_is_stale_in_time(
    home: Home, tmp_path: Path, lost: str
) -> None:
    folder = write(tmp_path / "bulk", works(), count=MANY)
    synced(home, folder)
    if lost == "a fifth of the works":
        write(folder, works()[50:], count=MANY - 50)
    elif lost == "the end of the file":
        whole = (folder / "data.json").read_text()
        (folder / "data.json").write_text(whole[: len(whole) - 3000])
    else:
        write(folder, works()[1:], count=2 * MANY)
    found = synced(home, folder)
    assert found.kept and found.outcome.gone == 0 and not found.state.is_whole
    assert live(home) == {f"cleveland:{number}" for number in range(1, MANY + 1)}
    assert synced(home, folder).kept, "a second such read still withdraws nothing"
    later = datetime.now(UTC) + timedelta(days=15)
    assert stale(home, days=14, now=later).shards == ("CMA/works",)

    write(folder, works()[1:], count=MANY - 1)
    assert synced(home, folder).outcome.gone == 1
    assert not stale(home, days=14, now=later)


def test_a_bad_record_costs_itself_alone(home: Home, tmp_path: Path) -> None:
    bad: list[object] = [work(3, id=None), work(4, creators="nobody"), work(1), {"id": 5, "deep": None}]
    folder = write(tmp_path / "bulk", [*works(2), *bad])
    text = (folder / "data.json").read_text()
    (folder / "data.json").write_text(text.replace('"deep": null', '"deep": NaN'))
    found = synced(home, folder)
    assert found.state.reading.reasons == {"unreadable": 3, "duplicate_record": 1} and found.kept == ""
    rows = stored(home)
    assert {name for name, row in rows.items() if row["problem"] is None} == {"cleveland:1", "cleveland:2"}
    assert all(str(row["problem"]).startswith(("unreadable: ", "duplicate")) for row in rows.values() if row["problem"])


def test_another_side_asks_the_archive_nothing(home: Home, tmp_path: Path) -> None:
    folder = write(tmp_path / "bulk", works(2))
    assert str(stored_thumb(home, folder, 1280)).endswith("_print.jpg")
    assert str(stored_thumb(home, folder, 512)).endswith("_web.jpg")
    assert not synced(home, folder, 512).is_read


def stored_thumb(home: Home, folder: Path, side: int) -> object:
    synced(home, folder, side)
    return stored(home)["cleveland:1"]["thumb_url"]


def test_the_age_of_the_file_is_that_of_its_youngest_change(home: Home, tmp_path: Path) -> None:
    old = [one | {"updated_at": "2026-01-02 03:04:05.6"} for one in works(2)]
    late = work(3) | {"updated_at": None, "last_updated_in_athena": "2026-03-16 05:03:00"}
    synced(home, write(tmp_path / "bulk", [*old, late]))
    found = last(ARCHIVE, home)
    assert found is not None and found.days_old(date(2026, 10, 16)) == 214


def test_a_file_that_is_not_there_and_a_pointer_are_named(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected data\.json, its folder, or a URL"):
        synced(home, tmp_path / "nothing")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 343384045\n"
    (tmp_path / "data.json").write_bytes(pointer)
    with pytest.raises(ArchiveError, match="git lfs pull"):
        synced(home, tmp_path)
    served = LocalServer(lambda number, target: Reply(body=pointer))
    with served as server, pytest.raises(ArchiveError, match="git lfs pull"):
        synced(home, f"{server.url}/data.json")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The museum's host is asked without pauses."""
    monkeypatch.setattr(bulk, "POLICY", HostPolicy(kind=bulk.API, concurrency=1))
    yield


@pytest.mark.usefixtures("at_once")
def test_a_pointer_on_the_web_leads_to_the_file_and_tells_that_nothing_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps(works(3)).encode()
    asked: list[str] = []

    def answer(number: int, target: str) -> Reply:
        asked.append(target)
        digest = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
        files = {
            "/raw/data.json": pointer.encode(),
            "/media/data.json": content,
            "/raw/report.json": b'{"num_artworks": 3}',
        }
        return Reply(body=files[target])

    with LocalServer(answer) as server:
        monkeypatch.setattr(bulk, "RAW", f"{server.url}/raw/")
        monkeypatch.setattr(bulk, "MEDIA", f"{server.url}/media/")
        assert synced(home, f"{server.url}/raw/data.json").outcome.new == 3
        assert asked == ["/raw/data.json", "/media/data.json", "/raw/report.json"]
        asked.clear()
        assert not synced(home, f"{server.url}/raw/data.json").is_read
        assert asked == ["/raw/data.json"], "the pointer alone tells it"
    assert live(home) == {"cleveland:1", "cleveland:2", "cleveland:3"}


@pytest.mark.usefixtures("at_once")
def test_a_file_that_is_not_that_of_its_pointer_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 2\n".encode()
    with LocalServer(lambda number, target: Reply(body=b"[]" if "media" in target else pointer)) as server:
        monkeypatch.setattr(bulk, "RAW", f"{server.url}/raw/")
        monkeypatch.setattr(bulk, "MEDIA", f"{server.url}/media/")
        with pytest.raises(FetchFailed, match="as its pointer says"):
            synced(home, f"{server.url}/raw/data.json")


class Api:
    """The museum's API, as recorded: it says the total, and past the end it has no data."""

    def __init__(self, all_works: list[Work]) -> None:
        self.works = all_works
        self.total = len(all_works)

    def __call__(self, number: int, target: str) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        start = int(asked["skip"])
        data = self.works[start : start + int(asked["limit"])]
        return Reply(body=json.dumps({"info": {"total": self.total, "parameters": asked}, "data": data}).encode())


@pytest.mark.usefixtures("at_once")
def test_the_pages_of_the_api_are_read_to_their_end_and_must_be_as_many_as_it_says(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "ON_A_PAGE", 100)
    api = Api(works())
    with LocalServer(api) as server:
        index = f"{server.url}/api/artworks/"
        assert synced(home, index).kept == "" and len(live(home)) == MANY
        api.works = works()[:-1]
        assert "the museum counts 250" in synced(home, index).kept
        assert len(live(home)) == MANY
        api.total = MANY - 1
        assert synced(home, index).outcome.gone == 1
        api.works, api.total = [], 0
        assert "249 of 249" in synced(home, index).kept


def test_an_archive_that_does_not_answer_is_noted_and_nothing_is_lost(home: Home, tmp_path: Path) -> None:
    folder = write(tmp_path / "bulk", works(3))
    synced(home, folder)
    (folder / "data.json").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 2\n"
    )
    with pytest.raises(ArchiveError):
        synced(home, folder)
    assert list(load_looks(home, "cleveland").failed) == ["CMA/works"]
    assert len(live(home)) == 3
