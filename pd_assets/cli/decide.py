"""`pdd decide`: whether a picture may be used and why in a sentence, the rule that decided, and what it rests on."""

import argparse
import itertools
import sys
import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from pd_assets.cli import past
from pd_assets.cli.days import a_day
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.catalog.tables import Tables
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.release.asked_standing import Stands, stands
from pd_assets.lib.release.near_titles import nothing_called
from pd_assets.lib.release.pictures import as_named, find_pictures
from pd_assets.lib.rights.batches import COPY_CONFLICT
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.judgements import judged_in_words, read_judgements
from pd_assets.lib.rights.key_evidence import all_evidence, key_evidence, words_fired
from pd_assets.lib.rights.knowledge import Questions
from pd_assets.lib.rights.known import load_knowledge
from pd_assets.lib.rights.known_names import known_names
from pd_assets.lib.rights.plain_words import Names, day, ids_in, names_of
from pd_assets.lib.rights.rules import PROFILES, Decision, Trial, decide, valid_until
from pd_assets.lib.rights.rules import explain as try_rules
from pd_assets.lib.rights.why import Why, why
from pd_assets.lib.rights.words_for_people import Told, other_reasons, sentence
from pd_assets.lib.standing import of_the_environment

EXAMPLES = """examples:
  pdd decide "File:The Night Watch.jpg"           by its title, with or without File:
  pdd decide M123 --all                           every rule, and all that was read of the page
  pdd decide https://commons.wikimedia.org/wiki/File:The_Night_Watch.jpg
  pdd decide commons:M123 --as-of 2026-11-30      as it stood at the end of a day
"""
WIDTH = 118
LONGEST_LINE = 400
MOST_NAMED = 5
VERDICTS = {"accept": "accepts", "reject": "refuses", "quarantine": "lets it wait"}
LAWS = {"any": "", "US": "It asks about the law of the United States.",
        "source country": "It asks about the law of the source country."}  # fmt: skip
# The evidence of an item; title and page are those of the item.
CALLED = """
select evidence.*, items.title as item_title, items.page_url as item_page_url
from items join ({}) as evidence on evidence.item_id = items.item_id
where items.item_id = $item
"""
# Verdicts that no row of the rule table gives.
WITHOUT_A_RULE = {
    COPY_CONFLICT.rule_id: "the very same picture is on another page, which says something against it",
    "default-deny": "what no rule accepts is refused",
}


def explain(item: str, profile: str | None, *, everything: bool = False) -> Iterator[str]:
    """Lines for a person: first whether the picture may be used and why, takedowns included, then the picture, the rule
    that decided and its evidence.
    """
    settings = of_the_environment()
    profile = _known(profile or settings.rights_profile)
    home = open_home(settings.home, to_ask=True)
    page = _page_of(home, item_called(home, item))
    item_id, evidence = str(page["item_id"]), evidence_of(page, Questions(known=load_knowledge(home)))
    today, is_copy_refused = datetime.now(UTC).date(), _is_copy_refused(home, str(page["item_id"]), profile)
    names = known_names(home, ids_in(evidence))
    stand = stands(home, item_id, stale_days=settings.stale_days)
    told = _told(evidence, profile, today, settings.fresh_days, names, is_copy_refused)
    yield from _first(why(told, stand.standing()), stand)
    yield ""
    yield f"{item_id}  {page['item_title']}"
    yield f"  {page['item_page_url'] or 'no address'}"
    yield from itertools.islice(
        explanation(
            evidence,
            profile,
            today,
            settings.fresh_days,
            names=names,
            page=page,
            is_copy_refused=is_copy_refused,
            everything=everything,
        ),
        1,
        None,
    )
    if said := judged_in_words(
        read_judgements(home).of_item(item_id), evidence.looked_at(str(page["page_digest"] or ""))
    ):
        yield "What people said of it:"
        yield from _indented(said)


