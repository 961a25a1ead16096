"""Our engine on labelled pages, with what others know: Wikidata as the pages tell it, and what templates are.

    python -m benchmarks.rights.systems.ours [--pages FILE] [--entities FILE] [--templates FILE] [--out decisions.csv]

Prints the table of the scorer, then every false accept with the rule, the witness and what a person says of the page;
with `--waiting`, also the free pages that were not accepted.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from benchmarks.rights import score
from benchmarks.rights.pages import (
    ACCEPT,
    MAKERS,
    PAGES,
    PROFILES,
    REJECT,
    TEMPLATES,
    WAIT,
    Decided,
    Page,
    read_pages,
    write_decisions,
)
from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.rules import decide

# The day on which the labels are right.
ON = date(2026, 11, 28)
VERDICT = {"accept": ACCEPT, "quarantine": WAIT, "reject": REJECT}
Facts = Mapping[str, Mapping[str, object]]


def decisions(
    pages: Sequence[Page], entities: Facts | None = None, templates: Mapping[str, object] | None = None
) -> Iterator[Decided]:
    """What our engine says of each page under each profile. `entities` are known beside those of the page itself."""
    facts = _templates(templates if templates is not None else _read(TEMPLATES))
    shared = entities if entities is not None else _read(MAKERS)
    for page in pages:
        evidence = evidence_of(row_of(page), Questions(known=_knowledge(page, shared, facts)))
        for profile in PROFILES:
            decision = decide(evidence, profile, ON)
            because = f"{decision.rule_id}; witness: {decision.witness or 'none'}; {', '.join(decision.reasons)}"
            yield Decided(id=page.id, profile=profile, verdict=VERDICT[decision.verdict], because=because)


def row_of(page: Page) -> dict[str, object]:
    """The page as a row of commons/pages."""
    claims = {prop: [_claim(value) for value in values] for prop, values in page.statements.items()}
    summary = {name: {"value": value} for name, value in page.extmetadata.items()}
    return {
        "status": "live",
        "title": page.title,
        "wikitext": page.wikitext,
        "categories": list(page.categories),
        "templates": list(page.templates),
        "extmetadata": json.dumps(summary) if summary else None,
        "mediainfo": json.dumps({"statements": claims}) if claims else None,
        "revid": 1,
        "sha1": "a",
    }


def _claim(value: object) -> dict[str, object]:
    value, qualifiers = value if isinstance(value, list) else (value, {})
    given = {name: [_snak(one) for one in (ones if isinstance(ones, list) else [ones])]
             for name, ones in qualifiers.items()}  # fmt: skip
    return {"mainsnak": _snak(value), "rank": "normal", "qualifiers": given}


def _snak(value: object) -> dict[str, object]:
    if value is None:
        return {"snaktype": "somevalue"}
    text, held = str(value), value
    if re.fullmatch(r"Q\d+", text):
        held = {"id": text}
    elif re.fullmatch(r"\d{3,4}", text):
        held = {"time": f"+{int(text):04d}-00-00T00:00:00Z", "precision": 9}
    return {"snaktype": "value", "datavalue": {"value": held}}


def _knowledge(page: Page, shared: Facts, templates: Mapping[str, TemplateFact]) -> Knowledge:
    entities = {**shared, **page.entities}
    named = {normal_name(f"creator:{said['name']}"): item for item, said in shared.items() if said.get("name")}
    return Knowledge(
        entities={item: _entity(item, said) for item, said in entities.items()},
        creator_pages={**named, **{normal_name(name): item for name, item in page.creators.items()}},
        templates=templates,
    )


def _entity(item: str, said: Mapping[str, object]) -> Entity:
    return Entity(
        asked=item,
        item=item,
        revid=1,
        edited_on="2026-01-01",
        kind=_kind(said),
        name=str(said["name"]) if said.get("name") else None,
        born=_years(said.get("born")),
        died=_years(said.get("died")),
        made=_years(said.get("made")),
        makers=_items(item, said, "makers"),
        has_unnamed_maker=bool(said.get("unnamed")),
        is_anonymous=bool(said.get("anonymous")),
        classes=_items(item, said, "classes"),
        materials=_items(item, said, "materials"),
    )


def _items(item: str, said: Mapping[str, object], name: str) -> tuple[str, ...]:
    named = said.get(name) or []
    assert isinstance(named, list), f"{item}: `{name}` is {named!r}, expected an array of Q-ids"
    return tuple(str(one) for one in named)


def _kind(said: Mapping[str, object]) -> EntityKind:
    """`work` is what we call any other thing; without a kind, whoever lived is a person."""
    named = str(said.get("kind") or ("person" if said.get("died") or said.get("born") else "other"))
    named = "person" if named in ("human", "Q5") else named
    return EntityKind(named) if named in set(EntityKind) else EntityKind.OTHER


def _years(said: object) -> Years | None:
    """A year, or the first and the last of several that are possible."""
    if said is None:
        return None
    possible = [int(str(year)) for year in (said if isinstance(said, list) else [said]) if year is not None]
    if not possible:
        return None
    return Years(first=min(possible), last=max(possible), named=possible[0])


def _templates(said: Mapping[str, object]) -> dict[str, TemplateFact]:
    """name -> kind, or name -> {kind, target, shows}."""
    found = {}
    for spelled, value in said.items():
        name = normal_name(spelled)
        fact: dict[str, object] = value if isinstance(value, dict) else {"kind": value}
        shown = fact.get("shows") or []
        assert isinstance(shown, list), f"{spelled}: `shows` is {shown!r}, expected an array of names"
        found[name] = TemplateFact(
            name=name,
            target=normal_name(str(fact.get("target") or name)),
            kind=TemplateKind(str(fact["kind"])),
            shows=tuple(normal_name(str(tag)) for tag in shown),
        )
    return found


def _read(path: Path) -> dict[str, dict[str, object]]:
    """A JSON object, or {} where the file is not there."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict), f"{path} holds {type(found).__name__}, expected one JSON object"
    return found


