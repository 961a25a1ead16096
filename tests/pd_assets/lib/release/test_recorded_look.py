"""The looks of real paintings: what was passed on finds itself, and strangers find nothing."""

import io

import pytest
from PIL import Image

from pd_assets.lib.release.look import Known, Look, is_same
from tests.material import recorded
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.release.test_look import look, passed_on


@pytest.mark.slow
def test_of_paintings_one_that_was_passed_on_finds_itself_and_strangers_find_nothing() -> None:
    """A few of those that docs/trace.md measures all of."""
    paths = sorted((recorded("art") / "images").glob("*.jpg"))[:90]
    paintings = [Image.open(io.BytesIO(path.read_bytes())).convert("RGB") for path in paths]
    looks = [look(encoded(one, quality=95)) for one in paintings[:60]]
    known = Known.of([one.phash for one in looks], [one.detail_hash for one in looks])

    def found(asked: Look) -> list[int]:
        return [near.place for near in known.near(asked) if is_same(asked, looks[near.place])]

    for number in range(0, 60, 3):
        assert number in found(look(passed_on(paintings[number], crop=(0.02,) * 4)))
    assert [found(look(encoded(one))) for one in paintings[60:]] == [[]] * 30
