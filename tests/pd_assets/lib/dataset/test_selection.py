"""Which pictures an export takes: categories with what lies below them, sizes, caps, a random part."""

import io
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.catalog.schemas import CATEGORIES
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.dataset.selection import Selection, with_descendants
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_ml.data import shards
from tests.pd_assets.lib.dataset.exporting import fill
from tests.pd_assets.lib.planting import plant

# Numbers 0-7 are portraits, 8-15 landscapes, 16-19 of a category that was not entered, 20-23 of none.
OF = {
    **{key: ["Portraits"] for key in range(4)},
    **{key: ["Self-portraits", "Hidden"] for key in range(4, 8)},
    **{key: ["Landscapes"] for key in range(8, 16)},
    **{key: ["Elsewhere"] for key in range(16, 20)},
}
COUNT = 24


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    facts = {
        n: {"categories": OF.get(n, []), "artist": ["Rembrandt", "Unknown artist", None][n % 3]} for n in range(COUNT)
    }
    fill(made, range(COUNT), facts=facts)
    above = {"Paintings": [], "Portraits": ["Paintings"], "Landscapes": ["Paintings"], "Self-portraits": ["Portraits"]}
    # A category may lie below itself, as on Commons.
    above["Portraits"].append("Self-portraits")
    plant(made, CATEGORIES, [{"category": name, "parents": parents} for name, parents in above.items()])
    return made


def chosen(home: Home, selection: Selection) -> set[int]:
    export = export_shards(home, name="main", selection=selection)
    finish(export, {})
    return {
        int(item_id.as_py().removeprefix("commons:M"))
        for split in shards.SPLITS
        for batch in shards.read_batches(export.folder, split, ["item_id"])
        for item_id in batch["item_id"]
    }


def test_a_category_counts_with_all_that_lie_below_it(home: Home) -> None:
    assert chosen(home, Selection(include=("Portraits",))) == set(range(8))
    assert chosen(home, Selection(include=("Paintings",))) == set(range(16))
    assert chosen(home, Selection(include=("Self-portraits", "Elsewhere"))) == {*range(8), *range(16, 20)}


def test_an_excluded_category_wins_over_an_included_one(home: Home) -> None:
    assert chosen(home, Selection(include=("Paintings",), exclude=("Self-portraits",))) == set(range(8, 16))
    assert chosen(home, Selection(exclude=("Paintings",))) == set(range(16, 24))


def test_every_unknown_category_is_named_with_names_near_it(home: Home) -> None:
    with pytest.raises(ConfigError) as failed:
        chosen(home, Selection(include=("Portrait", "Landscape"), exclude=("Elsewhere",)))
    assert "no category 'Portrait'" in str(failed.value) and "Portraits" in str(failed.value)
    assert "no category 'Landscape'" in str(failed.value) and "Landscapes" in str(failed.value)
    assert not (home.root / "dataset/main").exists()
    assert with_descendants(home, ()) == set()


def test_a_selection_that_leaves_nothing_is_a_named_error(home: Home) -> None:
    with pytest.raises(ConfigError, match="none of the 24 licensed pictures is in the selection"):
        chosen(home, Selection(minimum_side=1000))


def test_a_random_part_is_the_same_every_time_and_another_for_another_seed(home: Home) -> None:
    some = chosen(home, Selection(limit=7))
    assert len(some) == 7
    assert chosen(home, Selection(limit=7)) == some
    assert chosen(home, Selection(limit=7, seed=1)) != some
    assert some < chosen(home, Selection(limit=12))


def test_caps_count_artists_that_are_known_and_copies_of_one_picture(home: Home) -> None:
    capped = chosen(home, Selection(per_artist=3))
    assert len([n for n in capped if n % 3 == 0]) == 3
    assert {n for n in range(COUNT) if n % 3} <= capped
    assert len(chosen(home, Selection(per_cluster=1))) == COUNT


def test_sides_are_those_of_the_exported_picture(home: Home) -> None:
    export = export_shards(home, name="small", selection=Selection(max_side=24, minimum_side=16))
    finish(export, {})
    rows = [row for batch in shards.read_batches(export.folder, "train") for row in batch.to_pylist()]
    for row in rows:
        with Image.open(io.BytesIO(row["image"])) as image:
            assert image.size == (row["width"], row["height"]) == (24, 16)
    with pytest.raises(ConfigError, match="none of the 24"):
        export_shards(home, name="small", selection=Selection(max_side=24, minimum_side=17))


def test_another_selection_is_another_version(home: Home) -> None:
    choices = [Selection(), Selection(limit=5), Selection(max_side=24), Selection(include=("Portraits",))]
    versions = {export_shards(home, name="main", selection=selection).version for selection in choices}
    assert len(versions) == len(choices)
