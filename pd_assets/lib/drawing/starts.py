"""Pictures to begin with, and masks of what is drawn anew, as a wish names them:

    drawn:<drawing>/<number>    a result
    picture:<item>              one of our pictures; no copy of it is kept
    given:<digest>              what somebody gave, decoded in a process without files and network
    rect:<left>,<top>,<width>,<height>    of a mask: a rectangle, in percent

Errors: ConfigError.
"""

import io
import math
import re
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.images.decode import MOST_PIXELS, UnusableImage
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.pictures import find_pictures

# What is kept of a picture that was given: models draw smaller ones.
GIVEN_SIDE = 1024
MOST_BYTES = 100_000_000
OWN = ("JPEG", "PNG")
_DRAWN = re.compile(r"drawn:([0-9a-f-]+)/(\d{1,3})")
_RECTANGLE = re.compile(r"rect:(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")


def give_picture(kept: Kept, body: bytes) -> str:
    """Keep a picture that somebody gave, as large as a model may want it; the name that a wish has for it."""
    return "given:" + kept.give(_decoded(body, "the start picture"))


def give_mask(kept: Kept, body: bytes) -> str:
    """The same of a mask: white where it is drawn anew, black elsewhere. "" where all of it is black."""
    with Image.open(io.BytesIO(_decoded(body, "the mask"))) as opened:
        white = opened.convert("L").point(lambda level: 255 if level >= 128 else 0)
    if white.getbbox() is None:
        return ""
    encoded = io.BytesIO()
    white.convert("1").save(encoded, "PNG")
    return "given:" + kept.give(encoded.getvalue())


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


def named(home: Home, kept: Kept, called: str) -> str:
    """The name that a wish has for a start that a person named: one of ours as every page calls it, or such a name."""
    called = called.strip()
    if not called or called.startswith(("drawn:", "given:")):
        if called:
            path_of(home, kept, called)
        return called
    called = called.removeprefix("picture:").strip()
    meant = [one for one in find_pictures(home, called).pictures if one.is_meant and one.item_id]
    if not meant:
        raise ConfigError(
            f"no picture here is called {called[:80]!r}; expected an id such as commons:M123, a title, or the address "
            "of its page"
        )
    name = f"picture:{meant[0].item_id}"
    path_of(home, kept, name)
    return name


def path_of(home: Home, kept: Kept, start: str) -> Path:
    """The file of a start picture; ConfigError where it is gone, or was taken down."""
    if found := _DRAWN.fullmatch(start):
        path = kept.picture(found[1], int(found[2]))
        gone = "that result is not kept any more"
    elif start.startswith("given:"):
        path = kept.given(start.removeprefix("given:"))
        gone = "the picture that was given is not kept any more"
    elif start.startswith("picture:"):
        path = stored(home, start.removeprefix("picture:"))
        gone = f"the picture {start.removeprefix('picture:')[:80]} is not in the store"
    else:
        raise ConfigError(f"{start[:80]!r} names no picture; expected drawn:, given: or picture:")
    if path is None:
        raise ConfigError(f"{gone}: choose another one to begin with")
    return path


def is_taken_down(home: Home, item_id: str) -> bool:
    """Whether a picture of ours, or the picture that it shows, may not be used any more."""
    lookup = Lookup(home=home)
    digests = {str(row["sha256"]) for row in lookup.rows("files", "item", [item_id]) if row["sha256"]}
    return bool(lookup.rows("takedowns", "item", [item_id]) or lookup.rows("takedowns", "sha256", digests))


def stored(home: Home, item_id: str) -> Path | None:
    """The file of one of our pictures; ConfigError where it was taken down."""
    if is_taken_down(home, item_id):
        raise ConfigError(f"{item_id} was taken down: nothing is drawn from it; choose another one to begin with")
    for row in Lookup(home=home).rows("files", "item", [item_id]):
        if row["path"] and row["status"] == "ok":
            path = home.root / str(row["path"])
            home.fetched(path)
            return path if path.is_file() else None
    return None


def withdrawn_start(home: Home, kept: Kept, start: str) -> str:
    """The picture of ours that was taken down and that a result began with, itself or through others; or ""."""
    for _ in range(20):
        if start.startswith("picture:"):
            item_id = start.removeprefix("picture:")
            return item_id if is_taken_down(home, item_id) else ""
        found = _DRAWN.fullmatch(start)
        drawing = kept.read(found[1]) if found else None
        if drawing is None:
            return ""
        start = drawing.wish.start
    return ""


def write_start(path: Path, width: int, height: int, out: Path) -> None:
    """The middle of a picture as a PNG of just this size."""
    try:
        with Image.open(path, formats=OWN) as opened:
            ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.LANCZOS).save(out, "PNG")
    except (OSError, ValueError, SyntaxError) as error:
        raise ConfigError(f"the picture to begin with cannot be read ({error}); choose another one") from error


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


def require_mask(kept: Kept, mask: str) -> None:
    """ConfigError for the name of a mask that cannot be had."""
    if mask and not _RECTANGLE.fullmatch(mask) and kept.given(mask.removeprefix("given:")) is None:
        raise ConfigError("the mask is not kept any more: draw it again")


def write_mask(kept: Kept, mask: str, width: int, height: int, out: Path) -> None:
    """A PNG of this size, white where the picture is drawn anew."""
    require_mask(kept, mask)
    if found := _RECTANGLE.fullmatch(mask):
        left, top, across, down = (int(value) / 100 for value in found.groups())
        made = Image.new("L", (width, height), 0)
        right = min(width, math.ceil((left + across) * width)) - 1
        bottom = min(height, math.ceil((top + down) * height)) - 1
        x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
        ImageDraw.Draw(made).rectangle((x, y, max(x, right), max(y, bottom)), fill=255)
    else:
        path = kept.given(mask.removeprefix("given:"))
        assert path is not None
        with Image.open(path, formats=OWN) as opened:
            # Whatever the brush touched of a pixel is drawn anew.
            small = opened.convert("L").resize((width, height), Image.Resampling.BOX)
        made = small.point(lambda level: 255 if level >= 32 else 0)
    made.save(out, "PNG")
