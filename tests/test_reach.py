"""Which tests a change can reach."""

from tests.reach import changed_files, files_reached, imports, uses

CLIP = "tests/pd_ml/test_clip.py"
DATES = "tests/pd_assets/lib/page/test_dates.py"


def test_a_test_is_reached_by_what_it_imports_however_far_and_by_itself() -> None:
    assert DATES in files_reached(["pd_assets/lib/page/dates.py"])
    assert DATES not in files_reached(["pd_ml/diffusion/flow.py"])
    assert files_reached([DATES]) == [DATES]


def test_a_fixture_reaches_the_tests_below_its_folder() -> None:
    reached = files_reached(["tests/pd_ml/paintings.py"])
    assert CLIP in reached and DATES not in reached


def test_a_program_that_is_started_by_its_name_is_reached() -> None:
    assert "pd_ml.__main__" in uses("tests.pd_ml.command") - imports("tests.pd_ml.command")
    assert "tests/pd_assets/assets/test_models.py" in files_reached(["pd_ml/training/vae_stage.py"])


def test_of_a_file_that_is_no_module_those_are_reached_that_name_it_or_lie_beside_it() -> None:
    assert "tests/test_docs.py" in files_reached(["docs/parity.md"])
    assert "tests/pd_assets/lib/catalog/test_items.py" in files_reached(
        ["pd_assets/lib/catalog/sql/licensed_images.sql"]
    )


def test_what_decides_how_every_test_runs_reaches_all() -> None:
    assert len(files_reached(["constraints.txt"])) > 100
    assert files_reached([]) == []


def test_the_working_tree_is_compared_with_a_revision() -> None:
    assert all(not name.startswith("/") for name in changed_files("HEAD"))
