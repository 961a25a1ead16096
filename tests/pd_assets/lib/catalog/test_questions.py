"""What a question may do: read the tables of its home, and nothing else on this machine."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pd_assets.cli.sql import ask
from pd_assets.lib.catalog import views
from pd_assets.lib.catalog.questions import answering, described, locked
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, TABLES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import decision, item, plant

ROWS = 20


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "a home")
    plant(home, ITEMS, [item(number) for number in range(ROWS)])
    plant(home, DECISIONS, [decision(number, "accept") for number in range(ROWS)])
    return home


@pytest.fixture
def connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with locked(home) as connection:
        yield connection


def answer(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[object, ...]]:
    with answering(connection, statement) as relation:
        return [] if relation is None else relation.fetchall()


@pytest.mark.parametrize(
    "name", ["decisions", "rights.decisions", "catalog.rights.decisions", "catalog.main.decisions"]
)
def test_a_table_has_its_short_name_and_its_key(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    assert answer(connection, f"select count(*) from {name}") == [(ROWS,)]


def test_tables_join_and_those_that_were_never_written_are_there_and_empty(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    joined = "select count(*) from catalog.items join rights.decisions using (item_id) where verdict = 'accept'"
    assert answer(connection, joined) == [(ROWS,)]
    for table in described():
        for name in table.names:
            asked = answer(connection, f"select * from {name} limit 0; describe {name}")
            assert [row[0] for row in asked] == list(TABLES[table.key].columns), name
    assert answer(connection, "select count(*) from captions") == [(0,)]


def test_the_database_has_the_same_views_also_after_the_home_was_moved(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    views.rebuild(home)
    moved = home.root.rename(home.root.with_name("another, place"))
    monkeypatch.chdir(moved)
    with duckdb.connect("catalog.duckdb", read_only=True) as connection:
        assert connection.sql("select count(*) from rights.decisions").fetchall() == [(ROWS,)]
        for table in described():
            for name in table.names:
                found = connection.sql(f"describe {name}").fetchall()
                assert {row[0] for row in found} == set(TABLES[table.key].columns), name


@pytest.mark.parametrize("form", ["csv", "json", None])
def test_an_answer_that_is_not_for_a_terminal_is_whole(
    home: Home, form: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    asked = """
        select i, repeat('x', 300) as long, timestamptz '2026-12-01 10:00:00+00' as at, date '1889-01-02' as day,
               ['a', 'b'] as several, {'x': 1} as told, null as nothing, 1.5::decimal(4, 1) as real,
               'nan'::double as nan, sum(i) over () as big, true as flag
        from range(3000) as t(i) order by i
    """
    ask(asked, form=form)
    told = capsys.readouterr().out
    if form == "json":
        rows = json.loads(told)
        assert len(rows) == 3000
        assert rows[2] == {
            "i": 2, "long": "x" * 300, "at": "2026-12-01T10:00:00+00:00", "day": "1889-01-02", "several": ["a", "b"],
            "told": {"x": 1}, "nothing": None, "real": 1.5, "nan": None, "big": 4498500, "flag": True,
        }  # fmt: skip
    else:
        rows = list(csv.DictReader(told.splitlines()))
        assert len(rows) == 3000
        assert rows[2] == {
            "i": "2", "long": "x" * 300, "at": "2026-12-01T10:00:00+00:00", "day": "1889-01-02",
            "several": '["a", "b"]', "told": '{"x": 1}', "nothing": "", "real": "1.5", "nan": "", "big": "4498500",
            "flag": "true",
        }  # fmt: skip


def test_without_a_question_every_column_of_every_table_is_described(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    ask("")
    told = " ".join(capsys.readouterr().out.split())
    for key, table in TABLES.items():
        assert key.replace("/", ".") in told
        for name, (_, says) in table.columns.items():
            assert f"{name} {' '.join(says.split())}" in told, (key, name)


def test_answers_without_rows_and_with_equal_names_are_json_too(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    ask("select 1 where false", form="json")
    assert json.loads(capsys.readouterr().out) == []
    ask("select 1 as a, 2 as a", form="json")
    assert sorted(json.loads(capsys.readouterr().out)[0].values()) == [1, 2]


REFUSED = (
    "copy (select 1) to '{inside}/x.csv'",
    "copy (select 1) to '{inside}/rights/decisions/part-0.parquet'",
    "copy decisions to '{outside}/x.parquet'",
    "copy (select 1) to '/dev/stdout'",
    "prepare p as copy (select 1) to '{outside}/x.csv'; execute p",
    "export database '{inside}/export'",
    "import database '{outside}'",
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from '{inside}/rights/decisions/part-0.parquet'",
    "select * from query_table('/etc/passwd')",
    "select * from read_text('{inside}/*')",
    "select * from read_blob('/etc/hostname')",
    "select * from read_json('/etc/passwd')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from parquet_metadata('{inside}/rights/decisions/part-0.parquet')",
    "select * from read_parquet('http://127.0.0.1:1/x.parquet')",
    "select * from glob('/*')",
    "create macro m() as table select * from read_csv('/etc/passwd'); select * from m()",
    "attach '{outside}/x.duckdb' as x",
    "attach '{inside}/x.duckdb' as x",
    "attach 'http://127.0.0.1:1/x.duckdb' as x",
    "attach 'postgres:host=127.0.0.1' as x (type postgres)",
    "install httpfs",
    "force install httpfs from community",
    "load httpfs",
    "load '{outside}/x.duckdb_extension'",
    "update extensions",
    "set enable_external_access = true",
    "reset enable_external_access",
    "set lock_configuration = false",
    "set allowed_directories = ['/']",
    "set temp_directory = '{outside}'",
    "set home_directory = '{outside}'",
    "set threads = 64",
    "pragma memory_limit = '1TB'",
    "pragma enable_profiling = 'json'",
    "set profiling_output = '{outside}/x.json'",
    "call enable_logging('QueryLog', storage = 'file', storage_path = '{outside}/log')",
    "create persistent secret s (type http, bearer_token 'x')",
    "create table x (a int)",
    "insert into decisions select * from decisions",
    "drop view decisions",
    "select * from outside",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_a_statement_that_wants_more_than_to_ask_is_refused(
    home: Home, connection: duckdb.DuckDBPyConnection, statement: str
) -> None:
    outside = home.root.parent / "outside"
    outside.mkdir()
    before = state(home.root.parent)
    for _ in range(2):
        with pytest.raises(ConfigError, match="the query failed"):
            answer(connection, statement.format(inside=home.root, outside=outside))
        # Whatever it was, it ended nothing that keeps the next one in.
        assert answer(connection, "select count(*) from rights.decisions") == [(ROWS,)]
    assert state(home.root.parent) == before


@pytest.mark.parametrize(
    "first", ["commit", "rollback", "begin", "use memory", "attach ':memory:' as m", "commit; use temp"]
)
def test_no_statement_before_opens_a_way(home: Home, connection: duckdb.DuckDBPyConnection, first: str) -> None:
    for second in ("copy (select 1) to '{}/x.csv'", "select * from read_text('{}/*')", "set threads = 3"):
        with pytest.raises(ConfigError):
            answer(connection, f"{first}; {second.format(home.root)}")
    assert not (home.root / "x.csv").exists()


def test_what_is_refused_is_told_with_what_is_allowed(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in ("copy decisions to 'x.csv'", "set threads = 3", "create table x (a int)"):
        with pytest.raises(ConfigError, match=r"the query failed: .*pdd sql only asks the tables"):
            answer(connection, statement)
    with pytest.raises(ConfigError, match='"nonsense" not found') as wrong:
        answer(connection, "select nonsense from decisions")
    assert "only asks" not in str(wrong.value)


def test_a_damaged_file_is_a_failed_query_and_other_tables_answer(home: Home) -> None:
    file = next(home.table(DECISIONS.key).rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:100])
    with locked(home) as connection:
        with pytest.raises(ConfigError, match="the query failed"):
            answer(connection, "select * from decisions")
        assert answer(connection, "select count(*) from items") == [(ROWS,)]


def test_an_empty_home_answers_from_empty_tables(tmp_path: Path) -> None:
    with locked(open_home(tmp_path / "home")) as empty:
        assert answer(empty, "select count(*) from rights.decisions") == [(0,)]


def test_every_statement_is_answered_and_the_first_that_fails_ends_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    asked = "select 1 as a; -- one; two\npivot (select 'x' as name, 3 as n) on name using sum(n); select ';' as b"
    ask(asked)
    assert capsys.readouterr().out.splitlines() == ["a", "1", "", "x", "3", "", "b", ";"]
    ask("select 1 as a; select 2 as a", form="json")
    assert [json.loads(line) for line in capsys.readouterr().out.replace("]\n[", "]\0[").split("\0")] == [
        [{"a": 1}],
        [{"a": 2}],
    ]
    with pytest.raises(ConfigError, match="the query failed"):
        ask("select 1 as a; select nonsense; select 3 as c")
    assert "c" not in capsys.readouterr().out


def test_a_question_writes_nothing_into_the_home(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    before = state(home.root)
    ask("select count(*) as found from rights.decisions")
    assert "found" in capsys.readouterr().out
    assert state(home.root) == before


def state(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*")}
