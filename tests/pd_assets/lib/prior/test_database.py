"""Reading the prior system's database: everything usable, nothing changed, one named line where it cannot be read."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.prior.database import read_database
from pd_assets.lib.prior.found import Found
from pd_assets.lib.prior.importing import Imported, import_prior
from pd_assets.lib.prior.kept import IMPORTED, KeptLabel, place, read, titles
from pd_assets.lib.prior.labels import Labels
from tests.pd_assets.lib.prior.left_behind import API, database

TREE = {"__label": "A tree in winter", "title": "Tree", "author": "JaneRoe", "permission": "public domain"}
Labelled = dict[object, dict[str, object]]
TWO: Labelled = {"File:Tree.jpg": {**TREE}, "File:Hill.png": {"description": "A hill"}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def found_in(path: Path, tmp_path: Path) -> Found:
    return read_database(path, api=API, scratch=tmp_path)


def imported(home: Home, path: Path, labels: Labels | None = None, *, dry_run: bool = False) -> Imported:
    return import_prior(home, path, api=API, labels=labels or Labels(), dry_run=dry_run)


def everything(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_titles_and_labels_are_read_and_nothing_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    database(folder / "old.db", TWO)
    before = everything(folder)
    found = found_in(folder / "old.db", tmp_path)
    assert set(found.by_title) == {"File:Tree.jpg", "File:Hill.png"}
    assert dict(found.by_title["File:Tree.jpg"]) == TREE
    assert everything(folder) == before and found.unreadable.total == 0


def test_a_bad_row_costs_itself_and_is_counted_with_its_reason(tmp_path: Path) -> None:
    bad = [b"\xff\xfe.jpg", "Category:Trees", "File:a|b.jpg", 12, "File:../x.jpg"]
    rows = {**{one: {} for one in bad}, **TWO, "File:Odd.jpg": {"title": b"\xff", "medium": 5, "genre": None}}
    with closing(sqlite3.connect(database(tmp_path / "old.db", rows))) as connection:
        # A text that is no UTF-8, in a column of texts.
        connection.execute("update datasetlabel set value = cast(x'fffe' as text) where data_key = 'genre'")
        connection.execute(
            "insert into datasetlabel values ('File:No.jpg', ?, 'title', 'No')", (f"WikimediaCommons:{API}",)
        )
        connection.commit()
    found = found_in(tmp_path / "old.db", tmp_path)
    assert set(found.by_title) == {*TWO, "File:Odd.jpg"} and found.by_title["File:Odd.jpg"] == [("medium", "5")]
    assert found.unreadable.counts == {
        "a text that is no UTF-8": 1,
        "a page of Category, no file": 1,
        "the title has signs that no title can have": 2,
        "no title of a file (no `File:`)": 1,
        "a label that is no UTF-8": 2,
        "a label of no picture in it": 1,
    }


def test_pictures_of_another_archive_are_left_there_and_counted(home: Home, tmp_path: Path) -> None:
    path = database(tmp_path / "old.db", TWO, api="https://another.wiki/w/api.php")
    with pytest.raises(
        ConfigError, match=r"no title of a file of .*2 x https://another.wiki/w/api.php of another arch"
    ):
        imported(home, path)
    assert titles(home) == []


def test_an_older_form_of_its_tables_is_read_too(tmp_path: Path) -> None:
    with closing(sqlite3.connect(database(tmp_path / "old.db", TWO))) as connection:
        connection.execute("drop table datasetimage")
        connection.execute("alter table datasetlabel rename to wikimediacommons_data")
        connection.commit()
    assert dict(found_in(tmp_path / "old.db", tmp_path).by_title["File:Tree.jpg"]) == TREE


def test_another_database_is_refused_with_its_tables_and_those_that_were_expected(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.execute("create table orders (number integer, customer text)")
    with pytest.raises(ConfigError, match=r"it has orders \(number, customer\); expected datasetimage or wikimedia"):
        found_in(tmp_path / "old.db", tmp_path)


def test_a_database_with_a_write_ahead_log_is_read_from_a_copy_with_what_the_log_holds(tmp_path: Path) -> None:
    (tmp_path / "in use").mkdir()
    with closing(sqlite3.connect(database(tmp_path / "in use" / "old.db", TWO))) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("insert into datasetimage values ('File:New.jpg', ?, null, 0)", (f"WikimediaCommons:{API}",))
        writer.commit()
        shutil.copytree(tmp_path / "in use", tmp_path / "left")
    before = everything(tmp_path / "left")
    assert any(name.endswith("-wal") for name in before)
    found = found_in(tmp_path / "left" / "old.db", tmp_path)
    assert "File:New.jpg" in found.by_title and "write-ahead log" in found.notes[0]
    assert everything(tmp_path / "left") == before


def test_in_the_mode_of_write_ahead_logs_without_one_no_log_is_made(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with closing(sqlite3.connect(database(tmp_path / "old" / "old.db", TWO))) as writer:
        writer.execute("pragma journal_mode = wal")
    before = everything(tmp_path / "old")
    assert len(found_in(tmp_path / "old" / "old.db", tmp_path).by_title) == 2
    assert everything(tmp_path / "old") == before and list(before) == ["old.db"]


def test_a_change_that_was_interrupted_is_rolled_back_in_a_copy_only(tmp_path: Path) -> None:
    (tmp_path / "in use").mkdir()
    with closing(sqlite3.connect(database(tmp_path / "in use" / "old.db", TWO))) as writer:
        writer.execute("pragma cache_size = 1")
        writer.execute("begin")
        rows = [(f"File:{n}.jpg", f"WikimediaCommons:{API}") for n in range(3000)]
        writer.executemany("insert into datasetimage values (?, ?, null, 0)", rows)
        shutil.copytree(tmp_path / "in use", tmp_path / "left")
    before = everything(tmp_path / "left")
    assert any(name.endswith("-journal") for name in before)
    found = found_in(tmp_path / "left" / "old.db", tmp_path)
    assert set(found.by_title) == set(TWO) and "interrupted" in found.notes[0]
    assert everything(tmp_path / "left") == before


def test_a_locked_database_is_one_named_line(home: Home, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database(tmp_path / "old.db", TWO))) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(ConfigError, match=r"another program is writing it .*locked.* close it, and run again"):
            imported(home, tmp_path / "old.db")


def test_a_damaged_database_gives_what_can_be_read_of_it_and_says_so(tmp_path: Path) -> None:
    many: Labelled = {f"File:{number:05d} {'x' * 80}.jpg": {} for number in range(2000)}
    path = database(tmp_path / "old.db", many)
    content = bytearray(path.read_bytes())
    content[len(content) // 4 : len(content) // 4 + 40_000] = b"\xee" * 40_000
    path.write_bytes(bytes(content))
    found = found_in(path, tmp_path)
    assert 0 < len(found.by_title) <= 2000
    assert any("read only in part" in note for note in found.notes) and found.unreadable.total


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" * 10])
def test_a_file_that_is_no_database_is_one_named_line(home: Home, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(ConfigError, match="no SQLite database; expected the file that DATABASE_CONNECTION"):
        imported(home, tmp_path / "x.db")
    with pytest.raises(ConfigError, match="there is no such file or folder"):
        imported(home, tmp_path / "nowhere")


def test_the_same_import_again_changes_nothing_and_a_dry_run_writes_nothing(home: Home, tmp_path: Path) -> None:
    path = database(tmp_path / "old.db", TWO)
    dry = imported(home, path, dry_run=True)
    assert (dry.kept.new, titles(home), place(home).exists()) == (2, [], False)
    assert imported(home, path).kept.new == 2
    before = place(home).stat().st_mtime_ns
    again = imported(home, path)
    assert (again.kept.new, again.kept.changed, again.kept.same) == (0, 0, 2)
    assert place(home).stat().st_mtime_ns == before
    more = imported(home, database(tmp_path / "more.db", {"File:Third.jpg": {}}))
    assert more.kept.new == 1 and titles(home) == ["File:Hill.png", "File:Third.jpg", "File:Tree.jpg"]
    assert not IMPORTED.isalnum(), "a name that no category can have"


class Interrupted(Labels):
    """Ends at the second picture, as Ctrl-C would."""

    def kept_of(self, found: Iterable[tuple[str, str]]) -> list[KeptLabel]:
        if self.kept.total > 2:
            raise KeyboardInterrupt
        return super().kept_of([*found, ("title", "one"), ("medium", "two"), ("genre", "three")])


def test_an_import_that_was_interrupted_kept_nothing_and_ends_when_it_is_run_again(home: Home, tmp_path: Path) -> None:
    path = database(tmp_path / "old.db", TWO)
    with pytest.raises(KeyboardInterrupt):
        imported(home, path, Interrupted())
    assert titles(home) == []
    assert imported(home, path).kept.new == 2 and len(titles(home)) == 2


def test_captions_are_refused_until_somebody_states_their_licence(home: Home, tmp_path: Path) -> None:
    path = database(tmp_path / "old.db", TWO)
    told = "\n".join(imported(home, path).lines)
    assert "1 x captions, and nobody stated their licence (--label-licence)" in told
    assert "1 x claims of rights and sources, which are not believed ('permission')" in told
    assert "1 x names of persons, which the page tells ('author')" in told
    kept = "".join(text or "" for text in read(home)["labels"].to_pylist())
    assert "A hill" in kept and not any(word in kept for word in ("winter", "JaneRoe", "public domain", "CC0"))
    imported(home, path, Labels(licence="CC0-1.0", credit="Jo"))
    kept = "".join(text or "" for text in read(home)["labels"].to_pylist())
    assert "A tree in winter" in kept and "PD-Diffusion __label by Jo" in kept and "JaneRoe" not in kept
