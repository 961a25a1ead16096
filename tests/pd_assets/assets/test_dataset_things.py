"""The asset dataset/things where nobody answers: the night goes on with the names that are known."""

from pathlib import Path

import dagster as dg

from pd_assets.assets.dataset import dataset_things
from pd_assets.lib.catalog.schemas import LICENSED, PAGES, THINGS
from pd_assets.lib.home import open_home
from pd_assets.resources import Platform
from tests.pd_assets.harvest import rows
from tests.pd_assets.lib.dataset.test_things import depicting
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.planting import THEN, licensed, page, plant


def test_an_archive_of_names_that_refuses_us_is_a_warning_and_what_is_known_stays(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    plant(home, PAGES, [page(1, "A", mediainfo=depicting("Q1", "Q2"))], partition="A")
    plant(home, LICENSED, [licensed(1)])
    plant(home, THINGS, [{"thing": "Q1", "language": "en", "name": "universe", "fetched_at": THEN}])
    with LocalServer(lambda number, target: Reply(status=403, body=b"no")) as server:
        platform = Platform(
            pd_home=str(tmp_path), pd_commons_api="http://127.0.0.1:1/api.php", pd_wikidata_api=server.url + "/api.php"
        )
        done = dg.materialize([dataset_things], resources={"platform": platform})
        assert len(server.asked) >= 1
    assert done.success
    assert [row["name"] for row in rows(home, THINGS).values()] == ["universe"]
