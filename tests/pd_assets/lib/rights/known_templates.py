"""What the archive says of its templates, out of the recorded names and redirects: material for tests and benches.

The recorded list sorts names by our words; here they are the kinds that the archive's own classification would give.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.knowledge import Knowledge, Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.stored_templates import of_one_name
from tests import material

FOLDER = "archives/templates"
KINDS: Mapping[str, TemplateKind] = {
    **dict.fromkeys(
        ("licence", "pd by age", "pd US", "pd government", "pd country", "pd other source", "pd ineligible",
         "pd release", "copy of a work", "no known restriction (not a dedication)", "permission",
         "partner with licence", "freedom of panorama"),
        TemplateKind.LICENCE,
    ),
    "warning": TemplateKind.WARNING,
    "information box": TemplateKind.BOX,
    "partner/source": TemplateKind.SOURCE,
    "maintenance": TemplateKind.MAINTENANCE,
    "language": TemplateKind.LANGUAGE,
    "location": TemplateKind.LOCATION,
    **dict.fromkeys(
        ("award", "campaign", "date or words", "derivative", "helper", "layout", "maker or place box", "marker",
         "restriction (not copyright)", "review", "technique"),
        TemplateKind.OTHER,
    ),
}  # fmt: skip
# What the archive would say of the templates beside the licences in our written cases.
CLASSIFIED: Mapping[str, TemplateKind] = {
    "remove border": TemplateKind.MAINTENANCE,
    "original upload log": TemplateKind.MAINTENANCE,
    "uploaded with pattypan": TemplateKind.MAINTENANCE,
    "wikidata infobox": TemplateKind.OTHER,
    "trademarked": TemplateKind.OTHER,
    "insignia": TemplateKind.OTHER,
}


def asking(kinds: Mapping[str, TemplateKind] = CLASSIFIED, **targets: str) -> Questions:
    """Questions to an archive that classifies templates so; `targets` are redirects, their names with underscores."""
    facts = {name: TemplateFact(name=name, target=name, kind=kind) for name, kind in kinds.items()}
    for alias, target in targets.items():
        name = normal_name(alias)
        facts[name] = TemplateFact(name=name, target=target, kind=kinds.get(target, TemplateKind.LICENCE))
    return Questions(known=Knowledge(templates=facts))


def recorded_templates() -> dict[str, TemplateFact]:
    """Facts by normal name, redirects with their targets; empty where the recorded material is absent."""
    folder = material.RECORDED / FOLDER
    if not folder.is_dir():
        return {}
    told: dict[str, set[TemplateFact]] = {}
    for row in rows(folder / "licence-templates.tsv"):
        new = fact(row["template"], row["template"], row["kind"])
        told.setdefault(new.name, set()).add(new)
    for row in rows(folder / "redirects.tsv"):
        new = fact(row["alias"], row["target"], row["kind_of_target"])
        told.setdefault(new.name, set()).add(new)
        told.setdefault(new.target, {TemplateFact(name=new.target, target=new.target, kind=new.kind)})
    return {name: of_one_name(facts) for name, facts in told.items()}


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a recorded table, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def fact(name: str, target: str, kind: str) -> TemplateFact:
    return TemplateFact(name=normal_name(name), target=normal_name(target), kind=KINDS[kind])
