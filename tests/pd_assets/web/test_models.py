"""The pages of models: each version in its condition, the line to its weights, what changed, what is handed out."""

import io
import os
import re
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import shelf
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.settings import Settings
from pd_assets.web import models
from pd_assets.web.served import served
from pd_ml.provenance import write_run
from tests.pd_assets.lib.release import planted
from tests.pd_assets.web.furnished import DAMAGED, NEW, OLD, UNDER_WAY, bundle_of, furnished, over, png


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Nobody changes it."""
    return furnished(tmp_path_factory.mktemp("models") / "home")


@pytest.fixture(scope="module")
def site(home: Home) -> TestClient:
    return over(home)


def test_every_version_is_on_the_shelf_in_its_condition(site: TestClient) -> None:
    page = site.get("/models").text
    places = [page.index(f">{stage}<") for stage in ("tokenizer", "clip", "unet_text")]
    assert places == sorted(places), "in the order in which they are made of one another"
    for version, standing in ((OLD, "in use"), (NEW, "trained last"), (DAMAGED, "damaged"), (UNDER_WAY, "under way")):
        assert re.search(rf"{version}</code></a>\s*<span class=\"badge[^>]*>{standing}<", page), version
    assert "step 15 of 60" in page


def test_a_stage_and_its_pointers_lead_to_the_version_that_they_name(site: TestClient) -> None:
    for asked, version in (("", OLD), ("/latest", OLD), ("/candidate", NEW)):
        answer = site.get(f"/models/unet_text{asked}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, f"/models/unet_text/{version}")


@pytest.mark.parametrize(
    "path",
    [
        "/models/nothing", "/models/nothing/latest", "/models/unet_text/none", "/models/..%2F..%2Fetc/latest",
        "/models/unet_text/..%2Fclip", f"/models/unet_text/{OLD}/sheets/..%2F..%2Frun.json",
        f"/models/unet_text/{OLD}/bundles/none", f"/models/unet_text/{OLD}/sheets/none",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_so_and_no_path_leads_out(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404 and 'role="alert"' in answer.text


def test_the_line_leads_from_the_archive_to_the_weights_with_links_and_digests(site: TestClient, home: Home) -> None:
    page = site.get(f"/models/unet_text/{OLD}").text
    line = page[page.index('<ol class="line"') : page.index("</ol>", page.index('<ol class="line"'))]
    dataset = home.latest("dataset", "main")
    assert dataset is not None
    stations = [
        f"/reports/datasets/{dataset.name}",
        f"/models/tokenizer/{'a' * 16}",
        f"/models/clip/{'b' * 16}",
        "itself",
    ]
    places = [line.index(station) for station in stations]
    assert places == sorted(places)
    assert line.count("digest <code") == 4 and "12</strong> examples" in line


def test_the_loss_is_a_curve_that_says_itself_and_a_table(site: TestClient) -> None:
    page = site.get(f"/models/unet_text/{OLD}").text
    assert "training from 2 to 0.0357, held-out pictures from 2.2 to 0.0393" in page
    assert page.count('<path class="loss') == 2 and "on a logarithmic scale" in page
    assert "The loss as a table" in page and " style=" not in page and "<script>" not in page


def test_sheets_are_shown_in_the_order_of_the_steps_as_they_lie_there(site: TestClient) -> None:
    page = site.get(f"/models/unet_text/{OLD}").text
    places = [page.index(f"after {step} steps") for step in (20, 40)]
    assert places == sorted(places)
    answer = site.get(f"/models/unet_text/{OLD}/sheets/step-20")
    assert answer.content == png() and answer.headers["content-type"] == "image/png"


def test_an_evaluation_tells_floors_and_what_became_better_or_worse_than_the_version_in_use(site: TestClient) -> None:
    page = site.get(f"/models/unet_text/{NEW}").text
    better = page[page.index("Became better") : page.index("Became worse")]
    worse = page[page.index("Became worse") : page.index("the numbers of the evaluation")]
    assert "(sky)" in better and "50.0% → <strong>95.0%" in better and "CLIP score" in worse
    assert "<strong>not</strong> put in use" in page and "behind 0.3" in page
    assert page.count('class="misses"') == 1 and "25.0% by chance" in page
    alone = site.get(f"/models/unet_text/{OLD}").text
    assert "Became better" not in alone and "50.0%" in alone


def test_half_a_model_and_a_damaged_one_are_told_as_such_with_nothing_of_theirs_as_markup(site: TestClient) -> None:
    damaged, half = site.get(f"/models/unet_text/{DAMAGED}"), site.get(f"/models/unet_text/{UNDER_WAY}")
    assert damaged.status_code == half.status_code == 200
    assert "not a run record" in damaged.text and "<script>alert" not in damaged.text
    assert "Step 15 of 60." in half.text and '<path class="loss' in half.text


def test_a_training_has_the_time_of_its_record_and_a_copied_home_the_same(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    planted.catalogue(home, range(3))
    export = planted.dataset(home)
    planted.model(home, "unet", OLD, export)
    for version, seconds in ((NEW, (1_796_090_555, 1_796_000_000)), (DAMAGED, (1_796_000_000,))):
        record = planted.model(home, "unet", version, export, latest=False)
        events = home.model("unet", version) / "tensorboard"
        events.mkdir()
        for one in seconds:
            (events / f"events.out.tfevents.{one}.vm.2.0").touch()
        write_run(home.model("unet", version), record)
    for path in home.root.rglob("*"):
        os.utime(path, (0, 0))
    told = {one.version: one.begun_at for one in shelf.versions(home)}
    assert told == {
        OLD: None,
        NEW: datetime(2026, 12, 1, 2, 2, 35, tzinfo=UTC),
        DAMAGED: datetime(2026, 11, 30, 0, 53, 20, tzinfo=UTC),
    }
    site = over(home)
    assert "2026-12-01 02:02 UTC" in site.get(f"/models/unet/{NEW}").text
    page = site.get(f"/models/unet/{OLD}").text
    assert "<dt>training began</dt><dd>not known" in page and "1970" not in page


def test_a_model_that_learnt_from_what_was_taken_down_says_so_at_once(tmp_path: Path, home: Home) -> None:
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    own = open_home(tmp_path / "home")
    page = over(own)
    assert "No picture that it learnt from has been withdrawn" in page.get(f"/models/unet_text/{OLD}").text
    take_down(own, "commons:M5", reason="the heirs ask for it")
    told = page.get(f"/models/unet_text/{OLD}").text
    assert "Withdrawn since" in told and "/pictures/commons:M5" in told


def handing_out(home: Home, *reasons: str) -> TestClient:
    """The pages with gates that say just this."""
    settings = Settings.from_env({"PD_HOME": str(home.root)})
    routes = models.routes(served(home, settings), gate=lambda home, model, bundle, *, profile: reasons)
    return TestClient(Starlette(routes=routes), base_url="http://127.0.0.1")


def test_a_bundle_that_passes_is_handed_out_whole_and_file_by_file(tmp_path: Path) -> None:
    home = furnished(tmp_path / "home")
    folder = bundle_of(home, "unet_text", OLD)
    pages, place = handing_out(home), f"/models/unet_text/{OLD}/bundles/{folder.name}"
    listed = pages.get(place).text
    assert "python -m pd_ml verify" in listed and "chain/weights.bin" in listed

    answer = pages.get(f"{place}/whole.tar")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "out", filter="data")
    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "out" / folder.name / path.relative_to(folder)).read_bytes() == path.read_bytes()

    part = pages.get(f"{place}/files/chain/weights.bin", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == bytes(range(10, 20))
    for name in ("../latest", "..%2Flatest", "chain", "%2Fetc%2Fpasswd", "none"):
        assert pages.get(f"{place}/files/{name}").status_code == 404


def test_a_bundle_that_no_longer_passes_is_not_handed_out_and_every_reason_is_told(tmp_path: Path) -> None:
    home = furnished(tmp_path / "home")
    folder = bundle_of(home, "unet_text", OLD)
    place = f"/models/unet_text/{OLD}/bundles/{folder.name}"
    pages = over(home)
    told = pages.get(place).text
    assert "is not handed out today" in told and "clean room:" in told and "whole.tar" not in told
    for path in ("whole.tar", "files/README.md"):
        assert pages.get(f"{place}/{path}").status_code == 409
