"""Which models a picture was shown to, by their ledgers: trained on, measured with and held are three things."""

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog.schemas import DECISIONS, EVIDENCE, ITEMS, MEMBERS, MODEL_LEDGER, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import ledger_proof
from pd_assets.lib.release.ledger import Seen, keep, seen_by, summary, unkept
from pd_assets.lib.release.lineage import all_models, kept_ledger, kept_record, models
from pd_assets.lib.release.shown import as_markdown, counts_of, draw
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn
from pd_assets.lib.soundness import faults, repair
from pd_ml.provenance import INIT_FROM, LEDGER, RUN, RunRecord, write_run
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, evaluation, model, write_ledger

COUNT = 12
API = "http://archive.test/w/api.php"
# By the hash of its cluster the one is to train on, the others are held out.
TRAINED, HELD_OUT, ALSO_HELD_OUT = "commons:M5", "commons:M7", "commons:M6"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT))
    return made


def seen(home: Home, item_id: str) -> Mapping[str, tuple[str, int | None]]:
    return {one.model.stage: (one.relation, one.times_shown) for one in seen_by(home, [(item_id, None)])[item_id]}


def the_only(home: Home, item_id: str) -> Seen:
    (one,) = seen_by(home, [(item_id, None)])[item_id]
    return one


def delete(home: Home, *gone: str) -> None:
    plant(
        home,
        ITEMS,
        [item(n, status="deleted" if f"commons:M{n}" in gone else "live") for n in range(COUNT)],
    )


def flagged(home: Home) -> dict[str, tuple[list[str], list[str]]]:
    return {
        one.model.stage: ([two.item_id for two in one.pictures], [two.item_id for two in one.measured])
        for one in exposures(home, find_withdrawn(home, profile="strict"))
    }


def test_a_picture_that_was_held_out_was_seen_by_no_model_and_one_of_the_split_train_by_all_that_it_was_shown_to(
    home: Home,
) -> None:
    model(home, "clip", "one", dataset(home))
    assert seen(home, TRAINED) == {"clip": ("trained_on", 3)}
    assert seen(home, HELD_OUT) == {"clip": ("held", 0)}
    assert seen(home, "commons:M99") == {}


def test_what_is_withdrawn_and_was_held_out_flags_no_weights_and_what_was_measured_with_it_is_told_apart(
    home: Home,
) -> None:
    export = dataset(home)
    model(home, "clip", "one", export)
    model(home, "unet", "one", export, measured=[HELD_OUT])
    delete(home, HELD_OUT)
    assert flagged(home) == {"clip": ([], []), "unet": ([], [HELD_OUT])}
    delete(home, HELD_OUT, TRAINED)
    assert flagged(home) == {"clip": ([TRAINED], []), "unet": ([TRAINED], [HELD_OUT])}


def test_a_picture_that_only_the_parent_of_a_warm_start_saw_is_seen_through_it(home: Home) -> None:
    old = dataset(home)
    parent = model(home, "unet", "parent", old)
    catalogue(home, [n for n in range(COUNT) if n != 5])
    new = dataset(home)
    model(home, "unet", "child", new, inputs={INIT_FROM: parent.digest})
    told = {one.model.version: one for one in seen_by(home, [(TRAINED, None)])[TRAINED]}
    assert (told["parent"].relation, told["child"].relation) == ("trained_on", "through")
    assert (told["child"].through, told["child"].times_shown) == (("unet parent",), 0)
    assert all(one.pictures for one in exposures(home, find_withdrawn(home, profile="strict"))), "it left the catalogue"


def test_a_picture_of_the_split_train_that_the_sampler_never_came_to_is_only_held(home: Home) -> None:
    export = dataset(home)
    folder = home.model("unet", "short")
    write_ledger(folder, "unet", "short", export, times=0)
    record = RunRecord(
        stage="unet",
        version="short",
        config={},
        inputs={"dataset": "a digest"},
        dataset_version=export.version,
        item_count=COUNT,
    )
    write_run(folder, record)
    assert seen(home, TRAINED) == {"unet": ("held", 0)}
    delete(home, TRAINED)
    assert flagged(home) == {"unet": ([], [])}


