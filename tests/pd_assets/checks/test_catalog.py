"""The check on the licence-filtered table: a clean night passes it; a run that would use an unfree picture stops."""

import dagster as dg

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, LICENSED
from tests.pd_assets.line import CHECK, Line, item_id, materialised

DATASET = ["dataset/captions", "dataset/splits", "dataset/shards", "dataset/manifest"]


def verdict(line: Line) -> tuple[bool, int]:
    """What the latest evaluation of the check says: passed, and how many problems."""
    record = line.instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])[CHECK]
    assert record.evaluation is not None
    count = record.evaluation.metadata["count"].value
    assert isinstance(count, int)
    return record.evaluation.passed, count


def unfree_item(line: Line) -> str:
    """A picture under CC BY-SA that stands in the catalogue, rejected."""
    page = next(page for page in line.archive.files() if page.truth and page.truth.trap == "cc_by_sa")
    assert line.rows("rights/decisions")[(item_id(page), "strict")]["verdict"] == "reject"
    return item_id(page)


def test_a_clean_night_passes_the_check_within_its_own_run(own_night: Line) -> None:
    assert verdict(own_night) == (True, 0)


def test_an_unfree_row_put_into_the_table_is_found_by_the_check_alone(own_night: Line) -> None:
    rows = own_night.rows("catalog/licensed_images")
    smuggled = {**next(iter(rows.values())), "item_id": unfree_item(own_night), "sha256": "0" * 64}
    tables.write(own_night.home, LICENSED, tables.as_table(LICENSED, [*rows.values(), smuggled]))

    result = own_night.run_check()

    assert not result.success
    passed, problems = verdict(own_night)
    assert not passed and problems == 4, "decided reject, a tag with conditions, attribution, no decoded picture"
    assert f"{smuggled['item_id']}: decided reject" in str(evaluations(result)[0].metadata["problems"].value)


def test_the_dataset_is_not_built_in_a_run_whose_table_holds_an_unfree_picture(own_night: Line) -> None:
    before = own_night.home.latest("dataset", "main")
    wrongly_accept(own_night, unfree_item(own_night))

    result = own_night.run("build_dataset", ["images/files", "catalog/licensed_images", *DATASET])

    assert not result.success
    assert materialised(result) == ["images/files", "catalog/licensed_images"]
    assert not started(result) & {key.replace("/", "__") for key in DATASET}
    assert verdict(own_night) == (False, 2), "a tag with conditions, and the summary asks for attribution"
    assert own_night.home.latest("dataset", "main") == before


def wrongly_accept(line: Line, item: str) -> None:
    """What a mistake in a rule would do: accept in spite of a tag with conditions."""
    rows = line.rows("rights/decisions")
    wrong = [{**row, "verdict": "accept"} if key == (item, "strict") else row for key, row in rows.items()]
    tables.write(line.home, DECISIONS, tables.as_table(DECISIONS, wrong))


def evaluations(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    return list(result.get_asset_check_evaluations())


def started(result: dg.ExecuteInProcessResult) -> set[str]:
    """The steps that a run began."""
    return {str(event.step_key) for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_START}
