"""A new model takes the place of the old one only where no number falls behind by more than chance explains."""

import math
from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.judged_numbers import numbers
from pd_assets.lib.release.lineage import model_in, newest
from pd_assets.lib.release.promotion import (
    Comparison,
    Judgement,
    earlier_judgement,
    judge,
    latest_judgement,
    latest_judgements,
    settle,
)
from pd_ml.provenance import read_run
from tests.pd_assets.lib.release.planted import catalogue, dataset, model


def report(*, accuracy: float = 0.6, p: float = 1e-6, mmd: float = 0.05, recall: float = 0.4) -> dict[str, object]:
    """A report as pd_ml writes it, cut down to what is judged."""
    return {
        "n": 200,
        "colour_attributes": {
            "sky": {"generated": {"accuracy": accuracy, "n": 200, "p": p}, "real": {"accuracy": 0.9, "n": 200}}
        },
        "clip_score": {"generated": {"value": 0.3, "null_mean": 0.1, "null_std": 0.01, "p": p}},
        "mmd": {"generated": mmd, "floor_real_vs_real": 0.002},
        "clip_retrieval": {"image_to_text": {"recall_at_5": {"recall": recall, "chance": 0.02, "n": 200}}},
    }


def judged(candidate: dict[str, object], used: dict[str, object], *, promote_anyway: bool = False) -> Judgement:
    return judge(
        candidate="new",
        dataset_version="d",
        report=candidate,
        compared=Comparison(replaced="old", candidate=candidate, used=used),
        promote_anyway=promote_anyway,
    )


@pytest.mark.parametrize(
    "better", [report(), report(accuracy=0.7), report(mmd=0.01), report(accuracy=0.55), report(recall=0.36)]
)
def test_equal_better_and_hardly_worse_numbers_are_promoted(better: dict[str, object]) -> None:
    found = judged(better, report())
    assert found.promoted and found.behind == ()


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        (report(accuracy=0.4), "colour_attributes.sky is 0.4, behind 0.6 of old"),
        (report(mmd=0.09), "mmd is 0.09, behind 0.05 of old"),
        (report(recall=0.1), "clip_retrieval.image_to_text is 0.1, behind 0.4 of old"),
        (report(mmd=math.nan), "mmd is nan, behind 0.05 of old"),
        ({**report(), "mmd": {}}, "mmd was not measured, and is 0.05 of old"),
    ],
)
def test_a_number_that_falls_behind_keeps_the_old_model_in_use(worse: dict[str, object], name: str) -> None:
    found = judged(worse, report())
    assert not found.promoted
    assert [line.startswith(name) for line in found.behind] == [True]
    assert judged(worse, report(), promote_anyway=True).promoted


def test_what_is_read_of_pictures_is_compared_and_no_floor_is_put_under_it() -> None:
    def reading(share: float, p: float) -> dict[str, object]:
        return {**report(), "read_attributes": {"object": {"generated": {"accuracy": share, "n": 200, "p": p}}}}

    assert judged(reading(0.9, 1e-6), report()).promoted, "measured for the first time"
    [behind] = judged(reading(0.2, 0.9), reading(0.9, 1e-6)).behind
    assert behind.startswith("read_attributes.object is 0.2, behind 0.9 of old")
    alone = judge(candidate="new", dataset_version="d", report=reading(0.2, 0.9), compared=None)
    assert alone.promoted and alone.weak == ()


def test_numbers_that_are_read_of_pictures_and_seams_are_told_in_words() -> None:
    drawn = {"accuracy": 0.5, "n": 200, "p": 0.2, "chance": 0.25}
    told = {
        "read_attributes": {"object": {"generated": drawn, "real": {"accuracy": 1.0}}},
        "seam": {"patch": 8, "generated": 1.42, "real": 1.2},
    }
    read, seam = numbers(told)
    assert (read.value, read.floor, read.keeps) == ("50.0%", "25.0% by chance; real: 100.0%", False)
    assert "(object)" in read.words and read.is_judged
    assert (seam.value, seam.floor) == ("1.42", "1.2 at the same places of real pictures")


def test_the_fewer_pictures_were_drawn_the_more_may_be_chance() -> None:
    few = report(accuracy=0.4)
    few["colour_attributes"] = {"sky": {"generated": {"accuracy": 0.4, "n": 10, "p": 0.01}}}
    assert judged(few, report()).promoted


