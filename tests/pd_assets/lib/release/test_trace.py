"""`pdd trace`: by whatever a picture may be called, by a picture file, of a day, of a model; and what is no picture."""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_assets.lib.catalog.schemas import CHANGES, CLUSTERS, DECISIONS, EVIDENCE, FILES, ITEMS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.images.decode import normalise
from pd_assets.lib.release import index, takedowns
from pd_assets.lib.release.model_pictures import find_model, pictures_of_model, write_pictures
from pd_assets.lib.release.trace import trace, trace_file
from pd_assets.lib.release.trace_file import write_parquet
from pd_ml.provenance import LEDGER
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import decision, file, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, evaluation, model
from tests.pd_assets.lib.release.test_look import detailed, passed_on

COUNT = 12
MAX_SIDE = 1280
KEYS = {"item_id", "matched_by", "distance", "decisions", "takedowns", "datasets", "models"}


def with_pictures(home: Home, seeds: Mapping[int, int], *, sizes: Mapping[int, tuple[int, int]] | None = None) -> None:
    """Items, files and pictures in the store; `seeds` has the seed of the picture of each number."""
    files = []
    for number, seed in seeds.items():
        picture = normalise(
            encoded(detailed(seed, *(sizes or {}).get(number, (320, 240))), quality=95), max_side=MAX_SIDE
        )
        path = home.images / picture.sha256[:2] / f"{picture.sha256}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.body)
        files.append(
            file(
                number,
                sha256=picture.sha256,
                path=str(path.relative_to(home.root)),
                phash=picture.phash,
                detail_hash=picture.quality.detail_hash,
            )
        )
    plant(home, FILES, files)
    plant(home, ITEMS, [item(number, file_url=f"https://files.test/{number}.jpg") for number in seeds])


@pytest.fixture
def gallery(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    with_pictures(home, {number: number for number in range(COUNT)})
    index.refresh(home)
    return home


def told(home: Home, called: str) -> tuple[str, str]:
    (one,) = trace(home, called).rows()
    return str(one["item_id"]), str(one["matched_by"])


@pytest.mark.parametrize(
    ("called", "matched_by"),
    [
        ("commons:M5", "item_id"),
        ("M5", "page"),
        ("5", "page"),
        ("https://archive.test/w/index.php?curid=5", "page"),
        ("File:Picture_5.jpg", "title"),
        ("Picture 5", "title"),
        ("https://archive.test/wiki/5", "page_url"),
        ("https://files.test/5.jpg", "file_url"),
        (f"{5:040x}", "sha1"),
        (f"{5:040X}", "sha1"),
    ],
)
def test_a_picture_is_found_by_whatever_it_is_called_and_it_is_said_by_what(
    gallery: Home, called: str, matched_by: str
) -> None:
    assert told(gallery, called) == ("commons:M5", matched_by)


def test_a_title_that_ends_like_a_file_name_is_found_as_it_is(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(1, title="Portrait, no. 77"), item(2, title="Portrait, no")])
    assert [one.item_id for one in trace(home, "Portrait, no. 77").pictures] == ["commons:M1", "commons:M2"]


