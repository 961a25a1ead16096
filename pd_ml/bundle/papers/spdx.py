"""`spdx.jsonld`: the same in SPDX 3.0.1 (https://spdx.github.io/spdx-spec/v3.0.1/), profiles AI and Dataset.

Written as JSON-LD by hand, in the order of identifiers. What the specification asks for is there, although the shapes
do not ask; counts stand as properties under the names that they have in the CycloneDX paper.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts, Link
from pd_ml.bundle.files import digest_of_fact, licence_of_file, manifest_path
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.measures import measures
from pd_ml.bundle.papers.origins import origins
from pd_ml.bundle.papers.processing import steps
from pd_ml.bundle.papers.sources import collected, made_up
from pd_ml.data.shards import Manifest
from pd_ml.provenance import INIT_FROM

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
# Where a download lies is not known: the individual of the specification that says so.
NO_ASSERTION = "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertion"
CREATION = "_:creation"
# What may stand in a fragment as it is: https://www.rfc-editor.org/rfc/rfc3986#section-3.5
_IN_FRAGMENT = "/:@!$&'()*+,;=-._~"

Element = dict[str, Any]


def write(facts: Facts) -> str:
    """The text of the document."""
    return terms.written(document(facts))


def document(facts: Facts) -> dict[str, Any]:
    """What it says: the graph is in the order of identifiers, the one blank node first."""
    name = _Names(facts)
    elements = [
        *_agents(facts, name),
        *(_model(facts, link, name) for link in facts.chain),
        *(_dataset(facts, one, name) for one in facts.datasets.values()),
        *_files(facts, name),
        *_licences(facts, name),
        *_relations(facts, name),
    ]
    ids = sorted(one["spdxId"] for one in elements)
    own = name(terms.model_id(facts.model.run))
    # Not the profile Extension: its word means another thing in the published context, and the shapes then refuse it.
    profiles = ["core", "software", "simpleLicensing", "ai", "dataset"]
    sbom = name.element(
        "software_Sbom",
        "sbom",
        name=f"{facts.release.stage} {facts.release.version}",
        software_sbomType=["build"],
        profileConformance=profiles,
        rootElement=[own],
        element=ids,
    )
    shell = name.element(
        "SpdxDocument",
        "document",
        name=f"bundle {facts.release.bundle}",
        profileConformance=profiles,
        dataLicense=name(f"licence-{layout.CC0}"),
        rootElement=[sbom["spdxId"]],
        element=sorted([*ids, sbom["spdxId"]]),
    )
    creation = {
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": "3.0.1",
        "created": terms.instant(facts.release.released_on),
        "createdBy": [name("provider")],
        "createdUsing": [name("tool")],
        "comment": "Days are known, hours are not: each instant here is the first second of its day in UTC.",
    }
    ordered = sorted([*elements, sbom, shell], key=lambda one: str(one["spdxId"]))
    return {"@context": CONTEXT, "@graph": [creation, *ordered]}


class _Names:
    """Identifiers within the document, all below one `urn:uuid:` of the bundle."""

    def __init__(self, facts: Facts) -> None:
        self.base = terms.urn(facts, layout.SPDX)

    def __call__(self, name: str) -> str:
        return f"{self.base}#{quote(name, safe=_IN_FRAGMENT)}"

    def element(self, kind: str, at: str, **said: object) -> Element:
        """An element; what is None is left out."""
        told = {name: value for name, value in said.items() if value is not None}
        return {"type": kind, "spdxId": self(at), "creationInfo": CREATION, **told}


def _agents(facts: Facts, name: _Names) -> list[Element]:
    contact = facts.release.contact
    kind = "email" if terms.is_email(contact) else "other"
    reached = {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": contact}
    said = [{**reached, "comment": "how to reach the provider"}] if contact else None
    version = f"{facts.release.project_version}, commit {facts.release.commit}"
    return [
        name.element("Organization", "provider", name=facts.release.provider, externalIdentifier=said),
        name.element("Tool", "tool", name="public-domain-diffusion", description=f"version {version}"),
    ]


def _model(facts: Facts, link: Link, name: _Names) -> Element:
    run, release = link.run, facts.release
    is_own = link is facts.model
    counts = terms.counts_of_model(facts, link) | (terms.counts_of_bundle(facts) if is_own else {})
    trained = (
        f"Trained on {link.trained_on} pictures, shown {link.times_shown} times, measured with {link.measured_with}; "
        f"{layout.LEDGER} names each. Clean room: {run.level or 'none is recorded'}."
        f"{made_up(facts)}"
    )
    found = measures(facts.evaluation) if is_own else ()
    values = {one.name: f"{one.value} ({one.slice})" if one.slice else f"{one.value}" for one in found}
    kind = kind_of(run.stage)
    return name.element(
        "ai_AIPackage",
        terms.model_id(run),
        name=run.stage,
        description=f"{kind.family} for {kind.task}",
        software_packageVersion=run.version,
        software_downloadLocation=_download(facts),
        software_primaryPurpose="model",
        suppliedBy=name("provider"),
        releaseTime=terms.instant(release.released_on),
        verifiedUsing=[_hash(run.digest, "over the names and SHA-256 of the files that decide what the model does")],
        ai_typeOfModel=[kind.family],
        ai_domain=[kind.task],
        ai_informationAboutTraining=trained,
        ai_informationAboutApplication=f"{kind.task}; its card is {layout.CARD}" if is_own else None,
        ai_limitation=f"Learnt from {link.trained_on} pictures alone; what they do not show it does not know.",
        ai_hyperparameter=_entries(terms.settings_of(run)) or None,
        ai_metric=_entries(values) or None,
        ai_autonomyType="noAssertion",
        ai_useSensitivePersonalInformation="noAssertion",
        extension=_properties(counts),
    )


def _dataset(facts: Facts, manifest: Manifest, name: _Names) -> Element:
    release = facts.release
    built = terms.built_on(manifest)
    has_captions = terms.has_captions(facts, manifest)
    captions = f"with captions. {origins(facts)}" if has_captions else "without captions."
    return name.element(
        "dataset_DatasetPackage",
        terms.dataset_id(manifest),
        name=manifest.name,
        description=f"Version {manifest.version}: pictures that are free of copyright, {captions}{made_up(facts)}",
        comment=None if built else "When it was built is not recorded.",
        software_packageVersion=manifest.version,
        software_downloadLocation=NO_ASSERTION,
        software_primaryPurpose="data",
        originatedBy=[name("provider")],
        suppliedBy=name("provider"),
        builtTime=terms.instant(built) if built else None,
        releaseTime=terms.instant(release.released_on),
        verifiedUsing=[_hash(manifest.digest, "over the names and SHA-256 of its shards")],
        dataset_datasetType=["image", "text"] if has_captions else ["image"],
        dataset_datasetSize=sum(manifest.counts.values()),
        dataset_dataCollectionProcess=f"{collected(facts, terms.sources_of(manifest, facts))} Each was accepted "
        f"by a rule of ruleset {release.ruleset_version}, profile {release.profile}, on evidence that is kept.",
        dataset_dataPreprocessing=steps(manifest),
        dataset_intendedUse="training and measuring models that draw",
        dataset_knownBias=["What the archives hold and rules accept: works of certain periods, places and makers."],
        dataset_datasetAvailability="scrapingScript",
        dataset_confidentialityLevel="clear",
        dataset_hasSensitivePersonalInformation="noAssertion",
        extension=_properties(terms.counts_of_dataset(manifest)),
    )


def _files(facts: Facts, name: _Names) -> list[Element]:
    """The weights by the digests of the record, and the facts beside them by their own."""
    digests = {**facts.files, **{path: digest_of_fact(facts, path) for path in _beside(facts)}}
    return [
        name.element(
            "software_File",
            f"file-{path}",
            name=path,
            software_primaryPurpose="model" if path in facts.files else "data",
            verifiedUsing=[_hash(digest)],
        )
        for path, digest in sorted(digests.items())
    ]


def _beside(facts: Facts) -> list[str]:
    return [layout.LEDGER, layout.EVALUATION, layout.SAMPLES, layout.RUN, *map(manifest_path, facts.datasets)]


def _licences(facts: Facts, name: _Names) -> list[Element]:
    """Each expression once, and the text of each licence that the SPDX list does not have."""
    of_datasets = (terms.label_licences(facts, one) for one in facts.datasets.values())
    of_files = ((licence_of_file(facts, path),) for path in (*facts.files, *_beside(facts)))
    of_data = ((terms.PUBLIC_DOMAIN, *labels) for labels in of_datasets)
    expressions = {(facts.licence,), (layout.CC0,), *of_data, *of_files}
    own = sorted({one for several in expressions for one in several if one not in terms.LISTED_LICENCES})
    texts = [
        name.element("simplelicensing_SimpleLicensingText", f"text-{one}", name=one, simplelicensing_licenseText=text)
        for one in own
        for text in [_text(one)]
    ]
    return [*texts, *(_expression(several, name) for several in sorted(expressions))]


def _expression(several: tuple[str, ...], name: _Names) -> Element:
    own = [one for one in several if one not in terms.LISTED_LICENCES]
    places = [{"type": "DictionaryEntry", "key": terms.in_expression(one), "value": name(f"text-{one}")} for one in own]
    return name.element(
        "simplelicensing_LicenseExpression",
        _licence_id(several),
        simplelicensing_licenseExpression=" AND ".join(terms.in_expression(one) for one in several),
        simplelicensing_licenseListVersion=terms.LICENCE_LIST_VERSION,
        simplelicensing_customIdToUri=places or None,
    )


def _licence_id(several: Iterable[str]) -> str:
    return "licence-" + "-and-".join(several)


def _text(licence: str) -> str:
    if licence == terms.PUBLIC_DOMAIN:
        return terms.PUBLIC_DOMAIN_TEXT
    return terms.licence_text(licence) if licence in terms.LICENCE_URLS else f"As label texts name it: {licence}"


def _relations(facts: Facts, name: _Names) -> list[Element]:
    found: list[tuple[str, str, list[str], str | None]] = []
    for link in facts.chain:
        run, own = link.run, terms.model_id(link.run)
        data = terms.dataset_id(terms.dataset_of(facts, run))
        if link.trained_on:
            found.append((own, "trainedOn", [data], f"{link.trained_on} pictures"))
        if link.measured_with:
            tested = [data, *(_evaluated(facts) if link is facts.model else ())]
            found.append((own, "testedOn", sorted(set(tested)), f"{link.measured_with} pictures, validation included"))
        parents = terms.parents_of(facts, run)
        before = sorted({terms.model_id(one.run) for key, one in parents.items() if key == INIT_FROM})
        others = sorted({terms.model_id(one.run) for key, one in parents.items() if key != INIT_FROM})
        if before:
            found.append((own, "descendantOf", before, "training went on from its weights"))
        if others:
            found.append((own, "dependsOn", others, None))
        found += _licensed(own, (facts.licence,))
    for manifest in facts.datasets.values():
        data = terms.dataset_id(manifest)
        found.append((data, "hasMetadata", [f"file-{manifest_path(manifest.version)}"], None))
        found += _licensed(data, (terms.PUBLIC_DOMAIN, *terms.label_licences(facts, manifest)))
    own = terms.model_id(facts.model.run)
    found.append((own, "hasEvidence", [f"file-{layout.LEDGER}"], "every picture that any model of the chain saw"))
    found.append((own, "hasEvidence", [f"file-{layout.EVALUATION}"], "what was measured"))
    found.append((own, "hasMetadata", [f"file-{layout.RUN}"], None))
    found.append((own, "hasEvidence", [f"file-{layout.SAMPLES}"], "pictures that were measured"))
    for path in (*facts.files, *_beside(facts)):
        found += _licensed(f"file-{path}", (licence_of_file(facts, path),))
    if facts.files:
        found.append((own, "contains", [f"file-{path}" for path in sorted(facts.files)], None))
    return [_relation(name, *one) for one in found]


def _evaluated(facts: Facts) -> tuple[str, ...]:
    manifest = facts.datasets.get(facts.evaluated.dataset_version)
    return (terms.dataset_id(manifest),) if manifest else ()


def _licensed(own: str, licences: tuple[str, ...]) -> list[tuple[str, str, list[str], str | None]]:
    to = [_licence_id(licences)]
    return [(own, "hasDeclaredLicense", to, None), (own, "hasConcludedLicense", to, None)]


def _relation(name: _Names, own: str, kind: str, to: list[str], comment: str | None) -> Element:
    return name.element(
        "Relationship",
        f"relation-{own}-{kind}-{to[0]}",
        **{"from": name(own)},
        to=[name(one) for one in to],
        relationshipType=kind,
        completeness="complete",
        comment=comment,
    )


def _download(facts: Facts) -> str:
    return terms.iri(facts.release.download_url) if facts.release.download_url else NO_ASSERTION


def _hash(digest: str, comment: str | None = None) -> Element:
    return {
        "type": "Hash",
        "algorithm": "sha256",
        "hashValue": digest,
        **({"comment": comment} if comment else {}),
    }


def _entries(values: Mapping[str, str]) -> list[Element]:
    return [{"type": "DictionaryEntry", "key": name, "value": value} for name, value in values.items()]


def _properties(values: Mapping[str, str]) -> list[Element]:
    entries = [
        {"type": "extension_CdxPropertyEntry", "extension_cdxPropName": name, "extension_cdxPropValue": value}
        for name, value in values.items()
    ]
    return [{"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": entries}]
