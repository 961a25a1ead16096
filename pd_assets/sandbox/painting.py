"""Draws a scene and encodes it; the same painting always gives the same bytes.

Flat shapes are drawn with Pillow, then one shared tile of brush noise is laid over them: that keeps a 256-pixel
picture within a few milliseconds. The object is about half as wide and as high as the picture, and the season has one
sign on the other side: both can be told at 32 pixels. Most of the upper quarter is sky, most of the lower one ground.
"""

import io
import math
import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pd_assets.sandbox.scenes import GROUND, SKY, Colour, Scene

JPEG_QUALITY = 88
TILE_PX = 1024
HUE_JITTER = 10
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A picture, drawn when its bytes are asked for. `format` is JPEG, PNG, SVG or PDF; `cut` halves the file."""

    scene: Scene
    width: int = 256
    height: int = 256
    format: str = "JPEG"
    cut: bool = False

    def read(self) -> bytes:
        data = ENCODERS[self.format](self)
        return data[: len(data) // 2] if self.cut else data


def draw(painting: Painting) -> Image.Image:
    """The RGB picture, before encoding."""
    rng = random.Random(painting.scene.seed)
    canvas = _Canvas(painting, rng)
    canvas.sky()
    canvas.hills()
    canvas.land()
    OBJECT_SHAPES[painting.scene.object](canvas)
    SEASON_MARKS[painting.scene.season](canvas)
    return _with_brushwork(canvas.image, rng)


class _Canvas:
    """One picture being drawn; positions are fractions of the width and height."""

    def __init__(self, painting: Painting, rng: random.Random) -> None:
        self.rng = rng
        self.width, self.height = painting.width, painting.height
        self.sky_colour = _jittered(SKY[painting.scene.sky], rng)
        self.ground_colour = _jittered(GROUND[painting.scene.ground], rng)
        self.image = Image.new("RGB", (self.width, self.height), self.sky_colour)
        self.pen = ImageDraw.Draw(self.image)
        self.horizon = rng.uniform(0.38, 0.68)
        left = painting.scene.side == "left"
        self.x = rng.uniform(0.26, 0.38) if left else rng.uniform(0.62, 0.74)
        self.opposite_x = rng.uniform(0.78, 0.87) if left else rng.uniform(0.13, 0.22)
        self.sign_y = rng.uniform(0.26, 0.42)
        self.base = rng.uniform(0.66, 0.80)
        self.object_width, self.object_height = rng.uniform(0.42, 0.58), rng.uniform(0.44, 0.59)

    def shape(self, points: list[Point], colour: Colour) -> None:
        """A polygon of the object: x from its middle in widths of it, y upwards from its base in heights of it."""
        placed = [(self.x + self.object_width * x, self.base - self.object_height * y) for x, y in points]
        self.polygon(placed, colour)

    def polygon(self, points: list[Point], colour: Colour) -> None:
        self.pen.polygon([(x * self.width, y * self.height) for x, y in points], fill=colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = ((x - rx) * self.width, (y - ry) * self.height, (x + rx) * self.width, (y + ry) * self.height)
        self.pen.ellipse(box, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A round spot whatever the proportions of the picture; the radius is a fraction of the shorter side."""
        short = min(self.width, self.height)
        self.ellipse(x, y, radius * short / self.width, radius * short / self.height, colour)

    def sky(self) -> None:
        for _ in range(self.rng.randrange(2, 5)):
            tone = _mixed(self.sky_colour, (255, 255, 255), self.rng.uniform(0.08, 0.22))
            rx, ry = self.rng.uniform(0.08, 0.3), self.rng.uniform(0.02, 0.07)
            self.ellipse(self.rng.random(), self.rng.uniform(0.03, 0.4), rx, ry, tone)
        low = _mixed(self.sky_colour, (255, 255, 255), self.rng.uniform(0.05, 0.25))
        self.ellipse(self.rng.random(), self.horizon, self.rng.uniform(0.3, 0.8), self.rng.uniform(0.04, 0.12), low)

    def hills(self) -> None:
        for _ in range(self.rng.randrange(0, 3)):
            tone = _mixed(_mixed(self.sky_colour, self.ground_colour, self.rng.uniform(0.3, 0.7)), (40, 50, 70), 0.25)
            rx, ry = self.rng.uniform(0.15, 0.5), self.rng.uniform(0.06, 0.2)
            self.ellipse(self.rng.random(), self.horizon + 0.02, rx, ry, tone)

    def land(self) -> None:
        tilt, swing, phase = self.rng.uniform(-0.04, 0.04), self.rng.uniform(0.0, 0.03), self.rng.uniform(0, 6.3)
        edge = [(i / 12, self.horizon + tilt * (i / 6 - 1) + swing * math.sin(phase + i * 0.8)) for i in range(13)]
        self.polygon([*edge, (1.01, 1.01), (-0.01, 1.01)], self.ground_colour)
        for _ in range(self.rng.randrange(2, 6)):
            dark = self.rng.random() < 0.5
            tone = _mixed(self.ground_colour, (0, 0, 0) if dark else (255, 255, 255), self.rng.uniform(0.06, 0.16))
            y = self.rng.uniform(self.horizon + 0.1, 0.98)
            self.ellipse(self.rng.random(), y, self.rng.uniform(0.06, 0.22), self.rng.uniform(0.01, 0.035), tone)


