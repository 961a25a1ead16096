"""A line of JSON as what it asks for. Every field is looked at before anything is done. No torch in here.

Errors: RequestError.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pd_ml.diffusion.enlarging import TILE_PX, UpscaleJob
from pd_ml.diffusion.order import Order
from pd_ml.errors import RequestError

MOST_PICTURES, MOST_EMBEDDED = 64, 4096
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Draw:
    """An order, the folder that its pictures go to, and the CLIP that tells their vectors."""

    order: Order
    clip: Path | None
    out: Path


@dataclass(frozen=True, kw_only=True)
class Upscale:
    """One picture to enlarge."""

    job: UpscaleJob


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Texts and picture files whose vectors are asked for."""

    clip: Path
    texts: tuple[str, ...]
    images: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Load:
    """A drawing model that will be asked soon."""

    model: Path


Request = Draw | Upscale | Embed | Load


def parsed(line: bytes) -> tuple[object, Mapping[str, object]]:
    """The id of a request, and all of it; RequestError where the line is no object of JSON."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"not JSON ({error}); expected one request a line") from error
    if not isinstance(raw, dict):
        raise RequestError(f"{type(raw).__name__} in JSON, expected an object with `id` and `do`")
    given = raw.get("id")
    if not isinstance(given, str | int):
        raise RequestError("no `id`, expected a text or a number that the answers are to carry")
    return given, raw


def request_of(raw: Mapping[str, object]) -> Request:
    """What an object asks for; RequestError names the first field that is missing, wrong or unknown."""
    kind = raw.get("do")
    if not isinstance(kind, str) or kind not in _READERS:
        raise RequestError(f"do {kind!r:.100}, expected one of {', '.join(_READERS)}")
    return _READERS[kind](_Fields(kind, raw))


class _Fields:
    """The fields of a request; one that is null is as good as left out."""

    def __init__(self, kind: str, raw: Mapping[str, object]) -> None:
        self._kind = kind
        self._raw = {name: value for name, value in raw.items() if value is not None}
        self._known = {"id", "do"}

    def path(self, name: str) -> Path:
        return Path(self._required(name, self.maybe_path(name)))

    def maybe_path(self, name: str) -> Path | None:
        text = self._take(name, str)
        if isinstance(text, str) and (not text or "\0" in text):
            raise self._wrong(name, "a path")
        return Path(text) if isinstance(text, str) else None

    def text(self, name: str) -> str:
        found = self._take(name, str)
        return _readable(found) if isinstance(found, str) else ""

    def number(self, name: str, least: int, most: int) -> int | None:
        found = self._take(name, int)
        if found is None:
            return None
        if not isinstance(found, int) or not least <= found <= most:
            raise self._wrong(name, f"a whole number from {least} to {most}")
        return found

    def real(self, name: str) -> float | None:
        found = self._take(name, int, float)
        if found is None:
            return None
        try:
            number = float(found) if isinstance(found, int | float) else math.nan
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._wrong(name, "a number")
        return number

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._take(name, list) or []
        assert isinstance(found, list)
        if len(found) > MOST_EMBEDDED or not all(isinstance(one, str) and "\0" not in one for one in found):
            raise self._wrong(name, f"a list of at most {MOST_EMBEDDED} texts")
        return tuple(map(_readable, found))

    def close(self) -> None:
        """RequestError for a field that no reader asked for."""
        if unknown := sorted(self._raw.keys() - self._known):
            known = ", ".join(sorted(self._known))
            raise RequestError(f"{self._kind}: unknown {', '.join(unknown)[:200]}; there are {known}")

    def _take(self, name: str, *kinds: type) -> object:
        self._known.add(name)
        found = self._raw.get(name)
        if found is not None and (not isinstance(found, kinds) or isinstance(found, bool)):
            raise self._wrong(name, " or ".join(kind.__name__ for kind in kinds))
        return found

    def _required(self, name: str, found: Path | None) -> Path:
        if found is None:
            raise RequestError(f"{self._kind}: no `{name}`")
        return found

    def _wrong(self, name: str, expected: str) -> RequestError:
        return RequestError(f"{self._kind}: `{name}` is {self._raw[name]!r:.100}, expected {expected}")


def _draw(fields: _Fields) -> Draw:
    prompt = fields.text("prompt")
    order = Order(
        model=fields.path("model"),
        prompts=(prompt,) if prompt else (),
        negative_prompt=fields.text("negative_prompt"),
        pictures=fields.number("n", 1, MOST_PICTURES) or 1,
        seed=fields.number("seed", -_LARGEST_SEED, _LARGEST_SEED) or 0,
        steps=fields.number("steps", 1, _LARGEST_SEED),
        guidance=fields.real("guidance"),
        width=fields.number("width", 1, _LARGEST_SEED),
        height=fields.number("height", 1, _LARGEST_SEED),
        image=fields.maybe_path("image"),
        given=fields.maybe_path("given"),
        # Without a picture to start from it says nothing.
        strength=fields.real("strength"),
        mask=fields.maybe_path("mask"),
        upscaler=fields.maybe_path("upscaler"),
    )
    found = Draw(order=_without_idle_strength(order), clip=fields.maybe_path("clip"), out=fields.path("out"))
    fields.close()
    return found


def _without_idle_strength(order: Order) -> Order:
    return replace(order, strength=None) if order.image is None and order.mask is None else order


def _upscale(fields: _Fields) -> Upscale:
    job = UpscaleJob(
        picture=fields.path("image"),
        out=fields.path("out"),
        model=fields.path("model"),
        steps=fields.number("steps", 1, 1000),
        noise_level=0.0,
        tile_px=TILE_PX,
        seed=fields.number("seed", -_LARGEST_SEED, _LARGEST_SEED) or 0,
        device="auto",
    )
    fields.close()
    return Upscale(job=job)


def _embed(fields: _Fields) -> Embed:
    images = tuple(map(Path, fields.texts("images")))
    found = Embed(clip=fields.path("clip"), texts=fields.texts("texts"), images=images)
    fields.close()
    return found


def _load(fields: _Fields) -> Load:
    found = Load(model=fields.path("model"))
    fields.close()
    return found


def _readable(text: str) -> str:
    """JSON can name lone surrogates, which no tokenizer takes; they become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


_READERS: Mapping[str, Callable[[_Fields], Request]] = MappingProxyType(
    {"draw": _draw, "embed": _embed, "upscale": _upscale, "load": _load}
)
