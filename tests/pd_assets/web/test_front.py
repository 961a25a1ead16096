"""The front page: counts, what is new, what lost its ground, what to do next; and /health."""

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, ITEMS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.undoing import undo
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.web.furnished import OLD, furnished, over


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Twelve accepted pictures, one that waits and one that was accepted once; nobody changes it."""
    made = furnished(tmp_path_factory.mktemp("front") / "home")
    plant(made, ITEMS, [item(number, title=f"<b>Picture</b> {number}") for number in range(14)])
    decided = [decision(number) for number in range(12)]
    plant(made, DECISIONS, [*decided, decision(12, "quarantine", rule_id="later-year"), decision(13, "reject")])
    lost = {"item_id": "commons:M13", "profile": "strict", "from_verdict": "accept", "to_verdict": "reject",
            "to_rule": "gone", "cause": "deletion", "changed_on": "2026-11-29"}  # fmt: skip
    plant(made, CHANGES, [lost])
    return made


@pytest.fixture(scope="module")
def site(home: Home) -> TestClient:
    return over(home)


def test_it_counts_what_is_known_accepted_waiting_and_refused_and_leads_there(site: TestClient) -> None:
    page = site.get("/").text
    for place, count in (
        ("/pictures", 14),
        ("?verdict=accept", 12),
        ("?verdict=quarantine", 1),
        ("?verdict=reject", 1),
    ):
        assert f'{place}"><strong>{count}</strong>' in page
    assert "of 14 decided pictures 12 are accepted, 1 wait, 1 are refused" in page


def test_it_shows_new_pictures_models_and_what_lost_its_ground_with_its_cause(site: TestClient) -> None:
    page = site.get("/").text
    assert page.count('src="/thumb/commons:M') == 12
    assert f'src="/models/unet_text/{OLD}/sheets/evaluation"' in page
    assert "&lt;b&gt;Picture&lt;/b&gt; 13" in page and "the page was deleted" in page and "<b>Picture" not in page
    assert "Judge what waits for a person (1)" in page


def test_a_picture_that_is_taken_down_is_gone_from_the_wall_at_once_and_back_once_that_is_undone(
    tmp_path: Path, home: Home
) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    site = over(own)
    assert "/thumb/commons:M3" in site.get("/").text
    number = take_down(own, "commons:M3", reason="the heirs ask for it").number
    page = site.get("/").text
    assert "/thumb/commons:M3" not in page and page.count("/thumb/") == 11
    undo(own, number, reason="the heirs agreed")
    assert "/thumb/commons:M3" in site.get("/").text


def test_an_empty_home_says_how_to_begin(tmp_path: Path) -> None:
    page = over(open_home(tmp_path / "home")).get("/").text
    assert "make demo" in page and "pdd try" in page and "An empty home" in page


def test_a_table_that_cannot_be_read_costs_its_part_of_the_page_and_is_named(tmp_path: Path, home: Home) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    (path,) = own.table(DECISIONS.key).glob("*.parquet")
    path.write_bytes(b"no table")
    site = over(own)
    page = site.get("/")
    assert page.status_code == 200 and "pdd doctor" in page.text and "What the models draw" in page.text
    told = site.get("/health")
    assert told.status_code == 503 and told.json()["tables"]["rights/decisions"] is None
    assert str(own.root) not in told.text


def test_health_tells_format_rows_and_models_and_no_place(site: TestClient, home: Home) -> None:
    told = site.get("/health")
    assert told.status_code == 200 and str(home.root) not in told.text
    found = told.json()
    assert found["status"] == "ok" and found["tables"]["catalog/items"] == 14
    assert found["models"] == {"clip": "b" * 16, "tokenizer": "a" * 16, "unet_text": OLD}


def test_a_home_that_went_away_is_unwell_and_no_fault_of_the_page(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    site = over(home)
    shutil.rmtree(home.root)
    assert site.get("/health").status_code == 503


def test_a_home_that_may_only_be_asked_is_shown_and_stays_as_it_is(home: Home) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in home.root.rglob("*") if ".tmp" not in path.parts}

    before, site = state(), over(open_home(home.root, to_ask=True))
    for path in (
        "/",
        "/health",
        "/models",
        f"/models/unet_text/{OLD}",
        "/reports",
        "/reports/licences",
        "/reports/drift",
    ):
        assert site.get(path).status_code == 200, path
    assert state() == before
