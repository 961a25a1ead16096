"""From a real MediaWiki filled with real paintings to a dataset, with the commands that a person would type."""

import io
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_assets.lib.home import Home
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Knowledge, Questions, TemplateKind
from pd_assets.lib.rights.rules import decide
from pd_assets.lib.rights.stored_templates import templates_known
from tests import warm
from tests.conftest import ROOT
from tests.integration.conftest import FilledSite
from tests.integration.mediawiki.kinds import Kind
from tests.integration.mediawiki.wiki import MediaWiki
from tests.integration.mediawiki.wikidata import wikidata_beside

LINE = (
    "commons/categories,commons/refresh,commons/creators,commons/templates,catalog/items,rights/decisions,images/files,"
    "catalog/licensed_images,dataset/captions,dataset/splits,dataset/shards,dataset/manifest"
)


def materialise(project: Path, select: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`dagster asset materialize` in a project folder of the test's own."""
    return subprocess.run(
        [warm.program(), "-m", "dagster", "asset", "materialize", "--select", select, "-m", "pd_assets.definitions"],
        cwd=project,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's Dagster settings, so that the checkout's own storage stays untouched."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "dagster.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def home(read_wiki: MediaWiki, mediawiki_site: FilledSite, project: Path) -> Path:
    """A home after the whole line, with somebody beside the wiki who knows its artists."""
    home = project / "home"
    with wikidata_beside(mediawiki_site.pictures) as wikidata:
        settings = {"PD_COMMONS_API": read_wiki.api_url, "PD_WIKIDATA_API": wikidata.api_url}
        done = materialise(project, LINE, PD_HOME=str(home), **settings)
    assert done.returncode == 0, done.stderr[-3000:]
    return home


def free_titles(site: FilledSite) -> set[str]:
    """The files that are free and can be decoded; of equal files, one title counts for all."""
    by_sha1 = {picture.sha1: picture.title for picture in site.pictures if picture.free and picture.decodes}
    return set(by_sha1.values())


def exported(home: Path) -> tuple[Path, list[Mapping[str, object]]]:
    """The finished dataset's folder and all its rows."""
    folder = Home(root=home).latest("dataset", "main")
    assert folder is not None
    rows = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return folder, rows


def test_the_line_yields_exactly_the_public_domain_pictures(
    home: Path, mediawiki_site: FilledSite, tmp_path: Path
) -> None:
    folder, rows = exported(home)
    sha1_of = {picture.title.removeprefix("File:"): picture.sha1 for picture in mediawiki_site.pictures}
    wanted = {sha1_of[title.removeprefix("File:")] for title in free_titles(mediawiki_site)}
    files = pq.read_table(home / "images/files/part-0.parquet").to_pylist()
    sha1_of_item = {row["item_id"]: row["sha1"] for row in files}
    assert {sha1_of_item[row["item_id"]] for row in rows} == wanted
    assert len(rows) == len(wanted)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert sum(manifest["counts"].values()) == len(rows)
    truncated = [picture for picture in mediawiki_site.pictures if picture.kind is Kind.TRUNCATED]
    failed = {row["sha1"] for row in files if row["status"] == "failed"}
    assert failed <= {picture.sha1 for picture in truncated}

    opened = datasets.load_dataset(
        "parquet",
        data_files={"train": str(folder / "train-*.parquet")},
        cache_dir=str(tmp_path / "cache"),
        split="train",
    )
    assert len(opened) == manifest["counts"]["train"]
    first = opened[0]
    assert isinstance(first["image"], Image.Image)
    assert first["image"].size == (first["width"], first["height"])
    assert first["caption"] == first["captions"][0]


def test_the_wikis_templates_are_what_its_categories_say_and_every_page_is_decided_alike_with_them(home: Path) -> None:
    place = Home(root=home)
    known = templates_known(place)
    assert {
        name: known[name].kind for name in ("pd-art", "pd-old-100", "cc-by-sa-4.0", "pd-atlantis")
    } == dict.fromkeys(("pd-art", "pd-old-100", "cc-by-sa-4.0", "pd-atlantis"), TemplateKind.LICENCE)
    assert known["delete"].kind is TemplateKind.WARNING
    assert known["cc-layout"].kind is TemplateKind.OTHER
    for path in sorted((home / "commons/pages").rglob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            asked = decide(from_page(row, Questions(known=Knowledge(templates=known))), "strict", date.today())
            assert asked.verdict == decide(from_page(row), "strict", date.today()).verdict, row["title"]


def test_what_is_stored_carries_no_metadata_and_no_uploader(home: Path) -> None:
    _, rows = exported(home)
    for row in rows:
        image = row["image"]
        assert isinstance(image, dict)
        body = image["bytes"]
        with Image.open(io.BytesIO(body)) as picture:
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert "uploader" not in json.dumps({key: value for key, value in row.items() if key != "image"}).lower()


def test_a_category_that_does_not_exist_is_named_and_no_table_is_written(
    read_wiki: MediaWiki, project: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done = materialise(
        project,
        "commons/categories",
        PD_HOME=str(home),
        PD_COMMONS_API=read_wiki.api_url,
        PD_COMMONS_ROOTS="No such category",
    )
    assert done.returncode == 1
    assert "PD_COMMONS_ROOTS names Category:No such category" in done.stderr
    assert [path.parent.name for path in home.rglob("*.parquet")] == ["ledger"], "only what was asked is noted"
