"""One painting on both archives, each served on loopback: gathered by the assets, judged, fetched, licensed once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from pd_assets.assets.smithsonian import smithsonian_records
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, LICENSED
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.harvest import MAX_SIDE, QUIET, Row, harvest, rows
from tests.pd_assets.lib import pictures
from tests.pd_assets.lib.smithsonian.bulk import BulkServer, GeneratedBulk, Record, record

UNIT, NUMBER = "FSG", 70  # a painting of 1847, one medium, CC0
TITLE = "File:Bridge in rain.jpg"
PAGE = "{{Artwork|artist=Anna Vester (1801–1850)|date=1847|medium=oil on canvas|title=Bridge in rain}}\n%s"
FREE = PAGE % "{{PD-Art|PD-old-100-expired}}\n[[Category:PD-Art (PD-old-100-expired)]]"


@pytest.fixture
def painting() -> Image.Image:
    return pictures.painting(5, 600, 450)


def encoded(picture: Image.Image, quality: int) -> bytes:
    return pictures.encoded(picture, quality=quality)


@contextmanager
def archives(museum: GeneratedBulk, photograph: bytes) -> Iterator[tuple[Archive, BulkServer, SandboxServer]]:
    """Commons with one free painting, and the museum, whose delivery service answers with a photograph of it."""
    commons = Archive.painted(count=0)
    with SandboxServer(commons) as wiki, BulkServer(museum.files()) as bulk:
        bulk.any_picture = photograph
        yield commons, bulk, wiki


def gather(home: Home, wiki: SandboxServer, bulk: BulkServer) -> None:
    """Both archives, then the line down to the licensed table."""
    platform = Platform(
        pd_home=str(home.root),
        pd_commons_api=wiki.api_url,
        pd_smithsonian_index=bulk.index,
        pd_max_side=str(MAX_SIDE),
    )
    museum = dg.materialize(
        [smithsonian_records], partition_key=UNIT, resources={"platform": platform}, run_config=QUIET
    )
    assert museum.success
    assert harvest(home, wiki.api_url, ["PD-Art (PD-old-100-expired)"], museums=bulk.index).success


def museum_of(*records: Record) -> GeneratedBulk:
    bulk = GeneratedBulk.of({UNIT: 0})
    for one in records:
        bulk.units[UNIT][str(one["id"])] = one
    return bulk


def strict(home: Home) -> dict[object, Row]:
    return {key[0]: row for key, row in rows(home, DECISIONS).items() if key[1] == "strict"}


def test_the_same_painting_on_both_archives_is_licensed_once_with_both_pages(
    tmp_path: Path, painting: Image.Image
) -> None:
    museum = museum_of()
    with archives(museum, encoded(painting.resize((560, 420)), 80)) as (commons, bulk, wiki):
        museum.units[UNIT]["x"] = record(UNIT, NUMBER, media_host=bulk.url)
        bulk.files = museum.files()
        commons.add(TITLE, wikitext=FREE, content=encoded(painting, 92))
        home = open_home(tmp_path / "home")
        gather(home, wiki, bulk)

        items = rows(home, ITEMS)
        assert {row["source"] for row in items.values()} == {"commons", "smithsonian"}
        assert {row["verdict"] for row in strict(home).values()} == {"accept"}
        (licensed,) = rows(home, LICENSED).values()
        pages = {str(row["page_url"]) for row in items.values()}
        also = licensed["also_at"]
        assert isinstance(also, list)
        assert {str(licensed["page_url"]), *map(str, also)} == pages and len(pages) == 2

        commons.edit(TITLE, FREE + "\n{{Cc-by-sa-4.0}}")
        gather(home, wiki, bulk)
        assert rows(home, LICENSED) == {}, "a copy that is refused elsewhere is in doubt here"
        conflicts = [str(row["conflict"]) for row in rows(home, CLUSTERS).values()]
        assert len(conflicts) == 2 and all("obligation" in told for told in conflicts)


def test_a_record_that_its_shard_tells_in_two_ways_is_not_accepted(tmp_path: Path, painting: Image.Image) -> None:
    museum = museum_of()
    with archives(museum, encoded(painting, 90)) as (_, bulk, wiki):
        museum.units[UNIT]["first"] = record(UNIT, NUMBER, media_host=bulk.url)
        bulk.files = museum.files()
        home = open_home(tmp_path / "home")
        gather(home, wiki, bulk)
        assert [row["verdict"] for row in strict(home).values()] == ["accept"]

        other = record(UNIT, NUMBER, media_host=bulk.url)
        content = other["content"]
        assert isinstance(content, dict)
        content["freetext"]["objectRights"] = [{"label": "Rights", "content": "© the artist"}]
        museum.units[UNIT]["second"] = other
        bulk.files = museum.files()
        gather(home, wiki, bulk)
        verdicts = {str(row["verdict"]) for row in strict(home).values()}
        assert "accept" not in verdicts
        assert rows(home, LICENSED) == {}
