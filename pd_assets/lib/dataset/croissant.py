"""The Croissant description of a dataset (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

Files with their SHA-256, a file set and a record set for every split, the columns with their meaning, what is known of
the data in the words of RAI 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html), and by PROV-O the
page that each row comes from. All of it is told by the manifest.
"""

from collections.abc import Mapping

import pyarrow as pa

from pd_ml.data import shards
from pd_ml.data.croissant import CONFORMS_TO, CONTEXT
from pd_ml.data.shards import Manifest, ShardInfo

NAME = "croissant.json"
# In the facts of a manifest: the day on which the version was finished; those of before do not tell it.
FINISHED_ON = "finished_on"
PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
}
PARQUET = "application/x-parquet"


def describe(manifest: Manifest) -> dict[str, object]:
    """The content of croissant.json."""
    splits = [split for split in shards.SPLITS if manifest.counts.get(split)]
    day = manifest.facts.get(FINISHED_ON)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest.name,
        "description": "Pictures that are free of copyright, each accepted by a rule on evidence, with captions.",
        "conformsTo": CONFORMS_TO,
        "license": _licences(manifest),
        # Croissant wants three numbers; what tells versions apart is the digest of the inputs.
        "version": f"{manifest.format_version}.0.0+{manifest.version}",
        **({"datePublished": day} if day else {}),
        "citeAs": f"{manifest.name}, version {manifest.version}, SHA-256 of the shards {manifest.digest}.",
        "isLiveDataset": False,
        "prov:wasAttributedTo": [{"@type": "prov:Agent", "prov:label": name} for name in _counts(manifest, "sources")],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"export of {manifest.name} {manifest.version}",
            **({"prov:endedAtTime": f"{day}T00:00:00Z"} if day else {}),
        },
        **_responsibly(manifest),
        "distribution": [*map(_file, manifest.shards), *map(_file_set, splits)],
        "recordSet": [_splits(splits), *(_record_set(split) for split in splits)],
    }


def _responsibly(manifest: Manifest) -> dict[str, object]:
    """What the manifest knows of how the data came about."""
    facts, counts = manifest.facts, manifest.counts
    skipped = facts.get("skipped")
    unread = len(skipped) if isinstance(skipped, list | tuple) else 0
    told: dict[str, object] = {
        "dataCollection": f"Pictures and labels of archives, {_told(manifest, 'sources')}; each accepted as free of "
        f"copyright by a rule on evidence, profile {facts.get('profile', 'not told')}.",
        "dataCollectionType": ["API", "Secondary Data analysis"],
        "dataCollectionMissingData": f"{unread} pictures could not be read and were left out.",
        "dataCollectionRawData": "The archives' pages, at `page_url`.",
        "dataImputationProtocol": "No value was filled in for a missing one.",
        "dataManipulationProtocol": "Splits are by a stable hash; pictures that look alike are in one split.",
        "dataPreprocessingProtocol": [
            "Pictures were decoded, made sRGB and stored without metadata; longest side kept, pixels: "
            f"{facts.get('max_side', 'not told')}.",
            f"Chosen by: {_selection(facts.get('selection'))}.",
        ],
        "dataAnnotationProtocol": [
            f"Captions are composed of the archives' own label fields, policy {facts.get('labels', 'not told')}; "
            f"pictures by licence of their captions: {_told(manifest, 'label_licences')}."
        ],
        "dataAnnotationAnalysis": ["A blind audit of decisions is in manifest.json."] if facts.get("audit") else None,
        "dataBiases": [f"By archive: {_told(manifest, 'sources')}.", f"By rule: {_told(manifest, 'rules')}."],
        "dataLimitations": ["Accepted by rules on what pages say: a page that errs may have been believed."],
        "dataUseCases": [f"Training ({counts.get('train', 0)} pictures) and measuring of models that draw."],
        "personalSensitiveInformation": [
            "Names of makers and sitters may stand in titles and labels; whether there are others was not searched for."
        ],
        "dataReleaseMaintenancePlan": "A version is never changed; what archives and takedowns change makes a new one.",
    }
    return {f"rai:{name}": value for name, value in told.items() if value is not None}


def _counts(manifest: Manifest, name: str) -> Mapping[str, object]:
    found = manifest.facts.get(name)
    return found if isinstance(found, Mapping) else {}


def _told(manifest: Manifest, name: str) -> str:
    return ", ".join(f"{key} ({count})" for key, count in _counts(manifest, name).items()) or "not told"


def _selection(asked: object) -> str:
    told = {name: value for name, value in asked.items() if value} if isinstance(asked, Mapping) else {}
    return ", ".join(f"{name} {value}" for name, value in told.items()) or "nothing but rights and decoding"


def _splits(splits: list[str]) -> dict[str, object]:
    """What the names of the splits mean, in Croissant's words."""
    words = {"train": "TrainingSplit", "validation": "ValidationSplit", "test": "TestSplit"}
    kinds = {"name": "sc:Text", "url": "sc:URL"}
    rows = [{"splits/name": one, "splits/url": f"http://mlcommons.org/croissant/{words[one]}"} for one in splits]
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "the splits, each of which is a record set of its own",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"splits/{name}", "name": name, "dataType": kind}
            for name, kind in kinds.items()
        ],
        "data": rows,
    }


def _licences(manifest: Manifest) -> list[str]:
    """The mark of the pictures, and the licences of the captions."""
    of_labels = manifest.facts.get("label_licences")
    names = sorted(of_labels) if isinstance(of_labels, dict) else []
    return list(dict.fromkeys([PUBLIC_DOMAIN, *(LICENCES.get(name, name) for name in names if name != "none")]))


def _file(info: ShardInfo) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": info.path,
        "name": info.path,
        "contentUrl": info.path,
        "contentSize": f"{info.size_bytes} B",
        "encodingFormat": PARQUET,
        "sha256": info.sha256,
    }


def _file_set(split: str) -> dict[str, object]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{split}-shards",
        "name": f"{split}-shards",
        "description": f"the shards of the split {split}",
        "encodingFormat": PARQUET,
        "includes": f"{split}-*.parquet",
    }


def _record_set(split: str) -> dict[str, object]:
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"the examples of the split {split}",
        "field": [_field(split, name, kind, says) for name, (kind, says) in shards.COLUMNS.items()],
    }


def _field(split: str, name: str, kind: pa.DataType, says: str) -> dict[str, object]:
    source: dict[str, object] = {"fileSet": {"@id": f"{split}-shards"}, "extract": {"column": name}}
    if name == "image":
        source["transform"] = {"jsonPath": "bytes"}
    return {
        "@type": "cr:Field",
        "@id": f"{split}/{name}",
        "name": name,
        "description": says,
        "dataType": _type(name, kind),
        "source": source,
        **({"repeated": True} if pa.types.is_list(kind) else {}),
        **({"equivalentProperty": "prov:wasDerivedFrom"} if name == "page_url" else {}),
    }


def _type(name: str, kind: pa.DataType) -> str:
    if name == "image":
        return "sc:ImageObject"
    if name.endswith("_url"):
        return "sc:URL"
    return "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"
