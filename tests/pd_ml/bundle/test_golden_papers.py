"""Bundles that are out there verify only while their papers come out as they were."""

import json

from tests.pd_ml.bundle import golden


def test_a_changed_word_of_a_paper_asks_for_another_format_of_bundles() -> None:
    frozen = json.loads(golden.FROZEN.read_text())
    assert golden.digests() == frozen, (
        "these papers say something else: once a bundle of this format was handed out, raise layout.FORMAT_VERSION, "
        "and run make goldens"
    )
