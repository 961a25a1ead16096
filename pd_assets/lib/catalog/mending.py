"""What heals by itself in the tables of a home, before a step works on it.

A damaged derived file is removed, so that the step that makes its table does so; of what is kept twice the whole copy
takes the place of the other. What an archive tells again is set aside by the step that asks it. The rest is a person's.
"""

import logging
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.schemas import DECISIONS, EVIDENCE, TABLES
from pd_assets.lib.catalog.schemas.table import Kept, Table
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.errors import DamagedTable, WorkUnderWay
from pd_assets.lib.home import Home, alone, replacing

SET_ASIDE = ".damaged"

log = logging.getLogger(__name__)


def mend(home: Home) -> list[DamagedTable]:
    """Heal what can be healed without an archive or a person, and say so; what is left is returned.

    A file that was found whole is not read again until it changes.
    """
    left: list[DamagedTable] = []
    there: list[tuple[Table, Path]] = []
    for table in TABLES.values():
        with suppress(WorkUnderWay), _nobody_writes(home, table):
            left += mend_table(home, table)
        files = files_of(home, table)
        is_twice = table.kept.is_twice
        there += [(table, one) for path in files for one in ((path, damage.second(path)) if is_twice else (path,))]
    damage.forget_replaced(home, there)
    return left


def mend_table(home: Home, table: Table) -> list[DamagedTable]:
    """The same for one table; for who has it alone, where its files are renamed and removed by those who decide."""
    if table.kept.is_twice:
        _restore_missing(home, table)
    files = files_of(home, table)
    left = [found for found in damage.damaged(home, table, files) if not _heal(home, table, found)]
    if table.kept.is_twice:
        _copy(home, table, but=[found.path for found in left])
    return left


@contextmanager
def _nobody_writes(home: Home, table: Table) -> Iterator[None]:
    """WorkUnderWay where somebody decides just now, and parts of rights/evidence come, are renamed and go."""
    # Without decisions nobody decides, and the lock of who does would make their folder.
    if table is EVIDENCE and home.table(EVIDENCE.key).is_dir() and home.table(DECISIONS.key).is_dir():
        with alone(home.table(DECISIONS.key), "decides", waits=False):
            yield
    else:
        yield


def set_aside(home: Home, *tables: Table) -> list[DamagedTable]:
    """Move the damaged files of some tables out of the way, where nobody takes them for a part: PD_HOME/.damaged."""
    found = [one for table in tables for one in damage.damaged(home, table, files_of(home, table))]
    for one in found:
        target = move_away(home, one.path)
        log.warning("%s: %s is damaged, and was set aside as %s; what it held is asked for anew", *_told(one), target)
    return found


def move_away(home: Home, path: Path) -> Path:
    """Move a file or folder of the home to the same place under PD_HOME/.damaged."""
    target = home.root / SET_ASIDE / path.relative_to(home.root.resolve())
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(path, target)
    return target


def _heal(home: Home, table: Table, found: DamagedTable) -> bool:
    if table.kept is Kept.DERIVED:
        found.path.unlink(missing_ok=True)
        log.warning("%s: %s was damaged, and is made anew from the other tables", *_told(found))
        return True
    copy = damage.second(found.path)
    if table.kept.is_twice and copy.is_file() and not damage.damaged(home, table, [copy]):
        _restore(found.path)
        log.warning("%s: %s was damaged; its second copy took its place", *_told(found))
        return True
    return False


def _restore_missing(home: Home, table: Table) -> None:
    for copy in home.table(table.key).resolve().rglob(f".*{damage.SECOND}"):
        path = damage.first(copy)
        if not path.is_file() and not damage.damaged(home, table, [copy]):
            _restore(path)
            log.warning("%s: %s was gone; its second copy took its place", table.key, path)


def _copy(home: Home, table: Table, *, but: Collection[Path]) -> None:
    """Have a whole second copy of each file, which is the same; but of those that are damaged.

    Of parts that are never rewritten one of two that differ was altered: which, only their rows tell.
    """
    files = [path for path in files_of(home, table) if path not in but]
    copies = {path: damage.second(path) for path in files if _is_second(table, path, damage.second(path))}
    wrong = {found.path for found in damage.damaged(home, table, copies.values())}
    for path in files:
        if path not in copies or copies[path] in wrong:
            damage.keep_second(table, path)


def _is_second(table: Table, path: Path, copy: Path) -> bool:
    """Whether a copy is there, and no older than its file."""
    if not copy.is_file():
        return False
    return table.kept is Kept.PROVEN_TWICE or copy.stat().st_size == path.stat().st_size


def _restore(path: Path) -> None:
    with replacing(path) as partial:
        shutil.copyfile(damage.second(path), partial)


def _told(found: DamagedTable) -> tuple[str, Path]:
    return found.table, found.path
