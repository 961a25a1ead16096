"""What only asks (`sql`, `decide`, `trace`, `audit`, `drift`) answers on a home that must not be written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pd_assets.cli import audit, decide, drift, sql, trace
from pd_assets.lib.catalog import views
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, PAGES
from pd_assets.lib.home import open_home
from tests.pd_assets.lib.planting import decision, file, item, page, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box

EVIDENCE = '{"source": "commons", "status": "live"}'
ASKED: dict[str, Callable[[], object]] = {
    "sql": lambda: sql.ask("select count(*) as items from catalog.items"),
    "decide": lambda: "\n".join(decide.explain("commons:M1", None)),
    "trace": lambda: "\n".join(trace.tell("commons:M1")),
    "audit": lambda: "\n".join(audit.write_page(1, 0, None)),
    "drift": lambda: "\n".join(drift.tell(None)),
}


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one picture that nobody may write; the right to write it is the test's own matter."""
    home = open_home(tmp_path / "it's a #1 home")
    plant(home, PAGES, [page(1, "A", wikitext=box("", permission=EXPIRED), digest="d")], partition="A")
    for table, row in ((ITEMS, item(1)), (DECISIONS, decision(1, evidence=EVIDENCE)), (FILES, file(1))):
        plant(home, table, [row])
    views.rebuild(home)
    for path in [*home.root.rglob("*"), home.root]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("PD_HOME", str(home.root))
    return home.root


@pytest.mark.parametrize("command", ASKED)
def test_a_question_changes_nothing_in_the_home(locked: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    def state() -> dict[str, tuple[int, int, int]]:
        found = [locked, *locked.rglob("*")]
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.stat().st_size) for path in found}

    before = state()
    told = ASKED[command]() or capsys.readouterr().out
    assert str(told).strip()
    assert state() == before


def test_a_sample_of_a_read_only_home_is_kept_in_the_current_folder(locked: Path) -> None:
    "\n".join(audit.write_page(1, 0, None))
    assert len(list(Path.cwd().glob("audit/*/audit.html"))) == 1
