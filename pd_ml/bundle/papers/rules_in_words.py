"""What each rule of the rights table means, in the table's own words, and what kept pictures out, by rule.

The table itself is part of the platform, not of this package; a test holds the two together. A rule that is not here
is of another version of the table: papers then give its name alone.
"""

from collections.abc import Mapping

from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.writing import code, said

RULES: Mapping[str, str] = {
    "gone": "the page was deleted, is a redirect, or left the categories",
    "page-unreadable": "a page or record that could not be read; its problem says why, and it is tried again",
    "no-picture": "not a bitmap picture with a page that can be read",
    "not-images": "the medium's type is not `Images` to the letter",
    "doubted": "a licence, permission or source is missing, or it is called a violation",
    "tag-with-conditions": "a licence with conditions is on the page, even beside a public-domain tag",
    "summary-with-conditions": "the archive's summary names a licence with conditions",
    "statement-with-conditions": "the structured data name a licence other than CC0 or the public domain mark",
    "usage-absent": "the record does not say how the medium may be used",
    "usage-with-conditions": "the medium's usage is not `CC0` to the letter",
    "living-person": "it shows an identifiable living person",
    "judged-not-free": "people judged it after looking at this very evidence, and say that it is not free",
    "accept-judged": "old enough by its evidence; two people who looked at the rest of it say that it is free",
    "deletion-pending": "somebody asks for its deletion, and nobody has decided",
    "statement-conflict": "the structured data do not say public domain",
    "statement-us-only": "the structured data say public domain of the United States alone",
    "statement-date": "the date of the structured data lies apart from the date on the page",
    "statement-creator": "the structured data name another kind of maker than the page",
    "unknown-tag": "a tag that this table does not know",
    "no-ground": "no tag on the page names a ground that this table accepts",
    "rights-conflict": "the record's statement of rights says something else than CC0",
    "text-with-conditions": "the text of the record is not CC0, though its medium is",
    "sensitive": "human remains, funerary or sacred objects, or a unit that keeps such",
    "date-contradicts": "the work is dated later than its tag allows, or outside of its maker's life",
    "maker-lived-on": "a maker died too late for this profile",
    "date-unread": "the page has a date that nobody can be sure to have read",
    "posthumous": "published after its maker's death, and not shown to be old enough itself",
    "own-work-too-old": "claimed as own work, but older than its uploader is likely to be",
    "work-of-another": "a photograph given away by its maker, of a work that somebody else made",
    "later-hand": "coloured, enhanced or invented by a later hand or a machine, whose rights nobody has shown",
    "person-may-live": "it shows a person, and is not so old that the person must be dead",
    "own-subject-unclear": "an own photograph, given away, of which nothing shows that it is of nobody else's work",
    "surrogate": "a photograph of something that is not flat, or not known to be, and no release by the photographer",
    "fresh-upload": "uploaded so recently that nobody may have looked at it yet",
    "later-year": "the page names, in whatever field, a year that is too late for what its tag claims",
    "accept-free-work": "public domain in the United States and, where the profile asks, in the source country",
    "accept-old-work-released": "a work old enough to be free, its photograph dedicated with CC0",
    "accept-own-work-released": "the maker's own work, dedicated to the public domain",
    "accept-museum-object": "a museum's CC0 picture of a thing that has no author: a specimen, a tool, a machine",
    "accept-museum-work": "a museum's CC0 picture of a work that is old enough to be free",
    "age-unwitnessed": "only its tag speaks of the work's age: no maker, no date, no item",
    "maker-unknown-death": "a maker is named of whom nobody tells when they died",
    "no-us-ground": "nothing shows that it is free in the United States",
    "no-origin-ground": "nothing shows that it is free in the source country for this profile",
    "copy-conflict": "a copy of the same picture was refused",
}
# Rules that keep pictures of people out who live or may live.
PERSONS = ("living-person", "person-may-live")


def in_words(rule_id: str) -> str:
    """What a rule says of a picture, as Markdown."""
    return said(RULES.get(rule_id, "a rule of another version of the table, which the archive's evidence names"))


def rule_rows(by_rule: Mapping[str, int]) -> list[list[str]]:
    """Rule, meaning, pictures: cells of a table."""
    return [[code(rule), in_words(rule), str(count)] for rule, count in sorted(by_rule.items())]


def refused_rows(facts: Facts) -> list[list[str]]:
    """Verdict, rule, meaning, items: cells of a table."""
    rows = []
    for verdict_and_rule, count in sorted(facts.release.refused.items()):
        verdict, _, rule = verdict_and_rule.partition(" ")
        rows.append([said(verdict), code(rule), in_words(rule), str(count)])
    return rows


def refused_persons(facts: Facts) -> int:
    """Items that were kept out because they show somebody who lives or may live."""
    return sum(count for name, count in facts.release.refused.items() if name.partition(" ")[2] in PERSONS)
