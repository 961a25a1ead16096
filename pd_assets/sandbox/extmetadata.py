"""`extmetadata` of a file, with the two habits of Commons that a licence check must know.

Only the best of all licence boxes is reported, public domain before Creative Commons before the rest, so a public
domain work under a CC BY-SA photograph reads "Public domain". And categories whose name is a licence are left out.
See Commons:Machine-readable data.
"""

import re
from collections.abc import Iterable

from pd_assets.sandbox.licences import PUBLIC_DOMAIN, Licence
from pd_assets.sandbox.rendering import Rendering

_CC = re.compile(r"^cc[ -](?P<code>by-sa|by|sa)[ -](?P<version>\d(?:\.\d)?)(?:[ -].*)?$", re.IGNORECASE)
_DESCRIPTION = "commons-desc-page"
_CATEGORIES = "commons-categories"
_FILE = "mediawiki-metadata"
Entry = dict[str, object]


def extmetadata(rendering: Rendering, *, name: str, uploaded: str, multilingual: bool) -> dict[str, Entry]:
    """All keys of a file called `name` ("Foo.jpg"), uploaded at an ISO time."""
    entries: dict[str, Entry] = {
        "DateTime": _hidden(uploaded.replace("T", " ").removesuffix("Z"), _FILE),
        "ObjectName": _object_name(rendering, name),
        "CommonsMetadataExtension": _hidden(1.2, "extension"),
        "Categories": _hidden("|".join(shown_categories(link.name for link in rendering.categories)), _CATEGORIES),
        "Assessments": _hidden("", _CATEGORIES),
    }
    entries.update(_description(rendering, multilingual=multilingual))
    entries.update(_licence(rendering))
    entries["Restrictions"] = _hidden("|".join(rendering.restrictions), _DESCRIPTION)
    if rendering.deletion_reason is not None:
        entries["DeletionReason"] = _hidden(rendering.deletion_reason, _DESCRIPTION)
    return entries


def shown_categories(names: Iterable[str]) -> list[str]:
    """The category names that extmetadata shows: those that do not read as a licence."""
    return [name for name in names if licence_code(name) is None]


def best_licence(licences: Iterable[Licence]) -> Licence | None:
    """The box that masks the others; the first of equals."""
    return max(licences, key=_priority, default=None)


def licence_code(short: str) -> str | None:
    """`pd`, `cc0`, `cc-by-sa-4.0`, … where a short name reads as a licence; None for NC, ND and unknown ones."""
    name = short.strip().lower()
    if name in ("public domain", "pd"):
        return "pd"
    if name in ("cc0", "cc-pd"):
        return name
    found = _CC.match(name)
    return f"cc-{found['code']}-{found['version']}" if found else None


def _priority(licence: Licence) -> float:
    code = licence_code(licence.short)
    if code is None:
        return 0.0
    if code == "pd":
        return 2000.0
    found = _CC.match(code)
    return 1000.0 if found is None else 1100.0 + 10 * float(found["version"])


def _licence(rendering: Rendering) -> dict[str, Entry]:
    best = best_licence(rendering.licences)
    if best is None:
        return {}
    entries = {
        "LicenseShortName": _hidden(best.short, _DESCRIPTION),
        "UsageTerms": _hidden(best.long, _DESCRIPTION),
        "AttributionRequired": _hidden("true" if best.attribution else "false", _DESCRIPTION),
        "Copyrighted": _hidden("False" if best.long == PUBLIC_DOMAIN else "True", _DESCRIPTION),
    }
    code = licence_code(best.short)
    if code is not None:
        entries["License"] = _hidden(code, "commons-templates")
    if best.url:
        entries["LicenseUrl"] = _hidden(best.url, _DESCRIPTION)
    if any(licence.non_free for licence in rendering.licences):
        entries["NonFree"] = _hidden("true", _DESCRIPTION)
    return entries


def _description(rendering: Rendering, *, multilingual: bool) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    fields = rendering.fields
    if rendering.descriptions:
        several: object = {**rendering.descriptions, "_type": "lang"}
        text: object = several if multilingual else next(iter(rendering.descriptions.values()))
        entries["ImageDescription"] = {"value": text, "source": _DESCRIPTION}
    elif "description" in fields:
        entries["ImageDescription"] = {"value": fields["description"], "source": _DESCRIPTION}
    if "date" in fields:
        entries["DateTimeOriginal"] = {"value": fields["date"], "source": _DESCRIPTION}
    if "credit" in fields:
        entries["Credit"] = _hidden(fields["credit"], _DESCRIPTION)
    if "artist" in fields:
        entries["Artist"] = {"value": fields["artist"], "source": _DESCRIPTION}
    if "permission" in fields:
        entries["Permission"] = _hidden(fields["permission"], _DESCRIPTION)
    return entries


def _object_name(rendering: Rendering, name: str) -> Entry:
    title = rendering.fields.get("title")
    return _hidden(title, _DESCRIPTION) if title else _hidden(name.rpartition(".")[0], _FILE)


def _hidden(value: object, source: str) -> Entry:
    return {"value": value, "source": source, "hidden": ""}