def _first(found: Why, stand: Stands) -> Iterator[str]:
    """Whether it may be used, what would change that, and the takedowns with the operator's reasons."""
    yield found.first
    if found.settles:
        yield "What would settle it:"
        yield from _indented([f"{one[:1].upper()}{one[1:]}." for one in found.settles])
    for one in stand.downs:
        yield f"  taken down as {one.in_words}: {one.reason}{f' ({one.how})' if one.how else ''}"


def explain_past(item: str, profile: str | None, day: date, *, everything: bool = False) -> Iterator[str]:
    """The same of a day that is gone, from what was decided then."""
    settings = of_the_environment()
    home = open_home(settings.home, to_ask=True)
    found = past.past_of(home, item_called(home, item), _known(profile or settings.rights_profile), day)
    yield from past.in_words(found, day, everything=everything)


def evidence_on(item: str, profile: str | None, day: date) -> bytes:
    """The canonical JSON that the decision of a day rested on, to the byte."""
    settings = of_the_environment()
    home = open_home(settings.home, to_ask=True)
    found = past.past_of(home, item_called(home, item), _known(profile or settings.rights_profile), day)
    return past.evidence_of(found, day)


def explanation(
    evidence: Evidence,
    profile: str,
    today: date,
    fresh_days: int,
    *,
    names: Names | None = None,
    page: Mapping[str, object] | None = None,
    is_copy_refused: bool = False,
    everything: bool = False,
) -> Iterator[str]:
    """The part that does not depend on where the item is stored; the sentence is its first line.

    With `page`, the row that the evidence was read from, the words are shown on which a test fired.
    """
    told = _told(evidence, profile, today, fresh_days, names, is_copy_refused)
    decision, called, words = told.decision, told.names, words_fired(page or {})
    trials = try_rules(evidence, profile, today, fresh_days=fresh_days)
    yield f"{sentence(evidence, decision, profile, today, fresh_days=fresh_days, names=called)}."
    yield f"  read at {f'revision {evidence.revid}' if evidence.revid is not None else 'no revision that is known'}"
    yield ""
    yield from _decided_by(decision, trials)
    deciding = [trial for trial in trials if trial.rule.rule_id == decision.rule_id]
    yield "What it rests on:"
    for trial in deciding:
        yield from _indented(key_evidence(trial, evidence, called, words))
    if not deciding:
        yield from _indented(all_evidence(evidence, called, words))
    if others := list(other_reasons(told)):
        yield "What else speaks against it:"
        yield from _indented(others)
    yield f"The calendar may change this on {day(valid_until(evidence, today, fresh_days=fresh_days).isoformat())}."
    if everything:
        yield ""
        yield from _everything(evidence, profile, trials, called, words)
    else:
        yield "Every rule and all that was read of the page: the same command with --all."


def _told(
    evidence: Evidence, profile: str, today: date, fresh_days: int, names: Names | None, is_copy_refused: bool
) -> Told:
    """The decision of today, with what a sentence about it may speak of."""
    decision = decide(evidence, profile, today, fresh_days=fresh_days)
    if is_copy_refused and decision.verdict == "accept":
        decision = COPY_CONFLICT
    return Told(evidence=evidence, decision=decision, profile=PROFILES[profile], today=today, fresh_days=fresh_days,
                names=names_of(evidence, names))  # fmt: skip


def _decided_by(decision: Decision, trials: list[Trial]) -> Iterator[str]:
    rule = next((trial.rule for trial in trials if trial.rule.rule_id == decision.rule_id), None)
    says = WITHOUT_A_RULE.get(decision.rule_id, "no row of the rule table") if rule is None else rule.says
    yield f"The rule that decided: {decision.rule_id}, which {VERDICTS[decision.verdict]}"
    yield from _indented([says[:1].upper() + says[1:] + "."])
    if rule is not None:
        yield from _indented([f"{LAWS[rule.jurisdiction]} Its policy: {rule.cites}".strip()])


