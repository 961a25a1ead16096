"""What the machine-readable papers of a bundle share: identifiers, instants, licences, and every count by name.

Nothing here is drawn or read off a clock: an identifier is a digest of the bundle's version.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import is_day
from pd_ml.bundle.facts import Facts, Link
from pd_ml.data.shards import Manifest
from pd_ml.errors import BundleError
from pd_ml.provenance import RunRecord

OPENMDW_URL = "https://github.com/OpenMDW/OpenMDW/blob/b26b32b34ad2edcc29a7707abb68dcfb25a538c1/1.1/LICENSE.OpenMDW-1.1"
APACHE = "Apache-2.0"
LICENCE_URLS: Mapping[str, str] = {
    layout.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
    layout.BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
    layout.OPENMDW: OPENMDW_URL,
    APACHE: "https://www.apache.org/licenses/LICENSE-2.0",
}
# What model hubs call them: https://huggingface.co/docs/hub/repositories-licenses. They have no word for OpenMDW 1.1.
ON_HUBS = {layout.OPENMDW: "openmdw-1.1", layout.CC0: "cc0-1.0", layout.BY_SA: "cc-by-sa-4.0"}
# Of the SPDX list: https://spdx.org/licenses/. OpenMDW-1.1 is none of them, OpenMDW-1.0 is.
LISTED_LICENCES = frozenset({layout.CC0, layout.BY_SA, APACHE})
LICENCE_LIST_VERSION = "3.28.0"
PUBLIC_DOMAIN_MARK = "https://creativecommons.org/publicdomain/mark/1.0/"
PUBLIC_DOMAIN = "public-domain"
PUBLIC_DOMAIN_TEXT = (
    "This is no licence. Each picture was accepted as free of copyright by a rule on evidence about it. The ledger "
    "names the rule (rule_id), the page (page_url), its revision (revid) and the digest of the evidence."
)
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "bundle.public-domain-diffusion.org")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
NOT_RECORDED = "not recorded"
_WEB = re.compile(r"https?://[^\s/]+")


def urn(facts: Facts, paper: str) -> str:
    """The identifier of a paper of this bundle: a `urn:uuid:`."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{facts.release.bundle} {paper}')}"


def instant(day: str) -> str:
    """The first second of a day in UTC."""
    return f"{day}T00:00:00Z"


def built_on(manifest: Manifest) -> str:
    """The day on which a dataset version was finished, "" where its manifest does not tell, as those of before."""
    # FINISHED_ON of pd_assets.lib.dataset.croissant.
    told = manifest.facts.get("finished_on")
    return told if isinstance(told, str) and is_day(told) else ""


def written(document: Mapping[str, object]) -> str:
    """A paper in JSON: keys in their order, ASCII alone, no number that JSON does not have."""
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def iri(text: str) -> str:
    """An address with everything escaped that may not stand in one."""
    return quote(text, safe=":/?#[]@!$&'()*+,;=%-._~")


def is_email(contact: str) -> bool:
    """Whether a contact is an address of e-mail and nothing else."""
    return _EMAIL.fullmatch(contact) is not None


def is_web(contact: str) -> bool:
    """Whether a contact is a page."""
    return _WEB.match(contact) is not None


def licence_urls(licences: Iterable[str]) -> list[str]:
    """Where each of several licences is, each once; of what needs none, the mark that says so."""
    return [{**LICENCE_URLS, PUBLIC_DOMAIN: PUBLIC_DOMAIN_MARK}[one] for one in dict.fromkeys(licences)]


def licence_text(name: str) -> str:
    """The text of a licence that the project ships; BundleError for another."""
    path = Path(__file__).with_name("texts") / f"{name}.txt"
    if not path.is_file():
        raise BundleError(f"no text of the licence {name!r}, expected one of {', '.join(LICENCE_URLS)}")
    return path.read_text(encoding="utf-8")


def label_licences(facts: Facts, manifest: Manifest) -> tuple[str, ...]:
    """The licences of a dataset's label texts: as its manifest counts them, else those of the texts that were shown."""
    told = manifest.facts.get("label_licences")
    counted = told if isinstance(told, Mapping) else facts.counts.texts
    return tuple(sorted(str(name) for name, count in counted.items() if name not in ("none", PUBLIC_DOMAIN) and count))


def has_captions(facts: Facts, manifest: Manifest) -> bool:
    """Whether a dataset has label texts: as its manifest counts them, else whether any was shown."""
    told = manifest.facts.get("label_licences")
    counted = told if isinstance(told, Mapping) else facts.counts.texts
    return any(count for name, count in counted.items() if name != "none")


