"""A wish: all that draws a picture, so that it can be drawn again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import urlencode

from pd_assets.lib.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be drawn, by which model.

    `start` is "" or the picture to begin with (starts.py), `mask` "" or what of it is drawn anew; `strength` how far
    the result may be from it. `width` and `height` are pixels. With `is_enlarging` the model makes `start` larger.
    """

    stage: str
    version: str
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    width: int = 0
    height: int = 0
    n: int = 1
    start: str = ""
    strength: float = 0.6
    mask: str = ""
    is_enlarging: bool = False

    @property
    def model(self) -> str:
        return f"{self.stage}/{self.version}"

    @property
    def again(self) -> str:
        """The address of the drawing page with all of it filled in."""
        told = {
            "model": self.model,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "seed": self.seed,
            "steps": self.steps,
            "guidance": self.guidance,
            "width": self.width,
            "height": self.height,
            "n": self.n,
            "start": self.start,
            "strength": self.strength if self.start else None,
            "mask": self.mask,
        }
        return "/draw?" + urlencode({name: value for name, value in told.items() if value not in (None, "")})

    def begun_with(self, start: str) -> "Wish":
        """The same words and settings over another picture."""
        return replace(self, start=start, mask="")


def as_json(wish: Wish) -> dict[str, object]:
    """For the file that draws it again."""
    return asdict(wish)


def from_json(told: Mapping[str, object]) -> Wish:
    """A wish that was kept; ConfigError where it is none."""
    names = {field.name for field in fields(Wish)}
    if not isinstance(told, Mapping) or not {"stage", "version"} <= set(told) <= names:
        raise ConfigError("not a wish of this version; draw it anew")
    return Wish(**told)  # type: ignore[arg-type]