def asked(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "asked.jpg"
    path.write_bytes(body)
    return path


def by_file(home: Home, path: Path) -> list[tuple[object, object, object]]:
    rows = trace_file(home, path, max_side=MAX_SIDE).rows()
    return [(row["item_id"], row["matched_by"], row["distance"]) for row in rows]


def test_a_file_is_found_by_its_own_bytes_whether_in_the_store_or_the_archive(gallery: Home, tmp_path: Path) -> None:
    original = encoded(detailed(5), quality=95)
    assert by_file(gallery, asked(tmp_path, original)) == [("commons:M5", "picture", None)], (
        "the store would make it so"
    )
    stored = normalise(original, max_side=MAX_SIDE).body
    assert by_file(gallery, asked(tmp_path, stored)) == [("commons:M5", "picture", None)]
    other = b"no picture that can be read, and known by its SHA-1"
    rows = [file(5, sha1=hashlib.sha1(other).hexdigest())]
    plant(gallery, FILES, rows)
    assert by_file(gallery, asked(tmp_path, other)) == [("commons:M5", "picture", None)]


@pytest.mark.parametrize("crop", [(0, 0, 0, 0), (0.02, 0.02, 0.02, 0.02), (0.05, 0, 0.03, 0.02)])
def test_a_file_that_was_passed_on_is_found_by_its_look_with_the_distance(
    gallery: Home, tmp_path: Path, crop: Sequence[float]
) -> None:
    ((item_id, matched_by, distance),) = by_file(gallery, asked(tmp_path, passed_on(detailed(5), crop=crop)))
    assert (item_id, matched_by) == ("commons:M5", "look") and isinstance(distance, int) and distance <= 20
    said = "\n".join(trace_file(gallery, tmp_path / "asked.jpg", max_side=MAX_SIDE).in_words())
    assert f"looks like the file: {distance} of 64 bits differ; a second look" in said


def test_a_foreign_file_finds_nothing_and_it_is_said_what_was_expected(gallery: Home, tmp_path: Path) -> None:
    for seed in range(100, 106):
        with pytest.raises(ConfigError, match=r"none looks the same; expected .* never fetched have no look"):
            by_file(gallery, asked(tmp_path, encoded(detailed(seed))))


def test_where_the_stored_picture_is_gone_the_hashes_alone_tell_and_it_is_said(gallery: Home, tmp_path: Path) -> None:
    for path in gallery.images.rglob("*.jpg"):
        path.unlink()
    found = trace_file(gallery, asked(tmp_path, passed_on(detailed(5), crop=(0.02,) * 4)), max_side=MAX_SIDE)
    assert [one.item_id for one in found.pictures] == ["commons:M5"]
    assert "the hashes alone tell" in "\n".join(found.in_words())
    with pytest.raises(ConfigError, match="none looks the same"):
        by_file(gallery, asked(tmp_path, encoded(detailed(77))))


def test_the_same_picture_of_two_items_is_equally_near_and_it_is_said(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with_pictures(home, {1: 5, 2: 5, 3: 9})
    found = trace_file(home, asked(tmp_path, passed_on(detailed(5))), max_side=MAX_SIDE)
    assert [(row["item_id"], row["matched_by"]) for row in found.rows()] == [
        ("commons:M1", "look"),
        ("commons:M2", "look"),
    ]
    assert "2 items are equally near: commons:M1, commons:M2; all of them are told of" in "\n".join(found.in_words())


def test_copies_of_what_looks_the_same_are_told_as_copies(gallery: Home, tmp_path: Path) -> None:
    members = [{"item_id": f"commons:M{n}", "cluster": "commons:M5", "place": n - 5} for n in (5, 6)]
    plant(gallery, CLUSTERS, members)
    rows = by_file(gallery, asked(tmp_path, passed_on(detailed(5))))
    assert [(item_id, by) for item_id, by, _ in rows] == [("commons:M5", "look"), ("commons:M6", "copy")]


def bomb() -> bytes:
    """A small file of more pixels than are ever decoded."""
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    return made.getvalue()


def large() -> bytes:
    """200 megapixels that can be read, of one colour."""
    made = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html>not found</html>", "not a picture: the first bytes are"),
        (b"", "not a picture"),
        (encoded(detailed(1))[:2000], "damaged"),
        (bomb(), "20000 x 20000 pixels, more than 300000000"),
    ],
    ids=["a page", "empty", "truncated", "too large"],
)
def test_what_is_no_picture_is_named_with_what_was_found_and_expected(
    gallery: Home, tmp_path: Path, body: bytes, found: str
) -> None:
    with pytest.raises(ConfigError, match="expected a whole JPEG, PNG, GIF, TIFF or WebP of at most 300") as error:
        by_file(gallery, asked(tmp_path, body))
    assert found in str(error.value) and "asked.jpg" in str(error.value)


