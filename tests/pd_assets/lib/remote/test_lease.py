"""One machine at a time writes a home in a bucket; one that died loses its turn, one that lost it writes nothing."""

import json
import threading
from datetime import datetime, timedelta

import pytest

from pd_assets.lib.errors import HomeBusy, LeaseLost
from pd_assets.lib.home import at_work
from pd_assets.lib.remote.bucket import Conflict
from pd_assets.lib.remote.lease import NAME, Lease
from tests.patience import PATIENCE_S, until
from tests.pd_assets.lib.remote.dying_writers import OLD, fill
from tests.s3_server import Store


def renewed_at(store: Store) -> datetime:
    found = store.objects.read(NAME)
    assert found is not None
    return datetime.fromisoformat(json.loads(found.body)["renewed_at"])


def test_a_second_machine_is_told_who_writes(store: Store) -> None:
    with (
        at_work(store.copy("one").home),
        pytest.raises(HomeBusy, match=r"is being written by .* \(process \d+, .*\); wait .* runs out \d+ s from now"),
        at_work(store.copy("two").home),
    ):
        pass
    with at_work(store.copy("two").home):
        assert store.objects.etag(NAME) is not None
    assert store.objects.etag(NAME) is None, "handed on as soon as the work is done"


def test_a_second_machine_that_may_wait_comes_next(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    order: list[str] = []

    def second() -> None:
        with at_work(store.copy("two", wait_s=PATIENCE_S).home):
            order.append("two")

    waiting = threading.Thread(target=second)
    with at_work(store.copy("one").home):
        waiting.start()
        until(lambda: "; waiting" in caplog.text)
        order.append("one")
    waiting.join(PATIENCE_S)
    assert order == ["one", "two"]


def test_two_runs_on_one_machine_share_the_lease_until_both_end(store: Store) -> None:
    with at_work(store.copy("one").home) as home:
        with at_work(store.copy("one").home):
            fill(home.root, OLD, {})
        assert store.names == OLD.keys(), "the first to end publishes what is there"
        with pytest.raises(HomeBusy), at_work(store.copy("two").home):
            pass
    with at_work(store.copy("two").home) as home:
        assert (home.root / "models/clip/latest").read_text() == OLD["models/clip/latest"]


def test_the_lease_of_a_machine_that_died_runs_out(store: Store) -> None:
    store.copy("dead").lease.take()  # and nobody renews it
    taken_at = renewed_at(store)
    with at_work(store.copy("two", wait_s=PATIENCE_S, lease_s=3.0).home):
        waited = renewed_at(store) - taken_at
    assert waited >= timedelta(seconds=2), "not before its time: the store tells whole seconds"


def test_a_machine_that_starts_again_takes_up_its_own_lease(store: Store) -> None:
    store.copy("one").lease.take()
    with at_work(store.copy("one").home) as home:
        fill(home.root, OLD, {})
    assert store.names == OLD.keys()


def test_a_lease_is_renewed_for_as_long_as_the_work_takes(store: Store) -> None:
    seen: set[str | None] = set()
    with at_work(store.copy("one", lease_s=1.0).home):
        # Each renewal is another state of the object. The other one, who asks in between, finds it taken.
        while len(seen) < 6:
            until(lambda: store.objects.etag(NAME) not in seen)
            seen.add(store.objects.etag(NAME))
            with pytest.raises(HomeBusy), at_work(store.copy("two").home):
                pass
    assert None not in seen


def test_a_writer_that_lost_its_lease_publishes_nothing(store: Store) -> None:
    copy = store.copy("one")
    with pytest.raises(LeaseLost, match=r"taken over by .* nothing was published"), at_work(copy.home) as home:
        fill(home.root, OLD, {})
        found = store.objects.read(NAME)
        assert found is not None
        # As another machine does after this one slept for too long.
        store.objects.put(NAME, json.dumps({"owner": "two", "host": "two", "process": 1}).encode(), over=found.etag)
        copy.lease.folder.joinpath("lease.json").write_text(json.dumps({"etag": found.etag, "at": 0}))
    assert store.names == set()
    assert store.objects.etag(NAME) is not None, "the other one's lease is left alone"


def test_only_one_of_many_takes_a_free_lease(store: Store) -> None:
    leases = [store.copy(f"machine-{number}").lease for number in range(4)]
    outcomes: list[str] = []

    def take(lease: Lease) -> None:
        try:
            lease.take()
            outcomes.append("taken")
        except HomeBusy:
            outcomes.append("busy")

    leases[0].take()
    threads = [threading.Thread(target=take, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(outcomes) == ["busy", "busy", "busy", "taken"]
    with pytest.raises(Conflict):
        store.objects.put(NAME, b"{}", over=None)
