"""Publishing against a stand-in hub on loopback: it receives exactly the folder's bytes, or no commit at all."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, TAKEDOWNS
from pd_assets.lib.dataset.exported import Export, pictures_of
from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import gates, publishing
from pd_assets.lib.release.bundle import refused_today
from pd_assets.lib.release.hub_request import Hub
from pd_assets.lib.release.operator import NotReleasable
from pd_assets.lib.release.publishing import HubError, Parcel, Published
from pd_ml.data import shards
from pd_ml.provenance import RunRecord
from tests.conftest import ROOT
from tests.hub_server import ATTRIBUTES, TOKEN, Fault, HubServer, Repository
from tests.patience import PATIENCE_S
from tests.pd_assets.lib.planting import PROFILE, decision, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, evaluation, model

REPO = "me/pictures"
CARD = "---\nlicense: cc-by-sa-4.0\n---\n# unet_text\n"
DROPPED = Fault()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def bundle(home: Home, version: str = "b1", *, weights: bytes = b"\0weights" * 2000) -> Path:
    """A folder with the names of a bundle; what is in it is for `python -m pd_ml verify` to judge."""
    folder = home.root / "release" / "unet_text" / version
    (folder / "pipeline" / "unet").mkdir(parents=True)
    files = {
        "README.md": CARD.encode(),
        "release.json": json.dumps({"stage": "unet_text", "version": "m1", "bundle": version}).encode(),
        "run.json": b"{}",
        "signature.json": b"{}",
        "manifest.json": json.dumps({"of": version}).encode(),
        "attribution.csv": b"page,revision\n" + b"a,1\n" * 2000,
        "empty.txt": b"",
        "pipeline/model_index.json": b"{}",
        "pipeline/unet/model.safetensors": weights,
    }
    for name, body in files.items():
        (folder / name).write_bytes(body)
    home.point("release", "unet_text", "latest", version)
    return folder


def released(home: Home) -> tuple[RunRecord, Export, Path, str]:
    """A model, the export that it learnt from, the bundle of it and of its evaluation e1, and a picture that e1 alone
    looked at.
    """
    catalogue(home, range(1, 41))
    export = dataset(home)
    rows = [row for batch in pictures_of(export.folder) for row in batch.to_pylist()]
    measured = next(row["item_id"] for row in rows if not row["shard"].startswith("train"))
    made = model(home, "unet_text", "m1", export)
    evaluated(home, "e1", made, export, measured=[measured])
    folder = bundle(home)
    (folder / "chain" / "evaluate-e1").mkdir(parents=True)
    (folder / "run.json").write_bytes((home.model("unet_text", "m1") / "run.json").read_bytes())
    return made, export, folder, measured


def evaluated(home: Home, name: str, of: RunRecord, export: Export, *, measured: list[str]) -> None:
    report = home.root / "evaluation" / "report" / name / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    evaluation(home, name, of, export, measured=measured)


def no_reason(home: Home, stage: str, version: str) -> list[str]:
    """A gate that everything passes."""
    return []


def send(
    parcel: Parcel, hub: HubServer, *, token: str = TOKEN, told: list[str] | None = None, timeout_s: float = PATIENCE_S
) -> Published:
    to = Hub(repo=REPO, endpoint=hub.url, token=token, timeout_s=timeout_s, pause_s=0.01)
    return publishing.publish(parcel, to, [].append if told is None else told.append)


def digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): shards.sha256_of(path) for path in paths}


def received(repository: Repository) -> dict[str, str]:
    """The digests of what the head holds, without what the hub made itself."""
    found = {path: hashlib.sha256(body).hexdigest() for path, body in repository.files.items()}
    return {path: sha256 for path, sha256 in found.items() if path not in ATTRIBUTES}


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_the_hub_receives_exactly_the_bundles_bytes_and_names_in_one_commit(home: Home, hub: HubServer) -> None:
    folder = bundle(home)
    done = send(publishing.find(home, "unet_text"), hub)
    made = hub.repositories[f"models/{REPO}"]
    assert received(made) == digests(folder)
    assert (len(made.commits), made.head, made.visibility) == (2, done.commit, "private")
    assert done.is_new and done.made_repository
    assert not any("xet" in asked or "part" in asked for asked in hub.asked)


def test_what_is_there_already_is_nothing_to_do(home: Home, hub: HubServer) -> None:
    bundle(home)
    parcel = publishing.find(home, "unet_text@b1")
    first = send(parcel, hub)
    hub.asked.clear()
    again = send(parcel, hub)
    assert (again.is_new, again.commit) == (False, first.commit)
    assert not any(asked.startswith(("POST", "PUT")) for asked in hub.asked)


def test_a_later_version_replaces_an_earlier_one_whole(home: Home, hub: HubServer) -> None:
    old = bundle(home, "b1")
    (old / "gone.csv").write_text("1")
    send(publishing.find(home, "unet_text"), hub)
    new = bundle(home, "b2", weights=b"\0other" * 2000)
    hub.uploads.clear()
    done = send(publishing.find(home, "unet_text"), hub)
    made = hub.repositories[f"models/{REPO}"]
    assert done.removed == ("gone.csv",)
    assert received(made) == digests(new)
    assert hub.uploads == [shards.sha256_of(new / "pipeline/unet/model.safetensors")], "only what the hub lacked"


def test_a_repository_of_something_else_is_left_alone(home: Home, hub: HubServer) -> None:
    theirs = hub.add(REPO, {"notes.txt": b"mine", "README.md": b"mine"})
    bundle(home)
    with pytest.raises(HubError, match=r"holds other files \(notes.txt\) and not all of manifest.json, release.json"):
        send(publishing.find(home, "unet_text"), hub)
    assert len(theirs.commits) == 1 and not hub.uploads


def test_a_file_called_manifest_json_makes_no_repository_an_earlier_version(home: Home, hub: HubServer) -> None:
    catalogue(home, range(1, 13))
    dataset(home)
    bundle(home)
    for called, kind in (("unet_text", "models"), ("dataset:main", "datasets")):
        theirs = hub.add(REPO, {"notes.txt": b"mine", "manifest.json": b"of a web application"}, kind=kind)
        with pytest.raises(HubError, match=r"notes.txt.*no earlier version of this; .*choose another name"):
            send(publishing.find(home, called), hub)
        assert len(theirs.commits) == 1


def test_a_dataset_version_is_sent_as_it_is_to_a_dataset_repository(home: Home, hub: HubServer) -> None:
    catalogue(home, range(1, 13))
    export = dataset(home)
    parcel = publishing.find(home, "dataset:main")
    assert publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason) == []
    publishing.verify(parcel, None)
    send(parcel, hub)
    assert received(hub.repositories[f"datasets/{REPO}"]) == digests(export.folder)
    assert parcel.licence == "public-domain-pictures-labels-see-label_licence"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_what_a_gate_refuses_is_refused_with_every_reason(home: Home) -> None:
    released(home)
    told = [f"reason {number}" for number in range(5)]
    parcel = publishing.find(home, "unet_text")
    found = publishing.reasons_against(home, parcel, profile=PROFILE, gate=lambda *_: told)
    assert found == told
    refused = NotReleasable(str(parcel), found)
    assert list(refused.reasons) == told
    assert "reason 2; and 2 more; pdd publish --explain lists all" in str(refused)


def test_a_bundle_with_the_run_of_another_model_than_the_homes_is_refused(home: Home) -> None:
    _, _, folder, _ = released(home)
    (folder / "run.json").write_text('{"other": 1}')
    found = publishing.reasons_against(home, publishing.find(home, "unet_text"), profile=PROFILE, gate=no_reason)
    assert len(found) == 1 and "run.json is not that of" in found[0]


def test_a_bundle_with_an_older_evaluation_than_the_gates_judge_is_refused(home: Home) -> None:
    made, export, folder, only_e1 = released(home)
    plant(home, TAKEDOWNS, [{"item_id": only_e1, "reason": "the heirs ask"}])
    gate = partial(gates.reasons, profile=PROFILE)
    parcel = publishing.find(home, "unet_text")
    assert [one for one in gate(home, "unet_text", "m1") if only_e1 in one]
    assert publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason) == []
    evaluated(home, "e2", made, export, measured=[])
    assert not [one for one in gate(home, "unet_text", "m1") if only_e1 in one], "the new one has not seen it"
    says = "evaluation: the bundle was made with evaluate-e1, and the newest is evaluate-e2; release it again"
    assert publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason) == [says]
    assert f"unet_text/b1: {says}" in refused_today(home, profile=PROFILE)
    (folder / "chain" / "evaluate-e1").rename(folder / "chain" / "evaluate-e2")
    assert publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason) == []


def test_a_dataset_with_a_picture_that_was_taken_down_or_is_accepted_no_more_is_refused(home: Home) -> None:
    catalogue(home, range(1, 13))
    dataset(home)
    plant(home, TAKEDOWNS, [{"item_id": "commons:M3", "reason": "the heirs ask"}])
    verdicts = {4: "quarantine", 5: "reject"}
    plant(home, DECISIONS, [decision(number, verdicts.get(number, "accept")) for number in range(1, 13)])
    plant(home, ITEMS, [item(number, status="deleted" if number == 6 else "live") for number in range(1, 13)])
    parcel = publishing.find(home, "dataset:main")
    found = publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason)
    assert [reason.split(":")[1] for reason in found] == ["M3", "M4", "M5", "M6"]
    assert "taken down on request" in found[0] and "the heirs ask" not in found[0] and "decided quarantine" in found[1]


def test_a_dataset_of_which_nobody_knows_the_pictures_is_refused(home: Home) -> None:
    catalogue(home, range(1, 13))
    export = dataset(home)
    (home.table("dataset/members") / "main" / f"{export.version}.parquet").unlink()
    parcel = publishing.find(home, "dataset:main")
    found = publishing.reasons_against(home, parcel, profile=PROFILE, gate=no_reason)
    assert len(found) == 1 and "not known which pictures it holds" in found[0]


@pytest.mark.parametrize("name", ["train-00000.parquet", "README.md", "pictures.arrow"])
def test_a_dataset_with_an_altered_file_is_not_sent(home: Home, name: str) -> None:
    catalogue(home, range(1, 13))
    export = dataset(home)
    body = (export.folder / name).read_bytes()
    (export.folder / name).write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises(ConfigError, match=name):
        publishing.verify(publishing.find(home, "dataset:main"), None)


def test_a_dataset_with_a_file_that_no_digest_covers_is_not_sent(home: Home) -> None:
    catalogue(home, range(1, 13))
    folder = dataset(home).folder
    parcel = publishing.find(home, "dataset:main")
    for name in ("notes.txt", "more/private.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("1")
        with pytest.raises(ConfigError, match=f"no digest covers it: {name}; remove it"):
            publishing.verify(parcel, None)
        (folder / name).unlink()
    for name in ("README.md", "croissant.json"):
        body = (folder / name).read_text()
        (folder / name).write_text(body.replace("free of copyright", "free for all"))
        with pytest.raises(ConfigError, match=f"{name} not as manifest.json gives it: .*materialise dataset/manifest"):
            publishing.verify(parcel, None)
        (folder / name).write_text(body)
    index = (folder / "shards.json").read_text()
    (folder / "shards.json").write_text(index.replace('"rows": ', '"rows": 1'))
    with pytest.raises(ConfigError, match=r"shards.json is not that of manifest.json"):
        publishing.verify(parcel, None)
    (folder / "shards.json").write_text(index)
    publishing.verify(parcel, None)


def test_a_dataset_under_another_name_than_its_manifest_tells_is_not_found(home: Home) -> None:
    catalogue(home, range(1, 13))
    export = dataset(home)
    for other in (home.dataset("main", "v2"), home.dataset("other", export.version)):
        shutil.copytree(export.folder, other)
        for called in (f"dataset:{other.parent.name}@{other.name}", str(other)):
            with pytest.raises(ConfigError, match="is no version of a dataset in"):
                publishing.find(home, called)


def test_a_bundle_that_does_not_verify_is_not_sent(home: Home) -> None:
    bundle(home)
    with pytest.raises(PdError):
        publishing.verify(publishing.find(home, "unet_text"), None)


@pytest.mark.parametrize("missing", ["release.json", "run.json", "manifest.json", "README.md"])
def test_half_a_bundle_is_named(home: Home, missing: str) -> None:
    folder = bundle(home)
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=f"half a bundle, without {missing}"):
        publishing.find(home, "unet_text")


def test_a_model_is_explained_by_the_gates_and_a_bundle_as_it_is_published(home: Home) -> None:
    asked: list[tuple[str, str]] = []

    def gate(home: Home, stage: str, version: str) -> list[str]:
        asked.append((stage, version))
        return ["of the gates"]

    def explained(called: str) -> list[str]:
        return publishing.explain(home, called, profile=PROFILE, gate=gate)[1]

    with pytest.raises(ConfigError, match="no model is in use there"):
        explained("unet_text")
    _, _, folder, _ = released(home)
    (folder / "chain" / "evaluate-e1").rmdir()
    assert explained("unet_text") == explained("unet_text@m8") == ["of the gates"], "what would be released next"
    for called in ("unet_text@b1", str(folder)):
        assert [one.split(":")[0] for one in explained(called)] == ["of the gates", "evaluation"]
    assert explained("latest") == ["of the gates"], "by itself it is what was put in use last"
    assert asked == [("unet_text", version) for version in ("m1", "m8", "m1", "m1", "m1")]
    version = home.pointed("dataset", "main", "latest") or ""
    assert explained("dataset:main") == explained(str(home.dataset("main", version))) == []
    (folder / "README.md").unlink()
    with pytest.raises(ConfigError, match="half a bundle"):
        explained("unet_text@b1")


def test_names_that_lead_to_nothing_are_named(home: Home, tmp_path: Path) -> None:
    for called, says in {
        "unet_text": "there is no such bundle",
        "unet_text@b9": "there is no such bundle",
        "dataset:main": "no dataset in .* is called",
        str(tmp_path / "nowhere"): "no such folder",
    }.items():
        with pytest.raises(ConfigError, match=says):
            publishing.find(home, called)
    folder = bundle(home)
    (folder / ".hidden").write_text("1")
    with pytest.raises(ConfigError, match="hidden file"):
        _ = publishing.find(home, "unet_text").files


def test_a_token_is_never_sent_over_a_line_that_others_read() -> None:
    with pytest.raises(ConfigError, match="expected an https:// address"):
        Hub(repo=REPO, endpoint="http://hub.test", token=TOKEN)
    assert TOKEN not in repr(Hub(repo=REPO, endpoint="https://hub.test", token=TOKEN))
    with pytest.raises(ConfigError, match="expected OWNER/NAME"):
        Hub(repo="pictures", endpoint="https://hub.test", token=TOKEN)


# --- a hub that fails ------------------------------------------------------------------------------------------------


def fails(home: Home, hub: HubServer, says: str, *, token: str = TOKEN, timeout_s: float = PATIENCE_S) -> None:
    """The push ends with a named error, and the repository shows no new commit."""
    there = hub.repositories.get(f"models/{REPO}") or hub.add(REPO)
    before = list(there.commits)
    bundle(home)
    with pytest.raises(HubError, match=says):
        send(publishing.find(home, "unet_text"), hub, token=token, timeout_s=timeout_s)
    assert [name for name, _ in there.commits] == [name for name, _ in before]


def test_a_wrong_token_is_named(home: Home, hub: HubServer) -> None:
    fails(home, hub, "does not take the token .HTTP 401.; .*PD_HUB_TOKEN; nothing was published", token="another")


@pytest.mark.parametrize(
    ("request_", "fault", "says"),
    [
        ("POST .*/preupload/", Fault(status=403), "may not write me/pictures .HTTP 403."),
        ("POST .*/commit/", Fault(status=409), "is being changed .HTTP 409.; .*nothing was published"),
        ("POST .*/commit/", Fault(status=413), "answers HTTP 413"),
        ("GET /api/models/", Fault(status=429, headers={"Retry-After": "7200"}), "asks for a pause of 7200 s"),
    ],
)
def test_what_a_hub_refuses_is_named_and_publishes_nothing(
    home: Home, hub: HubServer, request_: str, fault: Fault, says: str
) -> None:
    hub.fail(request_, fault)
    fails(home, hub, says)


@pytest.mark.parametrize(
    ("status", "says"), [(403, "may not write me/pictures .HTTP 403."), (404, "knows no place for")]
)
def test_a_place_where_no_repository_may_be_made_is_named(home: Home, hub: HubServer, status: int, says: str) -> None:
    bundle(home)
    hub.fail("POST /api/repos/create", Fault(status=status))
    with pytest.raises(HubError, match=f"{says}.*nothing was published"):
        send(publishing.find(home, "unet_text"), hub)
    assert not hub.repositories


def test_a_hub_that_stays_ill_is_given_up_after_some_tries(home: Home, hub: HubServer) -> None:
    hub.fail("POST .*/commit/", *[Fault(status=503)] * 4)
    fails(home, hub, "not answered .HTTP 503.*not there yet; run again, which looks first")
    assert len([asked for asked in hub.asked if "/commit/" in asked]) == 4


def test_a_silent_hub_is_not_waited_for_for_ever(home: Home, hub: HubServer) -> None:
    hub.fail("GET /api/models/", *[Fault(silent=True)] * 4)
    fails(home, hub, "said nothing for 0.3 s; .*nothing was published", timeout_s=0.3)


def test_somebody_elses_commit_in_between_is_never_written_over(home: Home, hub: HubServer) -> None:
    there = hub.add(REPO)

    def somebody(repository: Repository) -> None:
        hub.before_commit = lambda _: None
        repository.commit({**repository.files, "theirs.txt": b"1"})

    hub.before_commit = somebody
    bundle(home)
    with pytest.raises(HubError, match="somebody else changed me/pictures meanwhile"):
        send(publishing.find(home, "unet_text"), hub)
    assert (len(there.commits), sorted(there.files)) == (2, [".gitattributes", "theirs.txt"])


@pytest.mark.parametrize("lost", [Fault(after=True), Fault(status=502, after=True), Fault(status=200, after=True)])
def test_a_commit_whose_answer_was_lost_is_found_and_not_made_twice(home: Home, hub: HubServer, lost: Fault) -> None:
    folder = bundle(home)
    hub.fail("POST .*/commit/", lost)
    done = send(publishing.find(home, "unet_text"), hub)
    there = hub.repositories[f"models/{REPO}"]
    assert (len(there.commits), there.head, received(there)) == (2, done.commit, digests(folder))


def test_a_commit_that_was_dropped_before_it_was_made_is_made_again(home: Home, hub: HubServer) -> None:
    told: list[str] = []
    folder = bundle(home)
    hub.fail("POST .*/commit/", DROPPED, Fault(status=503))
    send(publishing.find(home, "unet_text"), hub, told=told)
    there = hub.repositories[f"models/{REPO}"]
    assert (len(there.commits), received(there)) == (2, digests(folder))
    assert len([line for line in told if "tried again" in line]) == 2


def test_a_commit_that_lands_after_its_answer_was_lost_is_waited_for(home: Home, hub: HubServer) -> None:
    folder = bundle(home)
    hub.fail("POST .*/commit/", Fault(status=502, late=2))
    done = send(publishing.find(home, "unet_text"), hub)
    there = hub.repositories[f"models/{REPO}"]
    assert (len(there.commits), there.head, received(there)) == (2, done.commit, digests(folder))


@pytest.mark.parametrize("last", [[], [Fault(status=413)]])
def test_of_a_commit_that_may_still_land_nobody_says_that_nothing_was_published(
    home: Home, hub: HubServer, last: list[Fault]
) -> None:
    hub.fail("POST .*/commit/", Fault(late=9), *last)
    hub.add(REPO)
    bundle(home)
    with pytest.raises(HubError, match="it is not there yet; run again, which looks first") as raised:
        send(publishing.find(home, "unet_text"), hub)
    assert "nothing was published" not in str(raised.value)
    hub.late = 0
    hub.land()
    assert not send(publishing.find(home, "unet_text"), hub).is_new


def test_a_hub_that_dies_at_the_commit_says_that_it_is_not_known(home: Home, hub: HubServer) -> None:
    hub.add(REPO)
    bundle(home)
    hub.fail("POST .*/commit/", Fault(after=True))
    hub.before_commit = lambda _: hub.fail("GET /api/models/", *[DROPPED] * 4)
    with pytest.raises(HubError, match="does not say whether it has it"):
        send(publishing.find(home, "unet_text"), hub)
    again = send(publishing.find(home, "unet_text"), hub)
    assert not again.is_new, "run again, it asks first"


def test_a_push_that_broke_off_goes_on_with_what_the_hub_lacks(home: Home, hub: HubServer) -> None:
    folder = bundle(home)
    hub.fail("POST .*/commit/", Fault(status=409))
    with pytest.raises(HubError):
        send(publishing.find(home, "unet_text"), hub)
    assert sorted(hub.uploads) == sorted(
        shards.sha256_of(folder / name) for name in ("attribution.csv", "pipeline/unet/model.safetensors")
    )
    hub.uploads.clear()
    send(publishing.find(home, "unet_text"), hub)
    assert not hub.uploads
    assert received(hub.repositories[f"models/{REPO}"]) == digests(folder)


def test_a_file_that_the_repository_ignores_is_not_left_out_in_silence(home: Home, hub: HubServer) -> None:
    hub.ignored.add("attribution.csv")
    fails(home, hub, "a .gitignore in me/pictures leaves out attribution.csv")


def test_a_push_that_takes_too_long_is_ended(home: Home, hub: HubServer) -> None:
    there = hub.add(REPO)
    bundle(home)
    hub.fail("POST .*/preupload/", Fault(silent=True))
    slow = Hub(repo=REPO, endpoint=hub.url, token=TOKEN, timeout_s=PATIENCE_S, least_s=3.0)
    with pytest.raises(HubError, match="it took longer than 3 s"):
        publishing.publish(publishing.find(home, "unet_text"), slow, lambda _: None)
    assert len(there.commits) == 1


# --- the command -----------------------------------------------------------------------------------------------------


def pdd(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pd_assets.cli", "publish", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_the_command_sends_nothing_unless_it_is_meant_really(home: Home, hub: HubServer) -> None:
    catalogue(home, range(1, 13))
    export = dataset(home)
    settings = {"PD_HOME": str(home.root), "PD_HUB_ENDPOINT": hub.url, "PD_HUB_TOKEN": TOKEN}
    dry = pdd("dataset:main", "--to", REPO, **settings)
    assert dry.returncode == 0, dry.stderr
    assert "nothing was sent: this was a dry run" in dry.stdout and "manifest.json" in dry.stdout
    assert not hub.asked
    done = pdd("dataset:main", "--to", REPO, "--really", **settings)
    assert done.returncode == 0, done.stderr
    assert "the repository is new and private" in done.stdout
    assert received(hub.repositories[f"datasets/{REPO}"]) == digests(export.folder)


def test_the_command_explains_a_refusal_and_ends_with_1(home: Home) -> None:
    catalogue(home, range(1, 13))
    dataset(home)
    plant(home, TAKEDOWNS, [{"item_id": f"commons:M{number}", "reason": "asked"} for number in range(1, 6)])
    refused = pdd("dataset:main", "--explain", PD_HOME=str(home.root))
    assert (refused.returncode, len(refused.stdout.splitlines())) == (1, 5)
    assert "may not be released" in refused.stderr and len(refused.stderr.splitlines()) == 1