def test_a_picture_of_200_megapixels_is_looked_at_in_bounds(gallery: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none looks the same"):
        by_file(gallery, asked(tmp_path, large()))


@pytest.mark.parametrize(("called", "near"), [("Pictur 5", "commons:M5 (Picture 5)"), ("commons:M55", "commons:M5 (")])
def test_what_nobody_is_called_lists_near_titles_and_ids(gallery: Home, called: str, near: str) -> None:
    with pytest.raises(ConfigError, match="expected an item id") as error:
        trace(gallery, called)
    assert near in str(error.value).partition("near it: ")[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """CLIP was trained on the first dataset, the model that was made of it on one without a picture."""
    home = open_home(tmp_path_factory.mktemp("trained") / "home")
    catalogue(home, range(COUNT))
    first = dataset(home)
    clip = model(home, "clip", "one", first)
    catalogue(home, [number for number in range(COUNT) if number != 5])
    model(home, "unet_text", "two", dataset(home), inputs={"clip": clip.digest}, measured=["commons:M7"])
    index.refresh(home)
    return home


@pytest.mark.parametrize("called", ["unet_text", "models/unet_text", "latest", "unet_text@two"])
def test_who_asks_for_a_model_is_told_how_its_pictures_are_asked_for(trained: Home, called: str) -> None:
    with pytest.raises(
        ConfigError, match=f"expected an item id .*; the pictures of a model: pdd trace --model {called}$"
    ):
        trace(trained, called)
    assert pictures_of_model(trained, called).model.stage == "unet_text"


def test_json_says_why_a_relation_is_unknown_and_null_where_nothing_is(trained: Home, tmp_path: Path) -> None:
    (one,) = as_json(trained, "commons:M5")["items"]
    assert [model["why"] for model in one["models"]] == [None, None]
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT))
    model(home, "clip", "one", dataset(home), ledger=False)
    (one,) = as_json(home, "commons:M5")["items"]
    (only,) = one["models"]
    assert only["relation"] == "unknown" and only["why"]
    assert f"clip one (latest): {only['why']}" in "\n".join(trace(home, "commons:M5").in_words())


def test_a_change_of_a_verdict_says_of_which_profile(gallery: Home) -> None:
    verdicts = {"from_verdict": "quarantine", "to_verdict": "accept", "from_rule": "none", "to_rule": "pd-old"}
    change = {"item_id": "commons:M5", **verdicts, "cause": "rule", "changed_on": "2026-01-02"}
    plant(
        gallery, CHANGES, [{**change, "profile": profile} for profile in ("life70", "strict")], partition="2026-01-02"
    )
    said = "\n".join(trace(gallery, "commons:M5").in_words())
    for profile in ("life70", "strict"):
        assert f"  profile {profile}: commons:M5: quarantine (none) -> accept (pd-old)" in said


def relations(home: Home, called: str) -> dict[str, tuple[str, int | None, list[str]]]:
    (one,) = as_json(home, called)["items"]
    assert set(one) == KEYS
    return {model["name"]: (model["relation"], model["times_shown"], model["through"]) for model in one["models"]}


def as_json(home: Home, called: str) -> dict[str, Any]:
    found = json.loads(json.dumps(trace(home, called).as_json(), default=str))
    assert isinstance(found, dict)
    return found


def test_models_are_told_by_their_relation_with_counts(trained: Home) -> None:
    assert relations(trained, "commons:M5") == {
        "clip": ("trained_on", 3, []),
        "unet_text": ("through", 0, ["clip one"]),
    }
    assert relations(trained, "commons:M7") == {"clip": ("held", 0, []), "unet_text": ("measured_with", 0, [])}
    said = "\n".join(trace(trained, "commons:M5").in_words())
    assert "clip one (latest)" in said and "trained on it 3 times" in said
    assert "unet_text two (latest)" in said and "through clip one, which it was made of or started from" in said
    said = "\n".join(trace(trained, "commons:M7").in_words())
    assert "models that saw it: none" in said and "models that did not learn from it: 2" in said
    assert "measured with it" in said and "its dataset held it, and it was not shown to it" in said