def test_the_first_model_is_promoted_and_its_weaknesses_are_told() -> None:
    found = judge(candidate="new", dataset_version="d", report=report(p=0.4, mmd=math.inf), compared=None)
    assert found.promoted and found.replaced is None
    assert [line.split(" is ")[0] for line in found.weak] == ["colour_attributes.sky", "clip_score", "mmd"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two versions of each stage, of the transformer a first one; the newer ones are candidates."""
    made = open_home(tmp_path / "home")
    catalogue(made, range(12))
    export = dataset(made)
    for version, latest in (("old", True), ("new", False)):
        tokenizer = model(made, "tokenizer", version, export, latest=latest)
        clip = model(made, "clip", version, export, inputs={"tokenizer": tokenizer.digest}, latest=latest)
        model(made, "unet_text", version, export, inputs={"clip": clip.digest}, latest=latest)
    model(made, "transformer", "new", export, inputs={"clip": clip.digest}, latest=False)
    return made


def in_use(home: Home) -> dict[str, str | None]:
    return {stage: home.pointed("models", stage, "latest") for stage in ("tokenizer", "clip", "unet_text")}


def test_a_promoted_model_brings_what_it_was_made_of(home: Home) -> None:
    candidate = model_in(home, home.model("unet_text", "new"))
    settle(home, judged(report(), report()), candidate)
    assert in_use(home) == dict.fromkeys(("tokenizer", "clip", "unet_text"), "new")
    kept = latest_judgement(home, "unet_text")
    assert kept is not None and kept.promoted


def test_the_transformers_clip_is_kept_once_there_is_one_and_replaces_that_of_the_model_before_it(home: Home) -> None:
    settle(home, judged(report(), report()), model_in(home, home.model("transformer", "new")))
    assert in_use(home) == {"tokenizer": "new", "clip": "new", "unet_text": "old"}
    settle(home, judged(report(), report()), model_in(home, home.model("unet_text", "old")))
    assert in_use(home)["clip"] == "new", "the model before it does not take its CLIP back"


def test_a_model_that_falls_behind_leaves_all_as_it_was_and_stays_the_candidate(home: Home) -> None:
    candidate = model_in(home, home.model("unet_text", "new"))
    settle(home, judged(report(accuracy=0.2), report()), candidate)
    assert in_use(home) == dict.fromkeys(("tokenizer", "clip", "unet_text"), "old")
    assert newest(home, "unet_text") == home.model("unet_text", "new")
    kept = latest_judgement(home, "unet_text")
    assert kept is not None
    assert (kept.candidate, kept.replaced, kept.promoted) == ("new", "old", False)
    assert kept.numbers["candidate"]["colour_attributes.sky"] == 0.2


def test_a_run_that_died_between_the_pointers_is_settled_by_the_next_one(home: Home) -> None:
    home.point("models", "clip", "latest", "new")
    candidate = model_in(home, home.model("unet_text", "new"))
    settle(home, judged(report(), report()), candidate)
    assert in_use(home) == dict.fromkeys(("tokenizer", "clip", "unet_text"), "new")


def test_a_damaged_judgement_is_named(home: Home) -> None:
    candidate = model_in(home, home.model("unet_text", "new"))
    settle(home, judged(report(), report()), candidate)
    path = home.root / "evaluation" / "promotion" / "new.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match="not a judgement"):
        earlier_judgement(home, "new")


def test_without_a_judgement_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="was ever judged"):
        latest_judgements(open_home(tmp_path))
    assert latest_judgement(open_home(tmp_path), "unet_text") is None


@pytest.fixture
def latent_home(home: Home) -> Home:
    """The same with a latent model of the newer CLIP."""
    export = dataset(home)
    clip = read_run(home.model("clip", "new"))
    vae = model(home, "vae", "first", export, inputs={"clip": clip.digest}, latest=False)
    model(home, "latent_diffusion", "first", export, inputs={"clip": clip.digest, "vae": vae.digest}, latest=False)
    return home


def test_a_latent_model_brings_its_vae_and_leaves_the_clip_of_the_pixel_model_in_use(latent_home: Home) -> None:
    settle(
        latent_home, judged(report(), report()), model_in(latent_home, latent_home.model("latent_diffusion", "first"))
    )
    assert [latent_home.pointed("models", stage, "latest") for stage in ("vae", "latent_diffusion")] == ["first"] * 2
    assert in_use(latent_home) == dict.fromkeys(("tokenizer", "clip", "unet_text"), "old")
    assert set(latest_judgements(latent_home)) == {"latent_diffusion"}


def test_without_a_pixel_model_in_use_a_latent_model_brings_its_clip(latent_home: Home) -> None:
    (latent_home.root / "models" / "unet_text" / "latest").unlink()
    settle(
        latent_home, judged(report(), report()), model_in(latent_home, latent_home.model("latent_diffusion", "first"))
    )
    assert (in_use(latent_home)["clip"], in_use(latent_home)["tokenizer"]) == ("new", "new")


def enlargement(*, gain: float = 1.0, p: float = 1e-6, mmd: float = 0.01) -> dict[str, object]:
    """A report on an upscaler, cut down to what is judged."""
    told = {"value": gain, "standard_error": 0.02, "p": p, "n": 64}
    return {"enlargement": {"gain_db": told, "paired_mmd": {"drawn": {"value": mmd, "standard_error": 0.001}}}}


def test_an_upscaler_is_judged_by_its_gain_and_by_what_it_draws() -> None:
    assert judged(enlargement(), enlargement()).problems == ()
    assert [line[:7] for line in judged(enlargement(gain=0.8), enlargement()).behind] == ["gain_db"]
    assert [line[:3] for line in judged(enlargement(mmd=0.05), enlargement()).behind] == ["mmd"]
    assert [line[:7] for line in judged(enlargement(gain=-0.1, p=0.99), enlargement(gain=-0.1)).weak] == ["gain_db"]


@pytest.mark.parametrize("stage", ["unet_text", "clip"])
def test_what_learnt_from_unproven_pictures_is_never_put_in_use(home: Home, stage: str) -> None:
    export = dataset(home, name="other")
    clip = model(home, "clip", "third", export, latest=False, proven=stage != "clip")
    model(home, "unet_text", "third", export, inputs={"clip": clip.digest}, latest=False, proven=stage == "clip")
    candidate = model_in(home, home.model("unet_text", "third"))
    for anyway in (False, True):
        with pytest.raises(ConfigError, match=f"{stage}/third: trained on pictures without the proof of their rights"):
            settle(home, judged(report(), report(), promote_anyway=anyway), candidate)
    assert in_use(home) == dict.fromkeys(("tokenizer", "clip", "unet_text"), "old")
