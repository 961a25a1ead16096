"""One row of dataset/captions: the labels of a page or record, the captions that the policy allows, and whom to thank.

Pure. What is imported here makes a row: where any of it is another, every row is made anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pd_assets.lib.code_version import code_version
from pd_assets.lib.dataset.composition import licensed_captions
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label, labels_version


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What rows depend on beside their pages. `names` is the file of the names of things (names.spool)."""

    policy: str
    language: str
    names: str

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with policy, language and code."""
        told = json.dumps([self.policy, self.language, code_version(__name__)])
        return hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()[:16]

    def to_json(self) -> str:
        return json.dumps([self.policy, self.language, self.names])

    @classmethod
    def from_json(cls, text: str) -> "Terms":
        policy, language, names = json.loads(text)
        return cls(policy=policy, language=language, names=names)


def caption_row(page: Mapping[str, object], labels: tuple[Label, ...], policy: str) -> dict[str, object]:
    """One row: every label, the captions of those that the policy allows, and whom to thank for them."""
    allowed = [label for label in labels if policy == "all" or label.licence == CC0]
    captions = licensed_captions(allowed, item_id=str(page["item_id"]))
    borrowed = [label for label in allowed if label.licence == CC_BY_SA] if captions else []
    return {
        "item_id": page["item_id"],
        "labels": [asdict(label) for label in labels],
        "captions": [caption.text for caption in captions],
        "caption_licences": [caption.licence for caption in captions],
        "label_licence": None if not captions else CC_BY_SA if borrowed else CC0,
        "policy": policy,
        "attribution": attribution(page, borrowed),
        "labels_version": labels_version(),
    }


def attribution(page: Mapping[str, object], borrowed: list[Label]) -> str | None:
    """Page, revision, history and fields of CC BY-SA text, as JSON; the history names the authors, this does not."""
    if not borrowed:
        return None
    address, revid = str(page.get("page_url") or ""), page.get("revid")
    told = {
        "licence": CC_BY_SA,
        "page_url": address,
        "revid": revid,
        "history_url": f"{address}{'&' if '?' in address else '?'}action=history" if address else "",
        "fields": sorted({label.seen_in for label in borrowed}),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)