def test_datasets_are_told_with_split_and_shard(trained: Home) -> None:
    (one,) = as_json(trained, "commons:M5")["items"]
    (held,) = one["datasets"]
    assert (held["name"], held["split"]) == ("main", "train") and held["shard"].endswith(".parquet")


def test_the_rows_of_json_are_those_of_parquet(trained: Home, tmp_path: Path) -> None:
    path = tmp_path / "told.parquet"
    assert write_parquet(trace(trained, "commons:M5"), path) == 1
    (row,) = pq.read_table(path).to_pylist()
    (one,) = as_json(trained, "commons:M5")["items"]
    assert set(row) == KEYS and row["models"] == one["models"] and row["datasets"] == one["datasets"]
    assert [each["verdict"] for each in row["decisions"]] == [each["verdict"] for each in one["decisions"]]


def test_takedowns_after_a_day_are_not_told_of_that_day(gallery: Home) -> None:
    takedowns.take_down(gallery, "commons:M5", reason="the heirs ask for it")
    today = datetime.now(UTC).date()
    assert trace(gallery, "commons:M5", day=today).takedowns
    past = trace(gallery, "commons:M5", day=date(2020, 1, 1))
    assert past.takedowns == () and past.decisions == () and "as of 2020-01-01:" in "\n".join(past.in_words())
    assert trace(gallery, "commons:M5", day=today - timedelta(days=1)).takedowns == ()
    first, *rest = past.in_words()
    assert first.endswith("datasets and models as they are now") and "  no decision is known of it on that day" in rest


def test_the_evidence_of_a_day_is_printed_as_its_digest_says(gallery: Home) -> None:
    evidence = '{"source": "commons", "status": "live"}'
    digest = hashlib.sha256(evidence.encode()).hexdigest()
    plant(gallery, DECISIONS, [decision(5, evidence=evidence, evidence_digest=digest, since="2026-01-01")])
    seen = {"item_id": "commons:M5", "digest": digest, "seen_on": "2026-01-01", "revid": 7, "evidence": evidence}
    plant(gallery, EVIDENCE, [seen])
    found = trace(gallery, "commons:M5", day=date(2026, 6, 1))
    (row,) = found.decisions
    assert hashlib.sha256(str(row["evidence"]).encode()).hexdigest() == row["evidence_digest"] == digest
    said = list(found.in_words())
    assert f"  evidence {digest}, seen on 2026-01-01, revision 7:" in said and f"    {evidence}" in said
    assert trace(gallery, "commons:M5", day=date(2025, 6, 1)).decisions == (), "it was not decided yet"


@pytest.mark.parametrize("called", ["clip", "clip one", "clip/one", "clip latest", "clip on", "folder"])
def test_a_model_is_found_by_stage_version_folder_or_latest(trained: Home, called: str) -> None:
    called = str(trained.model("clip", "one")) if called == "folder" else called
    assert find_model(trained, called).stage == "clip"
    assert find_model(trained, "latest").stage in ("clip", "unet_text")


def test_an_unknown_model_is_named_with_those_that_there_are(trained: Home) -> None:
    with pytest.raises(
        ConfigError, match=r"no model in .* called 'vae'; expected .* there are: clip one, unet_text two"
    ):
        find_model(trained, "vae")


