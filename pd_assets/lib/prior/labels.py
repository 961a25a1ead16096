"""Which labels of the prior system are kept, as which field, and under which licence. Default deny.

Its keys are the parameters of a page's information box, whose text is CC BY-SA 4.0 like all text of the page; they are
kept under that. `__label` and `__description` are captions: copied from structured data (CC0), or written into the
database by whoever ran it, which nothing tells apart. So they are kept under the licence that the operator states, and
refused where they state none. Fields that name persons are left to the page, which tells who is a user. What speaks of
rights is never read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, LONGEST_VALUE, OF_PERSONS
from pd_assets.lib.page.boxes import BY_ARGUMENT
from pd_assets.lib.prior.found import Tally
from pd_assets.lib.prior.kept import KeptLabel

SYSTEM = "PD-Diffusion"
LICENCES = (CC0, CC_BY_SA)
CAPTIONS: Mapping[str, str] = MappingProxyType({"__label": "label", "__description": "description"})
_RIGHTS = re.compile(
    r"licen[cs]|permission|copyright|\brights?\b|public.?domain|\bpd\b|credit|source|attribution|otrs|usage",
    re.IGNORECASE,
)
UNSTATED = "captions, and nobody stated their licence (--label-licence)"


@dataclass(kw_only=True)
class Labels:
    """How captions and labels are judged. `licence` is the operator's word for captions, `credit` whom to thank."""

    licence: str | None = None
    credit: str = ""
    kept: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)

    def kept_of(self, found: Iterable[tuple[str, str]]) -> list[KeptLabel]:
        """Those that are kept of the labels of one picture."""
        return [kept for key, value in found if (kept := self._judged(key.strip().lower(), value)) is not None]

    def _judged(self, key: str, value: str) -> KeptLabel | None:
        if not value.strip():
            return None
        name = CAPTIONS.get(key) or BY_ARGUMENT.get(key, "")
        if (why_not := self._why_not(key, name, value)) is not None:
            self.refused.add(why_not, key, once=True)
            return None
        is_caption = key in CAPTIONS
        licence = self.licence if is_caption and self.licence else CC_BY_SA
        self.kept.add(f"{'captions' if is_caption else 'labels copied from pages'} under {licence}")
        by = f" by {self.credit}" if is_caption and self.credit else ""
        return KeptLabel(field=name, value=value, licence=licence, seen_in=f"{SYSTEM} {key}{by}", copied=not is_caption)

    def _why_not(self, key: str, name: str, value: str) -> str | None:
        if _RIGHTS.search(key):
            return "claims of rights and sources, which are not believed"
        if not name:
            return "no field that a caption is made of"
        if name in OF_PERSONS:
            return "names of persons, which the page tells"
        if len(value) > LONGEST_VALUE:
            return f"longer than {LONGEST_VALUE} signs"
        return UNSTATED if key in CAPTIONS and self.licence is None else None
