"""The check of a model fails where one in use saw what is no longer free, or nobody can tell that it did not."""

from pathlib import Path

import pytest

from pd_assets.checks.models import verdicts
from pd_assets.lib.catalog.schemas import MEMBERS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn
from pd_ml.provenance import LEDGER, RUN
from tests.pd_assets.lib.release.planted import catalogue, dataset, model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(12))
    export = dataset(made)
    clip = model(made, "clip", "one", export)
    model(made, "unet_text", "one", export, inputs={"clip": clip.digest})
    return made


def found(home: Home) -> dict[str, tuple[bool, str]]:
    exposed = exposures(home, find_withdrawn(home, profile="strict"))
    return {one.stage: (one.passed, one.description) for one in verdicts(exposed)}


def test_models_of_which_all_is_known_pass(home: Home) -> None:
    assert [passed for passed, _ in found(home).values()] == [True, True]


def test_a_ledger_tells_what_the_models_saw_also_where_the_list_of_their_dataset_cannot_be_read(home: Home) -> None:
    for path in home.table(MEMBERS.key).rglob("*.parquet"):
        path.write_bytes(b"garbage")
    assert [passed for passed, _ in found(home).values()] == [True, True]


def test_without_a_ledger_a_list_of_pictures_that_cannot_be_read_fails_the_check_with_the_reason(home: Home) -> None:
    (home.model("clip", "one") / LEDGER).unlink()
    for path in home.table(MEMBERS.key).rglob("*.parquet"):
        path.write_bytes(b"garbage")
    assert [passed for passed, _ in found(home).values()] == [False, False]
    assert "unknown, treated as seen (dataset/members: " in found(home)["clip"][1]


def test_a_record_that_is_missing_fails_the_check_of_what_was_made_of_the_model_too(home: Home) -> None:
    (home.model("clip", "one") / RUN).unlink()
    assert [passed for passed, _ in found(home).values()] == [False, False]
    assert "no run.json" in found(home)["clip"][1] and "clip " in found(home)["unet_text"][1]
