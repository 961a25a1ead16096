"""What people call models, datasets and bundles is understood in every way that it is written somewhere."""

from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.called import DATASET, MODELS, RELEASE, folder_called, names, parse, versions

VERSION, OLDER = "b837ce76e6436064", "b83a000000000000"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    for kind, name in ((MODELS, "unet_text"), (MODELS, "clip"), (DATASET, "main"), (RELEASE, "unet_text")):
        for version in (VERSION, OLDER, f"{VERSION}.partial"):
            (made.root / kind / name / version).mkdir(parents=True)
        made.point(kind, name, "latest", VERSION)
    made.point(MODELS, "unet_text", "candidate", OLDER)
    (made.root / "dataset" / "captions").mkdir()
    return made


@pytest.mark.parametrize(
    ("called", "version"),
    [
        *((one, VERSION) for one in ("unet_text", "models/unet_text", "models/unet_text/", "model:unet_text")),
        *((one, VERSION) for one in ("unet_text/latest", "models/unet_text/latest", "unet_text@latest")),
        *((one, VERSION) for one in ("unet_text b837", f"unet_text/{VERSION}", "models/unet_text@b837ce")),
        *((one, OLDER) for one in ("unet_text/candidate", "unet_text@b83a", f"./models/unet_text/{OLDER}")),
    ],
)
def test_a_model_may_be_said_in_any_way(home: Home, called: str, version: str) -> None:
    assert folder_called(home, called, (MODELS,)) == home.model("unet_text", version)


@pytest.mark.parametrize(
    "called", ["main", "dataset:main", "dataset/main", "dataset/main/latest", "latest", "main@b837"]
)
def test_so_may_a_dataset(home: Home, called: str) -> None:
    assert folder_called(home, called, (DATASET,)) == home.dataset("main", VERSION)


def test_a_folder_of_the_home_is_its_version_wherever_one_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder_called(home, str(home.model("clip", OLDER)), (MODELS,)) == home.model("clip", OLDER)
    monkeypatch.chdir(home.root)
    assert folder_called(home, f"models/clip/{OLDER}", (MODELS,)) == home.model("clip", OLDER)


@pytest.mark.parametrize(
    ("called", "says"),
    [
        ("unet_txt", "no model in .* is called 'unet_txt'; did you mean unet_text"),
        ("models/klip", "did you mean clip"),
        ("vae", "there are: clip, unet_text"),
        ("unet_text@b8", f"no version .* expected one of {VERSION}, {OLDER}, or latest"),
        ("unet_text@b83", "no version"),
        ("unet_text/exported", "has no exported version"),
        ("dataset:main", "is a dataset; expected a model"),
        ("latest", "no model .* is called 'latest'"),
        ("", "no model"),
        ("/", "no model"),
    ],
)
def test_what_nothing_is_called_is_an_error_that_names_near_ones(home: Home, called: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        folder_called(home, called, (MODELS,))


def test_several_versions_that_begin_so_are_named(home: Home) -> None:
    (home.root / MODELS / "clip" / f"{VERSION[:8]}00000000").mkdir()
    with pytest.raises(ConfigError, match="several versions of models/clip called 'b837'"):
        folder_called(home, "clip/b837", (MODELS,))


def test_tables_and_halves_are_neither_datasets_nor_versions(home: Home) -> None:
    assert names(home, DATASET) == ["main"] and versions(home, MODELS, "clip") == [VERSION, OLDER]
    assert parse("  ") == parse("//") and parse("models").kind is None
