"""The papers of a bundle, each a pure function of its facts: the same facts give the same bytes.

`python -m pd_ml verify` computes them again and compares, so a paper may use nothing but `Facts`. Whoever changes what
a paper says raises `layout.FORMAT_VERSION`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts, read_facts
from pd_ml.bundle.papers import (
    attribution,
    bom,
    california,
    card,
    croissant,
    dataset_card,
    debian,
    eu_summary,
    licence,
    spdx,
)

WRITERS: Mapping[str, Callable[[Facts], str]] = MappingProxyType(
    {
        layout.CARD: card.write,
        layout.LICENCE: licence.write,
        layout.ATTRIBUTION: attribution.write,
        layout.DATASET_CARD: dataset_card.write,
        layout.BOM: bom.write,
        layout.SPDX: spdx.write,
        layout.CROISSANT: croissant.write,
        layout.DEBIAN: debian.write,
        layout.EU_PAGE: eu_summary.write_page,
        layout.EU_DATA: eu_summary.write_data,
        layout.CALIFORNIA: california.write,
    }
)


def write_papers(folder: Path) -> None:
    """Write every paper of the bundle in the making; BundleError where its facts do not fit together."""
    facts = read_facts(folder)
    for name, write in WRITERS.items():
        # Bytes: elsewhere a text would be written in the system's encoding, with its own ends of lines.
        (folder / name).write_bytes(write(facts).encode())
