"""Publish a bundle or a dataset version: what would be sent, what speaks against it, and the sending itself.

What the gates refuse on this day is refused, whatever was allowed when it was made. The folder is verified, and then
sent as it is by a child process (hub_push.py): its bytes and names, and nothing else. Errors: ConfigError,
HubError, ChildFailed.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer

import yaml

from pd_assets.lib.dataset.exported import INDEX, is_proved, parse_export
from pd_assets.lib.dataset.manifest import DESCRIBES, is_description, told_by
from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.bundle import out_of_date
from pd_assets.lib.release.called import LATEST, MODELS, folder_called, names, near, parse
from pd_assets.lib.release.called import RELEASE as BUNDLES
from pd_assets.lib.release.checking import verify_bundle
from pd_assets.lib.release.hub_request import File, Hub, Request
from pd_assets.lib.release.model_pictures import find_model
from pd_assets.lib.release.withdrawals import find_withdrawn
from pd_ml.data import shards
from pd_ml.provenance import RUN

# What keeps a model (stage, version) from being released today, a sentence each: lib/release/bundle.py: all_reasons.
Gate = Callable[[Home, str, str], list[str]]
MODEL, DATASET = "model", "dataset"
OF_DATASET = f"{DATASET}:"
# As pd_ml.bundle.layout names them.
RELEASE, MANIFEST, CARD = "release.json", "manifest.json", "README.md"
PUSH = ("-m", "pd_assets.lib.release.hub_push")
SLOWEST_BYTES_S = 50_000


class HubError(PdError):
    """The hub could not be asked, or said no; the message says what was found and whether anything was published."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A folder that is to be published: a bundle of the model `name` `version`, or the version of a dataset."""

    kind: str
    name: str
    version: str
    folder: Path

    def __str__(self) -> str:
        return f"{'models' if self.kind == MODEL else DATASET}/{self.name} {self.version}"

    @property
    def files(self) -> tuple[tuple[str, int], ...]:
        """Every file below the folder with its size, by name; ConfigError for what no release holds."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_symlink() or any(part.startswith(".") for part in name.split("/")):
                raise ConfigError(f"{path}: a link, or a hidden file; no release holds one; remove it and run again")
            if path.is_file():
                found.append((name, path.stat().st_size))
        return tuple(found)

    @property
    def size_bytes(self) -> int:
        return sum(size_bytes for _, size_bytes in self.files)

    @property
    def licence(self) -> str:
        """What the card says, in the hub's words."""
        told = _front_matter(self.folder / CARD)
        return str(told.get("license_name") or told.get("license") or "none is told")


@dataclass(frozen=True, kw_only=True)
class Published:
    """The commit that holds the folder. `is_new`: it was made now. `removed` are files of an earlier version."""

    commit: str
    is_new: bool
    removed: tuple[str, ...]
    made_repository: bool


def find(home: Home, called: str) -> Parcel:
    """MODEL, MODEL@BUNDLE, dataset:NAME, dataset:NAME@VERSION, in any way of called.py, or the path of a folder;
    ConfigError where none is so.
    """
    if _is_path(called):
        return _at(home, Path(called))
    said = parse(called)
    if said.kind == DATASET or (said.kind is None and said.name in names(home, DATASET)):
        return _dataset(home, folder_called(home, called, (DATASET,)))
    # Of a model its bundle is meant.
    chosen = said.version if said.version not in (None, "latest") else home.pointed(BUNDLES, said.name, "latest")
    folder = home.root / BUNDLES / said.name / (chosen or "none")
    if not folder.is_dir():
        bundles = names(home, BUNDLES)
        meant = near(said.name, [*bundles, *names(home, DATASET)]) if said.name not in bundles else ""
        raise ConfigError(f"{folder}: there is no such bundle{meant}; materialise release/bundle, or name another one")
    return _bundle(home, folder)


def reasons_against(home: Home, parcel: Parcel, *, profile: str, gate: Gate) -> list[str]:
    """Everything that speaks against its release today; empty where nothing does."""
    if parcel.kind == DATASET:
        return list(_against_dataset(home, parcel, profile))
    return [
        *gate(home, parcel.name, parcel.version),
        *out_of_date(home, parcel.folder, parcel.name, parcel.version),
    ]


