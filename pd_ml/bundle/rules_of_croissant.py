"""What holds of `croissant.json` beside the checks of mlcroissant, which lets misspelt words and wrong counts pass.

The words: https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pd_ml.bundle import layout, terms
from pd_ml.bundle.distrust import is_day
from pd_ml.bundle.facts import COLUMNS, Facts
from pd_ml.bundle.files import licence_of_file, manifest_path
from pd_ml.bundle.paper_problems import Problems, entries, items, members, objects
from pd_ml.data.shards import SPLITS, sha256_of

TEXT_WORDS = frozenset(
    {"dataCollection", "dataCollectionMissingData", "dataCollectionRawData", "dataImputationProtocol"}
    | {"dataManipulationProtocol", "annotationsPerItem", "dataSocialImpact", "dataReleaseMaintenancePlan"}
)
LIST_WORDS = frozenset(
    {"dataCollectionType", "dataCollectionTimeframe", "dataPreprocessingProtocol", "dataAnnotationProtocol"}
    | {"dataAnnotationPlatform", "dataAnnotationAnalysis", "annotatorDemographics", "machineAnnotationTools"}
    | {"dataBiases", "dataUseCases", "dataLimitations", "personalSensitiveInformation"}
)
# What a reader of a ledger asks first.
NEEDED_WORDS = ("dataCollection", "dataBiases", "dataLimitations", "dataUseCases", "personalSensitiveInformation")
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PAGE = "prov:wasDerivedFrom"
_VERSION = re.compile(r"\d+\.\d+\.\d+(\+[0-9A-Za-z.-]+)?")


def problems_of_croissant(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """Every rule of a Croissant description that does not hold, as a sentence."""
    problems = Problems(layout.CROISSANT)
    _head(problems, document, facts)
    _words(problems, document)
    _provenance(problems, document, facts)
    _files(problems, document, facts)
    _references(problems, document)
    _ledger(problems, document)
    _counts(problems, document, facts)
    return problems.told


def _head(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    for name in ("name", "description", "citeAs", "creator"):
        if not document.get(name):
            problems.add(name, "missing", "a value")
    problems.expect("conformsTo", sorted(map(str, items(document.get("conformsTo")))), [*CONFORMS_TO])
    problems.expect("datePublished", document.get("datePublished"), facts.release.released_on)
    version = str(document.get("version"))
    if not _VERSION.fullmatch(version) or not version.endswith(f"+{facts.release.bundle}"):
        problems.add("version", version, f"three numbers and +{facts.release.bundle}")
    licences = {licence_of_file(facts, name) for name in (layout.LEDGER, layout.ATTRIBUTION, *_manifests(facts))}
    problems.expect("license", sorted(map(str, items(document.get("license")))), sorted(terms.licence_urls(licences)))


def _words(problems: Problems, document: Mapping[str, Any]) -> None:
    found = {name.removeprefix("rai:"): value for name, value in document.items() if name.startswith("rai:")}
    for name, value in found.items():
        if name not in TEXT_WORDS | LIST_WORDS:
            problems.add(f"rai:{name}", "there", "one of the 20 words of RAI 1.0")
        elif name in TEXT_WORDS and not (isinstance(value, str) and value):
            problems.add(f"rai:{name}", value, "a text")
        elif name in LIST_WORDS and not (items(value) and all(isinstance(one, str) and one for one in items(value))):
            problems.add(f"rai:{name}", value, "a list of texts")
    for name in NEEDED_WORDS:
        if name not in found:
            problems.add(f"rai:{name}", "missing", "a value")
    for day in items(found.get("dataCollectionTimeframe")):
        if not is_day(str(day)):
            problems.add("rai:dataCollectionTimeframe", day, "a day")


def _provenance(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    derived = sorted(str(one.get("@id")) for one in entries(document.get("prov:wasDerivedFrom")))
    problems.expect("prov:wasDerivedFrom", derived, sorted(_manifests(facts)))
    activity, agent = (members(document.get(f"prov:{name}")) for name in ("wasGeneratedBy", "wasAttributedTo"))
    problems.expect("prov:wasAttributedTo", agent.get("prov:label"), facts.release.provider)
    if not activity.get("prov:label"):
        problems.add("prov:wasGeneratedBy", activity, "what was done")
    # No instant: of trainings the day is told at most.
    known = {"prov:wasDerivedFrom", "prov:wasGeneratedBy", "prov:wasAttributedTo", "prov:label"}
    used = {name for one in objects(document) for name in one if name.startswith("prov:")}
    problems.expect_known("words of PROV-O", used, known)


def _manifests(facts: Facts) -> list[str]:
    return [manifest_path(version) for version in facts.datasets]


def _files(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    files = {str(one.get("contentUrl")): one for one in entries(document.get("distribution"))}
    beside = [layout.LEDGER, *_manifests(facts)]
    expected = sorted([*beside, layout.ATTRIBUTION])
    problems.expect("distribution", sorted(files), expected)
    for name, one in files.items():
        if not str(one.get("description")).endswith(f"; licence: {licence_of_file(facts, name)}"):
            problems.add(
                f"distribution {name} description",
                one.get("description"),
                f"one with licence: {licence_of_file(facts, name)}",
            )
        problems.expect_digest(f"distribution {name}", "sha256", one.get("sha256"))
        # The attribution is a paper, and may be not written yet.
        if name in beside or (name == layout.ATTRIBUTION and (facts.folder / name).is_file()):
            problems.expect(f"distribution {name} sha256", one.get("sha256"), sha256_of(facts.folder / name))


def _references(problems: Problems, document: Mapping[str, Any]) -> None:
    described = [one for one in objects(document) if "@id" in one and "@type" in one]
    known = [str(one["@id"]) for one in described]
    problems.expect_once("@id", known)
    for name in ("fileObject", "fileSet", "field"):
        refs = [members(one.get(name)).get("@id") for one in objects(document.get("recordSet")) if name in one]
        problems.expect_known(f"reference to a {name}", [str(ref) for ref in refs if ref is not None], known)
    for one in entries(document.get("recordSet")):
        keys = one.get("key") if isinstance(one.get("key"), list) else [one.get("key")] if "key" in one else []
        problems.expect_known(f"{one.get('@id')} key", [str(each.get("@id")) for each in entries(keys)], known)


def _ledger(problems: Problems, document: Mapping[str, Any]) -> None:
    """Every column, and in each row the page that it was derived from; in the attribution too."""
    ledger = _record_set(document, "ledger")
    fields = {str(one.get("name")): one for one in entries(ledger.get("field"))}
    problems.expect("ledger fields", sorted(fields), sorted(COLUMNS))
    problems.expect("ledger page_url", members(fields.get("page_url")).get("equivalentProperty"), PAGE)
    for name in ("ledger", "attribution", "splits", "datasets", "counts"):
        if not entries(_record_set(document, name).get("field")):
            problems.add(f"record set {name}", "missing", "one with its fields")
    for one in entries(_record_set(document, "attribution").get("field")):
        if one.get("name") == "page_url":
            problems.expect("attribution page_url", one.get("equivalentProperty"), PAGE)


def _counts(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    rows = entries(_record_set(document, "counts").get("data"))
    found = {str(one.get("counts/name")): one.get("counts/value") for one in rows}
    problems.expect_once("counts", [str(one.get("counts/name")) for one in rows])
    problems.expect_all("counts", found, terms.counts_of_bundle(facts))
    told = {str(one.get("datasets/version")): one for one in entries(_record_set(document, "datasets").get("data"))}
    problems.expect("datasets", sorted(told), sorted(facts.datasets))
    for version, manifest in facts.datasets.items():
        counts: dict[str, object] = {split: manifest.counts.get(split, 0) for split in SPLITS}
        counts |= {"pictures": sum(manifest.counts.values()), "digest": manifest.digest, "name": manifest.name}
        counts["finished_on"] = terms.built_on(manifest) or terms.NOT_RECORDED
        row = _bare(members(told.get(version)), counts)
        problems.expect_all(f"dataset {version}", row, counts)


def _bare(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, object]:
    return {name: row[f"datasets/{name}"] for name in names if f"datasets/{name}" in row}


def _record_set(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((one for one in entries(document.get("recordSet")) if one.get("@id") == name), {})
