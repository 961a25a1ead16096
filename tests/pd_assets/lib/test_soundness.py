"""`pdd doctor --verify` lists all that is damaged with what heals it, and `--repair` heals what runs do not."""

import os
from pathlib import Path

import pytest

from pd_assets.cli import doctor
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, FILES, PAGES, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.soundness import changed, faults, repair
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import THEN, decision, file, page, plant
from tests.pd_assets.lib.release.coming_back import put

API = "http://archive.test/w/api.php"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a table of each kind, and a picture."""
    home = open_home(tmp_path / "home")
    home.claim(API)
    plant(home, PAGES, [page(1, "A", page_url="http://archive.test/wiki/1")], partition="A")
    plant(home, DECISIONS, [decision(1)])
    plant(home, CAPTIONS, [{"item_id": "commons:M1"}])
    plant(home, TAKEDOWNS, [{"item_id": "commons:M2", "named": "it", "reason": "asked", "taken_down_at": THEN}])
    row = file(1)
    plant(home, FILES, [{**row, "status": "failed"}])
    monkeypatch.setenv("PD_HOME", str(home.root))
    monkeypatch.setenv("PD_COMMONS_API", API)
    assert list(faults(home)) == []
    return home


def part(home: Home, key: str) -> Path:
    return next(home.table(key).rglob("*.parquet"))


def test_everything_that_is_damaged_is_listed_with_what_heals_it(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    harmed = [part(home, table.key) for table in (PAGES, DECISIONS, CAPTIONS, TAKEDOWNS)]
    for path in harmed:
        path.write_bytes(path.read_bytes()[:-9])
    (home.root / "commons" / "cursor.json").write_text("{")
    with pytest.raises(ConfigError, match="5 things"):
        doctor.verify()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MEND")]
    assert all(any(str(path) in line for line in lines) for path in harmed) and len(lines) == 5
    assert all("run `pdd" in line for line in lines)


def test_nothing_is_changed_by_looking(home: Home) -> None:
    part(home, CAPTIONS.key).write_bytes(b"garbage")
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
    assert len(list(faults(open_home(home.root, to_ask=True)))) == 1
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before


def test_a_repair_sets_evidence_aside_and_restores_what_is_proven(home: Home) -> None:
    damaged = part(home, DECISIONS.key)
    damaged.write_bytes(b"garbage")
    (told,) = repair(home, API)
    assert "rights/decisions: set aside as" in told
    assert (home.root / ".damaged" / "rights" / "decisions" / damaged.name).read_bytes() == b"garbage"
    assert list(faults(home)) == []


def test_takedowns_that_nothing_proves_are_never_set_aside(home: Home) -> None:
    path = part(home, TAKEDOWNS.key)
    for copy in (path, damage.second(path)):
        copy.write_bytes(b"garbage")
    (told,) = repair(home, API)
    assert "restore it from a backup" in told
    assert path.read_bytes() == b"garbage" and list(changed(home))


def test_the_note_of_the_archive_comes_back_where_all_pages_are_of_the_one_that_is_set(home: Home) -> None:
    for name in ("archive.json", ".archive.json.second"):
        (home.root / "commons" / name).write_text("{")
    (told,) = repair(home, "http://other.test/w/api.php")
    assert "pages are of archive.test" in told
    (told,) = repair(home, API)
    assert "as all pages say" in told and home.archive == API


def test_damage_that_does_not_show_from_outside_is_found_by_reading_all(home: Home) -> None:
    path = part(home, CAPTIONS.key)
    tables.query(home, "from captions", {"captions": CAPTIONS})
    told = path.stat()
    path.write_bytes(bytes(told.st_size))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert list(changed(home)) == [] and len(list(faults(home))) == 1
    list(repair(home, API))
    assert list(faults(home)) == []


def test_a_picture_that_a_purge_removed_is_not_damaged(home: Home) -> None:
    row = put(home, 1, encoded(painting(1, 80, 60)))
    plant(home, FILES, [row])
    assert list(faults(home)) == []
    path = home.root / str(row["path"])
    body = path.read_bytes()
    path.unlink()
    assert [fault.path for fault in faults(home)] == [path]
    path.write_bytes(body)
    take_down(home, "commons:M1", reason="a complaint", purge=True)
    assert not path.exists() and list(faults(home)) == []
    path.write_bytes(b"another")
    assert [fault.path for fault in faults(home)] == [path]