def in_expression(licence: str) -> str:
    """A licence as it stands in an SPDX expression."""
    return licence if licence in LISTED_LICENCES else "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", licence)


def model_id(run: RunRecord) -> str:
    """The name of a model within a paper."""
    return f"model-{run.stage}-{run.version}"


def dataset_id(manifest: Manifest) -> str:
    """The name of a dataset version within a paper."""
    return f"dataset-{manifest.version}"


def dataset_of(facts: Facts, run: RunRecord) -> Manifest:
    """The version that a model learnt from; BundleError where the bundle has not its manifest."""
    if (found := facts.datasets.get(run.dataset_version)) is None:
        raise BundleError(
            f"{run.stage} {run.version} learnt from dataset {run.dataset_version}, expected "
            f"{layout.CHAIN}/dataset-{run.dataset_version}/{layout.DATASET_MANIFEST}; this is half a bundle, have it "
            "made again"
        )
    return found


def parents_of(facts: Facts, run: RunRecord) -> Mapping[str, Link]:
    """The models that one was made of, by the names that its record gives them."""
    by_digest = {link.run.digest: link for link in facts.chain}
    return {name: by_digest[digest] for name, digest in sorted(run.inputs.items()) if digest in by_digest}


def counts_of_bundle(facts: Facts) -> dict[str, str]:
    """Every count of the ledger and of the house over the whole chain, by the name that papers give it."""
    counts, release = facts.counts, facts.release
    several = {
        "split": counts.by_split,
        "rule": counts.by_rule,
        "source": counts.by_source,
        "texts": counts.texts,
        "text_showings": counts.text_showings,
        "host_pictures": {host: found.pictures for host, found in counts.hosts.items()},
        "host_bytes": {host: found.size_bytes for host, found in counts.hosts.items()},
        "refused": release.refused,
        "language": {one or "none": n for one, n in release.languages.items()},
    }
    single = {
        "pictures": counts.pictures,
        "measured": counts.measured,
        "seen": counts.seen,
        "showings": counts.showings,
        "attributed": counts.attributed,
        "taken_down": release.taken_down,
    }
    named = {f"pdd:{name}:{key}": value for name, by_key in several.items() for key, value in sorted(by_key.items())}
    return {name: str(value) for name, value in {**{f"pdd:{one}": n for one, n in single.items()}, **named}.items()}


def counts_of_model(facts: Facts, link: Link) -> dict[str, str]:
    """The counts of one model's rows of the ledger, and the compute of its training where the house knows it."""
    flop = facts.release.training_flop.get(link.name)
    return {
        "pdd:model:trained_on": str(link.trained_on),
        "pdd:model:measured_with": str(link.measured_with),
        "pdd:model:times_shown": str(link.times_shown),
        **{f"pdd:model:captions:{name}": str(count) for name, count in sorted(link.captions.items())},
        "pdd:model:training_flop": "not computed" if flop is None else f"{flop:.6g}",
    }


def counts_of_dataset(manifest: Manifest) -> dict[str, str]:
    """The counts of a dataset version, as its manifest has them."""
    several = {name: manifest.facts.get(name) for name in ("rules", "sources", "label_licences")}
    named = {
        f"pdd:dataset:{name}:{key}": str(value)
        for name, by_key in several.items()
        if isinstance(by_key, Mapping)
        for key, value in sorted(by_key.items())
    }
    splits = {f"pdd:dataset:split:{split}": str(count) for split, count in sorted(manifest.counts.items())}
    return {"pdd:dataset:pictures": str(sum(manifest.counts.values())), **splits, **named}


def sources_of(manifest: Manifest, facts: Facts) -> Mapping[str, int]:
    """Pictures of a dataset version by archive: as its manifest counts them, else those of all that models saw."""
    told = manifest.facts.get("sources")
    if isinstance(told, Mapping):
        return {str(name): count for name, count in told.items() if isinstance(count, int)}
    return facts.counts.by_source


def settings_of(run: RunRecord) -> dict[str, str]:
    """The config of a training by dotted names."""
    return dict(_flat(run.config, ""))


def _flat(value: object, path: str) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        inner = [(f"{path}.{name}" if path else str(name), one) for name, one in sorted(value.items())]
        return [pair for name, one in inner for pair in _flat(one, name)]
    return [(path, value if isinstance(value, str) else json.dumps(value))]
