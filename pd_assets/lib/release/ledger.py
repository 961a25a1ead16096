"""The ledger of models: `release/ledger`, a part for each model, which outlives the model's folder.

A part is the very file that the training wrote beside the weights, so the digest in `run.json` proves it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import Model


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How one model stands to one picture. `relation` is `trained_on`, `measured_with`, `held`, `through` or `unknown`.

    `times_shown` is that of the model itself, None where it is unknown; `through` names the models that it was made of
    or started from and that were trained on the picture: `clip 0123456789abcdef`; `why` says what is unknown.
    """

    model: Model
    relation: str
    times_shown: int | None
    through: tuple[str, ...] = ()
    why: str = ""


def seen_by(home: Home, pictures: Collection[tuple[str, str | None]]) -> Mapping[str, list[Seen]]:
    """By item: how each model stands to it, models without any relation left out.

    `pictures` are item ids, each with a SHA-256 in the store or None for any state of it.
    """
    raise NotImplementedError
