"""What is damaged or missing is unknown, and what is unknown was seen: never a no to what was seen."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog.schemas import CLUSTERS, ITEMS, MEMBERS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import model_in, models
from pd_assets.lib.release.members import repair_members
from pd_assets.lib.release.news import news_since_training
from pd_assets.lib.release.promotion import judge, settle
from pd_assets.lib.release.pruning import prune
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.warm_start import find_start
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn, latest_unknown, still_served
from pd_ml.data.shards import MANIFEST, parse_manifest, write_manifest
from pd_ml.provenance import LEDGER, RUN, version_of, what_is_told
from pd_ml.provenance import MEMBERS as SEALED
from pd_ml.recipes import recipe
from tests.pd_assets.lib.planting import item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

COUNT = 12
SEEN = "commons:M5"
TELL = {"trained_on", "held", "through", "unknown"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A CLIP that saw the picture, a model made of that CLIP on a later dataset without it, and both datasets."""

    home: Home
    old: str
    new: str

    @property
    def part(self) -> Path:
        return self.home.table(MEMBERS.key) / "main" / f"{self.old}.parquet"

    @property
    def files(self) -> dict[str, tuple[Path, Path]]:
        """Each file that lineage reads, with another one of its kind."""
        table, folders = (
            self.home.table(MEMBERS.key) / "main",
            [self.home.dataset("main", v) for v in (self.old, self.new)],
        )
        runs = [self.home.model(stage, "one") / RUN for stage in ("clip", "unet_text")]
        return {
            "the members of the old dataset": (self.part, table / f"{self.new}.parquet"),
            "the members of the new dataset": (table / f"{self.new}.parquet", self.part),
            "the manifest of the old dataset": (folders[0] / MANIFEST, folders[1] / MANIFEST),
            "the list of pictures of the old dataset": (folders[0] / "pictures.arrow", folders[1] / "pictures.arrow"),
            "the record of CLIP": (runs[0], runs[1]),
            "the record of the model": (runs[1], runs[0]),
        }


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = open_home(tmp_path_factory.mktemp("made") / "home")
    catalogue(home, range(COUNT))
    old = dataset(home)
    clip = model(home, "clip", "one", old)
    catalogue(home, [number for number in range(COUNT) if number != 5])
    new = dataset(home)
    model(home, "unet_text", "one", new, inputs={"clip": clip.digest})
    return Made(home=home, old=old.version, new=new.version)


@pytest.fixture
def made(made_once: Made, tmp_path: Path) -> Made:
    """The test's own copy."""
    shutil.copytree(made_once.home.root, tmp_path / "home", symlinks=True)
    return replace(made_once, home=open_home(tmp_path / "home"))


def cut(path: Path, other: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "removed": lambda path, other: path.unlink(),
    "emptied": lambda path, other: path.write_bytes(b""),
    "cut": cut,
    "zeros": lambda path, other: path.write_bytes(bytes(path.stat().st_size)),
    "not text": lambda path, other: path.write_bytes(b"\xff\xfe\x00garbage"),
    "another of its kind": lambda path, other: path.write_bytes(other.read_bytes()),
}


def relations(home: Home, called: str = SEEN) -> dict[str, str | None]:
    told = trace(home, called)
    return {one.stage: told.relation(one) for one in told.models}


def drop_the_picture(made: Made) -> None:
    """The old dataset's list without the picture: whole, and not what was sealed."""
    rows = pq.read_table(made.part)
    pq.write_table(rows.filter([value.as_py() != SEEN for value in rows["item_id"]]), made.part)


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_undamaged_all_is_told(made: Made) -> None:
    assert relations(made.home) == {"clip": "trained_on", "unet_text": "through"}
    assert relations(made.home, "commons:M7") == {"clip": "held", "unet_text": "held"}, "it is of the validation split"
    assert [one.unknown for one in models(made.home)] == [frozenset()] * 2


@pytest.mark.parametrize(
    "name",
    [
        "the members of the old dataset",
        "the members of the new dataset",
        "the manifest of the old dataset",
        "the list of pictures of the old dataset",
        "the record of CLIP",
        "the record of the model",
    ],
)
def test_no_damage_makes_a_model_that_saw_a_picture_one_that_did_not(made: Made, name: str) -> None:
    path, other = made.files[name]
    body = path.read_bytes()
    for damage, hurt in DAMAGES.items():
        hurt(path, other)
        found = relations(made.home)
        assert set(found) == {"clip", "unet_text"} and set(found.values()) <= TELL, (name, damage)
        if "record" in name:
            # A sealed ledger tells by itself which pictures were shown, whatever becomes of the dataset's lists.
            assert any(one.unknown for one in models(made.home)), (name, damage)
        path.write_bytes(body)
    assert relations(made.home) == {"clip": "trained_on", "unet_text": "through"}