def report(pages: Sequence[Page], decided: Sequence[Decided], *, waiting: bool, groups: Sequence[str]) -> Iterator[str]:
    """The tables, every false accept, and why free pages wait."""
    scores = score.score(pages, decided)
    yield from score.lines(scores, groups=groups)
    because = {(one.id, one.profile): one.because for one in decided}
    by_id = {page.id: page for page in pages}
    for found in scores:
        for page_id in found.all.false_accepts:
            page = by_id[page_id]
            told = because[page_id, found.profile]
            yield f"\nFALSE ACCEPT {found.profile} {page_id} [{page.kind}] by {told}\n  a person says: {page.why}"
    for profile in PROFILES:
        lost = [one for one in decided if one.profile == profile and one.verdict != ACCEPT]
        lost = [one for one in lost if profile in by_id[one.id].free]
        counts = Counter(one.because.split(";")[0] for one in lost).most_common()
        yield f"\nFree under {profile} and not accepted, by rule: " + (
            ", ".join(f"{n} {r}" for r, n in counts) or "none"
        )
        for one in lost if waiting else ():
            yield f"  {one.id}: {one.because}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES, help="labelled pages, ours or others'")
    parser.add_argument(
        "--entities", type=Path, default=MAKERS, help="JSON: Q-id -> kind, name, born, died, made, makers"
    )
    parser.add_argument(
        "--templates", type=Path, default=TEMPLATES, help="JSON: name -> kind, or {kind, target, shows}"
    )
    parser.add_argument("--out", type=Path, help="where the decisions go as CSV")
    parser.add_argument("--by", nargs="*", choices=sorted(score.GROUPS), default=(), help="tables by these, too")
    parser.add_argument("--waiting", action="store_true", help="list the free pages that were not accepted")
    given = parser.parse_args(argv)
    pages = read_pages(given.pages)
    decided = list(decisions(pages, _read(given.entities), _read(given.templates)))
    if given.out:
        write_decisions(decided, given.out)
    print("\n".join(report(pages, decided, waiting=given.waiting, groups=given.by)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