def test_an_older_model_without_a_ledger_may_have_seen_all_that_its_dataset_held_and_nothing_else(home: Home) -> None:
    model(home, "clip", "one", dataset(home), ledger=False)
    for item_id in (TRAINED, HELD_OUT):
        one = the_only(home, item_id)
        assert (one.relation, one.times_shown) == ("unknown", None)
        assert one.why == "clip one has no ledger (an older version of this project made it): treated as seen"
    assert seen(home, "commons:M99") == {}
    delete(home, HELD_OUT)
    assert flagged(home) == {"clip": ([HELD_OUT], [])}
    assert ledger_proof.untold(home).first == (f"clip one: {the_only(home, TRAINED).why}",)


def test_the_record_of_an_older_model_proves_the_list_of_its_dataset_once_its_manifests_are_gone(home: Home) -> None:
    export = dataset(home)
    model(home, "clip", "one", export, ledger=False)
    shutil.rmtree(export.folder)
    (home.table(MEMBERS.key) / "main" / f"{export.version}.json").unlink(missing_ok=True)
    assert seen(home, TRAINED) == {"clip": ("unknown", None)}
    assert seen(home, "commons:M99") == {}, "the list is proven, and does not name it"
    part = home.table(MEMBERS.key) / "main" / f"{export.version}.parquet"
    rows = pq.read_table(part)
    pq.write_table(rows.filter([value.as_py() != TRAINED for value in rows["item_id"]]), part)
    assert seen(home, TRAINED) == {"clip": ("unknown", None)}, "another list than the record seals tells nothing"


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def test_a_ledger_with_one_byte_altered_proves_nothing_and_the_copy_in_release_ledger_still_does(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    assert keep(home, "clip", "one")
    assert not keep(home, "clip", "one"), "it is kept already"
    flip(home.model("clip", "one") / LEDGER)
    assert seen(home, TRAINED) == {"clip": ("trained_on", 3)}
    flip(kept_ledger(home, "clip", "one"))
    one = the_only(home, HELD_OUT)
    assert one.relation == "unknown"
    assert "its ledger.parquet is altered since it was written: treated as seen" in one.why


def test_a_record_without_a_seal_proves_no_ledger(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    run = home.model("clip", "one") / RUN
    run.write_text(json.dumps({**json.loads(run.read_text()), "seal": ""}))
    assert seen(home, HELD_OUT) == {"clip": ("unknown", None)}


@pytest.mark.parametrize("name", [RUN, LEDGER])
def test_without_its_record_or_its_ledger_a_model_may_have_seen_what_was_held_out(home: Home, name: str) -> None:
    model(home, "clip", "one", dataset(home))
    (home.model("clip", "one") / name).unlink()
    assert seen(home, HELD_OUT) == {"clip": ("unknown", None)}


def test_the_ledger_outlives_the_folder_of_the_model_and_tells_of_it_as_removed(home: Home) -> None:
    parent = model(home, "clip", "one", export := dataset(home))
    model(home, "unet_text", "one", export, inputs={"clip": parent.digest})
    keep(home, "clip", "one")
    shutil.rmtree(home.model("clip", "one"))
    told = {one.model.stage: one for one in seen_by(home, [(TRAINED, None)])[TRAINED]}
    assert (told["clip"].model.standing, told["clip"].relation) == ("removed", "trained_on")
    assert told["unet_text"].through == ("clip one",), "its parent is known by the record that was kept"
    assert [one.stage for one in models(home)] == ["unet_text"]
    assert [one.unknown for one in all_models(home)] == [frozenset()] * 2


def test_a_kept_record_that_was_altered_is_none(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    keep(home, "clip", "one")
    shutil.rmtree(home.model("clip", "one"))
    record = kept_record(home, "clip", "one")
    record.write_text(record.read_text().replace('"item_count": 1', '"item_count": 2'))
    assert seen(home, HELD_OUT) == {"clip": ("unknown", None)}


def test_a_kept_ledger_without_its_record_is_that_of_a_model_that_may_have_seen_everything(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    keep(home, "clip", "one")
    shutil.rmtree(home.model("clip", "one"))
    kept_record(home, "clip", "one").unlink()
    assert seen(home, TRAINED) == seen(home, HELD_OUT) == {"clip": ("unknown", None)}


@pytest.mark.parametrize("damaged", ["the part of another", "the record of another", "no part", "no record"])
def test_what_is_kept_and_is_not_the_models_own_is_named_and_kept_anew(home: Home, damaged: str) -> None:
    export = dataset(home)
    for stage in ("clip", "unet"):
        model(home, stage, "one", export)
        keep(home, stage, "one")
    assert list(unkept(home)) == [] and not keep(home, "clip", "one")
    path = (kept_ledger if "part" in damaged else kept_record)(home, "clip", "one")
    of_another = path.parents[1] / "unet" / path.name
    if damaged.startswith("no"):
        path.unlink()
    else:
        shutil.copyfile(of_another, path)
    assert [found for found, _ in unkept(home)] == [path]
    assert [fault.path for fault in faults(home)] == [path]
    assert keep(home, "clip", "one") and list(unkept(home)) == []


def test_a_ledger_of_a_model_that_was_altered_is_copied_back_by_a_repair_where_the_one_that_is_kept_proves_itself(
    home: Home,
) -> None:
    export = dataset(home)
    for stage in ("clip", "unet"):
        model(home, stage, "one", export)
    keep(home, "clip", "one")
    whole = (home.model("clip", "one") / LEDGER).read_bytes()
    for stage in ("clip", "unet"):
        flip(home.model(stage, "one") / LEDGER)
    healed, lost = faults(home)
    assert healed.path == home.model("clip", "one") / LEDGER and "--repair" in healed.heals
    assert lost.path == home.model("unet", "one") / LEDGER and "train it again" in lost.heals
    home.claim(API)
    assert f"{healed.path} was copied from release/ledger" in list(repair(home, API))
    assert healed.path.read_bytes() == whole and list(faults(home)) == [lost]


def test_what_nothing_proves_is_not_kept_and_keeps_no_other_model_from_it(home: Home) -> None:
    export = dataset(home)
    for stage in ("clip", "unet"):
        model(home, stage, "one", export)
    flip(home.model("clip", "one") / LEDGER)
    (home.model("unet", "one") / RUN).write_text("{")
    assert not keep(home, "clip", "one") and not keep(home, "unet", "one")
    assert not kept_ledger(home, "clip", "one").exists()


@pytest.mark.parametrize("record", [None, "{}"])
def test_an_evaluation_of_which_nothing_proves_what_it_measured_may_have_measured_every_model(
    home: Home, record: str | None
) -> None:
    export = dataset(home)
    model(home, "clip", "one", export)
    report = home.root / "evaluation" / "report" / "some"
    write_ledger(report, "unet", "other", export, times=0)
    if record is not None:
        (report / RUN).write_text(record)
    assert seen(home, HELD_OUT) == {"clip": ("measured_with", 0)}
    assert seen(home, TRAINED) == {"clip": ("trained_on", 3)}
    assert seen(home, "commons:M99") == {}


def test_an_evaluation_measured_with_what_it_read_and_with_nothing_else_of_its_dataset(home: Home) -> None:
    export = dataset(home)
    clip = model(home, "clip", "one", export)
    model(home, "unet", "one", export)
    evaluation(home, "some", clip, export, measured=[HELD_OUT, TRAINED])
    assert seen(home, HELD_OUT) == {"clip": ("measured_with", 0), "unet": ("held", 0)}
    assert seen(home, TRAINED) == {"clip": ("trained_on", 3), "unet": ("trained_on", 3)}
    assert seen(home, ALSO_HELD_OUT) == {"clip": ("held", 0), "unet": ("held", 0)}


def test_another_state_of_the_picture_is_another_picture(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    shown = store(home, 5)
    assert [one.relation for one in seen_by(home, [(TRAINED, shown)])[TRAINED]] == ["trained_on"]
    assert seen_by(home, [(TRAINED, "f" * 64)])[TRAINED] == []


def test_a_copy_of_another_item_is_asked_by_its_own_name(home: Home) -> None:
    catalogue(home, range(COUNT), copies=[(6, 5)])
    model(home, "clip", "one", dataset(home))
    told = seen_by(home, [(TRAINED, None), ("commons:M6", None)])
    assert set(told) == {TRAINED, "commons:M6"}


def test_a_ledger_adds_up_and_what_it_holds_is_counted_and_drawn(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    (clip,) = models(home)
    told = summary(home, clip)
    assert told is not None and told.trained_on + told.held == COUNT
    assert told.times_shown == 3 * told.trained_on
    assert clip.sources[0].ledger is not None
    counts = counts_of(home, clip.sources[0].ledger)
    assert [(one.kind, one.name, one.pictures) for one in counts if one.kind == "archive"] == [
        ("archive", "commons", told.trained_on)
    ]
    assert draw(counts).startswith(b"\x89PNG")
    assert f"| archive | commons | {told.trained_on} | {told.times_shown} |" in as_markdown(counts)


def kept(number: int, evidence: str) -> dict[str, object]:
    return {
        "item_id": f"commons:M{number}",
        "digest": sha256(evidence.encode()).hexdigest(),
        "seen_on": "2026-11-30",
        "revid": 7,
        "evidence": evidence,
    }


def test_the_checks_name_what_speaks_against_a_ledger(home: Home) -> None:
    good, bound = '{"tags":[{"name":"PD-Art","kind":"ground"}]}', '{"tags":[{"name":"Cc-by-4.0","kind":"obligation"}]}'
    of = {n: kept(n, bound if n == 4 else good) for n in range(COUNT) if n != 5}
    plant(home, EVIDENCE, list(of.values()))
    digests = {n: of[n]["digest"] if n in of else "0" * 64 for n in range(COUNT)}
    plant(home, DECISIONS, [decision(n, evidence_digest=digests[n]) for n in range(COUNT)])
    export = dataset(home)
    model(home, "clip", "one", export)
    folder = home.model("clip", "one")
    record = RunRecord(
        stage="clip",
        version="one",
        config={},
        inputs={"dataset": "a digest"},
        dataset_version=export.version,
        item_count=COUNT,
        counts={"images_seen": 1000},
    )
    write_run(folder, record)
    rows = pq.read_table(folder / LEDGER).to_pylist()
    told = sum(row["times_shown"] for row in rows)
    assert ledger_proof.wrong_sums(home).first == (f"clip one: the ledger has {told} showings, the run counted 1000",)
    assert ledger_proof.unaccepted(home) == ledger_proof.Problems(
        count=2,
        first=(
            "clip one: commons:M4: a tag with conditions",
            f"clip one: {TRAINED}: its evidence is not in rights/evidence",
        ),
    )
    assert ledger_proof.taken_down(home) == ledger_proof.Problems(count=0, first=())
    plant(home, TAKEDOWNS, [{"item_id": TRAINED, "named": TRAINED, "reason": "asked for"}])
    assert ledger_proof.taken_down(home).first == (f"clip one: {TRAINED}: asked for",)


def test_where_all_evidence_is_lost_the_problems_are_counted_and_only_the_first_are_told(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(2 * ledger_proof.TOLD))
    model(home, "clip", "one", dataset(home))
    seen_rows = pq.read_table(home.model("clip", "one") / LEDGER, columns=["relation"])["relation"].to_pylist()
    found = ledger_proof.unaccepted(home)
    assert found.count >= seen_rows.count("trained_on") > ledger_proof.TOLD == len(found.first)


def test_the_parts_are_a_table_of_their_own_for_questions(home: Home) -> None:
    model(home, "clip", "one", dataset(home))
    keep(home, "clip", "one")
    assert pq.read_schema(kept_ledger(home, "clip", "one")).names == list(MODEL_LEDGER.columns)
