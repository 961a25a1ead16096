"""What a person typed into the form, read as a wish: every mistake is told beside its field, and nothing is lost."""

import math
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.drawing import models
from pd_assets.lib.drawing.models import Drawer
from pd_assets.lib.drawing.starts import Starts, rectangle
from pd_assets.lib.drawing.wish import MASKED_STRENGTH, STRENGTH, Wish
from pd_assets.lib.errors import ConfigError, PdError

FIELDS = (
    "model", "prompt", "negative_prompt", "seed", "steps", "guidance", "width", "height", "n", "start", "strength",
    "mask", "left", "top", "across", "down",
)  # fmt: skip
LONGEST_PROMPT = 2_000
MOST_PICTURES, MOST_STEPS, MOST_GUIDANCE = 4, 1_000, 50.0
MOST_SEED = 2**63 - 1
# Zero-width non-joiner and joiner: scripts such as Persian, and emoji, are written with them.
JOINERS = "\u200c\u200d"


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was typed, by field; what is wrong, by field; and the wish where nothing is."""

    typed: Mapping[str, str]
    problems: Mapping[str, str]
    wish: Wish | None = None


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(2**31)


def read(own: Starts, found: Sequence[Drawer], typed: Mapping[str, str]) -> Read:
    """A wish from what was typed."""
    reader = _Reader({name: typed.get(name, "").strip() for name in FIELDS})
    try:
        model = models.chosen([one for one in found if not one.is_enlarging], reader.typed["model"])
    except ConfigError as error:
        reader.problems["model"] = str(error)
        return Read(typed=typed, problems=reader.problems)
    start, mask = reader.start(own)
    width, height = (reader.side(name, model) for name in ("width", "height"))
    wish = Wish(
        stage=model.stage,
        version=model.version,
        prompt=reader.prompt("prompt", model),
        negative_prompt=reader.prompt("negative_prompt", model),
        seed=reader.whole("seed", 0, MOST_SEED, new_seed()),
        steps=reader.whole("steps", 1, MOST_STEPS, model.steps),
        guidance=reader.number("guidance", 0, MOST_GUIDANCE, model.guidance) if model.takes_prompts else None,
        width=width,
        height=height,
        n=reader.whole("n", 1, MOST_PICTURES, 1),
        start=start,
        strength=reader.strength(is_used=bool(start), is_masked=bool(mask)),
        mask=mask,
    )
    return Read(typed=typed, problems=reader.problems, wish=None if reader.problems else wish)


@dataclass
class _Reader:
    typed: dict[str, str]

    def __post_init__(self) -> None:
        self.problems: dict[str, str] = {}

    def prompt(self, name: str, model: Drawer) -> str:
        # Other characters that only say how text is laid out come with what is pasted.
        typed = (one for one in self.typed[name] if one in JOINERS or unicodedata.category(one) != "Cf")
        text = " ".join("".join(typed).split())
        if not model.takes_prompts:
            # What was typed for another model stays in the form.
            return ""
        if len(text) > LONGEST_PROMPT:
            self.problems[name] = (
                f"{len(text.split()):,} words, {len(text):,} characters; expected at most {LONGEST_PROMPT:,} "
                "characters, of which the model reads the beginning"
            )
        elif not text.translate(dict.fromkeys(map(ord, JOINERS))).isprintable():
            self.problems[name] = "it has characters that cannot be printed; type it anew"
        elif name == "prompt" and not text.strip(JOINERS):
            self.problems[name] = "nothing was typed; expected a few words that say what is to be drawn"
        return text

    def whole(self, name: str, least: int, most: int, otherwise: int) -> int:
        text = self.typed[name]
        if not text:
            return otherwise
        try:
            # Python refuses to read numbers of thousands of digits.
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            self.problems[name] = f"{text[:40]!r}; expected a whole number from {least:,} to {most:,}"
            return otherwise
        return number

    def number(self, name: str, least: float, most: float, otherwise: float) -> float:
        text = self.typed[name]
        if not text:
            return otherwise
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            self.problems[name] = f"{text[:40]!r}; expected a number from {least:g} to {most:g}"
            return otherwise
        return number

    def side(self, name: str, model: Drawer) -> int:
        side = self.whole(name, model.least_px, model.most_px, model.size_px)
        if name not in self.problems and side % model.multiple_px:
            near = max(model.multiple_px, round(side / model.multiple_px) * model.multiple_px)
            self.problems[name] = f"{side}; this model draws multiples of {model.multiple_px} pixels, such as {near}"
        return side

    def strength(self, *, is_used: bool, is_masked: bool) -> float:
        own = MASKED_STRENGTH if is_masked else STRENGTH
        found = self.number("strength", 0.01, 1, own)
        if not is_used:
            self.problems.pop("strength", None)
            return own
        return found

    def start(self, own: Starts) -> tuple[str, str]:
        start, mask = "", self.typed["mask"]
        try:
            start = own.named(self.typed["start"])
        except PdError as error:
            self.problems["start"] = str(error)
        try:
            typed = (self.typed[name] for name in ("left", "top", "across", "down"))
            if (typed_mask := rectangle(*typed)) and mask:
                raise ConfigError("a rectangle is typed and a part is painted over: empty the one or clear the other")
            mask = typed_mask or mask
            own.require_mask(mask)
        except ConfigError as error:
            self.problems["mask"] = str(error)
        if mask and not start and not self.problems:
            self.problems["mask"] = "a part is marked to be drawn anew, but there is no picture to begin with"
        return start, mask
