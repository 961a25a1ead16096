"""What an export writes anew: never more than it must, and in the end everything."""

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pd_assets.lib.dataset.layout import FEW, LABEL_SHARE, Standing, decide
from pd_ml.data.shards import shard_name

FULL = 1000


def standing(number: int, **changes: object) -> Standing:
    whole = Standing(path=shard_name("train", number), split="train", size_bytes=FULL, rows=100, kept=100)
    return replace(whole, **changes)  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.integers(1, 1200), st.integers(0, 100), st.booleans(), st.integers(0, 50), st.integers(0, 9)),
        min_size=1,
        max_size=150,
    ),
    st.booleans(),
)
@settings(max_examples=150)
# Eight small shards are merged and would have taken the whole share for labels, so that the ninth waited for nothing.
@example([(1, 0, False, 0, 0), *[(100, 100, False, 50, 9)] * 8, (911, 100, False, 50, 9)], False)
def test_every_shard_that_keeps_a_row_has_one_fate_and_none_that_must_go_stands(
    drawn: list[tuple[int, int, bool, int, int]], is_news: bool
) -> None:
    there = [
        standing(n, size_bytes=size, kept=kept, must=must or kept < 100, stale=min(stale, kept), waited=waited)
        for n, (size, kept, must, stale, waited) in enumerate(drawn)
    ]
    layout = decide(there, new_in={"train"} if is_news else (), shard_bytes=FULL)
    fates = [layout.linked, layout.rewritten, layout.merged]
    assert sum(map(len, fates)) == len(frozenset().union(*fates))
    assert frozenset().union(*fates) == {one.path for one in there if one.kept}
    assert not layout.linked & {one.path for one in there if one.must}
    by_labels = [one for one in there if one.path in layout.rewritten and not one.must]
    budget = max(LABEL_SHARE * sum(one.size_bytes for one in there), FULL)
    assert sum(one.size_bytes for one in by_labels) <= budget or len(by_labels) == 1
    stale = {one.path: one for one in there if one.stale and one.path in layout.linked}
    assert layout.waited == {path: one.waited + 1 for path, one in stale.items()}
    assert layout.waiting == sum(one.stale for one in stale.values())
    assert not stale or by_labels, "where labels wait, some are taken over"


def test_no_label_waits_longer_than_the_share_says_however_many_change_beside_it() -> None:
    there = [standing(n, stale=1 + n) for n in range(200)]
    longest = 0
    for _ in range(200):
        layout = decide(there, new_in=(), shard_bytes=FULL)
        longest = max(longest, *layout.waited.values())
        # What was taken over is out of date again the next night, and more so than what still waits.
        there = [replace(one, stale=one.stale + 99, waited=layout.waited.get(one.path, 0)) for one in there]
        assert len(layout.rewritten) == 4
    assert longest < 1 / LABEL_SHARE


def test_a_hundred_nights_of_a_few_new_rows_write_each_row_a_few_times() -> None:
    for news_bytes, most_written, most_small in ((30, 3.0, 3 * FEW), (150, 2.5, 2 * FEW), (2300, 1.4, 2 * FEW)):
        there = [standing(n) for n in range(100)]
        written_bytes, number = 0, 100
        for _ in range(100):
            layout = decide(there, new_in={"train"}, shard_bytes=FULL)
            pool = news_bytes + sum(one.size_bytes for one in there if one.path in layout.merged)
            written_bytes += pool
            there = [one for one in there if one.path in layout.linked]
            while pool:
                there.append(standing(number, size_bytes=min(pool, FULL)))
                pool, number = pool - there[-1].size_bytes, number + 1
        assert written_bytes / (100 * news_bytes) < most_written, news_bytes
        assert sum(one.size_bytes < FULL // 2 for one in there) < most_small


def test_shards_that_takedowns_thinned_are_merged() -> None:
    there = [standing(n, kept=60) for n in range(FEW)]
    thinned = [replace(one, kept=30, must=one.path == shard_name("train", 0)) for one in there]
    assert not decide(there, new_in={"train"}, shard_bytes=FULL).merged
    assert decide(thinned, new_in=(), shard_bytes=FULL).merged == {one.path for one in thinned}
    assert not decide([replace(one, must=False) for one in thinned], new_in=(), shard_bytes=FULL).merged
