"""Coming from the prior system, through the whole line: its titles are synced and decided like any others, whatever its
database says of their rights, and its labels enter the captions under their own licence."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest

from pd_assets.lib.prior.importing import import_prior
from pd_assets.lib.prior.kept import IMPORTED, place
from pd_assets.lib.prior.labels import Labels
from pd_assets.sandbox.records import Page
from tests.pd_assets.lib.prior.left_behind import database
from tests.pd_assets.line import Line, item_id, new_line

# Holds none of the pictures that are imported.
ROOT = "Imported nowhere else"
CAPTION = "A quiet scene, seen by whoever ran the old system"
CLAIMS = {"permission": "Public domain", "license": "PD-old-100", "author": "JaneRoe", "__label": CAPTION}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A home whose roots hold one picture; five others, three of which are not free, come from an old database."""
    folder = tmp_path_factory.mktemp("prior")
    with new_line(folder) as new:
        archive = new.archive
        archive.add(f"Category:{ROOT}", wikitext="")
        chosen = [*free(new)[:2], *unfree(new)[:3]]
        rows: dict[object, dict[str, object]] = {page.title: dict(CLAIMS) for page in chosen}
        rows |= {"File:Nobody has this.jpg": {}, "File:a|b.jpg": {}}
        old = database(folder / "old.db", rows, api=new.server.api_url)
        labels = Labels(licence="CC0-1.0")
        import_prior(new.home, old, api=new.server.api_url, labels=labels)
        narrow = Line(
            server=new.server,
            home=new.home,
            instance=new.instance,
            platform=new.platform_with(pd_commons_roots=ROOT),
        )
        done = narrow.run("nightly")
        assert done.success, [event.step_failure_data.error for event in done.all_events if event.is_step_failure]
        yield narrow


def free(line: Line) -> list[Page]:
    return line.plain_free_pages()


def unfree(line: Line) -> list[Page]:
    return [page for page in line.archive.files() if page.truth and not page.truth.free]


def decisions(line: Line) -> dict[object, str]:
    return {key[0]: str(row["verdict"]) for key, row in line.rows("rights/decisions").items()}


def test_titles_of_the_old_database_are_synced_decided_and_fetched(line: Line) -> None:
    items = line.rows("catalog/items")
    assert {tuple(row["partitions"]) for row in items.values()} == {(IMPORTED,)}  # type: ignore[arg-type]
    assert {row["item_id"] for row in items.values()} == {
        item_id(page) for page in [*free(line)[:2], *unfree(line)[:3]]
    }
    verdicts = decisions(line)
    assert all(verdicts[item_id(page)] == "accept" for page in free(line)[:2])
    assert {key[0] for key in line.rows("catalog/licensed_images")} == {item_id(page) for page in free(line)[:2]}


def test_a_picture_that_the_old_database_calls_public_domain_and_the_rules_refuse_stays_refused(line: Line) -> None:
    verdicts = decisions(line)
    assert all(verdicts[item_id(page)] != "accept" for page in unfree(line)[:3])
    evidence = json.dumps([row["evidence"] for row in line.rows("rights/evidence").values()], default=str)
    assert "PD-Diffusion" not in evidence and CAPTION not in evidence


def test_its_captions_are_labels_of_their_own_source_and_licence(line: Line) -> None:
    for row in line.rows("dataset/captions").values():
        labels = row["labels"]
        assert isinstance(labels, list)
        of_old = [label for label in labels if label["seen_in"].startswith("PD-Diffusion")]
        assert [(label["field"], label["value"], label["licence"]) for label in of_old] == [
            ("label", CAPTION, "CC0-1.0")
        ]


def test_the_graph_tells_how_many_titles_were_imported_and_they_are_a_partition_of_the_pages(line: Line) -> None:
    event = line.instance.get_latest_materialization_event(dg.AssetKey(["commons", "categories"]))
    assert event is not None and event.asset_materialization is not None
    assert event.asset_materialization.metadata["imported_titles"].value == 6
    assert IMPORTED in line.instance.get_dynamic_partitions("commons_category")


def test_another_night_asks_for_nothing_again_and_a_damaged_file_loses_no_picture(line: Line) -> None:
    line.forget_requests()
    assert line.run("nightly").success
    assert line.details_asked() == set()
    before, content = decisions(line), place(line.home).read_bytes()
    place(line.home).write_bytes(content[:40])
    line.run("refresh_sources")
    assert {row["status"] for row in line.rows("catalog/items").values()} == {"live"}
    assert decisions(line) == before
    place(line.home).write_bytes(content)