def test_the_pictures_of_a_model_are_counted_by_what_they_have_in_common_its_parents_apart(trained: Home) -> None:
    found = pictures_of_model(trained, "unet_text")
    told = json.loads(json.dumps(found.as_json()))
    learnt = told["model"]["trained_on"]
    assert told["model"]["times_shown"] == 3 * learnt and told["model"]["measured_with"] == 1
    assert told["model"]["by_source"] == [{"name": "commons", "pictures": learnt, "times_shown": 3 * learnt}]
    assert sum(one["pictures"] for one in told["model"]["by_rule"]) == learnt
    (parent,) = told["through"]
    assert (parent["name"], parent["trained_on"]) == ("clip", learnt + 1), "it saw the picture that was left out later"
    said = "\n".join(found.in_words())
    assert f"trained on {learnt} pictures, shown {3 * learnt} times" in said
    assert "through clip one, which it was made of or started from" in said


def test_every_picture_of_a_model_is_a_row_of_parquet(trained: Home, tmp_path: Path) -> None:
    path = tmp_path / "pictures.parquet"
    rows = write_pictures(trained, find_model(trained, "unet_text"), path)
    table = pq.read_table(path)
    assert table.num_rows == rows == COUNT + COUNT - 1
    assert {"item_id", "times_shown", "rule_id", "tags", "source", "artist", "categories"} <= set(table.column_names)
    assert set(table["stage"].to_pylist()) == {"unet_text", "clip"}


def test_what_only_an_evaluation_read_is_counted_as_measured_with_also_of_another_dataset(
    tmp_path: Path,
) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT))
    clip = model(home, "clip", "one", dataset(home))
    catalogue(home, range(COUNT + 20))
    evaluation(home, "some", clip, dataset(home), measured=["commons:M7", "commons:M5", f"commons:M{COUNT + 6}"])
    told = pictures_of_model(home, "clip")
    assert told.own.pictures["measured_with"] == 2, "M5 was trained on, M7 held"
    assert sum(told.own.pictures.values()) == COUNT + 1
    path = tmp_path / "pictures.parquet"
    assert write_pictures(home, told.model, path) == COUNT + 1
    relations = {row["item_id"]: row["relation"] for row in pq.read_table(path).to_pylist()}
    assert relations["commons:M5"] == "trained_on"
    assert relations["commons:M7"] == relations[f"commons:M{COUNT + 6}"] == "measured_with"


def test_an_evaluation_that_proves_nothing_is_a_doubt_about_its_model(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT))
    export = dataset(home)
    clip = model(home, "clip", "one", export)
    (evaluation(home, "some", clip, export, measured=["commons:M7"]) / LEDGER).unlink()
    doubt = f"not known what an evaluation of clip one read: it may have been measured with all of {export.version}"
    assert doubt in list(pictures_of_model(home, "clip").in_words())
    assert pictures_of_model(home, "clip").as_json()["unknown"] == [doubt]


def test_a_model_without_a_ledger_is_unknown_and_treated_as_seen(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT))
    model(home, "clip", "one", dataset(home))
    (home.model("clip", "one") / LEDGER).unlink()
    assert relations(home, "commons:M5") == {"clip": ("unknown", None, [])}
    told = "\n".join(pictures_of_model(home, "clip").in_words())
    assert "unknown, treated as seen: all that dataset" in told
    counted = json.loads(json.dumps(pictures_of_model(home, "clip").as_json()))["model"]
    assert [counted[name] for name in ("trained_on", "measured_with", "held", "times_shown")] == [None] * 4
    with pytest.raises(ConfigError, match="no proven ledger"):
        write_pictures(home, find_model(home, "clip"), tmp_path / "none.parquet")
    assert not (tmp_path / "none.parquet").exists()


def test_a_question_imports_neither_dagster_nor_torch_nor_pandas(gallery: Home) -> None:
    said = (
        "import sys; from pd_assets.cli import main; code = main(['trace', 'commons:M5', '--json']); "
        "print([name for name in ('dagster', 'torch', 'pandas', 'PIL', 'requests') if name in sys.modules]); "
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", said],
        cwd=Path(__file__).resolve().parents[4],
        env={"PD_HOME": str(gallery.root), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("[]")
