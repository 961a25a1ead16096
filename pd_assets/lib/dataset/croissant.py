"""The Croissant description of a dataset (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

Files with their SHA-256, a file set and a record set for every split, and the columns with their meaning.
"""

import pyarrow as pa

from pd_ml.data import shards
from pd_ml.data.shards import Manifest, ShardInfo

NAME = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
}
PARQUET = "application/x-parquet"

# The standard @context of Croissant 1.1, as mlcroissant writes it.
OWN_WORDS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{word: f"cr:{word}" for word in OWN_WORDS.split()},
}


def describe(manifest: Manifest) -> dict[str, object]:
    """The content of croissant.json."""
    splits = [split for split in shards.SPLITS if manifest.counts.get(split)]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest.name,
        "description": "Pictures that are free of copyright, each accepted by a rule on evidence, with captions.",
        "conformsTo": CONFORMS_TO,
        "license": _licences(manifest),
        # Croissant wants three numbers; what tells versions apart is the digest of the inputs.
        "version": f"{manifest.format_version}.0.0+{manifest.version}",
        "isLiveDataset": False,
        "distribution": [*map(_file, manifest.shards), *map(_file_set, splits)],
        "recordSet": [_record_set(split) for split in splits],
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
    }


def _type(name: str, kind: pa.DataType) -> str:
    if name == "image":
        return "sc:ImageObject"
    if name.endswith("_url"):
        return "sc:URL"
    return "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"
