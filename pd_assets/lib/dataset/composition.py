"""Captions in plain English, composed of random subsets of an item's labels: a pure function of (seed, item, epoch).

Epoch 0 is the plainest: what the picture shows, in its describer's words. Nothing is added that no label says, and a
caption has the strictest licence of the labels that it was made of.
"""

import hashlib
import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pd_assets.lib.dataset.categories import is_about_maker, singular_kind
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label
from pd_assets.lib.page.templates import ATTRIBUTIONS

_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}$")
Thing = TypeVar("Thing")
# CLIP reads 77 tokens, two of which are its start and end.
LIMIT_TOKENS = 75
# Every so many epochs a caption is led by the title though there is a description.
TITLE_EVERY = 8
MOST_EXTRAS = 3
_VAGUE = re.compile(
    r"^(?:\W*|un(?:known|identified)\b.*|anon(?:ymous)?\b.*|own work.*|various\b.*|see (?:below|description|above).*|"
    r"(?:sony|olympus|kodak|samsung|casio) (?:dsc|digital camera)|(?:dsc[nf]?|img|pict?)[ _-]?\d+|"
    r"not (?:known|stated|available|dated)\b.*|n/?a|none|s\.? ?d\.?|n\.? ?d\.?|undated|untitled|no (?:title|date)|"
    r"missing|other|unbekannt.*|inconnue?.*|desconocid[oa].*|sconosciut[oa].*|circa unknown)$",
    re.IGNORECASE,
)
# `(1853–1890)`, `, French, 1793 - 1877`, `, born 1850`.
_LIFE = re.compile(
    r"\s*[(\[][^()\[\]]{0,300}\d{3,4}[^()\[\]]{0,300}[)\]]|"
    r",?\s*(?:[A-Z][a-z]+(?:[- ][A-Z][a-z]+)?, )?(?:born|active|b\.|d\.|died)?\s*(?:ca?\.?\s*)?\d{4}.*$"
)
# Not behind an initial: `H. L. Clark` is one name.
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)\s+(?=[\"'“(A-ZÀ-Þ])")
_LAST_STOP = re.compile(r"(?<!\b[A-Z])\.$")
_INVERTED = re.compile(r"(?P<last>[A-ZÀ-Þ][\w'’.-]+(?: [\w'’.-]+)?), (?P<first>[A-ZÀ-Þ][\w'’.-]*(?: [\w'’.-]+){0,3})")
_NO_LETTERS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an item's preferred labels say, ready for sentences; "" and () where they say nothing.

    `licences` has the licence of each of these texts: the strictest of the labels that say it.
    """

    sentences: tuple[str, ...] = ()
    title: str = ""
    artist: str = ""
    date: str = ""
    kind: str = ""
    place: str = ""
    institution: str = ""
    shown: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    style: str = ""
    series: tuple[str, ...] = field(default=())
    licences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Caption:
    """One caption, and the strictest licence of the labels in it."""

    text: str
    licence: str


def compose(labels: Iterable[Label], *, seed: int, item_id: str, epoch: int, limit_tokens: int = LIMIT_TOKENS) -> str:
    """One caption; "" only where no label can be put into words. At most `limit_tokens`, never a part of a word."""
    return _compose(facts_of(labels), seed=seed, item_id=item_id, epoch=epoch, limit_tokens=limit_tokens).text


def captions_of(labels: Iterable[Label], *, item_id: str) -> list[str]:
    """The words of `licensed_captions`."""
    return [caption.text for caption in licensed_captions(labels, item_id=item_id)]


def licensed_captions(
    labels: Iterable[Label], *, item_id: str, seed: int = 0, count: int = 8, limit_tokens: int = LIMIT_TOKENS
) -> list[Caption]:
    """Up to `count` different captions, the plainest first. Most of them hold the description where there is one."""
    facts = facts_of(labels)
    found: dict[str, tuple[Caption, bool]] = {}
    for epoch in range(3 * count):
        caption = _compose(facts, seed=seed, item_id=item_id, epoch=epoch, limit_tokens=limit_tokens)
        if caption.text:
            found.setdefault(caption.text, (caption, _leads_with_title(facts, epoch)))
        if len(found) == count or not caption.text:
            break
    described = [caption for caption, is_title in found.values() if not is_title]
    titles = [caption for caption, is_title in found.values() if is_title]
    return described + titles[: len(described) // 4] if described else titles


def facts_of(labels: Iterable[Label]) -> Facts:
    """Gather what is known; vague words ("unknown", "n/a") are nothing."""
    said: dict[str, list[Label]] = {}
    for label in labels:
        if label.preferred and not _VAGUE.match(label.value):
            said.setdefault(label.field, []).append(label)
    licences: dict[str, str] = {}

    def noted(text: str, label: Label | None) -> str:
        """The text, under the licence of a label that says it."""
        if text and label is not None:
            licences[text] = _strictest([licences.get(text, CC0), label.licence])
        return text

    def every(labels: Iterable[Label]) -> tuple[str, ...]:
        # Of two labels in the same words the first one is taken.
        once = {label.value: label for label in reversed(list(labels))}
        return tuple(dict.fromkeys(noted(label.value, once[label.value]) for label in labels))

    def first(*fields: str) -> Label | None:
        return next((said[name][0] for name in fields if name in said), None)

    def value(label: Label | None) -> str:
        return "" if label is None else noted(label.value, label)

    categories = said.get("category", [])
    subjects = [one for one in categories if not is_about_maker(one.value)]
    kind = noted(*_kind(first("medium"), first("object_type", "genre"))) or next(
        (found for one in categories if (found := noted(singular_kind(one.value), one))), ""
    )
    return Facts(
        sentences=every([*said.get("label", [])[:1], *said.get("description", [])[:2]]),
        title=value(first("title")),
        artist=noted(*_maker(said.get("artist", []))),
        date=value(first("date", "published")),
        kind=kind,
        place=value(first("place")),
        institution=value(first("institution")),
        shown=every([*said.get("depicts", []), *said.get("depicted_people", []), *said.get("depicted_place", [])]),
        subjects=every([*said.get("subject", []), *subjects]),
        style=value(first("style", "period")),
        series=tuple(
            noted(one.value, one) for one in categories if is_about_maker(one.value) and not singular_kind(one.value)
        ),
        licences=licences,
    )


def _strictest(licences: Iterable[str]) -> str:
    return CC0 if all(one == CC0 for one in licences) else CC_BY_SA


def _maker(artists: Sequence[Label]) -> tuple[str, Label | None]:
    """The first artist without life dates, in the order in which the name is spoken, and the label that says it."""
    for artist in artists:
        name = _LIFE.sub("", artist.value.split(";")[0]).strip(" ,")
        name = _LAST_STOP.sub("", name)
        if len(name) < 80 and not _VAGUE.match(name) and name:
            inverted = _INVERTED.fullmatch(name)
            return (f"{inverted['first']} {inverted['last']}" if inverted else name), artist
    return "", None


def _kind(of_medium: Label | None, of_type: Label | None) -> tuple[str, Label | None]:
    """`oil on canvas`, `drawing`; of a long list of materials only what kind of object it is. And who says it."""
    medium, object_type = (_lowered(label.value) if label is not None else "" for label in (of_medium, of_type))
    if object_type and (not medium or len(medium) > 60):
        return (object_type if len(object_type) <= 60 else ""), of_type
    if object_type in ("painting", "paintings") and " on " in medium:
        return (medium.replace(" on ", " painting on ", 1) if medium.startswith("oil on") else medium), of_medium
    return (medium if len(medium) <= 60 else ""), of_medium


def _lowered(text: str) -> str:
    """The text as it stands inside a sentence: a capital is kept where the rest of the word has one."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _leads_with_title(facts: Facts, epoch: int) -> bool:
    return bool(facts.title) and (not facts.sentences or epoch % TITLE_EVERY == TITLE_EVERY - 1)


def _compose(facts: Facts, *, seed: int, item_id: str, epoch: int, limit_tokens: int) -> Caption:
    rng = random.Random(hashlib.blake2b(f"{seed}/{item_id}/{epoch}".encode(), digest_size=8).digest())
    core, used = _core(facts, rng, epoch)
    if not core:
        return Caption(text="", licence=CC0)
    core = shorten(core, limit_tokens)
    extras = [] if epoch == 0 else _extras(facts, rng, core)
    caption = core
    for extra in extras:
        longer = extra(caption)
        if tokens(longer) <= limit_tokens:
            caption, used = longer, (*used, *extra.of)
    return Caption(
        text=caption[:1].upper() + caption[1:], licence=_strictest(facts.licences.get(text, CC0) for text in used)
    )


# What is said, and the texts of the facts that it was made of.
Said = tuple[str, tuple[str, ...]]


def _core(facts: Facts, rng: random.Random, epoch: int) -> Said:
    """What the caption is about: a description, the title, or at least what kind of work it is."""
    if _leads_with_title(facts, epoch):
        return _alone(facts.title)
    if facts.sentences:
        text = facts.sentences[0] if epoch == 0 else rng.choice(facts.sentences)
        sentences = _SENTENCE.split(text)
        said = text if epoch == 0 or len(sentences) < 3 else " ".join(sentences[: rng.randint(1, len(sentences))])
        return said, (text,)
    if facts.shown:
        drawn = _drawn(rng, facts.shown, 3)
        shown = _listed(drawn)
        return f"{_a(facts.kind)} of {shown}" if facts.kind else shown, (facts.kind, *drawn)
    if facts.kind and (facts.artist or facts.subjects):
        return _a(facts.kind) + (f" {_by(facts.artist)}" if facts.artist else ""), (facts.kind, facts.artist)
    return _alone(rng.choice(facts.subjects or facts.series or ("",)))


def _alone(text: str) -> Said:
    return text, (text,)


def _extras(facts: Facts, rng: random.Random, core: str) -> list["_Addition"]:
    """A random subset of what else is known: what follows a comma comes before what leads and what is a sentence."""
    known = _letters(core)
    offers: list[_Addition] = []

    def offer(said: Said, *forms: str) -> None:
        text, of = said
        if text and not _is_said(text, known):
            offers.append(_Addition(text=text, form=rng.choice(forms), of=of))

    offer(_made(facts, rng, known), AFTER_COMMA, AFTER_COMMA, "{caption}. {Text}", "{Text}: {caption}")
    if known not in _letters(facts.title):
        offer(_alone(facts.title), "{Text}. {Caption}", "“{text}”: {caption}", "{caption}, titled “{text}”")
    offer(_alone(facts.place), "{caption}, made in {text}", "{caption}. Made in {text}")
    offer(_alone(facts.style), AFTER_COMMA)
    if rng.random() < 0.4:
        offer(_alone(facts.institution), "{caption}, in the collection of {text}", "{caption}. Collection: {text}")
    shown = _drawn(rng, [words for words in facts.shown if not _is_said(words, known)], 3)
    offer((_listed(shown), tuple(shown)), "{caption}, showing {text}", "{caption}. It shows {text}")
    subjects = _drawn(rng, [words for words in facts.subjects if not _is_said(words, known)], 2)
    offer((_listed(subjects), tuple(subjects)), "{caption}. Subject: {text}", "{caption}. About: {text}")
    if facts.series and not facts.kind:
        series = rng.choice(facts.series)
        offer((_lowered(series), (series,)), "{caption}, one of the {text}")
    return sorted(_drawn(rng, offers, rng.randint(1, MOST_EXTRAS)), key=lambda extra: extra.place)


AFTER_COMMA = "{caption}, {text}"


@dataclass(frozen=True, kw_only=True)
class _Addition:
    """A text, the way in which it is added to a caption, and what facts it is made of."""

    text: str
    form: str
    of: tuple[str, ...]

    @property
    def place(self) -> int:
        return 0 if self.form.startswith("{caption},") else 2 if self.form.startswith("{caption}.") else 1

    def __call__(self, caption: str) -> str:
        ended = caption if self.place == 1 else _LAST_STOP.sub("", caption).rstrip()
        return self.form.format(text=self.text, caption=ended, Text=_upper(self.text), Caption=_upper(ended))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _made(facts: Facts, rng: random.Random, known: str) -> Said:
    """`oil on canvas by Anna Vester, circa 1860`, of a random part of what is known and not said yet."""
    kind, artist, date = (
        text if text and not _is_said(text, known) and rng.random() < share else ""
        for text, share in ((facts.kind, 0.7), (facts.artist, 0.7), (facts.date, 0.6))
    )
    of = (kind, artist, date)
    what = " ".join(part for part in (kind, _by(artist)) if part)
    if date and not what:
        return rng.choice((date, f"made {_when(date)}")), of
    if date:
        return f"{what}, {date}", of
    return what, of


def _by(artist: str) -> str:
    """`by Anna Vester`, but `after Anna Vester` as it is."""
    if not artist:
        return ""
    lowered = artist.lower()
    return artist if any(lowered.startswith(f"{word} ") for word in ATTRIBUTIONS) else f"by {artist}"


def _when(date: str) -> str:
    return f"in {date}" if date.isdecimal() or date.endswith("s") else f"on {date}" if _DAY.match(date) else date


def _a(kind: str) -> str:
    """With an article where it names one object: `a drawing`, but `oil on canvas`."""
    if " on " in kind or kind.endswith("s") or not kind[:1].islower():
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _is_said(text: str, known: str) -> bool:
    """Whether a caption whose letters are `known` says it already, however it is spaced: `W. J. Holland`."""
    return _letters(text) in known


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text.lower())


def _drawn(rng: random.Random, things: Sequence[Thing], most: int) -> list[Thing]:
    """At most `most` of the things, in their own order."""
    places = sorted(rng.sample(range(len(things)), min(most, len(things))))
    return [things[place] for place in places]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def tokens(text: str) -> int:
    """How many tokens a byte-level tokenizer of some thousand symbols needs at most, give or take: 4 bytes to one."""
    return sum(math.ceil(len(word.encode("utf-8", "surrogatepass")) / 4) for word in _WORDS.findall(text))


def shorten(text: str, limit_tokens: int = LIMIT_TOKENS) -> str:
    """At most `limit_tokens` of the text: whole sentences where one fits, else whole words."""
    if tokens(text) <= limit_tokens:
        return text
    kept = ""
    for sentence in _SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if tokens(longer) > limit_tokens:
            break
        kept = longer
    return kept or _words_that_fit(text, limit_tokens)


def _words_that_fit(text: str, limit_tokens: int) -> str:
    kept, used = "", 0
    for word in text.split():
        used += tokens(word)
        if used > limit_tokens:
            break
        kept = f"{kept} {word}".strip()
    return kept.rstrip(' ,;:-–(“"')
