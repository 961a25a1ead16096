"""The home says what the environment leaves open: its archive, and of a sandbox's home the recipe."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home, write_text
from pd_assets.lib.settings import COMMONS_API
from pd_assets.lib.standing import of_the_environment, sandbox_of

API = "http://127.0.0.1:8421/w/api.php"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    made.claim(API)
    return made


def test_the_archive_that_filled_a_home_is_its_archive_where_no_other_is_named(home: Home) -> None:
    env = {"PD_HOME": str(home.root)}
    told = of_the_environment(env)
    assert (told.commons_api, told.wikidata_api, told.fresh_days, told.recipe) == (API, API, 0, "small")
    assert of_the_environment({**env, "PD_COMMONS_API": " "}).commons_api == API
    other = "http://127.0.0.1:1/w/api.php"
    assert of_the_environment({**env, "PD_COMMONS_API": other}).commons_api == other


def test_a_home_that_a_sandbox_filled_trains_with_the_recipe_of_the_demo_unless_another_is_named(home: Home) -> None:
    write_text(home.root / "sandbox" / "sandbox.json", json.dumps({"port": 8421, "pictures": None}))
    env = {"PD_HOME": str(home.root)}
    assert of_the_environment(env).recipe == "debug"
    assert of_the_environment({**env, "PD_RECIPE": "base"}).recipe == "base"


def test_an_empty_home_a_missing_one_and_one_in_a_bucket_leave_the_defaults(tmp_path: Path) -> None:
    for place in (str(tmp_path), str(tmp_path / "none"), "s3://bucket/prefix"):
        assert of_the_environment({"PD_HOME": place}).commons_api == COMMONS_API
    assert not (tmp_path / "none").exists()


def test_a_damaged_note_of_the_sandbox_is_named(home: Home) -> None:
    write_text(home.root / "sandbox" / "sandbox.json", "{}")
    with pytest.raises(ConfigError, match=r"sandbox\.json: damaged .*expected"):
        sandbox_of(home)


def test_a_damaged_note_of_the_archive_leaves_it_to_the_steps_that_ask_the_archive_to_say_so(home: Home) -> None:
    for path in (home.root / "commons").glob("*archive.json*"):
        path.write_text("{")
    for path in (home.root / "commons").glob(".archive.json*"):
        path.write_text("{")
    assert of_the_environment({"PD_HOME": str(home.root)}).commons_api == COMMONS_API


def test_a_home_that_cannot_be_looked_at_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*set PD_HOME to a folder"):
        of_the_environment({"PD_HOME": str(tmp_path / ("long" * 100))})
