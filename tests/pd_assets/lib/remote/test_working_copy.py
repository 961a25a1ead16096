"""Two machines and one home in a bucket: what one publishes the other sees, whole, and nothing that is gone stays."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from pd_assets.lib.catalog.generations import next_generation
from pd_assets.lib.errors import ConfigError, LeaseLost, ObjectAltered, RemoteError
from pd_assets.lib.home import Home, at_work, open_home, remove_folder
from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.remote.bucket import Bucket
from pd_assets.lib.remote.working_copy import MANIFEST, WorkingCopy
from tests.patience import PATIENCE_S, until
from tests.pd_assets.lib.remote.dying_writers import NEW, OLD, fill
from tests.s3_server import Store


def files(home: Home) -> dict[str, str]:
    """What a machine has on its disk, locks and caches left out."""
    found = (Path(folder) / name for folder, _, names in os.walk(home.root, followlinks=True) for name in names)
    paths = {path.relative_to(home.root).as_posix(): path for path in found if path != home.catalog}
    return {name: path.read_text() for name, path in paths.items() if "/." not in f"/{name}"}


def publish(store: Store, machine: str, content: dict[str, str], before: dict[str, str] | None = None) -> Home:
    """Make the home hold this, from one machine."""
    copy = store.copy(machine)
    with at_work(copy.home) as home:
        fill(home.root, content, before or {})
    return home


# --- what goes up and comes down -------------------------------------------------------------------------------------


def test_another_machine_sees_tables_at_once_and_pictures_and_weights_where_it_reads_them(store: Store) -> None:
    first = publish(store, "one", OLD)
    second = store.home("two")
    large = {name for name in OLD if name.endswith((".jpg", ".safetensors"))}
    assert files(second) == {name: content for name, content in OLD.items() if name not in large}

    picture = second.images / "aa" / "aa00.jpg"
    assert second.holds(picture) and not picture.is_file()
    assert second.size_bytes(picture) == len(OLD["images/aa/aa00.jpg"])
    second.fetched(picture, second.model("clip", "one"))
    assert picture.read_text() == OLD["images/aa/aa00.jpg"]
    assert files(second).keys() == OLD.keys() - {"images/bb/bb00.jpg"}
    assert second.matching("images/bb/bb00.*") == [second.images / "bb" / "bb00.jpg"]
    assert files(second) == OLD
    for name in OLD:
        assert (second.root / name).stat().st_mtime_ns == (first.root / name).stat().st_mtime_ns, (
            "as unchanged.py needs"
        )


def test_the_bucket_holds_the_files_under_their_own_names_and_nothing_else(store: Store) -> None:
    home = publish(store, "one", OLD)
    for name in (".tmp/spill", "images/.lock", "models/clip/.cache/decoded", "catalog.duckdb"):
        (home.root / name).parent.mkdir(exist_ok=True)
        (home.root / name).write_text("of this machine")
    publish(store, "one", NEW, OLD)
    assert store.names == NEW.keys()
    assert set(store.objects.names()) - store.names == {MANIFEST}


def test_work_that_changes_nothing_writes_nothing(store: Store) -> None:
    publish(store, "one", OLD)
    before = {name: store.objects.etag(name) for name in store.objects.names()}
    publish(store, "one", OLD, OLD)
    (store.copy("one").root / "models/clip/latest").touch()
    publish(store, "one", OLD, OLD)
    assert {name: store.objects.etag(name) for name in store.objects.names()} == before


class Counting(Bucket):
    """A bucket that counts the bytes that go up."""

    def __init__(self, address: RemoteAddress) -> None:
        super().__init__(address)
        self.uploaded_bytes = 0

    def upload(self, name: str, file: BinaryIO, size_bytes: int) -> None:
        self.uploaded_bytes += size_bytes
        super().upload(name, file, size_bytes)


def test_a_second_dataset_version_sends_only_the_shards_that_the_first_one_has_not(store: Store) -> None:
    bucket = Counting(store.address("one"))
    copy = WorkingCopy(bucket=bucket)
    copy.root.mkdir(parents=True)
    with at_work(copy.home) as home:
        fill(home.root, {f"dataset/main/v1/train-{n}.parquet": f"{n}" * 1000 for n in range(40)}, {})
    assert bucket.uploaded_bytes == 70_000
    with at_work(copy.home) as home:
        fill(home.root, {"dataset/main/v2/train-40.parquet": "c" * 1000}, {})
        for n in range(40):
            os.link(
                home.dataset("main", "v1") / f"train-{n}.parquet", home.dataset("main", "v2") / f"train-{n}.parquet"
            )
    assert bucket.uploaded_bytes == 71_000
    other = store.home("two")
    other.fetched(other.dataset("main", "v2"))
    assert (other.dataset("main", "v2") / "train-39.parquet").read_text() == "39" * 1000
    remove_folder(copy.home.dataset("main", "v1"))
    with at_work(copy.home):
        pass
    third = store.home("three")
    third.fetched(third.dataset("main", "v2"))
    assert len(list(third.dataset("main", "v2").iterdir())) == 41


def test_what_one_machine_removes_is_gone_from_the_bucket_and_from_the_others(store: Store) -> None:
    publish(store, "one", OLD)
    second = store.home("two")
    with at_work(second):
        for path in second.matching("images/bb/*"):
            path.unlink()
        remove_folder(second.model("clip", "one"))
        assert not (second.root / "models/clip/one").exists()
    gone = {"images/bb/bb00.jpg", "models/clip/one/run.json", "models/clip/one/model.safetensors"}
    assert store.names == OLD.keys() - gone, "the weights too, which that machine never had"
    assert files(store.home("one")).keys() == OLD.keys() - gone
    assert not (store.home("one").root / "models/clip/one").exists()


def test_a_table_in_generations_comes_down_as_the_next_generation(store: Store) -> None:
    copies = {machine: store.copy(machine) for machine in ("one", "two")}
    for number, machine in enumerate(["one", "two", "one"]):
        with at_work(copies[machine].home) as home:
            table = home.table("catalog/items")
            with next_generation(table) as new:
                (new / "part-0000.bin").write_text("same")
                (new / "part-0001.bin").write_text(f"from build {number}")
        assert table.is_symlink()
        for other in ("one", "two"):
            seen = files(store.home(other))
            assert seen["catalog/items/part-0000.bin"] == "same"
            assert seen["catalog/items/part-0001.bin"] == f"from build {number}"
    assert store.names == {"catalog/items/part-0000.bin", "catalog/items/part-0001.bin"}


def test_odd_names_and_empty_and_large_files_come_back(store: Store) -> None:
    copy = store.copy("one")
    odd = copy.home.partition("commons/pages", "Œuvres d'art / 50% (a+b), «?#» & ~" + "x" * 300)
    with at_work(copy.home):
        odd.mkdir(parents=True)
        (odd / "part-0.bin").write_bytes(b"")
        (odd / "part-1.bin").write_bytes(bytes(range(256)) * 2**17 + b"and a part more" * 10**6)
    second = store.home("two")
    (found,) = second.partitions("commons/pages").values()
    assert found == second.root / odd.relative_to(copy.home.root)
    for name in ("part-0.bin", "part-1.bin"):
        assert (found / name).read_bytes() == (odd / name).read_bytes()


def test_long_work_is_pushed_before_it_ends(store: Store) -> None:
    address = store.address("one")
    often = RemoteAddress(**{**vars(address), "push_every_s": 0.1})
    name = "models/clip/two.partial/checkpoints/step-1/state.pt"

    def seen_elsewhere() -> Path | None:
        # The object is there before the list that names it.
        other = store.home("two")
        other.fetched(other.root / "models/clip/two.partial")
        return found if (found := other.root / name).is_file() else None

    with at_work(open_home(often)) as home:
        fill(home.root, {name: "a checkpoint"}, {})
        found = until(seen_elsewhere)
        assert found is not None and found.read_text() == "a checkpoint"


def test_work_that_fails_publishes_what_it_leaves_as_a_killed_run_would(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), at_work(store.copy("one").home) as home:
        fill(home.root, OLD, {})
        raise ZeroDivisionError
    assert store.names == OLD.keys()


# --- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.extended
@pytest.mark.slow
def test_a_writer_killed_at_any_request_leaves_the_old_state_or_the_new_one(store: Store, tmp_path: Path) -> None:
    most = 12
    command = [sys.executable, "-m", "tests.pd_assets.lib.remote.dying_writers"]
    done = subprocess.run(
        [*command, store.bucket, store.endpoint, str(tmp_path / "killed"), str(most)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    told = [line.split(" ", 1)[1] for line in done.stdout.splitlines()]
    killed = [what == "killed by 9" for what in told]
    assert len(told) == most and sum(killed) >= 9, done.stdout + done.stderr
    assert [what for what in told if what != "killed by 9"] == ["exit 0"] * (most - sum(killed))
    seen = []
    for number, was_killed in enumerate(killed, start=1):
        address = RemoteAddress(
            bucket=store.bucket,
            prefix=f"killed-{number}",
            cache=tmp_path / "reader",
            endpoint=store.endpoint,
            # The dead writer's lease has run out by now.
            lease_s=0.5,
            wait_s=PATIENCE_S,
        )
        home = open_home(address)
        home.fetched(*(home.root / name for name in {**OLD, **NEW}))
        state = files(home)
        assert state in (OLD, NEW), f"killed at write {number}: half of a change"
        seen.append(state == NEW)
        with at_work(home):
            pass
        names = {name for name in Bucket(address).names() if not name.startswith(".pd/lease")}
        assert names == {*state, MANIFEST}, f"killed at write {number}: leftovers in the bucket ({was_killed})"
    assert seen == sorted(seen), "from the moment of the switch on it is the new state"
    assert not seen[0] and seen[-1]


def test_the_killed_machine_goes_on_with_what_it_had(store: Store) -> None:
    publish(store, "one", OLD)
    copy = store.copy("one")
    fill(copy.root, NEW, OLD)  # as a run that was killed before it published
    assert files(store.home("one")) == NEW
    publish(store, "one", NEW, NEW)
    assert store.names == NEW.keys()


def test_what_a_machine_never_published_goes_where_another_one_wrote_meanwhile(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    publish(store, "one", OLD)
    copy = store.copy("one")
    checkpoint = "models/clip/three.partial/state.pt"
    fill(copy.root, {"images/ee/ee00.jpg": "from a killed run", "models/clip/latest": "wrong", checkpoint: "hours"}, {})
    other = store.home("two")
    with at_work(other):
        (other.root / "rights/decisions/part-0.parquet.txt").write_text("decided anew")
    seen = files(store.home("one"))
    expected = {**OLD, "rights/decisions/part-0.parquet.txt": "decided anew", checkpoint: "hours"}
    assert seen == expected, "all but the checkpoint, which harms nobody"
    assert "images/ee/ee00.jpg" in caplog.text and "never published" in caplog.text


def test_readers_never_see_half_of_a_change_while_it_is_published(store: Store) -> None:
    content = {f"rights/decisions/part-{number}.txt": "0" for number in range(12)}
    publish(store, "one", content)
    done = threading.Event()
    failures: list[str] = []

    def read(machine: str) -> None:
        while not done.is_set():
            seen = set(files(store.home(machine)).values())
            if len(seen) != 1:
                failures.append(f"{machine} saw {seen}")

    readers = [threading.Thread(target=read, args=(name,)) for name in ("two", "three")]
    for reader in readers:
        reader.start()
    try:
        for turn in range(1, 5):
            publish(store, "one", dict.fromkeys(content, str(turn)))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert failures == []


# --- what is not as it was published ---------------------------------------------------------------------------------


def overwrite(store: Store, name: str, body: bytes) -> None:
    etag = store.objects.etag(name)
    assert etag is not None
    store.objects.put(name, body, over=etag)


def test_an_object_that_was_altered_is_refused_by_name(store: Store) -> None:
    publish(store, "one", OLD)
    overwrite(store, "rights/decisions/part-0.parquet.txt", b"all accepted!")
    with pytest.raises(ObjectAltered, match=r"1 objects .* rights/decisions/part-0\.parquet\.txt"):
        store.home("two")
    assert not (store.copy("two").root / "rights/decisions/part-0.parquet.txt").exists()


def test_an_altered_picture_is_refused_where_it_is_read(store: Store) -> None:
    publish(store, "one", OLD)
    overwrite(store, "images/aa/aa00.jpg", b"another p")
    second = store.home("two")
    with pytest.raises(ObjectAltered, match=r"images/aa/aa00\.jpg"):
        second.fetched(second.images / "aa" / "aa00.jpg")
    assert not (second.images / "aa" / "aa00.jpg").exists()


def test_an_object_that_is_missing_is_named(store: Store) -> None:
    publish(store, "one", OLD)
    store.objects.delete(["models/clip/latest"])
    with pytest.raises(ObjectAltered, match="models/clip/latest"):
        store.home("two")


def test_a_damaged_list_of_files_is_named(store: Store) -> None:
    publish(store, "one", OLD)
    overwrite(store, MANIFEST, b"not Parquet")
    with pytest.raises(ObjectAltered, match=r"manifest\.parquet: damaged .*; restore the object"):
        store.home("two")


def test_a_bucket_that_was_emptied_does_not_empty_the_working_copy(store: Store) -> None:
    publish(store, "one", OLD)
    store.objects.delete(store.objects.names())
    with pytest.raises(ObjectAltered, match="is gone, and the working copy"):
        store.home("one")
    assert files(store.copy("one").home) == OLD


def test_making_room_in_the_working_copy_does_not_empty_the_bucket(store: Store) -> None:
    publish(store, "one", OLD)
    copy = store.copy("one")
    shutil.rmtree(copy.home.images)
    with pytest.raises(ConfigError, match=r"images went from the working copy .* remove .* itself"):
        publish(store, "one", {})
    assert store.names == OLD.keys()
    shutil.rmtree(copy.folder)
    home = publish(store, "one", {})
    assert store.names == OLD.keys() and home.holds(home.images / "aa" / "aa00.jpg")


def test_a_picture_that_a_step_removed_is_not_held_any_more(store: Store) -> None:
    with at_work(publish(store, "one", OLD)) as home:
        picture = home.images / "aa" / "aa00.jpg"
        picture.unlink()
        home.fetched(picture)
        assert not picture.exists() and not home.holds(picture)
        with pytest.raises(FileNotFoundError):
            home.size_bytes(picture)


def test_a_writer_that_was_overtaken_publishes_nothing(store: Store) -> None:
    publish(store, "one", OLD)
    with pytest.raises(LeaseLost, match="run again"), at_work(store.copy("one").home) as home:
        fill(home.root, {"images/dd/dd00.jpg": "too late"}, {})
        # What a machine that never asked for the lease would do.
        files_now = store.objects.read(MANIFEST)
        assert files_now is not None
        overwrite(store, MANIFEST, files_now.body + b" ")
    assert "images/dd/dd00.jpg" not in published(store)


def published(store: Store) -> set[str]:
    copy: WorkingCopy = store.copy("published")
    try:
        copy.bring_up_to_date()
    except RemoteError:
        return set()
    return set(files(copy.home))
