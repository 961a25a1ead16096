"""The licence rule: the ledger decides the licence of the weights, and every paper that names one names that one.

The papers were compared with what their writers give; here they are read again, by nothing of their writers, so that a
writer that errs is found as well. No torch in here. Errors: BundleError (a licence that the ledger cannot give).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import Problem, read_json
from pd_ml.bundle.facts import Facts
from pd_ml.errors import BundleError

# What model hubs call them: https://huggingface.co/docs/hub/repositories-licenses
_ON_HUBS = {layout.OPENMDW: "openmdw-1.1", layout.CC0: "cc0-1.0", layout.BY_SA: "cc-by-sa-4.0"}
_MOST_BYTES = 1 << 20


def problems_of_licence(facts: Facts) -> list[Problem]:
    """Each paper that names another licence of the weights than the ledger gives, or none."""
    expected = facts.licence
    problems = []
    for name, read in _READERS.items():
        try:
            found = set(read(facts.folder / name))
        except (BundleError, LookupError, TypeError, AttributeError, ValueError) as error:
            text = f"its licence of the weights cannot be read ({type(error).__name__}: {error})"
            problems.append(Problem(file=name, text=text))
            continue
        if found != {expected}:
            told = ", ".join(sorted(found)) or "none"
            text = f"names the licence of the weights {told}, the ledger gives {expected}"
            problems.append(Problem(file=name, text=text))
    return problems


def _in_text(path: Path) -> Iterator[str]:
    """The licence whose text to the letter is in the file."""
    found = _head(path)
    for name in _ON_HUBS:
        if (resources.files("pd_ml.bundle") / "texts" / f"{name}.txt").read_text(encoding="utf-8").strip() in found:
            yield name


def _in_card(path: Path) -> Iterator[str]:
    """In the YAML head: `license`, or `license_name` where that is `other`."""
    head = _head(path).partition("---\n")[2].partition("\n---")[0]
    fields = dict(re.findall(r"^(license|license_name):[ \t]*[\"']?([^\"'\n]*?)[\"']?[ \t]*$", head, re.MULTILINE))
    told = fields["license_name"] if fields.get("license") == "other" else fields["license"]
    yield next((name for name, on_hubs in _ON_HUBS.items() if on_hubs == told), told)


def _in_bom(path: Path) -> Iterator[str]:
    """Of the component that the bill is about."""
    for one in read_json(path)["metadata"]["component"]["licenses"]:
        yield one["license"].get("id") or one["license"]["name"]


def _in_spdx(path: Path) -> Iterator[str]:
    """What is declared and concluded for each package of a model."""
    graph = read_json(path)["@graph"]
    by_id = {one["spdxId"]: one for one in graph if "spdxId" in one}
    for one in graph:
        is_licence = one.get("relationshipType") in ("hasDeclaredLicense", "hasConcludedLicense")
        if is_licence and by_id[one["from"]]["type"] == "ai_AIPackage":
            for to in one["to"]:
                yield by_id[to]["simplelicensing_licenseExpression"].removeprefix("LicenseRef-")


def _in_debian(path: Path) -> Iterator[str]:
    """Of the paragraph that stands for all files that no later one names, and of one for the weights' folder."""
    for stanza in re.split(r"\n[ \t]*\n", _head(path)):
        files = re.search(r"^Files:[ \t]*(.*)$", stanza, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(.*?)[ \t]*$", stanza, re.MULTILINE)
        if files and licence and {"*", f"{layout.PIPELINE}/*"} & set(files[1].split()):
            yield licence[1]


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")


_READERS: Mapping[str, Callable[[Path], Iterator[str]]] = {
    layout.LICENCE: _in_text,
    layout.CARD: _in_card,
    layout.BOM: _in_bom,
    layout.SPDX: _in_spdx,
    layout.DEBIAN: _in_debian,
}
