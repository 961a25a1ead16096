"""`croissant.json`: the ledger and the attribution as data sets, in Croissant 1.1 with RAI (responsible AI) and PROV-O
(where things come from): https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html.

Every row of the ledger leads to the page that it rests on. The dataset versions that the models learnt from stand as
records with their counts, and their manifests, which name every shard by digest, as files.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import COLUMNS, Facts
from pd_ml.bundle.files import licence_of_file, manifest_path
from pd_ml.bundle.papers import attribution
from pd_ml.bundle.papers.origins import origins
from pd_ml.bundle.papers.processing import steps
from pd_ml.bundle.papers.sources import collected, language_name, made_up, sources
from pd_ml.data.croissant import CONFORMS_TO, CONTEXT
from pd_ml.data.shards import SPLITS, Manifest, sha256_of
from pd_ml.provenance import LEDGER_COLUMNS

_ADDED_COLUMNS = {
    layout.SOURCE: "the archive that the item is of",
    layout.MEDIA_HOST: "the host that delivered the picture",
    layout.SIZE_BYTES: "the size of the picture's stored file, null where it is not known",
    layout.SEEN_ON: "the day on which the evidence was first seen, null where nothing tells",
}
_OF_CAPTIONS = {
    "number": "its place in the shard's `captions`",
    "licence": "the licence of its text",
    "times_shown": "how often it was shown",
}
_OF_ATTRIBUTION = {
    "item_id": "the item in the catalogue",
    "page_url": "the archive's page about the file, which the text is from",
    "revid": "the revision of the page that was read",
    "revision_url": "the page as it was at that revision",
    "history_url": "who wrote what on the page, and when",
    "licence": "the licence of the texts",
    "times_shown": "how often texts of the page were shown",
    "captions": "which captions of the shard they are",
}
_SPLIT_WORDS = {"train": "TrainingSplit", "validation": "ValidationSplit", "test": "TestSplit"}
_TEXT, _INTEGER, _URL = "sc:Text", "sc:Integer", "sc:URL"


def write(facts: Facts) -> str:
    """The text of the description."""
    return terms.written(document(facts))


def document(facts: Facts) -> dict[str, Any]:
    """What it says."""
    release = facts.release
    manifests = [facts.datasets[version] for version in sorted(facts.datasets)]
    model = f"{release.stage} {release.version}"
    says = (
        f"Every picture that {model} and the models that it was made of were trained on or measured with: "
        f"{facts.counts.seen} pictures, with the page, the revision and the evidence that each rests on."
        f"{made_up(facts)}"
    )
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": f"ledger-of-{release.stage}-{release.version}",
        "description": says,
        "conformsTo": CONFORMS_TO,
        "license": terms.licence_urls(licence_of_file(facts, path) for path in _files(manifests)),
        "version": f"{release.format_version}.0.0+{release.bundle}",
        "datePublished": release.released_on,
        "citeAs": f"{release.provider}: {model}, bundle {release.bundle}, {release.released_on}.",
        "creator": _creator(facts),
        **({"url": terms.iri(release.download_url)} if release.download_url else {}),
        "isLiveDataset": False,
        "prov:wasAttributedTo": {"@type": "prov:Agent", "prov:label": release.provider},
        "prov:wasDerivedFrom": [{"@id": manifest_path(one.version)} for one in manifests],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"training and evaluation of {model}",
        },
        **_responsibly(facts, manifests),
        "distribution": _distribution(facts, manifests),
        "recordSet": [
            _splits(),
            _ledger(),
            _attribution(),
            _datasets(manifests),
            _inline("counts", "every count of the ledger", {"name": _TEXT, "value": _TEXT}, _counts(facts)),
        ],
    }


def _counts(facts: Facts) -> list[dict[str, object]]:
    return [{"name": name, "value": value} for name, value in terms.counts_of_bundle(facts).items()]


def _creator(facts: Facts) -> dict[str, str]:
    contact = facts.release.contact
    found = {"@type": "sc:Organization", "name": facts.release.provider}
    if terms.is_web(contact):
        return {**found, "url": terms.iri(contact)}
    return {**found, "email": contact} if terms.is_email(contact) else found


def _distribution(facts: Facts, manifests: Iterable[Manifest]) -> list[dict[str, Any]]:
    folder = facts.folder
    files = [
        (layout.LEDGER, "application/x-parquet", sha256_of(folder / layout.LEDGER), "a row for each model and picture"),
        (
            layout.ATTRIBUTION,
            "text/csv",
            hashlib.sha256(attribution.write(facts).encode()).hexdigest(),
            "whose label texts were shown, and where their history is",
        ),
    ]
    for manifest in manifests:
        path = manifest_path(manifest.version)
        says = f"the shards of dataset {manifest.version} by digest"
        files.append((path, "application/json", sha256_of(folder / path), says))
    return [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "description": f"{says}; licence: {licence_of_file(facts, path)}",
            "contentUrl": path,
            "encodingFormat": encoding,
            "sha256": digest,
        }
        for path, encoding, digest, says in files
    ]


def _files(manifests: Iterable[Manifest]) -> list[str]:
    return [layout.LEDGER, layout.ATTRIBUTION, *(manifest_path(one.version) for one in manifests)]


def _splits() -> dict[str, Any]:
    rows = [{"name": split, "url": f"http://mlcommons.org/croissant/{_SPLIT_WORDS[split]}"} for split in SPLITS]
    found = _inline("splits", "the splits of the datasets", {"name": _TEXT, "url": _URL}, rows)
    return {**found, "dataType": "cr:Split", "key": {"@id": "splits/name"}}


def _ledger() -> dict[str, Any]:
    says = {**{name: told for name, (_, told) in LEDGER_COLUMNS.items()}, **_ADDED_COLUMNS}
    fields = [
        _captions(says[name]) if name == "captions" else _field("ledger", layout.LEDGER, name, _type(name, kind), said)
        for name, kind in COLUMNS.items()
        for said in [says[name]]
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "ledger",
        "name": "ledger",
        "description": "a row for each model of the chain and picture that it was trained on or measured with",
        "key": [{"@id": f"ledger/{name}"} for name in ("item_id", "stage", "version")],
        "field": fields,
    }


def _field(record_set: str, file: str, name: str, kind: str, says: str) -> dict[str, Any]:
    """A column; that of pages is where the row was derived from, that of splits leads to their meaning."""
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "description": says,
        "dataType": kind,
        "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
        **({"equivalentProperty": "prov:wasDerivedFrom"} if name == "page_url" else {}),
        **({"references": {"field": {"@id": "splits/name"}}} if name == "split" else {}),
    }


def _captions(says: str) -> dict[str, Any]:
    inner = {"number": _INTEGER, "licence": _TEXT, "times_shown": _INTEGER}
    return {
        "@type": "cr:Field",
        "@id": "ledger/captions",
        "name": "captions",
        "description": says,
        "repeated": True,
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"ledger/captions/{name}",
                "name": name,
                "description": _OF_CAPTIONS[name],
                "dataType": kind,
                "source": {
                    "fileObject": {"@id": layout.LEDGER},
                    "extract": {"column": "captions"},
                    "transform": {"jsonPath": f"[*].{name}"},
                },
            }
            for name, kind in inner.items()
        ],
    }


def _type(name: str, kind: pa.DataType) -> str:
    if name.endswith("_url"):
        return _URL
    return _INTEGER if pa.types.is_integer(kind) else _TEXT


def _attribution() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "attribution",
        "name": "attribution",
        "description": "a row for each picture of which a label text under CC BY-SA was shown",
        "field": [
            _field("attribution", layout.ATTRIBUTION, name, _URL if name.endswith("_url") else _TEXT, says)
            for name in attribution.COLUMNS
            for says in [_OF_ATTRIBUTION[name]]
        ],
    }


def _datasets(manifests: Iterable[Manifest]) -> dict[str, Any]:
    columns = {"version": _TEXT, "name": _TEXT, "digest": _TEXT, "finished_on": _TEXT}
    counted = dict.fromkeys(("pictures", *SPLITS), _INTEGER)
    rows: list[dict[str, object]] = [
        {
            "version": one.version,
            "name": one.name,
            "digest": one.digest,
            "finished_on": terms.built_on(one) or terms.NOT_RECORDED,
            "pictures": sum(one.counts.values()),
            **{split: one.counts.get(split, 0) for split in SPLITS},
        }
        for one in manifests
    ]
    says = "the dataset versions that the models learnt from or were measured with"
    return _inline("datasets", says, {**columns, **counted}, rows)


def _inline(name: str, says: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> dict[str, Any]:
    """A record set whose rows stand in the description."""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": says,
        "field": [
            {"@type": "cr:Field", "@id": f"{name}/{column}", "name": column, "dataType": kind}
            for column, kind in columns.items()
        ],
        "data": [{f"{name}/{column}": value for column, value in row.items()} for row in rows],
    }


def _responsibly(facts: Facts, manifests: Iterable[Manifest]) -> dict[str, Any]:
    """RAI 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html); what is not known is left out."""
    counts, release = facts.counts, facts.release
    days = [day for day in (counts.first_day, counts.last_day) if day]
    of_seen = f"Of {counts.seen} pictures that were trained on ({counts.pictures}) or only measured with"
    told = {
        "dataCollection": f"{collected(facts, counts.by_source)} Rules accepted each (ruleset "
        f"{release.ruleset_version}, profile {release.profile}).",
        "dataCollectionType": _ways(facts),
        "dataCollectionTimeframe": days or None,
        "dataCollectionMissingData": "`revid` is null where an archive has no revisions, `captions` is empty where no "
        "text was shown with the picture.",
        "dataCollectionRawData": "The provider keeps the evidence of each decision, by `evidence_digest`; pictures "
        "are at their pages.",
        "dataImputationProtocol": "No value was filled in for a missing one.",
        "dataManipulationProtocol": "Rows are as trainings wrote them; pictures that nothing looked at are left out.",
        "dataPreprocessingProtocol": [
            *(f"Dataset {one.version}: {' '.join(steps(one))}" for one in manifests),
            f"Refused by rules: {_told(release.refused)}. Taken down: {release.taken_down}.",
        ],
        "dataAnnotationProtocol": [
            f"Captions are composed of label texts, policy {release.labels}. {origins(facts)} Fields by language: "
            f"{_told({language_name(one): count for one, count in release.languages.items()})}."
        ]
        if counts.texts
        else ["No label text was shown."],
        "annotationsPerItem": f"{sum(counts.texts.values())} captions, each counted once for its picture (the same "
        f"text may stand with several), were shown with {counts.pictures} pictures in training, by licence: "
        f"{_told(counts.texts)}.",
        "dataBiases": [
            f"{of_seen}, by archive: {_told(counts.by_source)}.",
            f"{of_seen}, by rule: {_told(counts.by_rule)}.",
        ],
        "dataLimitations": ["Accepted by rules on what pages say: a page that errs may have been believed."],
        "dataUseCases": ["To check what a model was trained on, and whether a picture is in it."],
        "dataSocialImpact": "Who is in the ledger can find the picture, the page and the rule, and ask for a takedown.",
        "personalSensitiveInformation": [
            "Names of makers and sitters may stand in titles and labels; whether there are others was not searched for."
        ],
        "dataReleaseMaintenancePlan": "A bundle is never changed; a new one has a new version and names this one.",
    }
    return {f"rai:{name}": value for name, value in told.items() if value is not None}


def _ways(facts: Facts) -> list[str]:
    """RAI's words for how data were collected."""
    by_programs = any(not one.is_dataset for one in sources(facts))
    return [*(["API"] if by_programs else []), "Secondary Data analysis"]


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items())) or "none"
