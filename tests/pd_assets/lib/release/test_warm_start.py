"""Which model a training starts from: the one in use, where its weights fit and it saw nothing but free pictures."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pd_assets.lib.catalog.schemas import ITEMS
from pd_assets.lib.dataset.exported import Export
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.lineage import model_in, models, require_proven
from pd_assets.lib.release.promotion import made_of
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.warm_start import Start, find_start
from pd_ml.config import StageConfig, to_json, with_overrides
from pd_ml.provenance import INIT_FROM, RunRecord, version_of
from pd_ml.recipes import recipe
from tests.pd_assets.lib.planting import item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(12))
    return made


def config(stage: str, *changes: str) -> StageConfig:
    return with_overrides(recipe(stage, "debug"), changes)


def trained(home: Home, stage: str, export: Export, inputs: Mapping[str, str], *, latest: bool = True) -> RunRecord:
    """A model as a training with the recipe leaves it."""
    wanted = config(stage)
    version = version_of(stage, wanted, {"dataset": export.version, **inputs})
    told = {"dataset": export.version, **inputs}
    settings = json.loads(to_json(wanted))
    return model(home, stage, version, export, inputs=told, latest=latest, config=settings)


def start(home: Home, stage: str, inputs: Mapping[str, str], *changes: str) -> Start:
    return find_start(home, stage, config(stage, *changes), inputs, profile="strict")


def another(home: Home) -> Export:
    """The dataset after pictures were added."""
    catalogue(home, range(14))
    return dataset(home)


def test_the_first_training_is_from_scratch_and_the_next_goes_on_from_the_model_in_use(home: Home) -> None:
    first = dataset(home)
    assert start(home, "unet", {"dataset": first.version}).ancestor is None
    used = trained(home, "unet", first, {})
    found = start(home, "unet", {"dataset": another(home).version})
    assert found.ancestor == home.model("unet", used.version)
    assert found.inputs == {INIT_FROM: used.digest} and found.why == f"from {used.version}"


def test_what_was_trained_already_is_not_trained_again_whatever_it_started_from(home: Home) -> None:
    used = trained(home, "unet", dataset(home), {})
    second = another(home)
    warm = trained(home, "unet", second, {INIT_FROM: used.digest})
    found = start(home, "unet", {"dataset": second.version})
    assert found.finished == home.model("unet", warm.version) and found.ancestor is None
    changed = start(home, "unet", {"dataset": second.version}, "learning_rate=0.5")
    assert changed.finished is None and changed.inputs == {INIT_FROM: warm.digest}


@pytest.mark.parametrize("change", ["channels=[32,64,64]", "objective=epsilon", "image_size=32"])
def test_another_architecture_or_objective_starts_from_scratch_and_says_so(home: Home, change: str) -> None:
    used = trained(home, "unet", dataset(home), {})
    found = start(home, "unet", {"dataset": "new"}, change)
    assert found.ancestor is None
    assert found.why == f"from scratch, not from {used.version}: another {change.split('=')[0]}"


def test_a_chain_goes_on_together_and_its_tokenizer_is_kept(home: Home) -> None:
    first = dataset(home)
    tokenizer = trained(home, "tokenizer", first, {})
    clip = trained(home, "clip", first, {"tokenizer": tokenizer.digest})
    unet = trained(home, "unet_text", first, {"clip": clip.digest})
    second = another(home)
    on = {"dataset": second.version}
    assert start(home, "tokenizer", on).finished == home.model("tokenizer", tokenizer.version)
    assert start(home, "clip", {**on, "tokenizer": tokenizer.digest}).inputs == {INIT_FROM: clip.digest}
    warm = trained(home, "clip", second, {"tokenizer": tokenizer.digest, INIT_FROM: clip.digest}, latest=False)
    cold = trained(home, "clip", second, {"tokenizer": tokenizer.digest}, latest=False)
    assert start(home, "unet_text", {**on, "clip": warm.digest}).inputs == {INIT_FROM: unet.digest}
    assert start(home, "unet_text", {**on, "clip": cold.digest}).why.endswith("another clip")
    assert start(home, "clip", {**on, "tokenizer": "other tokens"}).why.endswith("another tokenizer")


def test_latents_fit_where_their_makers_do(home: Home) -> None:
    first = dataset(home)
    vae = trained(home, "vae", first, {})
    latents = trained(home, "latents", first, {"vae": vae.digest})
    unet = trained(home, "latent_unet", first, {"latents": latents.digest, "vae": vae.digest})
    second = another(home)
    warm_vae = trained(home, "vae", second, {INIT_FROM: vae.digest}, latest=False)
    again = trained(home, "latents", second, {"vae": warm_vae.digest}, latest=False)
    inputs = {"dataset": second.version, "latents": again.digest, "vae": warm_vae.digest}
    assert start(home, "latent_unet", inputs).inputs == {INIT_FROM: unet.digest}
    cold_vae = trained(home, "vae", second, {}, latest=False)
    other = trained(home, "latents", second, {"vae": cold_vae.digest}, latest=False)
    inputs = {"dataset": second.version, "latents": other.digest, "vae": cold_vae.digest}
    assert start(home, "latent_unet", inputs).why.endswith("another latents, vae")
    assert start(home, "latents", {"dataset": second.version}).why.endswith("nothing is learnt in this stage")


def test_nothing_goes_on_from_a_model_that_saw_a_picture_that_was_withdrawn_nor_from_its_descendants(
    home: Home,
) -> None:
    tainted = trained(home, "unet", dataset(home), {})
    plant(home, ITEMS, [item(n) for n in range(12) if n != 5])
    catalogue(home, [n for n in range(12) if n != 5])
    clean = dataset(home)
    on = {"dataset": clean.version}
    assert start(home, "unet", on).why == "from scratch: no model in use that saw nothing but free pictures"
    trained(home, "unet", clean, {INIT_FROM: tainted.digest})
    found = start(home, "unet", on)
    assert found.finished is None and found.ancestor is None, "a descendant saw what its ancestor saw"
    fresh = trained(home, "unet", clean, {})
    assert start(home, "unet", on).finished == home.model("unet", fresh.version)


def test_a_model_that_started_from_one_that_saw_a_picture_saw_it_too(home: Home) -> None:
    old = trained(home, "unet", dataset(home), {})
    catalogue(home, [n for n in range(12) if n != 5])
    second = dataset(home)
    warm = trained(home, "unet", second, {INIT_FROM: old.digest})
    after = trained(home, "unet", second, {INIT_FROM: warm.digest})
    cold = trained(home, "unet", second, {})
    seen = {one.version for one in trace(home, "commons:M5").models}
    assert {old.version, warm.version, after.version} <= seen and cold.version not in seen
    told = "\n".join(trace(home, "commons:M5").in_words())
    assert f"through unet {old.version}, which it was made of or started from" in told


def test_an_ancestor_does_not_come_back_into_use_with_its_descendant(home: Home) -> None:
    first = dataset(home)
    clip = trained(home, "clip", first, {})
    unet = trained(home, "unet_text", first, {"clip": clip.digest})
    second = another(home)
    warm_clip = trained(home, "clip", second, {INIT_FROM: clip.digest})
    warm = trained(home, "unet_text", second, {"clip": warm_clip.digest, INIT_FROM: unet.digest})
    found = made_of(model_in(home, home.model("unet_text", warm.version)), models(home))
    assert [one.version for one in found] == [warm_clip.version]


def test_nothing_goes_on_from_a_model_of_unproven_pictures_and_it_is_refused_by_name(home: Home) -> None:
    export = dataset(home)
    unproven = model(home, "unet", "0123", export, proven=False, config=json.loads(to_json(config("unet"))))
    assert start(home, "unet", {"dataset": "new"}).ancestor is None
    with pytest.raises(ConfigError, match=r"without the proof of their rights .* neither put in use nor released"):
        require_proven(home.model("unet", "0123"), unproven)
