"""A small network that reads what a picture shows, or says that it cannot be told; no CLIP takes part.

It is trained from random weights on the true training pictures of the dataset that is evaluated on, whose captions name
the values. To an attribute that is `strict` belongs one answer more, taught with spoilt pictures (spoiling.py): a
lenient reader names an object in any blob. What pictures are read, and what for, does not belong here.

Shapes: N pictures, B of a batch, A attributes, K answers of one, C channels, H height, W width.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pd_ml.data.loader import Examples, batch_indices
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.attributes import Accuracy, NamedAttribute, accuracy_of, value_shown
from pd_ml.evaluation.spoiling import KINDS, LEFT, NOT_KNOWN, RIGHT, Shown, spoilt, varied
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]
# The attribute that tells in which half of the picture the object is.
SIDE = "side"
_SIDES = {"left": LEFT, "right": RIGHT}
# Every size is brought to about as many cells a side first, so that all of them cost the same.
_CELLS, _POOLED = 16, 4
_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class ReaderConfig:
    """At most `steps` batches of `batch_size` true pictures and as many spoilt ones, at most `epochs` times all."""

    steps: int = 300
    epochs: int = 16
    batch_size: int = 48
    widths: tuple[int, int, int, int] = (32, 48, 64, 96)
    lr: float = 3e-3
    weight_decay: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a reader says of pictures with captions: how often it is right, and how often it cannot tell.

    A picture of which it cannot tell is a miss; `cannot_be_told` is their share among the `n` of `accuracy`.
    """

    accuracy: Accuracy
    cannot_be_told: float


class Reader:
    """A trained reader. Make it with `train_reader`."""

    def __init__(self, network: "Network", attributes: tuple[NamedAttribute, ...]) -> None:
        self.network = network
        self.attributes = attributes

    def read(self, pixels_NHWC: Pixels) -> dict[str, list[str | None]]:
        """The value of each attribute that each picture shows; None where it cannot be told."""
        starts = range(0, len(pixels_NHWC), _AT_ONCE)
        return self._answers(_unit(pixels_NHWC[start : start + _AT_ONCE]) for start in starts)

    def measured(self, pixels_NHWC: Pixels, captions: Sequence[str]) -> dict[str, Reading]:
        """How often it reads what the captions name; EvaluationError where no caption names a value."""
        seen = self.read(pixels_NHWC)
        return {one.name: _reading(one, captions, seen[one.name]) for one in self.attributes}

    def refused(self, pixels_NHWC: Pixels, captions: Sequence[str], *, seed: int) -> dict[str, dict[str, float]]:
        """Of each strict attribute: the share of these true pictures of which it cannot tell once they are spoilt.

        A kind is left out where none of them can be spoilt so.
        """
        targets_NA = _targets(self.attributes, [(caption,) for caption in captions])
        found: dict[str, dict[str, float]] = {}
        for number, attribute in enumerate(self.attributes):
            if not attribute.strict:
                continue
            shown = _shown(self.attributes, number, _unit(pixels_NHWC), targets_NA)
            shown = shown[shown.value_N != NOT_KNOWN]
            shares = found[attribute.name] = {}
            for kind in KINDS:
                generator = _generator(seed_of(seed, "spoilt", attribute.name, kind))
                seen = self._answers(spoilt(kind, shown, generator).split(_AT_ONCE))[attribute.name]
                if seen:
                    shares[kind] = seen.count(None) / len(seen)
        return found

    def _answers(self, batches: Iterable[Tensor]) -> dict[str, list[str | None]]:
        found: dict[str, list[str | None]] = {one.name: [] for one in self.attributes}
        with torch.no_grad():
            for x_BCHW in batches:
                for attribute, scores_BK in zip(self.attributes, self.network(x_BCHW), strict=True):
                    answers = [*(value.name for value in attribute.values), None]
                    found[attribute.name] += [answers[number] for number in scores_BK.argmax(1).tolist()]
        return found