def _tree(canvas: _Canvas) -> None:
    canvas.shape([(-0.09, 0), (0.09, 0), (0.07, 0.6), (-0.07, 0.6)], (84, 56, 34))
    leaf = _jittered((38, 92, 48), canvas.rng)
    for x, y, radius in ((0, 0.74, 0.27), (-0.22, 0.58, 0.22), (0.22, 0.58, 0.22), (-0.1, 0.8, 0.2), (0.12, 0.82, 0.2)):
        x, y = x + canvas.rng.uniform(-0.04, 0.04), y + canvas.rng.uniform(-0.03, 0.03)
        width, height = canvas.object_width, canvas.object_height
        canvas.ellipse(canvas.x + width * x, canvas.base - height * y, width * radius, height * radius, leaf)


def _house(canvas: _Canvas) -> None:
    canvas.shape([(-0.42, 0), (0.42, 0), (0.42, 0.55), (-0.42, 0.55)], (212, 186, 150))
    canvas.shape([(-0.52, 0.55), (0.52, 0.55), (0, 1)], _jittered((168, 52, 40), canvas.rng))
    canvas.shape([(-0.1, 0), (0.1, 0), (0.1, 0.34), (-0.1, 0.34)], (70, 48, 40))
    canvas.shape([(0.2, 0.22), (0.33, 0.22), (0.33, 0.4), (0.2, 0.4)], (60, 80, 120))


def _mountain(canvas: _Canvas) -> None:
    canvas.shape([(-0.62, 0), (0.6, 0), (0.03, 1)], _jittered((82, 84, 102), canvas.rng))
    canvas.shape([(0.03, 1), (-0.19, 0.66), (-0.06, 0.72), (0.05, 0.62), (0.24, 0.66)], (246, 248, 252))


def _boat(canvas: _Canvas) -> None:
    canvas.shape([(-0.5, 0.26), (0.5, 0.26), (0.33, 0), (-0.33, 0)], _jittered((92, 40, 44), canvas.rng))
    canvas.shape([(-0.045, 0.26), (0, 0.26), (0, 1), (-0.045, 1)], (60, 40, 30))
    canvas.shape([(0.03, 0.97), (0.03, 0.33), (0.46, 0.33)], (246, 238, 214))
    canvas.shape([(-0.08, 0.85), (-0.08, 0.33), (-0.36, 0.33)], (232, 220, 190))


def _blossom(canvas: _Canvas) -> None:
    x, y, turned = canvas.opposite_x, canvas.sign_y, canvas.rng.uniform(0, math.tau / 5)
    petal = _jittered((214, 62, 142), canvas.rng)
    for k in range(5):
        turn = turned + k * math.tau / 5
        canvas.disc(x + 0.078 * math.cos(turn), y + 0.078 * math.sin(turn), 0.055, petal)
    canvas.disc(x, y, 0.045, (255, 232, 120))


def _sun(canvas: _Canvas) -> None:
    x, y = canvas.opposite_x, canvas.sign_y
    for k in range(12):
        turn, side = k * math.pi / 6, 0.018
        tip = (x + 0.135 * math.cos(turn), y + 0.135 * math.sin(turn))
        canvas.polygon([(x - side, y - side), (x + side, y + side), tip], (255, 208, 40))
    canvas.disc(x, y, 0.09, (255, 244, 130))


