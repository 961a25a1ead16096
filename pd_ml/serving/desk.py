"""What the server does with a request: the models that it keeps, the pictures that it writes, the vectors it tells."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from diffusers import DiffusionPipeline
from PIL import Image

from pd_ml.data.decode import decode_square
from pd_ml.device import prepare_device
from pd_ml.diffusion.canvas import Pixels
from pd_ml.diffusion.enlarging import ToEnlarge
from pd_ml.diffusion.order import Ready
from pd_ml.diffusion.sampling import open_pipeline, telling_steps
from pd_ml.diffusion.studio import OnStep, enlarged, paint, places_of, prompts_of, texts_of, unread, written
from pd_ml.diffusion.upscale import calls_of, open_upscaler, write_enlarged
from pd_ml.diffusion.upscale_pipeline import PdUpscalePipeline
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.grid import save_picture
from pd_ml.marks.formats import MAX_PIXELS, decoding, read_file
from pd_ml.progress import quieten
from pd_ml.serving.shelf import Shelf

# One that draws and one to compare it with; those that enlarge and measure are small.
_DRAWING = 2


class Desk:
    """Keeps the last two drawing models, an upscaler and a CLIP in memory."""

    def __init__(self, device: str) -> None:
        quieten()
        self._device = prepare_device(device, threads=0)
        self._drawing: Shelf[DiffusionPipeline] = Shelf(_DRAWING, lambda folder: open_pipeline(folder, self._device))
        self._upscaler: Shelf[PdUpscalePipeline] = Shelf(1, lambda folder: open_upscaler(folder, self._device))
        self._clip: Shelf[ClipSpace] = Shelf(1, lambda folder: ClipSpace(folder, self._device))

    def load(self, model: Path) -> bool:
        """Have a drawing model ready; whether it was so already."""
        was_there = self._drawing.holds(model)
        self._drawing.take(model)
        return was_there

    def draw(self, ready: Ready, clip: Path | None, out: Path, on_step: OnStep) -> Mapping[str, object]:
        """Write the pictures into `out`, and tell of them."""
        order = ready.order
        loaded = self._drawing.holds(order.model)
        pipeline = self._drawing.take(order.model)
        space = self._clip.take(clip) if clip else None
        upscaler = self._upscaler.take(order.upscaler) if order.upscaler else None
        lost = unread(ready, pipeline)
        pixels_NHWC = paint(ready, pipeline, on_step)
        texts = texts_of(ready)
        if upscaler is not None:
            pixels_NHWC, told = enlarged(ready, upscaler, pixels_NHWC)
            texts = {**told, **texts}
        files = _written(ready, pixels_NHWC, texts, out)
        height, width = pixels_NHWC.shape[1:3]
        return {
            "files": [str(path) for path in files],
            "model_version": ready.record.version,
            "vectors": self._vectors(space, files) if space else None,
            "size": [width, height],
            "cut_off": "".join(lost.get(prompt, "") for prompt in order.prompts),
            "warnings": _warnings(ready, lost),
            "sampling": texts["pd_sampling"],
            "model_was_loaded": loaded,
        }

    def upscale(self, ready: ToEnlarge, on_step: Callable[[int, int], None]) -> Mapping[str, object]:
        """Write the enlarged picture, and tell of it."""
        pipeline = self._upscaler.take(ready.job.model)
        done, calls = 0, calls_of(ready, pipeline)

        def part_done() -> None:
            nonlocal done
            done += 1
            on_step(done, calls)

        with telling_steps(pipeline, part_done):
            write_enlarged(ready, pipeline)
        return {"file": str(ready.job.out), "model_version": ready.record.version}

    def embed(self, clip: Path, texts: Sequence[str], images: Sequence[Path]) -> Mapping[str, object]:
        """Unit vectors of texts and of picture files, whose middle squares are looked at as those of a dataset are."""
        space = self._clip.take(clip)
        return {
            "texts": _rounded(space.texts(texts).tolist()) if texts else [],
            "images": self._vectors(space, images),
            "clip_version": space.version,
        }

    def _vectors(self, space: ClipSpace, files: Sequence[Path]) -> list[list[float]]:
        return _rounded([space.images(_square(path, space.image_size)[None])[0].tolist() for path in files])


def _square(path: Path, side: int) -> Pixels:
    body = read_file(path)
    with decoding(str(path)), Image.open(path) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(f"{opened.width} x {opened.height} pixels, expected at most {MAX_PIXELS:,} in all")
        return decode_square(body, side, name=str(path)).copy()


def _written(ready: Ready, pixels_NHWC: Pixels, texts: Mapping[str, str], out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    drawn = zip(prompts_of(ready.order), places_of(ready.order), strict=True)
    for number, (prompt, place) in enumerate(drawn):
        of_one = {**texts, "pd_prompt": written([prompt]), "pd_place": str(place)}
        path = out / f"{number:04d}.png"
        save_picture(path, pixels_NHWC[number], texts=of_one, marks=ready.marks, given=ready.given)
        files.append(path)
    return files


def _warnings(ready: Ready, lost: Mapping[str, str]) -> list[str]:
    found = list(ready.warnings)
    if not ready.record.proven:
        found.append("the model was trained on pictures without proof of their rights")
    if end := lost.get(ready.order.negative_prompt):
        found.append(f"the negative prompt is too long, not read: {end}")
    return found


def _rounded(vectors: list[list[float]]) -> list[list[float]]:
    return [[round(value, 6) for value in vector] for vector in vectors]