class Network(nn.Module):
    """Five convolutions and, for each attribute, one layer over what they found in 4 x 4 places."""

    def __init__(self, *, size_px: int, answers: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        step = max(1, round(size_px / _CELLS))
        first, second, third, last = widths
        self.trunk = nn.Sequential(
            *_layer(3, first, kernel=step + 2, stride=step),
            *_layer(first, second),
            *_layer(second, third, stride=2),
            *_layer(third, third),
            *_layer(third, last, stride=2),
            nn.AdaptiveAvgPool2d(_POOLED),
            nn.Flatten(),
        )
        self.heads = nn.ModuleList(nn.Linear(last * _POOLED**2, count) for count in answers)

    def forward(self, x_NCHW: Tensor) -> list[Tensor]:
        """Scores NK of each attribute; "cannot be told" is the last of a strict one."""
        found = self.trunk(x_NCHW)
        return [head(found) for head in self.heads]


def _layer(channels: int, more: int, *, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, more, kernel, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(more), nn.ReLU(inplace=True)]


def told_by(attributes: Sequence[NamedAttribute], captions: Sequence[Sequence[str]]) -> tuple[NamedAttribute, ...]:
    """The attributes of which the captions of several pictures name two values at least: those that can be learnt."""
    targets_NA = _targets(attributes, captions)
    values = [targets_NA[:, number].unique() for number in range(len(attributes))]
    return tuple(one for one, found in zip(attributes, values, strict=True) if (found != NOT_KNOWN).sum() > 1)


def train_reader(
    examples: Examples,
    attributes: Sequence[NamedAttribute],
    *,
    seed: int,
    config: ReaderConfig | None = None,
) -> Reader:
    """A reader of the attributes of which the examples' captions name two values at least; EvaluationError for none.

    The same inputs give the same weights on one thread; of the global state nothing is changed.
    """
    config = config or ReaderConfig()
    told = told_by(attributes, examples.captions)
    if not told:
        names = ", ".join(attribute.name for attribute in attributes)
        raise EvaluationError(
            f"the captions of {len(examples)} training pictures name fewer than two values of each of: {names}; "
            "expected two at least; check the phrases of the attribute file"
        )
    targets_NA = _targets(told, examples.captions)
    task = _Task(examples=examples, attributes=told, targets_NA=targets_NA, seed=seed, config=config)
    # The global generator makes the first weights, and gets back what it had.
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed_of(seed, "weights", "reader"))
        network = Network(
            size_px=examples.array_NHWC.shape[1],
            answers=[len(attribute.values) + attribute.strict for attribute in task.attributes],
            widths=config.widths,
        )
        _train(network, task)
    return Reader(network.eval().requires_grad_(False), task.attributes)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What is learnt; `targets_NA` is the number of the value that is named, or NOT_KNOWN."""

    examples: Examples
    attributes: tuple[NamedAttribute, ...]
    targets_NA: Tensor
    seed: int
    config: ReaderConfig


def _train(network: Network, task: _Task) -> None:
    config = task.config
    rows = np.flatnonzero((task.targets_NA != NOT_KNOWN).any(1).numpy())
    batch_size = min(config.batch_size, len(rows))
    steps = min(config.steps, config.epochs * -(-len(rows) // batch_size))
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, total_steps=steps)
    network.train()
    for step in range(steps):
        chosen = rows[batch_indices(seed_of(task.seed, "reader"), step, batch_size, len(rows))]
        optimizer.zero_grad(set_to_none=True)
        _loss(network, task, chosen, step).backward()
        optimizer.step()
        schedule.step()


def _loss(network: Network, task: _Task, chosen: npt.NDArray[np.int64], step: int) -> Tensor:
    """Cross-entropy of what captions name and, of one strict attribute, of its spoilt pictures; others are masked."""
    generator = _generator(seed_of(task.seed, "reader", step))
    x_BCHW, targets_BA = _unit(task.examples.pixels(chosen)), task.targets_NA[torch.from_numpy(chosen)]
    pictures = [varied(x_BCHW, generator)]
    strict = [number for number, attribute in enumerate(task.attributes) if attribute.strict]
    judged = strict[step % len(strict)] if strict else NOT_KNOWN
    if strict:
        bad_NCHW = _spoilt_in_turn(_shown(task.attributes, judged, x_BCHW, targets_BA), generator)
        pictures.append(varied(bad_NCHW, generator) if step // len(strict) % 2 else bad_NCHW)
    found = network(torch.cat(pictures))
    losses = []
    for number, scores_BK in enumerate(found):
        bad = len(scores_BK) - len(chosen)
        refused = len(task.attributes[number].values) if number == judged else NOT_KNOWN
        answers_B = torch.cat([targets_BA[:, number], torch.full((bad,), refused)])
        summed = F.cross_entropy(scores_BK, answers_B, ignore_index=NOT_KNOWN, reduction="sum")
        losses.append(summed / (answers_B != NOT_KNOWN).sum().clamp(min=1))
    return torch.stack(losses).sum()


def _spoilt_in_turn(shown: Shown, generator: torch.Generator) -> Tensor:
    """The pictures, each spoilt in the next of the kinds."""
    turns = enumerate(KINDS)
    return torch.cat([spoilt(kind, shown[turn :: len(KINDS)], generator, among=shown) for turn, kind in turns])


def _reading(attribute: NamedAttribute, captions: Sequence[str], seen: Sequence[str | None]) -> Reading:
    named = [value_shown(attribute, (caption,)) for caption in captions]
    asked = [shows for says, shows in zip(named, seen, strict=True) if says]
    accuracy = accuracy_of(attribute, named, seen)
    return Reading(accuracy=accuracy, cannot_be_told=asked.count(None) / len(asked))


def _targets(attributes: Sequence[NamedAttribute], captions: Sequence[Sequence[str]]) -> Tensor:
    """The number of the value that the captions of each picture name, NA; NOT_KNOWN where it is not one."""
    places = [{value.name: place for place, value in enumerate(one.values)} for one in attributes]
    rows = [
        [place.get(value_shown(one, several) or "", NOT_KNOWN) for one, place in zip(attributes, places, strict=True)]
        for several in captions
    ]
    return torch.tensor(rows, dtype=torch.long).reshape(len(captions), len(attributes))


def _shown(attributes: Sequence[NamedAttribute], judged: int, x_NCHW: Tensor, targets_NA: Tensor) -> Shown:
    """The pictures with their values of one attribute, and their side where an attribute tells it."""
    side_N = torch.full((len(x_NCHW),), NOT_KNOWN)
    for number, attribute in enumerate(attributes):
        if attribute.name == SIDE:
            for place, value in enumerate(attribute.values):
                side_N[targets_NA[:, number] == place] = _SIDES.get(value.name, NOT_KNOWN)
    return Shown(x_NCHW=x_NCHW, value_N=targets_NA[:, judged], side_N=side_N)


def _unit(pixels_NHWC: Pixels) -> Tensor:
    x_NHWC = pixels_NHWC.astype(np.float32) / 127.5 - 1
    return torch.from_numpy(x_NHWC).permute(0, 3, 1, 2).contiguous()


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