def explain(home: Home, called: str, *, profile: str, gate: Gate) -> tuple[str, list[str]]:
    """What is named, and everything that speaks against its release: of MODEL and MODEL@VERSION what the gates say of
    the model, of all else what `reasons_against` says of the folder.
    """
    said = parse(called)
    name, version = said.name, said.version if said.version != "latest" else None
    is_model = not _is_path(called) and said.kind != DATASET and name not in names(home, DATASET)
    if is_model and name == LATEST and version is None:
        model = find_model(home, LATEST)
        name, version = model.stage, model.version
    if is_model and not (version and (home.root / "release" / name / version).is_dir()):
        # Without a version: what would be released, which may be newer than the last bundle.
        chosen = version or home.pointed("models", name, "latest")
        if chosen is None:
            meant = near(name, names(home, MODELS)) or f"; name one as {name}@VERSION"
            raise ConfigError(f"{home.root / 'models' / name}: no model is in use there{meant}")
        return f"models/{name} {chosen}", gate(home, name, chosen)
    parcel = find(home, called)
    return str(parcel), reasons_against(home, parcel, profile=profile, gate=gate)


def verify(parcel: Parcel, key: Path | None) -> None:
    """A bundle by the child that whoever receives it would run, and by the operator's key; a dataset by its manifest.

    ChildFailed, ConfigError.
    """
    if parcel.kind == MODEL:
        verify_bundle(parcel.folder, key)
    else:
        _verify_dataset(parcel)


def _verify_dataset(parcel: Parcel) -> None:
    """Every file that is sent is one that the manifest tells of, by its digest or by what it has to say."""
    folder = parcel.folder
    try:
        manifest = shards.verify(folder)
    except shards.ShardError as error:
        raise ConfigError(str(error)) from error
    of_shards = {info.path for info in (*manifest.shards, *manifest.tars)}
    known = {MANIFEST, INDEX, shards.PICTURES, *DESCRIBES, *of_shards}
    if strange := [name for name, _ in parcel.files if name not in known]:
        raise ConfigError(
            f"{folder}: no part of the version, and no digest covers it: {', '.join(strange)}; remove it and run again"
        )
    if wrong := [name for name in DESCRIBES if not is_description(folder / name)]:
        raise ConfigError(f"{folder}: {', '.join(wrong)} missing or damaged; materialise dataset/manifest again")
    if other := [name for name, body in told_by(manifest).items() if (folder / name).read_bytes() != body]:
        raise ConfigError(
            f"{folder}: {', '.join(other)} not as {MANIFEST} gives it: altered, or of an older release of this "
            "project; have it made anew: materialise dataset/manifest, or pdd run nightly; publish the newest version"
        )
    index = parse_export(folder, parcel.name)
    listed = manifest.facts.get(shards.PICTURES_SHA256, index.listed)
    if (index.shards, index.tars, index.listed) != (manifest.shards, manifest.tars, listed):
        raise ConfigError(f"{folder}: {INDEX} is not that of {MANIFEST}; materialise dataset/shards again")
    if not is_proved(folder):
        raise ConfigError(f"{folder}: {shards.PICTURES} was altered; materialise dataset/shards again")


def publish(parcel: Parcel, hub: Hub, tell: Callable[[str], None]) -> Published:
    """Send a folder that was verified, and against which nothing speaks; HubError where the hub has it not."""
    request = Request(
        hub=replace(hub, endpoint=hub.endpoint.rstrip("/")),
        folder=parcel.folder.resolve(),
        kind=parcel.kind,
        message=f"{parcel} ({parcel.folder.name})",
        files=tuple(
            File(path=name, size_bytes=size_bytes, sha256=shards.sha256_of(parcel.folder / name))
            for name, size_bytes in parcel.files
        ),
    )
    done = _child(request, tell, limit_s=hub.least_s + parcel.size_bytes / SLOWEST_BYTES_S)
    return Published(
        commit=str(done["commit"]),
        is_new=bool(done["is_new"]),
        removed=tuple(_list(done["removed"])),
        made_repository=bool(done["made_repository"]),
    )


