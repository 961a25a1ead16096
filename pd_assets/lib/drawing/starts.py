"""Pictures to begin with, and masks of what is drawn anew, as a wish names them:

    drawn:<drawing>/<number>    a result
    picture:<item>              one of our pictures; no copy of it is kept
    given:<digest>              what somebody gave, decoded in a process without files and network
    rect:<left>,<top>,<width>,<height>    of a mask: a rectangle, in percent

Errors: ConfigError, and NotShown of one of ours that may not be used.
"""

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.gallery.keeping import keeper
from pd_assets.lib.gallery.standing import Standing
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.lib.home import Home
from pd_assets.lib.images.decode import MOST_PIXELS, UnusableImage
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.release.pictures import find_pictures
from pd_assets.lib.settings import STALE_DAYS

# What is kept of a picture that was given: models draw smaller ones.
GIVEN_SIDE = 1024
MOST_BYTES = 100_000_000
OWN = ("JPEG", "PNG")
MOST_STEPS_BACK = 20
# Of 255: how much of a pixel a brush touched.
TOUCHED = 32
_DRAWN = re.compile(r"drawn:([0-9a-f-]+)/(\d{1,3})")
_RECTANGLE = re.compile(r"rect:(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")


class Starts:
    """The pictures to begin with of a home; by `profile` of rights what may be shown, else it is none to begin with."""

    def __init__(self, home: Home, kept: Kept, profile: str, stale_days: int = STALE_DAYS) -> None:
        self.home, self.kept = home, kept
        self.standing = Standing(keeper(home, profile), Withheld(home, stale_days))

    def give_picture(self, body: bytes) -> str:
        """Keep a picture that somebody gave, as large as a model may want it; the name that a wish has for it."""
        return "given:" + self.kept.give(_decoded(body, "the start picture"))

    def give_mask(self, body: bytes) -> str:
        """The same of a mask: white where it is drawn anew, black elsewhere. "" where all of it is black."""
        with Image.open(io.BytesIO(_decoded(body, "the mask"))) as opened:
            white = opened.convert("L").point(lambda level: 255 if level >= 128 else 0)
        if white.getbbox() is None:
            return ""
        return "given:" + self.kept.give(_png(white.convert("1")))

    def named(self, called: str) -> str:
        """The name that a wish has for a start that a person named: such a name, or one of ours as pages call it."""
        called = called.strip()
        if not called:
            return ""
        if not called.startswith(("drawn:", "given:")):
            called = f"picture:{self._item(called.removeprefix('picture:').strip())}"
        self.path_of(called)
        return called

    def _item(self, called: str) -> str:
        if self.standing.item(called) is not None:
            return called
        meant = [one for one in find_pictures(self.home, called).pictures if one.is_meant and one.item_id]
        if not meant:
            raise ConfigError(
                f"no picture here is called {called[:80]!r}; expected an id such as commons:M123, a title, or the "
                "address of its page"
            )
        return str(meant[0].item_id)

    def path_of(self, start: str) -> Path:
        """The file of a start picture; ConfigError where it is gone, NotShown where it may not be used."""
        path: Path | None
        if found := _DRAWN.fullmatch(start):
            path, gone = self.kept.picture(found[1], int(found[2])), "that result is not kept any more"
            if item := self.withdrawn(start):
                raise ConfigError(f"that result began with {item}, which was taken down since: choose another one")
        elif start.startswith("given:"):
            path = self.kept.given(start.removeprefix("given:"))
            gone = "the picture that was given is not kept any more"
        elif start.startswith("picture:"):
            item_id = start.removeprefix("picture:")
            path, gone = self._stored(item_id), f"the picture {item_id[:80]} is not in the store"
        else:
            raise ConfigError(f"{start[:80]!r} names no picture; expected drawn:, given: or picture:")
        if path is None:
            raise ConfigError(f"{gone}: choose another one to begin with")
        return path

    def _stored(self, item_id: str) -> Path | None:
        item = self.standing.shown(item_id)
        if not item.path or not self.standing.is_stored(item):
            return None
        path = self.home.root / item.path
        self.home.fetched(path)
        return path

    def withdrawn(self, start: str) -> str:
        """The picture of ours that was taken down and that a result began with, itself or through others; or ""."""
        for _ in range(MOST_STEPS_BACK):
            if start.startswith("picture:"):
                item_id = start.removeprefix("picture:")
                return item_id if is_taken_down(self.standing, item_id) else ""
            found = _DRAWN.fullmatch(start)
            drawing = self.kept.read(found[1]) if found else None
            if drawing is None:
                return ""
            start = drawing.wish.start
        return ""

    def require_mask(self, mask: str) -> None:
        """ConfigError for the name of a mask that cannot be had."""
        if mask and not _RECTANGLE.fullmatch(mask) and self.kept.given(mask.removeprefix("given:")) is None:
            raise ConfigError("the mask is not kept any more: draw it again")

    def write_mask(self, mask: str, start: Path, shape: tuple[int, int], out: Path) -> None:
        """A PNG of the size of a start picture, white where it is drawn anew. The mask lies over the part around the
        middle that has the shape (width, height) of what is drawn.
        """
        self.require_mask(mask)
        with Image.open(start, formats=OWN) as opened:
            whole = Image.new("L", opened.size, 0)
        left, top, right, bottom = _middle(whole.size, shape)
        part = self._mask((right - left, bottom - top), mask)
        whole.paste(part, (left, top))
        whole.save(out, "PNG")

    def shown_mask(self, mask: str, shape: tuple[int, int], side: int) -> bytes:
        """A mask over a start picture as it is shown (`shown_start`): white, and nothing where the picture is kept."""
        self.require_mask(mask)
        size = _grown(shape, side)
        white = Image.new("RGBA", size, (255, 255, 255, 0))
        white.putalpha(self._mask(size, mask))
        return _png(white)

    def _mask(self, size: tuple[int, int], mask: str) -> Image.Image:
        if found := _RECTANGLE.fullmatch(mask):
            return _rectangle(size, [int(value) / 100 for value in found.groups()])
        path = self.kept.given(mask.removeprefix("given:"))
        assert path is not None
        with Image.open(path, formats=OWN) as opened:
            # Whatever the brush touched of a pixel is drawn anew.
            small = opened.convert("L").resize(size, Image.Resampling.BOX)
        return small.point(lambda level: 255 if level >= TOUCHED else 0)


