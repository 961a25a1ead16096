"""What a template means, by our table of tags and by what the archive says of it: targets of redirects, kinds.

The archive's classification never makes a ground: it can only say that a name which is no tag is harmless, or that one
which looks harmless is not. https://commons.wikimedia.org/wiki/Commons:Templates
"""

from dataclasses import fields

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.template_names import is_elsewhere, is_understood, whole
from pd_assets.lib.rights.claims import Tag
from pd_assets.lib.rights.knowledge import Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.tags import US_GROUND_ENDS, WRAPPERS, Kind, Meaning, meaning_of

UNKNOWN = Meaning(kind=Kind.UNKNOWN)
DOUBT = Meaning(kind=Kind.DOUBT)
FREEING = (Kind.GROUND, Kind.DEDICATION)
# What our table says of these outweighs that the archive calls the same template a problem.
SPOKEN_AGAINST = (Kind.OBLIGATION, Kind.DOUBT, Kind.PENDING, Kind.PERSON)
EXPIRED = ("pd-us-expired", "pd-us", "pd-1923", "pd-us-1923", "pd-us-1923-abroad")
NOT_CLASSIFIED = (TemplateKind.UNCLASSIFIED, TemplateKind.MISSING)


def fact_of(name: str, ask: Questions) -> TemplateFact | None:
    """What the archive says of a template, or of the one that it is a part of; None where nobody asked it."""
    if is_elsewhere(name):
        return None
    return ask.template(whole(name))


def target_of(name: str, ask: Questions) -> str:
    """Where a redirect leads, else the name itself: a name means what its target means."""
    fact = None if is_understood(name) else fact_of(name, ask)
    if fact is None or fact.target == whole(name):
        return name
    # Who writes that a term has ended does not say that nobody renewed it.
    is_weaker = name in EXPIRED and fact.target in US_GROUND_ENDS
    return name if is_weaker else fact.target


def asked_meaning(name: str, ask: Questions) -> Meaning | None:
    """What a tag name means; None where it is no licence tag at all, as far as anybody knows.

    A part of a tag, such as its layout, and a tag that the archive does not have, are no ground.
    """
    if wikitext.is_function(name):
        return None
    fact = None if is_understood(name) else fact_of(name, ask)
    if fact is None:
        return meaning_of(name)
    target = target_of(name, ask)
    meaning = meaning_of(whole(target))
    if fact.kind is TemplateKind.WARNING:
        return meaning if meaning is not None and meaning.kind in SPOKEN_AGAINST else DOUBT
    is_shown = fact.kind is not TemplateKind.MISSING and whole(target) == target
    if meaning is not None and meaning.kind in FREEING and not is_shown:
        return UNKNOWN
    if meaning is None and fact.kind is TemplateKind.LICENCE and target not in WRAPPERS and not is_understood(target):
        return UNKNOWN
    return meaning


def is_harmless(name: str, ask: Questions) -> bool:
    """Whether a template that is no tag may stand where licences stand: it is understood, or classified as such."""
    if is_understood(name):
        return True
    fact = fact_of(name, ask)
    return fact is not None and fact.kind not in (*NOT_CLASSIFIED, TemplateKind.LICENCE, TemplateKind.WARNING)


def as_tag(name: str, seen_in: str, meaning: Meaning, place: str = "") -> Tag:
    """A tag that means this."""
    return Tag(
        name=name, seen_in=seen_in, place=place, **{one.name: getattr(meaning, one.name) for one in fields(meaning)}
    )
