"""What the table commons/templates says of templates, as facts by their normal names."""

from collections.abc import Collection, Mapping

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import TEMPLATES
from pd_assets.lib.home import Home
from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.knowledge import TemplateFact, TemplateKind


def templates_known(home: Home) -> Mapping[str, TemplateFact]:
    """Facts by normal name; none where the table was never written. Categories above templates are no templates."""
    told: dict[str, set[TemplateFact]] = {}
    for row in tables.rows(tables.read_or_empty(home, TEMPLATES, ["name", "target", "kind"])):
        name = normal_name(str(row["name"]))
        if row["kind"] is not None and not name.startswith("category:"):
            kind = TemplateKind(str(row["kind"]))
            told.setdefault(name, set()).add(TemplateFact(name=name, target=normal_name(str(row["target"])), kind=kind))
    return {name: of_one_name(facts) for name, facts in told.items()}


def of_one_name(facts: Collection[TemplateFact]) -> TemplateFact:
    """What pages whose names differ in their case alone say together: `Cc-by-2.0` and `CC-By-2.0` lead to two places.

    Those that do not exist say nothing beside one that does. Where they mean two things it is a warning if one of them
    is, and else as if there were none: nobody can tell which of them is meant.
    """
    name = next(iter(facts)).name
    told = {fact for fact in facts if fact.kind is not TemplateKind.MISSING} or set(facts)
    kinds = {fact.kind for fact in told}
    if len(told) == 1 or (len(kinds) == 1 and TemplateKind.LICENCE not in kinds):
        return min(told, key=lambda fact: fact.target)
    kind = TemplateKind.WARNING if TemplateKind.WARNING in kinds else TemplateKind.MISSING
    return TemplateFact(name=name, target=name, kind=kind)