def is_taken_down(standing: Standing, item_id: str) -> bool:
    """Whether a picture of ours, or the picture that it shows, may not be used any more."""
    item = standing.item(item_id)
    why = standing.taken_down(item) if item is not None else standing.withheld.why(item_id)
    return why is not None


def _decoded(body: bytes, what: str) -> bytes:
    if len(body) > MOST_BYTES:
        raise ConfigError(f"{what} has {len(body):,} bytes; expected at most {MOST_BYTES:,}")
    try:
        with Decoders(workers=1) as decoders:
            return decoders.normalise(body, max_side=GIVEN_SIDE).body
    except UnusableImage as error:
        raise ConfigError(
            f"{what} cannot be read ({error}); expected a whole JPEG, PNG, GIF, TIFF or WebP of at most "
            f"{MOST_PIXELS // 1_000_000} megapixels"
        ) from error


def _middle(size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest part around the centre that has a shape, as what draws cuts it (pd_ml/diffusion/canvas.py)."""
    across = max(1, min(size[0], round(size[1] * shape[0] / shape[1])))
    down = max(1, min(size[1], round(size[0] * shape[1] / shape[0])))
    left, top = (size[0] - across) // 2, (size[1] - down) // 2
    return left, top, left + across, top + down


def shown_start(path: Path, shape: tuple[int, int], side: int) -> bytes:
    """A PNG of the part of a start picture that is drawn from, of `side` pixels at its longest."""
    try:
        with Image.open(path, formats=OWN) as opened:
            part = opened.convert("RGB").crop(_middle(opened.size, shape))
    except (OSError, ValueError, SyntaxError) as error:
        raise ConfigError(f"the picture to begin with cannot be read ({error}); choose another one") from error
    size = _grown(shape, side)
    smooth = Image.Resampling.LANCZOS if part.width > size[0] else Image.Resampling.NEAREST
    return _png(part.resize(size, smooth))


def _grown(shape: tuple[int, int], side: int) -> tuple[int, int]:
    grown = side / max(shape)
    return max(1, round(shape[0] * grown)), max(1, round(shape[1] * grown))


def _png(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()


def _rectangle(size: tuple[int, int], shares: Sequence[float]) -> Image.Image:
    """White in a rectangle of which at least a pixel lies in the picture."""
    (width, height), (left, top, across, down) = size, shares
    x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
    right = max(x, min(width, math.ceil((left + across) * width)) - 1)
    bottom = max(y, min(height, math.ceil((top + down) * height)) - 1)
    made = Image.new("L", size, 0)
    ImageDraw.Draw(made).rectangle((x, y, right, bottom), fill=255)
    return made


def rectangle(left: str, top: str, width: str, height: str) -> str:
    """The mask of a rectangle in percent, as a person typed it; "" where nothing was typed."""
    if not any(value.strip() for value in (left, top, width, height)):
        return ""
    numbers = []
    for name, value, least in (("left", left, 0), ("top", top, 0), ("width", width, 1), ("height", height, 1)):
        try:
            number = float(value.strip() or ("0" if least == 0 else ""))
        except ValueError:
            number = math.nan
        if not least <= number <= 100:
            raise ConfigError(f"the rectangle's {name} is {value[:40]!r}; expected {least} to 100 (percent)")
        numbers.append(round(number))
    return "rect:" + ",".join(map(str, numbers))