def _child(request: Request, tell: Callable[[str], None], *, limit_s: float) -> Mapping[str, object]:
    """What the child said last. It ends when we do, and after `limit_s` in any case."""
    last: Mapping[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="pdd-hub-") as scratch, (Path(scratch) / "stderr").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *PUSH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=_environment(request.hub.endpoint, scratch),
        )
        limit = Timer(limit_s, process.kill)
        limit.start()
        try:
            assert process.stdin is not None and process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.write(request.to_json() + "\n")
                process.stdin.flush()
            for line in process.stdout:
                last = json.loads(line)
                if last["event"] == "says":
                    tell(str(last["says"]))
            process.wait()
        finally:
            limit.cancel()
            process.kill()
            process.communicate()
        errors.seek(0)
        said = errors.read().strip().splitlines()[-1:]
    if last.get("event") == "done":
        return last
    if last.get("event") == "failed":
        raise HubError(str(last["says"]))
    how = (
        f"it took longer than {limit_s:.0f} s" if process.returncode == -signal.SIGKILL else " ".join(said) or "no word"
    )
    raise HubError(
        f"sending to {request.hub.endpoint} ended before its end ({how}); run again: it asks first what is there, and "
        "sends the rest"
    )


def _environment(endpoint: str, scratch: str) -> dict[str, str]:
    """Ours, without what other programs set for the library: no token of this machine, no other hub, no xet.

    Xet would send to another store, and in several commits.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    kept.pop("TRANSFORMERS_OFFLINE", None)
    ours = {"HF_ENDPOINT": endpoint, "HF_HOME": scratch, "HF_HUB_VERBOSITY": "error"}
    off = (
        "DISABLE_XET",
        "DISABLE_TELEMETRY",
        "DISABLE_UPDATE_CHECK",
        "DISABLE_PROGRESS_BARS",
        "DISABLE_IMPLICIT_TOKEN",
    )
    return {**kept, **ours, **{f"HF_HUB_{name}": "1" for name in off}}


def _is_path(called: str) -> bool:
    """Whether a folder is named, and no version by `models/transformer`; a folder that is there is always one."""
    if called.startswith(OF_DATASET):
        return False
    is_other = os.sep in called and (Path(called).is_dir() or parse(called).kind is None)
    return is_other or called.startswith((".", os.sep))


def _at(home: Home, folder: Path) -> Parcel:
    """The bundle or dataset in a folder."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; expected a bundle or the version of a dataset")
    if (folder / RELEASE).is_file() or not (folder / MANIFEST).is_file():
        return _bundle(home, folder)
    return _dataset(home, folder)


def _bundle(home: Home, folder: Path) -> Parcel:
    if folder.is_relative_to(home.root):
        home.fetched(folder)
    if missing := [name for name in (RELEASE, RUN, MANIFEST, CARD) if not (folder / name).is_file()]:
        raise ConfigError(f"{folder}: half a bundle, without {', '.join(missing)}; materialise release/bundle again")
    name, version = _told_by(folder)
    return Parcel(kind=MODEL, name=name, version=version, folder=folder)


def _told_by(bundle: Path) -> tuple[str, str]:
    """Stage and version of the model in a bundle."""
    try:
        told = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))
        return str(told["stage"]), str(told["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{bundle / RELEASE}: damaged ({error}); materialise release/bundle again") from error


def _dataset(home: Home, folder: Path) -> Parcel:
    if folder.is_relative_to(home.root):
        home.fetched(folder)
    try:
        found = shards.read_manifest(folder)
    except shards.ShardError as error:
        raise ConfigError(str(error)) from error
    if folder.resolve() != home.dataset(found.name, found.version).resolve():
        raise ConfigError(
            f"{folder} is no version of a dataset in {home.root}, which could say what was taken down of it: by its "
            f"{MANIFEST} expected at {home.dataset(found.name, found.version)}"
        )
    return Parcel(kind=DATASET, name=found.name, version=found.version, folder=folder)


def _against_dataset(home: Home, parcel: Parcel, profile: str) -> Iterator[str]:
    """Pictures of a version that were taken down or are accepted no more; and that nobody can tell which it holds."""
    known = members.known(home)
    if (why := known.unknown.get(parcel.version)) is not None:
        yield f"it is not known which pictures it holds: {why}"
    elif parcel.version not in known.parts:
        yield f"dataset/members does not say which pictures it holds; materialise dataset/manifest of {parcel.name}"
    yield from (str(one) for one in find_withdrawn(home, profile=profile) if parcel.version in one.versions)


def _front_matter(card: Path) -> Mapping[str, object]:
    """The YAML at the head of a card; nothing where there is none."""
    _, *parts = card.read_text(encoding="utf-8").split("---\n", 2) if card.is_file() else ("",)
    try:
        told = yaml.safe_load(parts[0]) if len(parts) == 2 else {}
    except yaml.YAMLError as error:
        raise ConfigError(
            f"{card}: its head is no YAML ({' '.join(str(error).split())[:200]}); make it anew"
        ) from error
    return told if isinstance(told, dict) else {}


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
