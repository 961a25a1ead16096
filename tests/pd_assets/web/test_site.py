"""What the site does as a whole while it is served."""

import shutil
from pathlib import Path

from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.index import INDEXED, place_of, refresh
from tests.patience import until
from tests.pd_assets.lib.release import planted
from tests.pd_assets.web.furnished import over


def without_a_segment(home: Home) -> list[str]:
    """The files of tables that a page of a picture would have to read whole."""
    return [
        path.name
        for name, indexed in INDEXED.items()
        for path in files_of(home, indexed.table)
        if (segment := place_of(home, name, path)) is None or not segment.is_file()
    ]


def test_a_home_that_was_copied_gets_an_index_of_its_own_files(tmp_path: Path) -> None:
    made = open_home(tmp_path / "made")
    planted.catalogue(made, range(4))
    refresh(made)
    assert without_a_segment(made) == []
    shutil.copytree(made.root, tmp_path / "copied")
    copied = open_home(tmp_path / "copied")
    assert without_a_segment(copied)
    with over(copied):
        until(lambda: not without_a_segment(copied))
