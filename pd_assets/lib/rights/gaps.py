"""Which templates hold back pages that are otherwise free: what a curator may look at first.

A page counts where nothing but an unknown tag is said against it. What would free it is a line in tags.py, with its
source, or a category on the archive's template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.answers import answer
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.home import Home
from pd_assets.lib.page.template_names import whole
from pd_assets.lib.rights.knowledge import TemplateFact, TemplateKind
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.lib.rights.stored_templates import templates_known

COLUMNS = ("template", "kind", *PROFILES, "example", "page")
IN_WORDS = {
    TemplateKind.LICENCE: "unknown licence",
    TemplateKind.UNCLASSIFIED: "unclassified",
    TemplateKind.MISSING: "no such template",
}
NOT_ASKED = "not asked yet"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One template, what the archive says of it, the pages that it holds back by profile, and one of them."""

    template: str
    kind: str
    pages: Mapping[str, int]
    example: str
    page_url: str

    def cells(self) -> tuple[str, ...]:
        """The values of COLUMNS."""
        counts = [str(self.pages.get(profile, 0)) for profile in PROFILES]
        return (self.template, self.kind, *counts, self.example, self.page_url)


def rights_gaps(home: Home, *, profile: str) -> list[Gap]:
    """The templates that hold back pages, those first that hold back most under `profile`."""
    known = templates_known(home)
    rows: dict[str, list[Mapping[str, object]]] = {}
    for row in tables.rows(answer(home, "rights_gaps", {"decisions": DECISIONS, "items": ITEMS}, {})):
        rows.setdefault(str(row["name"]), []).append(row)
    found = [_gap(name, of_name, known) for name, of_name in rows.items()]
    return sorted(found, key=lambda gap: (-gap.pages.get(profile, 0), -sum(gap.pages.values()), gap.template))


def _gap(name: str, rows: Sequence[Mapping[str, object]], known: Mapping[str, TemplateFact]) -> Gap:
    counts = {str(row["profile"]): int(str(row["pages"])) for row in rows}
    first = rows[0]
    fact = known.get(whole(name))
    kind = NOT_ASKED if fact is None else IN_WORDS.get(fact.kind, fact.kind.value)
    return Gap(
        template=name,
        kind=kind,
        pages=counts,
        example=str(first["title"] or ""),
        page_url=str(first["page_url"] or ""),
    )