def test_a_list_that_is_whole_and_not_the_one_that_was_sealed_tells_nothing(made: Made) -> None:
    drop_the_picture(made)
    assert relations(made.home) == {"clip": "trained_on", "unet_text": "through"}, "the ledger was sealed, and is whole"
    (made.home.model("clip", "one") / LEDGER).unlink()
    assert relations(made.home) == {"clip": "unknown", "unet_text": "unknown"}
    (made.home.dataset("main", made.old) / MANIFEST).unlink()
    assert relations(made.home) == {"clip": "unknown", "unet_text": "unknown"}, "the model's own record seals it too"


def test_a_ledger_with_one_byte_altered_tells_nothing(made: Made) -> None:
    ledger = made.home.model("clip", "one") / LEDGER
    body = bytearray(ledger.read_bytes())
    body[len(body) // 2] ^= 1
    ledger.write_bytes(body)
    assert relations(made.home) == {"clip": "unknown", "unet_text": "unknown"}
    assert relations(made.home, "commons:M7")["unet_text"] == "unknown", (
        "its own ledger tells only of what it was shown"
    )
    said = "\n".join(trace(made.home, SEEN).in_words())
    assert "unknown, treated as seen: 2" in said and "altered since it was written" in said


@pytest.mark.parametrize(
    "changes",
    [{"dataset_version": "new"}, {"inputs": {}}, {"proven": True, "item_count": 2}, {"seal": ""}, {"seal": None}],
)
def test_a_record_that_was_altered_is_unknown(made: Made, changes: dict[str, object]) -> None:
    record = made.home.model("clip", "one") / RUN
    edit(record, **{**changes, **({"dataset_version": made.new} if changes.get("dataset_version") else {})})
    assert set(relations(made.home).values()) <= {"unknown", "trained_on", "through"}
    assert all(one.unknown for one in models(made.home)), "and so is what was made of it"


def test_a_program_is_told_the_same(made: Made) -> None:
    (one,) = told(made)["items"]
    assert [(model["name"], model["relation"], model["through"]) for model in one["models"]] == [
        ("clip", "trained_on", []),
        ("unet_text", "through", ["clip one"]),
    ]
    assert (one["item_id"], one["matched_by"], [data["split"] for data in one["datasets"]]) == (
        SEEN,
        "item_id",
        ["train"],
    )
    assert [model["times_shown"] for model in one["models"]] == [3, 0]
    made.part.unlink()
    (made.home.model("clip", "one") / LEDGER).unlink()
    (one,) = told(made)["items"]
    assert [model["relation"] for model in one["models"]] == ["unknown", "unknown"]
    assert set(told(made)["unknown"]) == {made.old}


def told(made: Made) -> dict[str, list[Any]]:
    found = json.loads(json.dumps(trace(made.home, SEEN).as_json(), default=str))
    assert isinstance(found, dict)
    return found


def test_a_model_whose_parent_is_gone_is_unknown(made: Made) -> None:
    shutil.rmtree(made.home.model("clip", "one"))
    assert relations(made.home) == {"unet_text": "unknown"}


def test_what_is_gone_from_every_table_is_not_called_unknown_to_all_where_lists_are_missing(made: Made) -> None:
    shutil.rmtree(made.home.table(MEMBERS.key))
    assert relations(made.home, "commons:M404") == {"clip": "unknown", "unet_text": "unknown"}
    told = "\n".join(trace(made.home, SEEN).in_words())
    assert "models that saw it: 2" in told, "their ledgers tell"
    assert "datasets that may have held it: 2" in told


@pytest.mark.parametrize("table", [ITEMS, CLUSTERS])
def test_copies_that_cannot_be_looked_up_may_have_been_seen(made: Made, table: object) -> None:
    folder = made.home.table(table.key)  # type: ignore[attr-defined]
    for path in folder.rglob("*.parquet"):
        path.write_bytes(b"garbage")
    assert set(relations(made.home, "commons:M404").values()) == {"unknown"}
    assert relations(made.home) == {"clip": "trained_on", "unet_text": "through"}
    assert set(relations(made.home, "commons:M7").values()) == {"unknown"}, "a copy of it may have been shown"
    unread = trace(made.home, "commons:M7").unread
    assert unread and not any("(missing)" in one for one in unread), "it is there, and damaged"
    shutil.rmtree(folder)
    assert set(relations(made.home, "commons:M404").values()) == {"unknown"}


def test_unknown_models_may_have_seen_what_is_withdrawn(made: Made) -> None:
    exposed = exposures(made.home, find_withdrawn(made.home, profile="strict"))
    assert [[one.item_id for one in model.pictures] for model in exposed] == [[SEEN], [SEEN]]
    drop_the_picture(made)
    exposed = exposures(made.home, find_withdrawn(made.home, profile="strict"))
    assert [[one.item_id for one in model.pictures] for model in exposed] == [[SEEN], [SEEN]], "the ledger still tells"
    (made.home.model("clip", "one") / LEDGER).unlink()
    exposed = exposures(made.home, find_withdrawn(made.home, profile="strict"))
    assert [(one.pictures, one.may_have_seen) for one in exposed] == [((), True)] * 2


def test_nothing_starts_from_an_unknown_model_nor_is_one_put_in_use_and_no_dataset_is_pruned(made: Made) -> None:
    (made.home.model("clip", "one") / RUN).write_bytes(b"")
    config = recipe("unet_text", "debug")
    start = find_start(made.home, "unet_text", config, {"dataset": "d", "clip": "c"}, profile="strict")
    assert start.ancestor is None and start.finished is None
    candidate = model_in(made.home, made.home.model("unet_text", "one"))
    judgement = judge(candidate="one", dataset_version=made.new, report={}, compared=None)
    with pytest.raises(ConfigError, match="not known which pictures it saw"):
        settle(made.home, judgement, candidate)
    settle(made.home, replace(judgement, promoted=False), candidate)
    assert prune(made.home, "main") == [], "the model may have learnt from any of them"


def test_a_warm_start_needs_the_tables_that_say_what_is_free(made: Made) -> None:
    for path in made.home.table(CLUSTERS.key).glob("*.parquet"):
        path.write_bytes(b"garbage")
    start = find_start(made.home, "unet_text", recipe("unet_text", "debug"), {"dataset": "d"}, profile="strict")
    assert start.ancestor is None and "not known which pictures are still free" in start.why


def test_no_picture_is_new_to_a_model_of_which_it_is_not_known_what_it_saw(made: Made) -> None:
    assert news_since_training(made.home, model="unet_text").unknown is None
    (made.home.table(MEMBERS.key) / "main" / f"{made.new}.parquet").unlink()
    news = news_since_training(made.home, model="unet_text")
    assert news.new == 0 and news.unknown is not None and "has no part of dataset" in news.unknown
    (made.home.model("unet_text", "one") / RUN).write_bytes(b"{")
    assert "cannot be read" in str(news_since_training(made.home, model="unet_text").unknown)


def test_what_the_latest_dataset_may_hold_is_served_still(made: Made) -> None:
    plant(made.home, ITEMS, [item(number) for number in range(COUNT) if number != 5])
    withdrawn = find_withdrawn(made.home, profile="strict")
    assert [one.item_id for one in withdrawn] == [SEEN] and still_served(made.home, withdrawn) == []
    (made.home.table(MEMBERS.key) / "main" / f"{made.new}.parquet").write_bytes(b"PAR1")
    assert latest_unknown(made.home) and still_served(made.home, withdrawn) == list(withdrawn)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_list_is_mended_from_the_folder_of_its_dataset(made: Made, damage: str) -> None:
    DAMAGES[damage](*made.files["the members of the old dataset"])
    mended, unknown = repair_members(made.home)
    assert (mended, unknown) == ([made.old], [])
    assert relations(made.home) == {"clip": "trained_on", "unet_text": "through"}
    assert repair_members(made.home) == ([], [])


def test_a_list_is_not_mended_from_a_folder_that_was_altered(made: Made) -> None:
    made.part.unlink()
    shard = next(made.home.dataset("main", made.old).glob("train-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    mended, unknown = repair_members(made.home)
    assert mended == [] and len(unknown) == 1 and not made.part.exists()


def test_a_sealed_list_is_known_when_its_dataset_is_gone(made: Made) -> None:
    members.keep_seals(made.home)
    shutil.rmtree(made.home.dataset("main", made.old))
    shutil.rmtree(made.home.model("clip", "one"))
    assert members.known(made.home).unknown == {}
    drop_the_picture(made)
    assert set(members.known(made.home).unknown) == {made.old}


def of_before_seals(made: Made) -> None:
    """The home as a version without seals left it."""
    for version in (made.old, made.new):
        folder = made.home.dataset("main", version)
        manifest = parse_manifest(folder / MANIFEST)
        facts = {name: value for name, value in manifest.facts.items() if name != SEALED}
        write_manifest(folder, replace(manifest, facts=facts))
    for path in made.home.root.glob(f"models/*/*/{RUN}"):
        raw = json.loads(path.read_text())
        path.write_text(json.dumps({name: value for name, value in raw.items() if name not in ("seal", "members")}))


def test_of_before_seals_is_known_what_can_be_computed_and_nothing_else(made: Made) -> None:
    of_before_seals(made)
    assert members.known(made.home).unknown == {}, "the folders prove the lists"
    assert all(one.unknown for one in models(made.home)), "their versions are not digests of what they were made of"
    shutil.rmtree(made.home.dataset("main", made.old))
    assert set(members.known(made.home).unknown) == {made.old}


def test_a_record_of_before_seals_is_proven_by_its_version(made: Made) -> None:
    config = recipe("tokenizer", "debug")
    inputs = {"dataset": "a digest"}
    folder = made.home.model("tokenizer", version_of("tokenizer", config, inputs))
    folder.mkdir(parents=True)
    record = json.loads((made.home.model("clip", "one") / RUN).read_text())
    del record["seal"], record["members"]
    told = {**record, "stage": "tokenizer", "version": folder.name, "inputs": inputs, "config": asdict(config)}
    (folder / RUN).write_text(json.dumps(told))
    assert what_is_told(folder).problem is None
    edit(folder / RUN, inputs={"dataset": "another"})
    assert "nothing proves it" in str(what_is_told(folder).problem)
