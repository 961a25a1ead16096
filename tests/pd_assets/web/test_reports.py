"""The reports as pages of the site: what is there, how what is missing is made, nothing of data as markup."""

import json
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, ITEMS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.web.furnished import OLD, furnished, over

PAGES = ("licences", "drift", "gaps", "audits", "evaluations", "datasets")
TAGGED = json.dumps({"tags": [{"name": "<i>PD-odd</i>", "kind": "unknown", "seen_in": "wikitext"}]})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Nobody changes it."""
    made = furnished(tmp_path_factory.mktemp("reports") / "home")
    waiting = decision(12, "quarantine", rule_id="unknown-tag", reasons=["tag-unknown"], evidence=TAGGED)
    plant(made, ITEMS, [item(number, page_url="javascript:alert(1)") for number in range(13)])
    plant(
        made, DECISIONS, [*(decision(number, since="2026-01-01", grounds=["pd-old"]) for number in range(12)), waiting]
    )
    lost = {"item_id": "commons:M12", "profile": "strict", "from_verdict": "accept", "to_verdict": "quarantine",
            "cause": "upstream_edit", "from_since": "2026-01-01", "from_grounds": ["pd-old"],
            "changed_on": "2026-11-03"}  # fmt: skip
    plant(made, CHANGES, [lost])
    return made


@pytest.fixture(scope="module")
def site(home: Home) -> TestClient:
    return over(home)


def test_every_report_has_a_page_from_the_first_one(site: TestClient) -> None:
    first = site.get("/reports").text
    for name in PAGES:
        assert f'href="/reports/{name}"' in first
        assert site.get(f"/reports/{name}").status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_in_an_empty_home_each_says_how_it_is_made(tmp_path: Path, name: str) -> None:
    answer = over(open_home(tmp_path / "home")).get(f"/reports/{name}")
    assert answer.status_code == 200 and "<code>pdd" in answer.text.replace('<pre tabindex="0">', "<code>")


def test_licences_are_told_by_rule_tag_and_archive_for_each_profile(site: TestClient) -> None:
    page = site.get("/reports/licences").text
    assert "pd-old-100-expired" in page and "Wikimedia Commons" in page and "12 accepted" in page
    assert "&lt;i&gt;PD-odd&lt;/i&gt;" in page and "<i>PD-odd" not in page
    assert "Nothing is decided under this profile" in site.get("/reports/licences?profile=us").text
    assert site.get("/reports/licences?profile=%3Cscript%3E").status_code == 400


def test_drift_is_a_bar_a_month_and_the_table_of_the_command(site: TestClient) -> None:
    page = site.get("/reports/drift").text
    assert "1 accepted picture lost its ground" in page and 'class="bar"' in page
    assert "the page was edited: 1" in page and "pd-old" in page


def test_an_address_that_is_none_becomes_no_link(site: TestClient) -> None:
    assert "javascript:" not in site.get("/reports/gaps").text


def test_a_dataset_shows_its_card_and_its_sheet_until_one_of_its_pictures_is_taken_down(
    tmp_path: Path, home: Home
) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    folder = own.latest("dataset", "main")
    assert folder is not None
    site, place = over(own), f"/reports/datasets/{folder.name}"
    page = site.get(place).text
    assert (
        "How sure the decisions are" in page and "<code>rule_id</code>" in page and f"/models/unet_text/{OLD}" in page
    )
    assert site.get(f"{place}/contact_sheet.jpg").headers["content-type"] == "image/jpeg"
    take_down(own, "commons:M4", reason="the heirs ask for it")
    told = site.get(place).text
    assert "1 of its pictures was withdrawn since" in told and "contact_sheet.jpg" not in told
    assert site.get(f"{place}/contact_sheet.jpg").status_code == 404


def test_an_evaluation_is_shown_whole_and_a_damaged_one_as_such(tmp_path: Path, home: Home) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    site = over(own)
    page = site.get(f"/reports/evaluations/{'e' * 16}").text
    assert "25.0% by chance" in page and "All that was measured" in page
    (own.root / "evaluation" / "report" / ("e" * 16) / "report.json").write_text("half of")
    assert "cannot be read" in site.get(f"/reports/evaluations/{'e' * 16}").text
    assert site.get("/reports/evaluations").status_code == 200


def test_an_audit_that_was_judged_shows_its_rates_and_one_that_was_not_leads_to_judging(
    tmp_path: Path, home: Home
) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    rate = {"wrong": 1, "judged": 50, "cannot_tell": 2, "share": 0.02, "low": 0.0, "high": 0.1, "worst": 0.06}
    result = {"profile": "strict", "people": 2, "false_accepts": rate, "notes": ["<b>few</b>"],
              "accepted_by_rule": [{"name": "pd-old", "rate": rate}]}  # fmt: skip
    for name, told in (("judged", result), ("drawn", None)):
        folder = own.root / "audit" / name
        folder.mkdir(parents=True)
        (folder / "sample.json").write_text("{}")
        if told:
            (folder / "result.json").write_text(json.dumps(told))
    site = over(own)
    assert "2.0%" in site.get("/reports/audits").text
    page = site.get("/reports/audits/judged").text
    assert "1 of 50" in page and "&lt;b&gt;few" in page
    assert 'href="/judge"' in site.get("/reports/audits/drawn").text
    assert site.get("/reports/audits/..%2Fmodels").status_code == 404
