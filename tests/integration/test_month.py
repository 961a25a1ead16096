"""A few nights of tests/bench/month.py: nobody looks, the archive changes, things are killed, and all ends well."""

from pathlib import Path

import pytest

from tests.bench.month import Change, month

pytestmark = [pytest.mark.slow, pytest.mark.extended]


def test_after_nights_of_changes_and_kills_tables_datasets_models_and_flags_are_as_they_should_be(
    mediawiki_installed: None, art_folder: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    change = Change(edits=5, uploads=4, deletions=1, closed=1, opened=1)
    figures = month(tmp_path, nights=3, pictures=90, seed=20261122, change=change, say=told.append)
    assert figures.problems == [], figures.told
    # The models saw what was taken down after them: else nothing was there to be flagged.
    assert int(str(figures.told["models that saw one"])) >= 3, (figures.told, told)
    assert int(str(figures.told["pictures taken down"])) >= 2
    assert (
        sum(count for name, count in figures.told.items() if name.startswith("killed") and isinstance(count, int)) >= 1
    )