def _everything(
    evidence: Evidence, profile: str, trials: list[Trial], names: Names, words: Mapping[str, str]
) -> Iterator[str]:
    yield "All that was read of the page:"
    yield from _indented(all_evidence(evidence, names, words))
    yield f"Every rule under profile {profile}, in their order; the first that holds decides:"
    for trial in trials:
        mark = "holds" if trial.held else "-" if trial.applies else "n/a"
        yield f"  {mark:<6} {trial.rule.rule_id:<26} {trial.rule.verdict:<11} {trial.rule.says}"
        if trial.applies:
            yield from _indented(key_evidence(trial, evidence, names, words), by=9)


def _indented(lines: Iterator[str] | list[str], *, by: int = 2) -> Iterator[str]:
    """Each told as a paragraph; what is longer than anybody reads is cut."""
    for line in lines:
        short = textwrap.shorten(line, LONGEST_LINE, placeholder=" ...")
        yield from textwrap.wrap(short, WIDTH, initial_indent=" " * by, subsequent_indent=" " * (by + 4),
                                 break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _is_copy_refused(home: Home, item_id: str, profile: str) -> bool:
    """Whether the item waits for another page of the same bytes, as rights/decisions has it."""
    sql = "select 1 from decisions where item_id = $item and profile = $profile and rule_id = $rule"
    given = {"item": item_id, "profile": profile, "rule": COPY_CONFLICT.rule_id}
    return bool(tables.query(home, sql, {"decisions": DECISIONS}, given).num_rows)


def item_called(home: Home, called: str) -> str:
    """The id of the one item that is called so in one of the ways of `pdd trace`; one that is no more, by its id.

    ConfigError where there is none, or more than one.
    """
    found = find_pictures(home, called)
    meant = sorted({one.item_id for one in found.pictures or as_named(home, called) if one.is_meant and one.item_id})
    if len(meant) == 1:
        return meant[0]
    if found.unread:
        raise ConfigError(f"{called!r} was not found, and not all could be asked ({'; '.join(found.unread)})")
    if not meant:
        raise ConfigError(nothing_called(home, called))
    raise ConfigError(
        f"{len(meant)} items in {home.root} are called {called!r}, expected one: {', '.join(meant[:MOST_NAMED])}"
        f"{' and others' if len(meant) > MOST_NAMED else ''}; give one of these ids"
    )


def _page_of(home: Home, item_id: str) -> dict[str, object]:
    """What the evidence of an item is read from, its title and its page; ConfigError where it left the catalogue."""
    for name, other in (("item_evidence", {"pages": PAGES}), ("record_evidence", {"records": ALL_RECORDS})):
        sources: dict[str, Tables] = {"items": ITEMS, **other}
        for row in tables.rows(tables.query(home, CALLED.format(load(name)), sources, {"item": item_id})):
            return dict(row)
    raise ConfigError(
        f"{item_id} is not in the catalogue of {home.root}, expected one that is; how it stood: "
        f"`pdd decide {item_id} --as-of DATE`; where it went: `pdd trace {item_id}`"
    )


def _known(profile: str) -> str:
    if profile not in PROFILES:
        raise ConfigError(f"rights profile {profile!r} is unknown; expected one of {', '.join(PROFILES)}")
    return profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "item",
        help="an item id (commons:M123), a page id, a title (File:Name.jpg), the address of a page or file, a SHA-1 or "
        "a SHA-256",
    )
    parser.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")
    parser.add_argument("--all", action="store_true", help="every rule that was tried, and all that was read")
    parser.add_argument(
        "--as-of", type=a_day, metavar="DATE", help="how it stood at the end of a day, such as 2026-11-30; offline"
    )
    parser.add_argument(
        "--evidence",
        action="store_true",
        help="only what it rested on, on that day or today: canonical JSON, to the byte, whose SHA-256 is the digest",
    )


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    item, profile, day = arguments.item, arguments.profile, arguments.as_of
    if arguments.evidence:
        sys.stdout.buffer.write(evidence_on(item, profile, day or datetime.now(UTC).date()))
        sys.stdout.buffer.flush()
        return
    lines = (
        explain(item, profile, everything=arguments.all)
        if day is None
        else explain_past(item, profile, day, everything=arguments.all)
    )
    for line in lines:
        print(line)
