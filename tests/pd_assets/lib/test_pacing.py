"""The queue before a host, in virtual time: rates, pauses, the window of bytes, growing and halving."""

from itertools import pairwise

import pytest

from pd_assets.lib.pacing import (
    ACTION_API,
    ACTION_API_WITH_TOKEN,
    MEDIA,
    HostPolicy,
    HostQueue,
    action_api,
)
from tests.pd_assets.lib.virtual_time import VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(is_running=False)


def queue_of(policy: HostPolicy, time: VirtualTime) -> HostQueue:
    return HostQueue(policy=policy, clock=time.clock, sleep=time.sleep)


def starts_of(queue: HostQueue, time: VirtualTime, requests: int) -> list[float]:
    """When each of so many requests started that are all answered at once and well."""
    starts = []
    for _ in range(requests):
        queue.wait_for_turn()
        starts.append(time.clock())
        queue.went_well(0.0)
    return starts


def test_the_policies_are_those_of_the_archive() -> None:
    assert (ACTION_API.concurrency, ACTION_API_WITH_TOKEN.concurrency, MEDIA.concurrency) == (1, 3, 2)
    assert ACTION_API.most_per_s is not None and ACTION_API.most_per_s < 5
    assert ACTION_API_WITH_TOKEN.most_per_s is not None and ACTION_API_WITH_TOKEN.most_per_s <= 10
    assert (action_api(None), action_api(""), action_api("x")) == (ACTION_API, ACTION_API, ACTION_API_WITH_TOKEN)
    assert (ACTION_API.slow_after_s, ACTION_API.slow_pause_s) == (1.0, 5.0)
    assert MEDIA.bits_per_s is not None and MEDIA.bits_per_s <= 25e6
    assert (MEDIA.window_s, MEDIA.start_per_s) == (10.0, 1.0)


@pytest.mark.parametrize(("policy", "limit"), [(ACTION_API, 5), (ACTION_API_WITH_TOKEN, 10)])
def test_the_api_is_never_asked_more_often_than_it_allows(policy: HostPolicy, limit: int, time: VirtualTime) -> None:
    starts = starts_of(queue_of(policy, time), time, 200)
    busiest = max(sum(start <= other < start + 1 for other in starts) for start in starts)
    assert busiest <= limit
    assert 199 / (starts[-1] - starts[0]) < limit


def test_a_slow_answer_of_the_api_is_followed_by_a_pause_of_five_seconds(time: VirtualTime) -> None:
    queue = queue_of(ACTION_API, time)
    queue.wait_for_turn()
    queue.went_well(0.99)
    assert queue.wait_for_turn() < 1
    queue.went_well(1.2)
    assert queue.wait_for_turn() == pytest.approx(5)


def test_media_begin_with_one_file_a_second_and_grow_by_the_same_amount_every_second(time: VirtualTime) -> None:
    queue = queue_of(MEDIA, time)
    starts = starts_of(queue, time, 5000)
    assert starts[1] - starts[0] == pytest.approx(1.0, abs=0.06)
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(gaps))
    within = [sum(second <= start - starts[0] < second + 1 for start in starts) for second in (100, 200, 300)]
    assert within == [pytest.approx(1 + 0.05 * second, abs=1.5) for second in (100, 200, 300)]
    assert queue.per_s == MEDIA.most_per_s


def test_a_refusal_halves_the_rate_once_for_all_that_were_under_way(time: VirtualTime) -> None:
    queue = queue_of(MEDIA, time)
    starts_of(queue, time, 200)
    before = queue.per_s
    assert before is not None
    first, second = time.clock(), time.clock()
    time.sleep(0.2)
    queue.was_too_much(first)
    queue.was_too_much(second)
    assert queue.per_s == before / 2
    time.sleep(0.2)
    queue.was_too_much(time.clock())
    assert queue.per_s == before / 4
    for _ in range(50):
        time.sleep(1)
        queue.was_too_much(time.clock())
    assert queue.per_s == MEDIA.least_per_s


def test_a_wait_asked_for_while_another_request_waits_holds_that_one_too() -> None:
    time = VirtualTime(is_running=False)

    def sleep(seconds: float) -> None:
        if len(time.sleeps) == 1:
            queue.hold(60)
        time.sleep(seconds)

    queue = HostQueue(policy=MEDIA, clock=time.clock, sleep=sleep)
    queue.wait_for_turn()
    began = time.clock()
    assert queue.wait_for_turn() == pytest.approx(60)
    assert time.clock() - began == pytest.approx(60)


def test_no_ten_seconds_ever_bring_more_than_25_megabits_a_second(time: VirtualTime) -> None:
    queue = queue_of(MEDIA, time)
    taken: list[tuple[float, int]] = []
    block = 1 << 16
    for _ in range(3000):
        taken.append((time.clock(), block))
        queue.take(block)
        time.sleep(block * 8 / 1e9)
    fullest = max(
        sum(size for moment, size in taken[start : start + 1000] if moment < taken[start][0] + 10)
        for start in range(0, 3000, 7)
    )
    assert fullest * 8 / 10 <= 25e6
    lasted_s = taken[-1][0] - taken[0][0]
    # The first window's worth comes at once, all that follows at the limit: it is used, too.
    assert 3000 * block * 8 / 24e6 - 12 < lasted_s < 3000 * block * 8 / 24e6 + 2


def test_an_archive_on_this_machine_is_asked_as_many_at_a_time_and_otherwise_at_once(time: VirtualTime) -> None:
    for policy in (ACTION_API, ACTION_API_WITH_TOKEN, MEDIA):
        unpaced = policy.unpaced()
        assert unpaced.concurrency == policy.concurrency
        queue = queue_of(unpaced, time)
        began = time.clock()
        starts_of(queue, time, 50)
        queue.take(10**9)
        queue.went_well(30.0)
        assert queue.wait_for_turn() == 0
        assert time.clock() == began