def _leaves(canvas: _Canvas) -> None:
    for x, y, colour in ((-0.06, -0.07, (222, 104, 24)), (0.06, 0.0, (186, 52, 20)), (-0.04, 0.08, (206, 84, 20))):
        x, y = x + canvas.rng.uniform(-0.02, 0.02), y + canvas.rng.uniform(-0.02, 0.02)
        canvas.ellipse(canvas.opposite_x + x, canvas.sign_y + y, 0.07, 0.042, colour)


def _snow(canvas: _Canvas) -> None:
    x, y = canvas.opposite_x, canvas.sign_y - 0.06
    cloud = _jittered((62, 72, 98), canvas.rng)
    canvas.ellipse(x, y, 0.13, 0.055, cloud)
    for dx, dy in ((-0.08, 0.09), (0.0, 0.11), (0.08, 0.09), (-0.045, 0.17), (0.045, 0.17)):
        canvas.disc(x + dx, y + dy, 0.028, (255, 255, 255))


OBJECT_SHAPES = {"tree": _tree, "house": _house, "mountain": _mountain, "boat": _boat}
SEASON_MARKS = {"spring": _blossom, "summer": _sun, "autumn": _leaves, "winter": _snow}


def _jittered(colour: Colour, rng: random.Random) -> Colour:
    red, green, blue = (max(0, min(255, value + rng.randint(-HUE_JITTER, HUE_JITTER))) for value in colour)
    return red, green, blue


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _with_brushwork(image: Image.Image, rng: random.Random) -> Image.Image:
    """Adds the noise tile, shifted by a random offset, to every channel."""
    width, height = image.size
    tile = _brush_tile()
    if width > TILE_PX // 2 or height > TILE_PX // 2:
        tile = np.tile(tile, (2 + height // TILE_PX, 2 + width // TILE_PX))
    top, left = rng.randrange(TILE_PX // 2), rng.randrange(TILE_PX // 2)
    noisy = np.asarray(image, dtype=np.int16) + tile[top : top + height, left : left + width, None]
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


@cache
def _brush_tile() -> NDArray[np.int16]:
    """Short horizontal strokes over broad soft patches, TILE_PX square, wrapping at its edges."""
    noise = np.random.default_rng(20120101).standard_normal((TILE_PX, TILE_PX))
    strokes = _smeared(_smeared(noise, axis=1, reach_px=9), axis=0, reach_px=3)
    coarse = np.random.default_rng(20120102).standard_normal((16, 16))
    soft = Image.fromarray(np.pad(coarse, 2, mode="wrap").astype(np.float32))
    patches = np.asarray(soft.resize((TILE_PX * 20 // 16, TILE_PX * 20 // 16), Image.Resampling.BICUBIC))
    margin = TILE_PX * 2 // 16
    patches = patches[margin : margin + TILE_PX, margin : margin + TILE_PX]
    return np.asarray(strokes / strokes.std() * 6 + patches / patches.std() * 6, dtype=np.int16)


def _smeared(noise: NDArray[np.float64], *, axis: int, reach_px: int) -> NDArray[np.float64]:
    return np.asarray(np.mean([np.roll(noise, shift, axis=axis) for shift in range(reach_px)], axis=0))


def _jpeg(painting: Painting) -> bytes:
    return encoded(draw(painting), "JPEG")


def _png(painting: Painting) -> bytes:
    return encoded(draw(painting), "PNG")


def encoded(image: Image.Image, format: str) -> bytes:
    buffer = io.BytesIO()
    if format == "JPEG":
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _svg(painting: Painting) -> bytes:
    sky, ground = _hex(SKY[painting.scene.sky]), _hex(GROUND[painting.scene.ground])
    width, height = painting.width, painting.height
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="{sky}"/>'
        f'<rect y="{height // 2}" width="{width}" height="{height // 2}" fill="{ground}"/>'
        f"<!-- {painting.scene.seed} --></svg>\n"
    ).encode()


def _pdf(painting: Painting) -> bytes:
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 {painting.width} {painting.height}]>>endobj\n"
        f"% {painting.scene.seed}\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


ENCODERS = {"JPEG": _jpeg, "PNG": _png, "SVG": _svg, "PDF": _pdf}
