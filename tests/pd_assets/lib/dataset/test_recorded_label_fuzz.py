"""Recorded pages cut anywhere: nothing is raised, and neither markup nor users come through."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from tests.material import recorded
from tests.pd_assets.lib.dataset.cutting import cut_anywhere, cut_summary, metadata_below


def test_every_recorded_wikitext_cut_anywhere_leaks_nothing() -> None:
    texts = sorted({text for file in recorded("commons").rglob("*") for text in _wikitexts(file)})
    assert len(texts) >= 15
    for text in texts:
        cut_anywhere(text, step=7)


def _wikitexts(file: Path) -> Iterator[str]:
    """Wikitext that stands in a recorded page: upload summaries hold the first version of it, often cut off."""
    if file.suffix not in (".html", ".json"):
        return
    for match in re.finditer(r"\{\{\s*Information[^<]{20,3000}", file.read_text(errors="replace"), re.IGNORECASE):
        yield html.unescape(match.group())


def test_recorded_metadata_cut_anywhere_leaks_nothing() -> None:
    seen = 0
    for metadata in metadata_below(recorded("commons")):
        seen += 1
        cut_summary(metadata)
    assert seen > 100
