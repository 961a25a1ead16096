"""How often the watermark is found after what happens to pictures on their way, and how often it is where none is.

    python -m tests.bench.marks ART [--pictures N]

ART holds images/ and metadata.jsonl. N pictures are marked and N are not (500); each is a square of 256 px, the least
that is marked and so the hardest: cut from the middle of a larger picture where one is there ("native"), else enlarged.
Line art is told by its kind in the metadata. After that, every picture of ART once without a mark, for the rate of
false alarms that pd_ml/marks/watermark.py states. The peer is a tile of the same PSNR that is simply added and found
by folding what is left after smoothing, told the right scale, with its threshold at 1% of its own false alarms.
"""

import argparse
import hashlib
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter

from pd_assets.lib.rights.intervals import wilson
from pd_ml.marks import watermark
from pd_ml.marks.tile import TILE_PX, tile, tiled

Pixels = npt.NDArray[np.uint8]
Chance = np.random.Generator
Attack = Callable[[Pixels, Chance], Pixels]
SIDE_PX = watermark.MIN_SIDE_PX
LINE_ART = ("engrav", "ink drawing", "etching")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A square, and what it is of: `native` | `enlarged`, and whether it is line art."""

    pixels_HWC: Pixels
    group: str
    is_line_art: bool


def jpeg(quality: int) -> Attack:
    return lambda pixels_HWC, _: _saved(pixels_HWC, quality)


def resized(scale: float) -> Attack:
    def attack(pixels_HWC: Pixels, _: Chance) -> Pixels:
        height, width = pixels_HWC.shape[:2]
        size = round(width * scale), round(height * scale)
        return np.asarray(Image.fromarray(pixels_HWC).resize(size, Image.Resampling.LANCZOS))

    return attack


def cropped(kept: float) -> Attack:
    """A rectangle anywhere with this share of each side."""

    def attack(pixels_HWC: Pixels, chance: Chance) -> Pixels:
        sides = [round(side * kept) for side in pixels_HWC.shape[:2]]
        top, left = (
            int(chance.integers(0, all_px - px + 1)) for all_px, px in zip(pixels_HWC.shape, sides, strict=False)
        )
        return pixels_HWC[top : top + sides[0], left : left + sides[1]]

    return attack


def then(*attacks: Attack) -> Attack:
    def attack(pixels_HWC: Pixels, chance: Chance) -> Pixels:
        for one in attacks:
            pixels_HWC = one(pixels_HWC, chance)
        return pixels_HWC

    return attack


def noise(levels: float) -> Attack:
    return lambda pixels_HWC, chance: _levels(pixels_HWC + chance.normal(0, levels, pixels_HWC.shape))


def contrast(factor: float, brighter: float) -> Attack:
    return lambda pixels_HWC, _: _levels((pixels_HWC.astype(np.float32) - 128) * factor + 128 + brighter)


def _levels(values: npt.NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _saved(pixels_HWC: Pixels, quality: int) -> Pixels:
    with io.BytesIO() as file:
        Image.fromarray(pixels_HWC).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))


ATTACKS: dict[str, Attack] = {
    "none": lambda pixels_HWC, _: pixels_HWC,
    "JPEG q50": jpeg(50),
    "half size": resized(0.5),
    "crop, 10% of each side lost": cropped(0.9),
    "crop, 10% lost at each edge": cropped(0.8),
    "crop 10%, JPEG q50": then(cropped(0.9), jpeg(50)),
    "half size, JPEG q75": then(resized(0.5), jpeg(75)),
    "JPEG q30": jpeg(30),
    "0.7 size": resized(0.7),
    "1.3 size, JPEG q60": then(resized(1.3), jpeg(60)),
    "crop 15%, enlarged back": then(cropped(0.85), resized(1 / 0.85)),
    "noise of 8 levels": noise(8),
    "contrast x0.8, +15 levels": contrast(0.8, 15),
    "crop, 10% of the area kept": cropped(0.1**0.5),
}
ASKED = ("JPEG q50", "half size", "crop, 10% of each side lost")
PEER = {"JPEG q50": 1.0, "half size": 0.5, "crop, 10% of each side lost": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("art", type=Path, help="a folder with images/ and metadata.jsonl")
    parser.add_argument("--pictures", type=int, default=500, metavar="N", help="marked, and as many not (default 500)")
    options = parser.parse_args()
    began_s = time.process_time()
    lines = (options.art / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = {options.art / entry["file"]: str(entry["kind"]) for entry in map(json.loads, lines)}
    marked_of, real = chosen(kinds, options.pictures)
    marked = [watermark.embed(picture.pixels_HWC) for picture in marked_of]
    embed_s = (time.process_time() - began_s) / len(marked)
    quality(marked_of, marked)
    find_s = print_table(marked_of, marked, real)
    print_whole(kinds)
    print_peer(marked_of, real)
    print_alarms(list(kinds))
    print(f"\nCPU seconds for a square of 256 px: mark {embed_s:.3f} (opening it included), {find_s}", flush=True)
    for side in (1024, 4096):
        print_time(side)
    print(f"all: {time.process_time() - began_s:.0f} CPU s")


def chosen(kinds: dict[Path, str], count: int) -> tuple[list[Picture], list[Picture]]:
    """Marked and real squares: every native one is among both, as there are few; the enlarged ones differ."""
    paths = sorted(kinds, key=lambda path: hashlib.sha256(path.name.encode()).digest())
    native = [path for path in paths if min(Image.open(path).size) >= SIDE_PX][:count]
    others = [path for path in paths if path not in set(native)]
    missing = count - len(native)
    sets = (native + others[:missing], native + others[missing : 2 * missing])
    opened = [[square(path, kinds[path]) for path in one] for one in sets]
    return opened[0], opened[1]


def square(path: Path, kind: str) -> Picture:
    pixels_HWC = enlarged(path)
    height, width = pixels_HWC.shape[:2]
    top, left = (height - SIDE_PX) // 2, (width - SIDE_PX) // 2
    return Picture(
        pixels_HWC=pixels_HWC[top : top + SIDE_PX, left : left + SIDE_PX],
        group="native" if min(Image.open(path).size) >= SIDE_PX else "enlarged",
        is_line_art=any(word in kind for word in LINE_ART),
    )


def enlarged(path: Path) -> Pixels:
    """The picture, so large that it can be marked."""
    with Image.open(path) as image:
        ratio = max(SIDE_PX / min(image.size), 1)
        size = [max(round(side * ratio), SIDE_PX) for side in image.size]
        return np.asarray(image.convert("RGB").resize((size[0], size[1]), Image.Resampling.LANCZOS))


def quality(pictures: Sequence[Picture], marked: Sequence[Pixels]) -> None:
    ratios = [psnr_db(picture.pixels_HWC, one) for picture, one in zip(pictures, marked, strict=True)]
    print(f"PSNR: least {min(ratios):.2f} dB, median {np.median(ratios):.2f} dB, most {max(ratios):.2f} dB")


def psnr_db(before_HWC: Pixels, after_HWC: Pixels) -> float:
    error = np.square(before_HWC.astype(np.float32) - after_HWC).mean()
    return float(10 * np.log10(255**2 / error))


def share(hits: int, count: int, digits: int = 1) -> str:
    if not count:
        return "-"
    rates = (f"{rate:.{digits}%}" for rate in (hits / count, *wilson(hits / count, count)))
    return "{} [{}, {}]".format(*rates)


def print_table(pictures: Sequence[Picture], marked: Sequence[Pixels], real: Sequence[Picture]) -> str:
    line_art = [picture.is_line_art for picture in pictures]
    native = [picture.group == "native" and not picture.is_line_art for picture in pictures]
    rest = [picture.group == "enlarged" and not picture.is_line_art for picture in pictures]
    print(
        f"\n{len(marked)} marked ({sum(native)} native, {sum(rest)} enlarged, {sum(line_art)} line art), "
        f"{len(real)} not ({sum(one.is_line_art for one in real)} line art)"
    )
    print("| attack | found of all | native | enlarged | line art | false alarms | highest score without a mark |")
    print("|---|---|---|---|---|---|---|")
    times: dict[bool, list[float]] = {True: [], False: []}
    for name, attack in ATTACKS.items():
        found = np.array([_looked(attack, one, number, times).is_found for number, one in enumerate(marked)])
        alarms = [_looked(attack, one.pixels_HWC, number, times) for number, one in enumerate(real, len(marked))]
        groups = [found, *(found[np.array(group)] for group in (native, rest, line_art))]
        shares = [share(int(group.sum()), len(group)) for group in groups]
        highest = max(one.score for one in alarms)
        false = share(sum(one.is_found for one in alarms), len(alarms))
        print(f"| {name} | {' | '.join(shares)} | {false} | {highest:.2f} |", flush=True)
    return f"find {np.mean(times[True]):.3f} where it is, {np.mean(times[False]):.3f} where it is not"


def _looked(attack: Attack, pixels_HWC: Pixels, number: int, times: dict[bool, list[float]]) -> watermark.Found:
    attacked_HWC = attack(pixels_HWC, np.random.default_rng(number))
    began_s = time.process_time()
    found = watermark.find(attacked_HWC)
    assert found is not None
    times[found.is_found].append(time.process_time() - began_s)
    return found


def print_whole(kinds: dict[Path, str]) -> None:
    """Native pictures as they are, up to 512 px."""
    native = [path for path in kinds if min(Image.open(path).size) >= SIDE_PX]
    line_art = np.array([any(word in kinds[path] for word in LINE_ART) for path in native])
    marked = [watermark.embed(enlarged(path)) for path in native]
    print("\n| native pictures whole | all | other than line art | line art |\n|---|---|---|---|")
    for name in ASKED:
        found = np.array(
            [_looked(ATTACKS[name], one, n, {True: [], False: []}).is_found for n, one in enumerate(marked)]
        )
        groups = (found, found[~line_art], found[line_art])
        print(f"| {name} | {' | '.join(share(int(one.sum()), len(one)) for one in groups)} |", flush=True)


def print_peer(pictures: Sequence[Picture], real: Sequence[Picture]) -> None:
    marked = [plainly_added(picture.pixels_HWC) for picture in pictures]
    print("\n| a tile plainly added, told the scale | found of all | line art |\n|---|---|---|")
    line_art = np.array([picture.is_line_art for picture in pictures])
    for name, scale in PEER.items():
        attacked = [ATTACKS[name](one.pixels_HWC, np.random.default_rng(n)) for n, one in enumerate(real, len(marked))]
        threshold = np.quantile([folded(one, scale) for one in attacked], 0.99)
        scores = [folded(ATTACKS[name](one, np.random.default_rng(n)), scale) for n, one in enumerate(marked)]
        found = np.array(scores) > threshold
        print(
            f"| {name} | {' | '.join(share(int(one.sum()), len(one)) for one in (found, found[line_art]))} |",
            flush=True,
        )


def plainly_added(pixels_HWC: Pixels) -> Pixels:
    strength = np.sqrt(watermark.MOST_ERROR)
    return _levels(pixels_HWC + strength * tiled(0, *pixels_HWC.shape[:2])[:, :, None])


def folded(pixels_HWC: Pixels, scale: float) -> float:
    """The highest correlation of all tiles laid over each other, in standard deviations over the offsets."""
    whole_HWC = resized(1 / scale)(pixels_HWC, np.random.default_rng(0)) if scale != 1 else pixels_HWC
    brightness_HW = whole_HWC.astype(np.float32) @ watermark.BRIGHTNESS
    left_HW = brightness_HW - gaussian_filter(brightness_HW, 1.6)
    rows, columns = (side // TILE_PX for side in left_HW.shape)
    tiles = left_HW[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX)
    agreement = fft.irfft2(fft.rfft2(tiles.mean((0, 2))) * np.conj(fft.rfft2(tile())))
    return float((agreement.max() - agreement.mean()) / agreement.std())


def print_alarms(paths: Sequence[Path]) -> None:
    """Each picture once and without a mark, after one of the attacks in turn."""
    attacks = list(ATTACKS.values())
    found = []
    for number, path in enumerate(sorted(paths)):
        attack = attacks[number % len(attacks)]
        found.append(_looked(attack, enlarged(path), number, {True: [], False: []}))
    alarms = sum(one.is_found for one in found)
    print(f"\nfalse alarms, each picture once: {alarms} of {len(found)}, {share(alarms, len(found), digits=3)}")


def print_time(side_px: int) -> None:
    chance = np.random.default_rng(0)
    coarse = chance.integers(0, 256, (side_px // 16, side_px // 16, 3), dtype=np.uint8)
    pixels_HWC = np.asarray(Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC))
    began_s = time.process_time()
    marked_HWC = watermark.embed(pixels_HWC)
    middle_s = time.process_time()
    watermark.find(marked_HWC)
    print(f"{side_px} px: mark {middle_s - began_s:.2f}, find {time.process_time() - middle_s:.2f}", flush=True)


if __name__ == "__main__":
    main()
