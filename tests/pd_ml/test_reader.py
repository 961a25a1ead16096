"""The reader of pictures, what it is taught with, and the measure of seams: on small real paintings of the sandbox."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pd_assets.sandbox.painting import Painting, draw
from pd_assets.sandbox.scenes import CAPTIONS, OBJECTS, Scene, attributes, scene
from pd_ml.data.loader import Examples, Pixels
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.attributes import NamedAttribute, NamedValue, attributes_to_read, value_shown
from pd_ml.evaluation.measuring import Sets, read_by, reader_for, seams
from pd_ml.evaluation.reader import Reader, ReaderConfig, told_by, train_reader
from pd_ml.evaluation.report import summary
from pd_ml.evaluation.seams import seam
from pd_ml.evaluation.spoiling import KINDS, LEFT, NOT_KNOWN, RIGHT, Shown, blurred, spoilt, varied, without_object
from tests.pd_ml.command import run_here, settings

SIZE, TRAIN, HELD_OUT = 16, 480, 200
SMALL = ReaderConfig(epochs=16, batch_size=48, widths=(16, 24, 32, 48))
FEW = ReaderConfig(steps=3, batch_size=12, widths=(4, 4, 4, 4))


def scenes(count: int, seed: int) -> list[Scene]:
    rng = random.Random(seed)
    return [scene(rng) for _ in range(count)]


def painted(shown: list[Scene], size: int = SIZE) -> Pixels:
    drawn = [draw(Painting(scene=one, width=64, height=64)) for one in shown]
    return np.stack([np.asarray(one.resize((size, size), Image.Resampling.BOX)) for one in drawn])


def captions(shown: list[Scene]) -> tuple[str, ...]:
    return tuple(one.caption(number) for number, one in enumerate(shown))


def examples(pixels: Pixels, several: list[tuple[str, ...]]) -> Examples:
    rows = np.arange(len(pixels))
    names = tuple(map(str, rows))
    return Examples(split="train", array_NHWC=pixels, rows=rows, captions=tuple(several), item_ids=names)


def attribute(name: str, *values: str, strict: bool = False) -> NamedAttribute:
    return NamedAttribute(name=name, strict=strict, values=tuple(NamedValue(name=one, phrase=one) for one in values))


@pytest.fixture(scope="module")
def to_read(tmp_path_factory: pytest.TempPathFactory) -> tuple[NamedAttribute, ...]:
    path = tmp_path_factory.mktemp("attributes") / "attributes.json"
    path.write_text(json.dumps(attributes()))
    return attributes_to_read(path)


@pytest.fixture(scope="module")
def train() -> Examples:
    shown = scenes(TRAIN, 1)
    return examples(painted(shown), [(one,) for one in captions(shown)])


@pytest.fixture(scope="module")
def held_out() -> tuple[Pixels, tuple[str, ...]]:
    shown = scenes(HELD_OUT, 2)
    return painted(shown), captions(shown)


@pytest.fixture(scope="module")
def reader(train: Examples, to_read: tuple[NamedAttribute, ...]) -> Reader:
    return train_reader(train, to_read, seed=0, config=SMALL)


def test_the_reader_reads_what_held_out_paintings_show(
    reader: Reader, held_out: tuple[Pixels, tuple[str, ...]]
) -> None:
    found = reader.measured(*held_out)
    assert set(found) == {"object", "side", "season"}
    for one in found.values():
        assert one.accuracy.accuracy > 0.95 and (one.accuracy.n, one.accuracy.left_out) == (HELD_OUT, 0)
    assert found["object"].accuracy.chance == 0.25 and found["side"].accuracy.chance == 0.5
    assert found["object"].cannot_be_told < 0.05


def test_of_spoilt_paintings_it_says_that_the_object_cannot_be_told(
    reader: Reader, held_out: tuple[Pixels, tuple[str, ...]]
) -> None:
    refused = reader.refused(*held_out, seed=0)
    assert set(refused) == {"object"} and set(refused["object"]) == set(KINDS)
    assert min(refused["object"].values()) > 0.9


def test_only_a_strict_attribute_can_be_left_untold(reader: Reader) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, SIZE, SIZE, 3), dtype=np.uint8)
    seen = reader.read(noise)
    assert set(seen["object"]) == {None} and len(seen["object"]) == 300
    assert None not in seen["side"] and None not in seen["season"]


def test_pictures_that_show_something_else_are_misses_at_about_chance(
    reader: Reader, held_out: tuple[Pixels, tuple[str, ...]]
) -> None:
    pixels, texts = held_out
    sets = Sets(
        generated_NHWC=np.concatenate([pixels[1:], np.zeros_like(pixels[:1])]),
        captions=texts,
        drawn_for_NHWC=pixels,
        held_out_NHWC=pixels,
        train_NHWC=pixels,
    )
    report = read_by(reader, sets, seed=0)
    found = json.loads(json.dumps(report))["read_attributes"]
    assert found["object"]["generated"]["accuracy"] < 0.4 and found["object"]["real"]["accuracy"] > 0.95
    assert 1 / HELD_OUT <= found["object"]["generated"]["cannot_be_told"] < 0.05
    assert set(found["object"]["spoilt_refused"]) == set(KINDS) and "spoilt_refused" not in found["side"]
    shown = summary(report)
    assert shown["read_attributes.object.generated.accuracy"] == found["object"]["generated"]["accuracy"]
    assert shown["read_attributes.side.real.accuracy"] == found["side"]["real"]["accuracy"]


def test_the_same_seed_gives_the_same_weights_and_leaves_no_trace(
    train: Examples, to_read: tuple[NamedAttribute, ...]
) -> None:
    state = torch.get_rng_state()
    with torch.no_grad():
        first, again = (train_reader(train, to_read, seed=0, config=FEW) for _ in range(2))
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)
    torch.randn(3)
    other = train_reader(train, to_read, seed=1, config=FEW)
    weights, same, another = (one.network.state_dict() for one in (first, again, other))
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert not torch.equal(weights["heads.0.weight"], another["heads.0.weight"])
    assert not first.network.training and not any(one.requires_grad for one in first.network.parameters())


def test_a_picture_teaches_only_what_its_captions_name(
    train: Examples, to_read: tuple[NamedAttribute, ...], held_out: tuple[Pixels, tuple[str, ...]]
) -> None:
    """Half of them name only the side, the others only the object, and a third kind names nothing."""
    side_only = ["on the left" if "on the left" in text else "on the right" for (text,) in train.captions]
    object_only = [next(one for one in OBJECTS if f" {one} " in f" {text.lower()} ") for (text,) in train.captions]
    pairs = zip(side_only, object_only, strict=True)
    said = [(side,) if number % 2 else (thing,) for number, (side, thing) in enumerate(pairs)]
    nothing = np.zeros((50, SIZE, SIZE, 3), np.uint8)
    pixels = np.concatenate([train.pixels(range(TRAIN)), nothing])
    lenient = (attribute("object", *OBJECTS), to_read[1])
    told = train_reader(examples(pixels, said + [("a tree and a house",)] * 50), lenient, seed=0, config=SMALL)
    found = told.measured(*held_out)
    assert found["object"].accuracy.accuracy > 0.9 and found["side"].accuracy.accuracy > 0.95
    without = train_reader(examples(pixels[:TRAIN], said), lenient, seed=0, config=FEW)
    beside = train_reader(examples(pixels, said + [("a picture",)] * 50), lenient, seed=0, config=FEW)
    assert torch.equal(without.network.heads[0].weight, beside.network.heads[0].weight)


def test_captions_name_whole_words_and_one_value() -> None:
    thing = attribute("object", "tree", "house")
    assert value_shown(thing, ["A TREE, on the left"]) == "tree"
    assert value_shown(thing, ["Paintings of trees"]) is None and value_shown(thing, ["a street"]) is None
    assert value_shown(thing, ["a tree", "by a house"]) is None
    assert value_shown(thing, ["a painting", "a house", "House in winter"]) == "house"


def test_every_wording_of_the_sandbox_names_what_a_painting_shows(to_read: tuple[NamedAttribute, ...]) -> None:
    for shown in scenes(40, 5):
        for wording in range(len(CAPTIONS)):
            found = {one.name: value_shown(one, [shown.caption(wording)]) for one in to_read}
            assert found == {"object": shown.object, "side": shown.side, "season": shown.season}


def test_what_captions_do_not_tell_is_not_read(train: Examples, to_read: tuple[NamedAttribute, ...]) -> None:
    beast = attribute("beast", "cow", "horse")
    assert told_by([beast, *to_read], train.captions) == to_read
    assert told_by(to_read, [("a tree",), ("a tree in winter",), ("a house",)]) == to_read[:1]
    assert reader_for(["a cow"], [beast], train, seed=0) is None
    assert reader_for(["a boring picture"], to_read, train, seed=0) is None
    with pytest.raises(EvaluationError, match="name fewer than two values of each of: beast"):
        train_reader(train, [beast], seed=0)


@pytest.mark.parametrize("size", [24, 40, 64])
def test_pictures_of_other_sizes_are_read_too(size: int, to_read: tuple[NamedAttribute, ...]) -> None:
    shown = scenes(24, 3)
    pixels = painted(shown, size)
    found = train_reader(examples(pixels, [(one,) for one in captions(shown)]), to_read, seed=0, config=FEW)
    assert [len(one) for one in found.read(pixels).values()] == [24, 24, 24]
    assert set(found.refused(pixels, captions(shown), seed=0)["object"]) == set(KINDS)


def labelled(count: int = 12, side: int | None = None) -> Shown:
    shown = scenes(count, 4)
    x_NCHW = torch.from_numpy(painted(shown)).permute(0, 3, 1, 2) / 127.5 - 1
    sides = [LEFT if one.side == "left" else RIGHT for one in shown] if side is None else [side] * count
    values = torch.tensor([OBJECTS.index(one.object) for one in shown])
    return Shown(x_NCHW=x_NCHW, value_N=values, side_N=torch.tensor(sides))


def test_without_its_object_a_picture_is_the_rest_and_its_mirror_image() -> None:
    shown = labelled()
    half = without_object(shown, torch.full((12,), 0.5))
    rest = torch.where(shown.side_N[:, None, None, None] == LEFT, shown.x_NCHW, shown.x_NCHW.flip(3))[..., SIZE // 2 :]
    found = torch.where(shown.side_N[:, None, None, None] == LEFT, half, half.flip(3))
    assert torch.equal(found, torch.cat([rest.flip(3), rest], 3))
    left = labelled(side=LEFT)
    most, quarter = without_object(left, torch.full((12,), 0.75)), left.x_NCHW[..., SIZE * 3 // 4 :]
    assert torch.equal(most, torch.cat([quarter.flip(3), quarter, quarter.flip(3), quarter], 3))


def test_each_way_of_spoiling_changes_every_picture_and_slight_variation_changes_little() -> None:
    shown = labelled()
    for kind in KINDS:
        found = spoilt(kind, shown, torch.Generator().manual_seed(0))
        assert found.shape == shown.x_NCHW.shape and found.abs().max() <= 1
        assert (found - shown.x_NCHW).abs().mean((1, 2, 3)).min() > 0.02
        assert torch.equal(found, spoilt(kind, shown, torch.Generator().manual_seed(0)))
    slight = varied(shown.x_NCHW, torch.Generator().manual_seed(0)) - shown.x_NCHW
    assert 0 < slight.abs().mean() < 0.2
    assert torch.allclose(blurred(shown.x_NCHW, torch.zeros(12)), shown.x_NCHW, atol=1e-5)


def test_where_the_side_is_not_known_no_object_is_taken_away_and_one_value_has_nothing_to_blend_with() -> None:
    unplaced, generator = labelled(side=NOT_KNOWN), torch.Generator().manual_seed(0)
    kept = {kind: len(spoilt(kind, unplaced, generator)) for kind in KINDS}
    assert kept == {"noise": 12, "blur": 12, "shuffled": 12, "blended": 12, "removed": 0, "blobs": 0}
    alike = Shown(x_NCHW=unplaced.x_NCHW, value_N=torch.zeros(12, dtype=torch.long), side_N=unplaced.side_N)
    assert len(spoilt("blended", alike, generator)) == 0
    assert len(spoilt("blended", unplaced[slice(0, 0)], generator)) == 0


@pytest.mark.parametrize(
    "read",
    [
        [],
        {"object": {"values": {"tree": {"phrase": "tree"}, "boat": {"phrase": "boat"}}}},
        {"object": {"strict": "yes", "values": {"tree": {"phrase": "tree"}, "boat": {"phrase": "boat"}}}},
        {"object": {"strict": True, "values": {"tree": {"phrase": "tree"}}}},
        {"object": {"strict": True, "values": {"tree": {"phrase": ""}, "boat": {"phrase": "boat"}}}},
        {"object": {"strict": True, "values": {"tree": "tree", "boat": "boat"}}},
    ],
)
def test_a_wrong_part_of_the_file_is_named_with_the_shape_it_should_have(tmp_path: Path, read: object) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({"attributes": {}, "read": read}))
    with pytest.raises(EvaluationError, match=r'wrong\.json: .*expected {"read": {NAME: {"strict"'):
        attributes_to_read(path)


def test_a_file_of_colours_alone_has_nothing_to_read(tmp_path: Path) -> None:
    path = tmp_path / "colours.json"
    path.write_text('{"attributes": {}}')
    assert attributes_to_read(path) == ()


def test_a_report_of_a_model_with_prompts_tells_what_a_reader_saw(models: Path, dataset: Path, tmp_path: Path) -> None:
    read = {
        "object": {"strict": True, "values": {name: {"phrase": name} for name in OBJECTS}},
        "beast": {"strict": False, "values": {"cow": {"phrase": "cow"}, "horse": {"phrase": "horse"}}},
    }
    (tmp_path / "read.json").write_text(json.dumps({"attributes": {}, "read": read}))
    base = ["--model", models / "unet_text", "--clip", models / "clip", "--dataset", dataset, "--n", "16"]
    quick = settings("sample_steps=1", "permutations=5", "audit=4")
    out = tmp_path / "report"
    assert run_here("evaluate", *base, "--out", out, "--attributes", tmp_path / "read.json", *quick) == 0
    found = json.loads((out / "report.json").read_text())
    assert set(found["read_attributes"]) == {"object"} and "seam" not in found
    for name in ("generated", "real"):
        assert found["read_attributes"]["object"][name]["n"] == 16
    assert set(found["read_attributes"]["object"]["spoilt_refused"]) <= set(KINDS)


def patched(patch: int, size: int = 24) -> Pixels:
    """Patches of one colour each, black and white in turn."""
    along = np.arange(size) // patch % 2
    return np.broadcast_to(((along[:, None] ^ along) * 255)[None, ..., None], (2, size, size, 3)).astype(np.uint8)


def test_flat_pictures_have_no_seams_and_pictures_of_flat_patches_have_nothing_else() -> None:
    assert seam(np.full((2, 16, 16, 3), 90, np.uint8), 4) == pytest.approx(1)
    assert seam(patched(8), 8) > 1000
    assert seam(patched(1), 8) == pytest.approx(1)
    assert seam(patched(8), 5) < 1e-3


def test_a_seam_is_the_jump_at_borders_over_the_jump_elsewhere() -> None:
    """Columns rise by 10 from patch to patch, rows do not, and each pixel is 1 off its neighbours."""
    steps = np.broadcast_to(np.arange(16)[None, :, None] // 4 * 10, (16, 16, 1))
    pixels = (steps + np.indices((16, 16)).sum(0)[..., None] % 2).astype(np.uint8)[None]
    assert seam(pixels, 4) == pytest.approx((10 + 1) / 2)
    assert seam(pixels.transpose(0, 2, 1, 3), 4) == pytest.approx((10 + 1) / 2)


def test_paintings_have_hardly_a_seam_and_those_that_are_put_together_of_others_have_one(
    held_out: tuple[Pixels, tuple[str, ...]],
) -> None:
    pixels, _ = held_out
    mixed = np.where(patched(4, SIZE)[:1] > 0, pixels, pixels[::-1])
    assert 0.8 < seam(pixels, 4) < 1.6 < 2.5 < seam(mixed, 4)


@pytest.mark.parametrize("patch", [1, SIZE])
def test_patches_without_a_border_are_an_error(patch: int) -> None:
    with pytest.raises(EvaluationError, match="expected patches of 2 pixels at least"):
        seam(np.zeros((1, SIZE, SIZE, 3), np.uint8), patch)


def test_seams_are_told_of_models_that_draw_in_patches(held_out: tuple[Pixels, tuple[str, ...]]) -> None:
    pixels, texts = held_out
    drawn = patched(4, SIZE)
    sets = Sets(generated_NHWC=drawn, captions=texts, drawn_for_NHWC=pixels, held_out_NHWC=pixels, train_NHWC=pixels)
    found = seams(sets, 4, SIZE)["seam"]
    assert found == {"patch": 4, "generated": seam(drawn, 4), "real": seam(pixels, 4)}
    # No patches, patches of one pixel, and patches of latents that are smaller than the pictures.
    assert seams(sets, None, SIZE) == seams(sets, 1, SIZE) == seams(sets, 4, SIZE // 4) == {}
