"""`pdd import-prior` as a person uses it."""

from pathlib import Path

from tests.pd_assets.lib.prior.left_behind import database
from tests.pd_assets.test_commands import pdd, the_one_line


def test_it_says_what_it_would_bring_and_brings_it(tmp_path: Path) -> None:
    old = database(tmp_path / "old.db", {"File:Tree.jpg": {"__label": "A tree"}, "Category:Trees": {}})
    settings = {"PD_HOME": str(tmp_path / "home")}
    dry = pdd(tmp_path, "import-prior", str(old), "--dry-run", **settings)
    assert dry.returncode == 0, dry.stderr
    assert "titles      1: 1 new" in dry.stdout and "nothing was written (--dry-run)" in dry.stdout
    done = pdd(tmp_path, "import-prior", str(old), "--label-licence", "CC0-1.0", **settings)
    for line in (
        "titles      1: 1 new",
        "kept: 1 x captions under CC0-1.0",
        "1 x a page of Category, no file ('Category:Trees')",
        "pictures    none is taken over",
        "rights      what it says of them is not read",
        "next: pdd run nightly",
    ):
        assert line in done.stdout


def test_wrong_use_is_one_line(tmp_path: Path) -> None:
    settings = {"PD_HOME": str(tmp_path / "home")}
    assert "there is no such file or folder" in the_one_line(pdd(tmp_path, "import-prior", "nowhere.db", **settings))
    credited = pdd(tmp_path, "import-prior", "nowhere.db", "--label-credit", "Jo", **settings)
    assert "state their licence too" in the_one_line(credited)
    assert pdd(tmp_path, "import-prior", "x", "--label-licence", "MIT", **settings).returncode == 2
