"""The ledger decides the licence of the weights, and no paper may name another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pd_ml.bundle import layout
from pd_ml.bundle.comparing import problems_by_rules
from pd_ml.bundle.facts import read_facts, weights_licence
from pd_ml.bundle.sealing import make_papers
from pd_ml.bundle.signature import sign
from pd_ml.bundle.verify import verify
from pd_ml.errors import BundleError
from tests.pd_ml.bundle import made
from tests.pd_ml.bundle.handed_out import HandedOut, lines, rewritten, told


@pytest.mark.parametrize(
    ("labels", "free", "licence"),
    [
        ("cc0", layout.OPENMDW, layout.OPENMDW),
        ("cc0", layout.CC0, layout.CC0),
        ("none", layout.OPENMDW, layout.OPENMDW),
        ("mixed", layout.CC0, layout.BY_SA),
    ],
)
def test_a_whole_bundle_is_under_the_licence_that_its_ledger_gives(
    labels: made.Labels, free: str, licence: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = made.bundle(
        tmp_path / "bundle", "unet" if labels == "none" else "unet_text", labels=labels, free_licence=free
    )
    make_papers(folder)
    sign(folder, whole.key)
    found = verify(folder, whole.public)
    assert found.is_whole, lines(found)
    assert found.checked.licence == licence


def test_a_free_bundle_with_one_shown_text_that_is_not_free_is_impossible(whole: HandedOut, tmp_path: Path) -> None:
    """Papers of a free bundle beside a ledger with a text under CC BY-SA."""
    free, mixed = (made.bundle(tmp_path / labels, labels=labels) for labels in ("cc0", "mixed"))
    for folder in (free, mixed):
        make_papers(folder)
    for name in layout.PAPERS:
        (mixed / name).write_bytes((free / name).read_bytes())
    sign(mixed, whole.key)
    found = verify(mixed, whole.public)
    for name, words in {
        layout.LICENCE: 'licence of the weights is ["OpenMDW-1.1"], expected ["CC-BY-SA-4.0"]',
        layout.CARD: 'licence of the weights is "openmdw-1.1", expected "cc-by-sa-4.0"',
        layout.BOM: 'licenses is ["OpenMDW-1.1"], expected ["CC-BY-SA-4.0"]',
        layout.SPDX: 'hasDeclaredLicense is "LicenseRef-OpenMDW-1.1", expected "CC-BY-SA-4.0"',
        layout.DEBIAN: '.safetensors is "OpenMDW-1.1", expected "CC-BY-SA-4.0"',
    }.items():
        assert told(found, name, words), lines(found)


def json_changed(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        document = json.loads((folder / name).read_text())
        change(document)
        (folder / name).write_text(json.dumps(document))

    return changed


def without_licence_of_the_model(bill: dict[str, Any]) -> None:
    del bill["metadata"]["component"]["licenses"]


def with_a_free_expression(document: dict[str, Any]) -> None:
    for one in document["@graph"]:
        if one.get("simplelicensing_licenseExpression") == layout.BY_SA:
            one["simplelicensing_licenseExpression"] = layout.CC0


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (layout.LICENCE, rewritten(layout.LICENCE, "Section 1", "Section one")),
        (layout.CARD, rewritten(layout.CARD, "cc-by-sa-4.0", "cc0-1.0")),
        (layout.CARD, rewritten(layout.CARD, "license:", "licence:")),
        (layout.BOM, json_changed(layout.BOM, without_licence_of_the_model)),
        (layout.SPDX, json_changed(layout.SPDX, with_a_free_expression)),
        (layout.DEBIAN, rewritten(layout.DEBIAN, "License: CC-BY-SA-4.0", "License: CC0-1.0")),
    ],
)
def test_each_paper_is_read_by_itself(
    name: str, change: Callable[[Path], None], whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    assert problems_by_rules(read_facts(folder)) == []
    change(folder)
    found = {problem.file for problem in problems_by_rules(read_facts(folder))}
    assert found == {name}


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "unknown", "CC-BY-4.0"])
def test_a_label_licence_that_no_rule_knows_gives_no_licence_of_the_weights(licence: str) -> None:
    with pytest.raises(BundleError, match=f"label texts under {licence} were shown"):
        weights_licence({layout.CC0: 5, licence: 1}, layout.OPENMDW)
