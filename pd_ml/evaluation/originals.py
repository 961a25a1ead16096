"""Which training pictures do copies come from? By how often a picture was shown, and by how typical it is.

A model may hand out no copies on the whole and still those of the few pictures that it saw most often, or of those that
look like many others: prototypical examples are memorised first, and unique ones among them too (2605.30642). So what
was drawn is told apart by the training picture nearest to it. The exposure is that of the model's own training: what a
VAE or a model that it started from saw is in their ledgers.

How typical a picture is: its mean distance to the nearest 10 of at most 4,096 other training pictures, chosen once by
the seed. Of larger sets the thirds are those of the chosen ones, so that the cost is bounded by 4,096 x (4,096 + N)
distances, whatever the training set holds.
Shapes: T training pictures, M chosen ones, N drawn pictures, P values of a thumbnail, K neighbours.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from pd_ml.data.cache import PixelStore
from pd_ml.errors import ProvenanceError
from pd_ml.evaluation.metrics import wilson_interval
from pd_ml.evaluation.thumbnails import thumbnails
from pd_ml.provenance import read_ledger

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_CHOSEN, NEIGHBOURS, CHUNK = 4096, 10, 1024
# The hundredth that was shown most often stands apart: a few pictures that are there many times over are in it.
EXPOSURE_QUANTILES, MOST_BANDS = (0.25, 0.5, 0.75, 0.99), 6
TYPICALITY = ("most typical", "in between", "least typical")


@dataclass(frozen=True, kw_only=True)
class Originals:
    """What the nearest training pictures are told apart by.

    `shown_T`: how often each was shown, or why that is not known. `chosen_M` are numbers of training pictures,
    `thumbnails_MP` what they are compared by, `spread_M` how far each is from its neighbours among the others.
    """

    shown_T: Counts | str
    chosen_M: Counts
    thumbnails_MP: Tensor
    spread_M: Tensor
    train_THWC: PixelStore

    def spread_of(self, number_N: Counts) -> Tensor:
        """The mean distance of training pictures to the nearest of the chosen ones, themselves left out."""
        pixels_NHWC = self.train_THWC[number_N]
        return _spread(thumbnails(pixels_NHWC, self.thumbnails_MP.device), number_N, self.thumbnails_MP, self.chosen_M)


def originals(train_THWC: PixelStore, shown_T: Counts | str, *, seed: int, device: torch.device) -> Originals:
    """Choose what is compared with, and measure how typical the chosen pictures are."""
    chosen_M = np.sort(np.random.default_rng(seed).permutation(train_THWC.shape[0])[:MOST_CHOSEN]).astype(np.int64)
    thumbnails_MP = thumbnails(train_THWC[chosen_M], device)
    return Originals(
        shown_T=shown_T,
        chosen_M=chosen_M,
        thumbnails_MP=thumbnails_MP,
        spread_M=_spread(thumbnails_MP, chosen_M, thumbnails_MP, chosen_M),
        train_THWC=train_THWC,
    )


def times_shown(model: Path, item_ids: tuple[str, ...]) -> Counts | str:
    """How often the model's ledger says that each training picture was shown, or why it cannot be told."""
    try:
        ledger = read_ledger(model)
        if not ledger.is_known:
            return "the model is older than ledgers"
        shown_T = np.full(len(item_ids), -1, dtype=np.int64)
        ids = pa.array(item_ids, pa.string())
        for batch in ledger.batches(("item_id", "split", "times_shown")):
            train = batch.filter(pc.equal(batch["split"], "train"))
            at = pc.index_in(train["item_id"], value_set=ids)
            known = pc.is_valid(at).to_numpy(zero_copy_only=False)
            shown_T[pc.drop_null(at).to_numpy()] = train["times_shown"].to_numpy()[known]
    except ProvenanceError:
        return "nothing proves the ledger beside the model"
    if missing := int((shown_T < 0).sum()):
        return f"the model's ledger does not name {missing} of {len(item_ids)} training pictures"
    return shown_T


