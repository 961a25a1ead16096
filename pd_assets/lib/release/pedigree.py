"""What a model was made of as one line from the archives to its weights: archives, pictures, dataset, models, itself.

Read from the records of the models and the manifests of the datasets. What cannot be told is a link of the line that
says so; nothing here fails for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.home import Home
from pd_assets.lib.release.gates import dataset_folder
from pd_assets.lib.release.lineage import Model, all_models
from pd_assets.lib.release.promotion import made_of
from pd_ml.data.shards import Manifest, ShardError, read_manifest
from pd_ml.provenance import INIT_FROM

# Every stage in the order in which they are made of one another, and what it is for who does not know our words.
STAGES: Mapping[str, str] = {
    "tokenizer": "cuts captions into tokens",
    "clip": "knows which words fit which picture",
    "transformer": "draws what a text says, patch by patch",
    "unet_text": "draws what a text says, pixel by pixel",
    "unet": "draws without a text, pixel by pixel",
    "vae": "packs a picture small and unpacks it again",
    "latents": "the pictures, packed once for training",
    "latent_unet": "draws without a text, in packed form",
    "latent_diffusion": "draws what a text says, in packed form",
    "super_resolution": "enlarges a picture four times",
}
ARCHIVES: Mapping[str, str] = {
    "commons": "Wikimedia Commons",
    "smithsonian": "Smithsonian Open Access",
    "cleveland": "Cleveland Museum of Art",
}
PICTURES, DATASET, MODEL = "pictures", "dataset", "model"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One station of the line. `count` of `unit`; `digest` names its content; `why` is what cannot be told of it."""

    kind: str
    name: str
    version: str = ""
    says: str = ""
    count: int | None = None
    unit: str = ""
    digest: str = ""
    why: str = ""
    is_there: bool = True
    is_itself: bool = False


def line_of(home: Home, model: Model) -> list[Link]:
    """The line of a model, itself last."""
    known = all_models(home)
    parents = made_of(model, known)
    digests = {one.run.digest for one in parents}
    ancestor = model.run.inputs.get(INIT_FROM)
    started = [one for one in known if ancestor and one.run.digest == ancestor and ancestor not in digests]
    versions = sorted({one.run.dataset_version for one in (*parents, *started, model) if one.is_recorded})
    links: list[Link] = []
    for version in versions:
        links += _of_dataset(home, version)
    links += [_lost(doubt) for doubt in sorted(model.doubts)]
    links += [_of_model(one, "what its training started from: ") for one in started]
    links += [_of_model(one) for one in parents]
    return [*links, _of_model(model, is_itself=True)]


def _of_dataset(home: Home, version: str) -> Iterator[Link]:
    manifest = read_known(dataset_folder(home, version))
    if manifest is None:
        why = "its folder is not here any more, or cannot be read"
        yield Link(kind=DATASET, name="dataset", version=version, why=why, is_there=False)
        return
    sources = manifest.facts.get("sources")
    for source, pictures in sources.items() if isinstance(sources, Mapping) else ():
        yield Link(
            kind=PICTURES,
            name=ARCHIVES.get(str(source), str(source)),
            version=str(source),
            says="accepted, fetched and decoded",
            count=_whole(pictures),
            unit="pictures",
        )
    splits = ", ".join(f"{count:,} {name}" for name, count in sorted(manifest.counts.items(), key=lambda one: -one[1]))
    yield Link(
        kind=DATASET,
        name=f"dataset {manifest.name}",
        version=version,
        says=splits,
        count=sum(manifest.counts.values()),
        unit="examples",
        digest=manifest.digest,
    )


def _of_model(model: Model, before: str = "", *, is_itself: bool = False) -> Link:
    counts = model.run.counts
    return Link(
        kind=MODEL,
        name=model.stage,
        version=model.version,
        says=before + STAGES.get(model.stage, ""),
        count=counts.get("pictures_trained_on"),
        unit="pictures learnt from",
        digest=model.run.digest,
        why=model.doubt or "",
        is_there=model.is_there,
        is_itself=is_itself,
    )


def _lost(doubt: str) -> Link:
    return Link(kind=MODEL, name="not known", why=doubt, is_there=False)


def read_known(folder: Path | None) -> Manifest | None:
    """The manifest of a dataset version; None where it cannot be read."""
    try:
        return None if folder is None else read_manifest(folder)
    except (ShardError, OSError):
        return None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
