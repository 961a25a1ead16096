"""Cleveland as an asset, and the whole line of it: from the museum's file to a licensed picture with its labels."""

import json
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.catalog import catalog_items, catalog_licensed_images
from pd_assets.assets.cleveland import cleveland_records
from pd_assets.assets.dataset import dataset_captions
from pd_assets.assets.images import images_files
from pd_assets.assets.rights import rights_decisions
from pd_assets.checks.cleveland import whole_and_young
from pd_assets.cli.decide import explain
from pd_assets.lib.catalog.items import find_unfree
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, FILES, ITEMS, LICENSED
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.proof import find_unproven
from pd_assets.resources import Platform
from tests.pd_assets.harvest import QUIET, Row, rows
from tests.pd_assets.lib import pictures
from tests.pd_assets.lib.cleveland.works import Work, picture, work, write
from tests.pd_assets.lib.local_server import LocalServer, Reply

LINE = [catalog_items, rights_decisions, images_files, catalog_licensed_images, dataset_captions]
MAX_SIDE = 512
NOBODY = "http://127.0.0.1:1"
JPEG = {"Content-Type": "image/jpeg"}
YOUNG = {"copyright": "© Living Example", "share_license_status": "Copyrighted"}


def served(number: int, target: str) -> Reply:
    """The print of each work, 900 pixels wide, and what is on the web, which covers the longest side kept."""
    seed = int(target.split("/")[1].removeprefix("9999."))
    body = pictures.encoded(pictures.painting(seed, *((900, 600) if "print" in target else (600, 400))))
    return Reply(body=body, headers=JPEG)


def at(host: str, number: int, **changes: object) -> Work:
    """A work whose pictures lie on this host, of the sizes that it serves."""
    web, whole = picture(number, "web", 600, host), picture(number, "print", 900, host)
    return work(number, **{"images": {"web": {**web, "height": "400"}, "print": whole}, **changes})


def run(home: Home, folder: Path, host: str, line: Sequence[dg.AssetsDefinition] = LINE) -> dg.ExecuteInProcessResult:
    platform = Platform(
        pd_home=str(home.root),
        pd_commons_api=f"{NOBODY}/api.php",
        pd_cleveland_index=str(folder),
        pd_archive_hosts=host.removeprefix("http://"),
        pd_max_side=str(MAX_SIDE),
    )
    return dg.materialize(
        [cleveland_records, whole_and_young, *line],
        instance=dg.DagsterInstance.ephemeral(),
        resources={"platform": platform},
        run_config=QUIET,
    )


def strict(home: Home) -> dict[str, Row]:
    return {str(key[0]): row for key, row in rows(home, DECISIONS).items() if key[1] == "strict"}


def test_a_work_goes_from_the_museums_file_to_a_licensed_picture_and_back_out_when_its_licence_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(tmp_path / "home")
    with LocalServer(served) as server:
        all_works = [at(server.url, 1), at(server.url, 2, **YOUNG), at(server.url, 3, images={}), {"id": None}]
        assert run(home, write(tmp_path / "bulk", all_works, count=4), server.url).success
        assert {str(row["source"]) for row in rows(home, ITEMS).values()} == {"cleveland"}
        assert {name: row["verdict"] for name, row in strict(home).items() if "::" not in name} == {
            "cleveland:1": "accept",
            "cleveland:2": "reject",
            "cleveland:3": "reject",
        }
        (file,) = rows(home, FILES).values()
        assert (file["status"], file["width"], file["height"]) == ("ok", 512, 341)
        assert [one.target for one in server.asked] == ["/9999.1/9999.1_web.jpg"], "the least that covers 512 pixels"
        (licensed,) = rows(home, LICENSED).values()
        assert (licensed["item_id"], licensed["artist"]) == ("cleveland:1", "Anna Vester")
        assert licensed["page_url"] == "https://clevelandart.org/art/9999.1"
        (captions,) = rows(home, CAPTIONS).values()
        assert "Bridge number 1" in str(captions["captions"]) and captions["label_licence"] == "CC0-1.0"
        assert find_unfree(home, profile="strict") == [] and find_unproven(home) == []

        monkeypatch.setenv("PD_HOME", str(home.root))
        said = "\n".join(explain("cleveland:1", "strict"))
        assert "accept-museum-work" in said and "Anna Vester" in said and "seen in creators" in said

        all_works[0] = at(server.url, 1, share_license_status="Copyrighted")
        assert run(home, write(tmp_path / "bulk", all_works, count=4), server.url).success
        assert strict(home)["cleveland:1"]["verdict"] == "reject"
        assert rows(home, LICENSED) == {} and rows(home, FILES) == {}


def test_the_run_tells_what_it_read_and_the_check_warns_of_an_old_file_and_of_a_read_that_was_not_whole(
    tmp_path: Path,
) -> None:
    home = open_home(tmp_path / "home")
    old = [work(number, updated_at="2026-01-02 03:04:05.6") for number in range(1, 4)]
    folder = write(tmp_path / "bulk", old, count=3)
    first = run(home, folder, NOBODY, [])
    (event,) = first.asset_materializations_for_node("cleveland__records")
    told = {name: value.value for name, value in event.metadata.items()}
    assert (told["works"], told["with_picture"], told["new"], told["is_read"]) == (3, 3, 3, True)
    assert int(str(told["days_since_a_work_changed"])) > 0
    (check,) = first.get_asset_check_evaluations()
    assert not check.passed and check.severity == dg.AssetCheckSeverity.WARN and "days old" in str(check.description)

    (folder / "data.json").write_text(json.dumps(old)[:-10])
    (event,) = run(home, folder, NOBODY, [catalog_items]).asset_materializations_for_node("cleveland__records")
    assert "breaks off" in str(event.metadata["nothing_withdrawn_because"].value)
    assert {str(row["status"]) for row in rows(home, ITEMS).values()} == {"live"}
