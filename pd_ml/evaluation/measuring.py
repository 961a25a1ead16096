"""What is measured of generated pictures, each number with its floor, its sample size and what measured it.

Shapes: N pictures, T training pictures, H height, W width, C channels, D embedding width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pd_ml.data.loader import Examples
from pd_ml.evaluation.attributes import ColourAttribute, NamedAttribute, colour_accuracy, value_shown
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.distribution import distance, frechet, kid, median_distance, mmd, overlap
from pd_ml.evaluation.fid import FeatureNetwork
from pd_ml.evaluation.held_out import HeldOut
from pd_ml.evaluation.metrics import matched_score
from pd_ml.evaluation.reader import Reader, Reading, told_by, train_reader
from pd_ml.evaluation.retrieval import retrieval
from pd_ml.evaluation.seams import seam
from pd_ml.evaluation.zero_shot import Labels, zero_shot
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]
Numbers = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Sets:
    """Three sets of pictures of the model's size: generated, held-out, and real ones of the training split.

    `captions` are those that the pictures were drawn for and `drawn_for_NHWC` their real ones; empty without prompts.
    """

    generated_NHWC: Pixels
    captions: tuple[str, ...]
    drawn_for_NHWC: Pixels
    held_out_NHWC: Pixels
    train_NHWC: Pixels


@dataclass(frozen=True, kw_only=True)
class Points:
    """The three sets in an embedding."""

    generated_ND: Tensor
    held_out_ND: Tensor
    train_ND: Tensor


def in_clip_space(sets: Sets, clip: ClipSpace) -> Points:
    """The sets as our CLIP sees them."""
    return Points(
        generated_ND=clip.images(sets.generated_NHWC),
        held_out_ND=clip.images(sets.held_out_NHWC),
        train_ND=clip.images(sets.train_NHWC),
    )


def distances(points: Points, clip: ClipSpace, seed: int) -> Numbers:
    """MMD, KID, precision, recall, density and coverage of the generated pictures to the held-out ones."""
    width = median_distance(points.held_out_ND)
    between = partial(distance, seed=seed_of(seed, "floor"))
    sets = (points.generated_ND, points.held_out_ND, points.train_ND)
    count = min(len(points.generated_ND), len(points.train_ND))
    order = torch.randperm(len(points.train_ND), generator=torch.Generator().manual_seed(seed_of(seed, "overlap")))
    real_ND = points.train_ND[order[:count].to(points.train_ND.device)]
    return {
        "mmd": {
            **asdict(between(partial(mmd, width=width), *sets)),
            "kernel_width": width,
            "measured_by": clip.measured_by,
        },
        "kid": {**asdict(between(kid, *sets)), "measured_by": clip.measured_by},
        "prdc": {
            "generated": asdict(overlap(points.generated_ND, points.held_out_ND)),
            "floor_real_vs_real": asdict(overlap(real_ND, points.held_out_ND)),
            "measured_by": clip.measured_by,
        },
    }


def fid(sets: Sets, network: FeatureNetwork, seed: int) -> Numbers:
    """FID of generated to held-out pictures in the user's features. It is biased by the number of pictures."""
    features = [network.features(pixels) for pixels in (sets.generated_NHWC, sets.held_out_NHWC, sets.train_NHWC)]
    found = distance(frechet, *features, seed=seed_of(seed, "fid"))
    return {"fid": {**asdict(found), "measured_by": network.measured_by}}


def alignment(
    sets: Sets, points: Points, clip: ClipSpace, attributes: Sequence[ColourAttribute], *, permutations: int, seed: int
) -> Numbers:
    """Do the pictures show what their captions say? By our CLIP, and by colours alone."""
    texts_ND = clip.texts(sets.captions)
    judged = partial(matched_score, permutations=permutations, seed=seed_of(seed, "p"))
    return {
        "clip_score": {
            "generated": asdict(judged(points.generated_ND, texts_ND)),
            "real": asdict(judged(clip.images(sets.drawn_for_NHWC), texts_ND)),
            "measured_by": clip.measured_by,
        },
        "colour_attributes": {
            attribute.name: {
                "generated": asdict(colour_accuracy(attribute, sets.generated_NHWC, sets.captions)),
                "real": asdict(colour_accuracy(attribute, sets.drawn_for_NHWC, sets.captions)),
                "measured_by": "pixels",
            }
            for attribute in attributes
        },
    }


def reader_for(
    captions: Sequence[str], attributes: Sequence[NamedAttribute], train: Examples, *, seed: int
) -> Reader | None:
    """A reader of those attributes whose values these captions name and the training captions teach, if any."""
    asked = [one for one in attributes if any(value_shown(one, (caption,)) for caption in captions)]
    taught = told_by(asked, train.captions)
    return train_reader(train, taught, seed=seed_of(seed, "reader")) if taught else None


def read_by(reader: Reader, sets: Sets, *, seed: int) -> Numbers:
    """Do the pictures show what their captions say? The real ones, true and spoilt, tell how good the reader is."""
    generated = reader.measured(sets.generated_NHWC, sets.captions)
    real = reader.measured(sets.drawn_for_NHWC, sets.captions)
    refused = reader.refused(sets.drawn_for_NHWC, sets.captions, seed=seed_of(seed, "reader"))
    return {
        "read_attributes": {
            name: {
                "generated": _reading(generated[name]),
                "real": _reading(real[name]),
                **({"spoilt_refused": refused[name]} if name in refused else {}),
                "measured_by": "a reader trained on the training pictures",
            }
            for name in generated
        }
    }


def _reading(reading: Reading) -> Numbers:
    return {**asdict(reading.accuracy), "cannot_be_told": reading.cannot_be_told}


def seams(sets: Sets, patch: object, image_size: object) -> Numbers:
    """Whether the patches of the model show, where it draws pictures of `image_size` in patches of several pixels."""
    if not isinstance(patch, int) or not 1 < patch < sets.generated_NHWC.shape[1] == image_size:
        return {}
    found = {"generated": seam(sets.generated_NHWC, patch), "real": seam(sets.drawn_for_NHWC, patch)}
    return {"seam": {"patch": patch, **found}}


def clip_retrieval(found: HeldOut, clip: ClipSpace) -> Numbers:
    """How well the CLIP that measures finds held-out pictures by their captions, and the reverse."""
    images_ND, texts_ND = clip.images(found.pixels_NHWC), clip.texts(found.captions)
    directions = {"image_to_text": images_ND @ texts_ND.T, "text_to_image": texts_ND @ images_ND.T}
    recalls = {
        name: {f"recall_at_{at}": asdict(retrieval(scores_NN, found.captions, at=at)) for at in (1, 5)}
        for name, scores_NN in directions.items()
    }
    return {"clip_retrieval": {**recalls, "measured_by": clip.measured_by}}


def clip_zero_shot(found: HeldOut, clip: ClipSpace, labels: Mapping[str, Labels]) -> Numbers:
    """Which label a held-out picture shows, by the CLIP that measures; right is what its caption names."""
    images_ND, captions = clip.images(found.pixels_NHWC), [(caption,) for caption in found.captions]
    measured = {name: zero_shot(images_ND, captions, one, clip.texts) for name, one in labels.items()}
    found_only = {name: asdict(one) for name, one in measured.items() if one}
    return {"clip_zero_shot": {**found_only, "measured_by": clip.measured_by}}
