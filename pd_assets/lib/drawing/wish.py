"""A wish: all that draws a picture, so that it can be drawn again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import urlencode

from pd_assets.lib.errors import ConfigError

# As what draws has them (pd_ml/diffusion/order.py): a marked part is drawn anew, all of it.
STRENGTH, MASKED_STRENGTH = 0.6, 1.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be drawn, by which model.

    `start` is "" or the picture to begin with (starts.py), `mask` "" or what of it is drawn anew; `strength` how far
    the result may be from it. `width` and `height` are pixels. With `is_enlarging` the model makes `start` larger.

    `root`: all names and digests of the picture that it began with, also through other results, the one by which it was
    named first; () of nothing. None, and it counts as taken down: nobody can tell.
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
    strength: float = STRENGTH
    mask: str = ""
    is_enlarging: bool = False
    root: tuple[str, ...] | None = None

    @property
    def model(self) -> str:
        return f"{self.stage}/{self.version}"

    @property
    def began_with(self) -> tuple[str, ...] | None:
        """The root, which is nothing wherever there is no start."""
        return self.root if self.start else ()

    @property
    def chosen_strength(self) -> float | None:
        """The strength that somebody chose; None where it is what is taken without."""
        own = MASKED_STRENGTH if self.mask else STRENGTH
        return self.strength if self.start and self.strength != own else None

    @property
    def again(self) -> str:
        """The address of the drawing page with all of it filled in."""
        return self._address({"seed": self.seed, "mask": self.mask})

    @property
    def another(self) -> str:
        """The same, with a seed that nobody chose yet."""
        return self._address({"mask": self.mask})

    def _address(self, more: Mapping[str, object]) -> str:
        told = {
            "model": self.model,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "steps": self.steps,
            "guidance": self.guidance,
            "width": self.width,
            "height": self.height,
            "n": self.n,
            "start": self.start,
            "strength": self.chosen_strength,
            **more,
        }
        return "/draw?" + urlencode({name: value for name, value in told.items() if value not in (None, "")})

    def begun_with(self, start: str) -> "Wish":
        """The same words and settings over another picture."""
        return replace(self, start=start, mask="", strength=self.chosen_strength or STRENGTH)


def as_json(wish: Wish) -> dict[str, object]:
    """For the file that draws it again."""
    return asdict(wish)


def from_json(told: Mapping[str, object]) -> Wish:
    """A wish that was kept; ConfigError where it is none."""
    names = {field.name for field in fields(Wish)}
    if not isinstance(told, Mapping) or not {"stage", "version"} <= set(told) <= names:
        raise ConfigError("not a wish of this version; draw it anew")
    root = told.get("root")
    return replace(Wish(**told), root=tuple(root) if isinstance(root, list | tuple) else None)  # type: ignore[arg-type]
