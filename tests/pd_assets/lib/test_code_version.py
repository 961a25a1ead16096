"""What a stored result was made by is a digest over the sources of its makers."""

import shutil
from pathlib import Path

import pytest

from pd_assets.lib.code_version import ROOT, code_version

EVIDENCE = "pd_assets.lib.rights.evidence"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "pd_assets", tmp_path / "pd_assets", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("place", ["rights/evidence", "page/boxes", "page/dates", "page/personal", "rights/words"])
def test_one_byte_in_any_source_of_the_reader_is_another_version(copy: Path, place: str) -> None:
    before = code_version(EVIDENCE, root=copy)
    path = copy / "pd_assets/lib" / f"{place}.py"
    path.write_text(path.read_text().replace("re.IGNORECASE", "re.ASCII", 1) + " ")
    code_version.cache_clear()
    assert before == code_version(EVIDENCE) != code_version(EVIDENCE, root=copy)


def test_what_the_reader_does_not_import_changes_nothing(copy: Path) -> None:
    for place in ("lib/dataset/labels", "lib/commons/client", "assets/rights"):
        (copy / "pd_assets" / f"{place}.py").write_text("# another house\n")
    assert code_version(EVIDENCE, root=copy) == code_version(EVIDENCE)


def test_a_lazy_import_and_a_module_that_is_imported_by_name_count(tmp_path: Path) -> None:
    package = tmp_path / "pd_x"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    from pd_x import b\n    return b\n")
    (package / "b.py").write_text("VALUE = 1\n")
    before = code_version("pd_x.a", root=tmp_path)
    (package / "b.py").write_text("VALUE = 2\n")
    code_version.cache_clear()
    assert code_version("pd_x.a", root=tmp_path) != before