def by_exposure(known: Originals, number_N: Counts, is_copy_N: Flags) -> list[dict[str, object]] | dict[str, object]:
    """Bands of how often pictures were shown: each number alone where there are few, else never, quarters of the
    others, and the hundredth that was shown most. Pictures that were shown equally often are in one band.
    """
    shown_T = known.shown_T
    if isinstance(shown_T, str):
        return {"unknown": shown_T}
    # Band b was shown more often than edges[b-1] says, and at most as often as edges[b].
    edges = np.unique(shown_T)
    if len(edges) > MOST_BANDS:
        edges = np.unique([0, *np.quantile(shown_T[shown_T > 0], EXPOSURE_QUANTILES, method="lower")])
    band_T, band_N = (np.searchsorted(edges, times, side="left") for times in (shown_T, shown_T[number_N]))
    bands: list[dict[str, object]] = []
    for band in np.unique(band_T):
        of_band = shown_T[band_T == band]
        named: dict[str, object] = {"shown_from": int(of_band.min()), "shown_to": int(of_band.max())}
        bands.append(named | _band(len(of_band), len(shown_T), is_copy_N[band_N == band], int(is_copy_N.sum())))
    return bands


def by_typicality(known: Originals, number_N: Counts, is_copy_N: Flags) -> dict[str, object]:
    """Thirds of the training pictures, those first that lie nearest to others."""
    spread_M, spread_N = known.spread_M.numpy(), known.spread_of(number_N).numpy()
    edges = np.quantile(spread_M, (1 / 3, 2 / 3))
    band_M, band_N = (np.searchsorted(edges, spread, side="left") for spread in (spread_M, spread_N))
    bands: list[dict[str, object]] = []
    for band, name in enumerate(TYPICALITY):
        if count := int((band_M == band).sum()):
            told = _band(count, len(spread_M), is_copy_N[band_N == band], int(is_copy_N.sum()))
            bands.append({"band": name, "mean_distance": round(float(spread_M[band_M == band].mean()), 6)} | told)
    return {"bands": bands, "measured_on": len(spread_M), "training_pictures": known.train_THWC.shape[0]}


def _band(pictures: int, of_all: int, is_copy_N: Flags, all_copies: int) -> dict[str, object]:
    """One band: `n` drawn pictures have their nearest training picture in it, and `copies` of them count as copies.

    `share` is that of copies among the `n`, with its 95 % interval; `share_of_copies`, among the copies of all bands,
    is to be read beside `share_of_training`, which chance would give.
    """
    n, copies = len(is_copy_N), int(is_copy_N.sum())
    low, high = wilson_interval(copies, n) if n else (0.0, 1.0)
    told: dict[str, object] = {
        "training_pictures": pictures,
        "share_of_training": pictures / of_all,
        "n": n,
        "copies": copies,
        "share": copies / n if n else None,
        "low": low,
        "high": high,
        "share_of_copies": None,
    }
    if all_copies:
        low, high = wilson_interval(copies, all_copies)
        told |= {"share_of_copies": copies / all_copies, "copies_low": low, "copies_high": high}
    return told


def _spread(thumbnails_NP: Tensor, number_N: Counts, chosen_MP: Tensor, chosen_M: Counts) -> Tensor:
    """Mean distance to the nearest of the chosen pictures that are not the picture itself."""
    numbers_M = torch.from_numpy(chosen_M).to(chosen_MP.device)
    found = [torch.empty(0)]
    for start in range(0, len(thumbnails_NP), CHUNK):
        some_NP = thumbnails_NP[start : start + CHUNK]
        own_N = torch.from_numpy(number_N[start : start + CHUNK]).to(chosen_MP.device)
        distance_NM = torch.cdist(some_NP, chosen_MP) / math.sqrt(chosen_MP.shape[1])
        distance_NM[own_N[:, None] == numbers_M] = math.inf
        neighbours = max(1, min(NEIGHBOURS, len(chosen_M) - 1))
        found.append(distance_NM.topk(neighbours, dim=1, largest=False).values.mean(1).cpu())
    return torch.cat(found)
