"""A sheet of pictures with the prompt written under each, as a PNG that says which model drew it, and is marked so.

The sheet is marked as a whole: its tiles are smaller than a watermark needs.

Shapes: N pictures, H height, W width, C channels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pd_ml.marks.credentials import Given
from pd_ml.marks.marking import Marks, write_marked

Pixels = npt.NDArray[np.uint8]

_GAP_PX, _MAX_LINES, _FONT_PX, _LINE_PX = 8, 8, 11, 14

# Tile size in pixels and number of colours (0: all of them), from the best to the smallest.
_QUALITIES = ((192, 0), (192, 256), (144, 256), (112, 256), (80, 256), (64, 64))
_COMPRESSION = 3  # of zlib: up to nine times as fast as Pillow's `optimize`, for at most 11% more bytes


def save_grid(
    path: Path,
    pixels_NHWC: Pixels,
    prompts: Sequence[str],
    *,
    texts: Mapping[str, str],
    marks: Marks,
    columns: int | None = None,
    max_bytes: int = 250_000,
) -> None:
    """Write the sheet atomically with `texts` as PNG text; tiles shrink and colours are thinned until it fits."""
    max_bytes -= marks.reserved_bytes
    largest_px, smallest_px = _QUALITIES[0][0], _QUALITIES[-1][0]
    for tile_px, colours in _QUALITIES:
        if tile_px > largest_px:
            continue
        sheet = marks.with_watermark(prompt_grid(pixels_NHWC, prompts, tile_px=tile_px, columns=columns))
        thinned = sheet.quantize(colours) if colours else sheet
        encoded = marks.encode(thinned, texts=texts, compress_level=_COMPRESSION)
        if len(encoded) <= max_bytes:
            break
        if colours:  # the bytes grow with the area: what would be far too large is not tried
            largest_px = max(smallest_px, round(1.1 * tile_px * (max_bytes / len(encoded)) ** 0.5))
    write_marked(path, marks.sign(encoded, sheet.size))


def save_picture(
    path: Path, pixels_HWC: Pixels, *, texts: Mapping[str, str], marks: Marks, given: Given | None = None
) -> None:
    """Write one picture in its own size, atomically, with `texts` as PNG text. `given`: what it was made of."""
    write_marked(path, marks.mark(Image.fromarray(pixels_HWC), texts=texts, given=given, compress_level=_COMPRESSION))


def prompt_grid(
    pixels_NHWC: Pixels, prompts: Sequence[str], *, tile_px: int, columns: int | None = None
) -> Image.Image:
    """The sheet, nearly square where `columns` is None; the longer sides of pictures are
    scaled to `tile_px`."""
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", _FONT_PX)
    texts = [_wrapped(prompt, font, tile_px) for prompt in prompts]
    columns = columns or max(1, round((len(prompts) * 1.4) ** 0.5))
    row_px = tile_px + max(map(len, texts)) * _LINE_PX + 2 * _GAP_PX
    rows = -(-len(prompts) // columns)
    sheet = Image.new("RGB", (columns * (tile_px + _GAP_PX) + _GAP_PX, rows * row_px + _GAP_PX), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (pixels_HWC, lines) in enumerate(zip(pixels_NHWC, texts, strict=True)):
        left = _GAP_PX + place % columns * (tile_px + _GAP_PX)
        top = _GAP_PX + place // columns * row_px
        height, width = (max(1, round(side * tile_px / max(pixels_HWC.shape))) for side in pixels_HWC.shape[:2])
        picture = Image.fromarray(pixels_HWC).resize((width, height), Image.Resampling.BICUBIC)
        sheet.paste(picture, (left, top))
        for number, line in enumerate(lines):
            pen.text((left, top + tile_px + 2 + number * _LINE_PX), line, fill="black", font=font)
    return sheet


def _wrapped(prompt: str, font: ImageFont.FreeTypeFont, width_px: int) -> list[str]:
    lines = [""]
    for word in prompt.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    lines = [line for line in lines if line]
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], lines[_MAX_LINES - 1] + " …"]
    return [_cut(line, font, width_px) for line in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont, width_px: int) -> str:
    while line and font.getlength(line) > width_px:
        line = line.removesuffix("…")[:-1] + "…" if len(line) > 1 else ""
    return line
