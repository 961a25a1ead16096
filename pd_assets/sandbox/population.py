"""The pages of the painted archive: pictures, texts and placements, all decided by one seed.

Every file can be reached from the two default roots: through its licence template, or through a category below them
into which somebody sorted it by hand, whatever its licence.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pd_assets.sandbox.items import creator_text, painters
from pd_assets.sandbox.kinds import (
    KINDS,
    LICENCE_ITEMS,
    OLD_MASTERS,
    TWINS,
    Kind,
    Work,
    kind_named,
    shares,
)
from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.records import NewPage
from pd_assets.sandbox.scenes import Scene, scene
from pd_assets.sandbox.titles import MAX_TITLE_BYTES
from pd_assets.sandbox.tree import (
    BY_HAND,
    LANDSCAPES,
    MUSEUM,
    SERIES,
    SKETCHBOOK_LEAVES,
    SKETCHBOOKS,
    boat_studies_by,
    category_texts,
    paintings_by,
    studies_by,
)

FIRST_UPLOAD = datetime(2012, 1, 1, tzinfo=UTC)
LAST_UPLOAD = datetime(2025, 6, 1, tzinfo=UTC)
LARGER_SIZES = ((640, 480), (480, 360), (360, 480), (900, 600), (512, 512), (1200, 1600), (1600, 1200))
LARGER_EVERY, REDIRECT_EVERY = 80, 200
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "SVG": "svg", "PDF": "pdf"}
LONG_NAME_BYTES = 240
ODD_NAMES = (
    'The "painter\'s" study & other views.jpg',
    "Is this a landscape?.jpg",
    "Light+shade.jpg",
    "Hundred percent (100% oil).jpg",
    "Étude d'après nature, n° 7.jpg",
    "春の風景 (木).jpg",
    "منظر طبيعي مع شجرة.jpg",
    "🎨 Palette study 🌳.jpg",
    "Straße – Köln im Winter.JPG",
    "Semi;colon, comma=equals @at !.jpg",
    "Co-op ~tilde~ $5 (detail) *.jpg",
    "Пейзаж" * 19 + ".jpg",
)


def painted_pages(count: int, seed: int) -> list[NewPage]:
    """The categories, `count` files and some redirects of a painted archive."""
    rng = random.Random(seed)
    files = _files(count, rng)
    return [
        *category_pages(tuple(artist.name for artist in painters())),
        *files,
        *_redirects(files),
        *creator_pages(),
    ]


def creator_pages() -> list[NewPage]:
    """A Creator page for each painter; after all files, so that their page ids are as ever."""
    created = LAST_UPLOAD + timedelta(days=30)
    return [NewPage(title=f"Creator:{one.name}", text=creator_text(one), created=created) for one in painters()]


def category_pages(artists: tuple[str, ...]) -> list[NewPage]:
    created = FIRST_UPLOAD - timedelta(days=300)
    texts = category_texts(artists)
    return [NewPage(title=f"Category:{name}", text=text, created=created) for name, text in texts.items()]


def painted_page(number: int, kind: Kind, created: datetime, rng: random.Random) -> NewPage:
    """One file page of a kind, with a picture nobody has seen yet."""
    return _page(_work(number, kind, rng), created, rng)


def _files(count: int, rng: random.Random) -> list[NewPage]:
    order = [kind for kind in KINDS for _ in range(shares(count)[kind.name])]
    rng.shuffle(order)
    step = (LAST_UPLOAD - FIRST_UPLOAD) / max(count, 1)
    pages = [
        painted_page(number, kind, (FIRST_UPLOAD + step * number).replace(microsecond=0), rng)
        for number, kind in enumerate(order)
    ]
    kinds = [kind.name for kind in order]
    _make_twins(pages, kinds)
    _enlarge(pages, kinds)
    _rename(pages, kinds)
    return pages


def _make_twins(pages: list[NewPage], kinds: list[str]) -> None:
    """`duplicate` copies a free page's file; `restricted_twin` pages come in pairs, the second under CC BY-SA."""
    plain = reversed([n for n, name in enumerate(kinds) if name == "pd_old_100_expired"])
    for number in (n for n, name in enumerate(kinds) if name == TWINS[0]):
        original = next(plain, None)
        if original is not None:
            pages[number] = _copy(pages[original], pages[number])
    restricted = [n for n, name in enumerate(kinds) if name == TWINS[1]]
    for first, second in zip(restricted[::2], restricted[1::2], strict=False):
        copy = _copy(pages[first], pages[second])
        text = copy.text.replace("{{PD-Art|PD-old-100-expired}}", "{{Cc-by-sa-4.0}}") + f"\n[[Category:{BY_HAND}]]"
        pages[second] = replace(copy, text=text, statements=())
    if len(restricted) % 2:
        alone = restricted[-1]
        pages[alone] = replace(pages[alone], text=pages[alone].text + "\n{{Cc-by-sa-4.0}}")


def _copy(original: NewPage, place: NewPage) -> NewPage:
    """The same file uploaded once more, in the place of another page: same bytes and text, another title."""
    stem, _, extension = original.title.rpartition(".")
    truth = replace(place.truth, scene=original.truth.scene) if place.truth and original.truth else place.truth
    return replace(original, title=f"{stem} (copy).{extension}", created=place.created, user=place.user, truth=truth)


def _enlarge(pages: list[NewPage], kinds: list[str]) -> None:
    shared = {page.content for page, name in zip(pages, kinds, strict=True) if name in TWINS}
    plain = [n for n, name in enumerate(kinds) if name == "pd_old_100" and pages[n].content not in shared]
    many = max(1, len(kinds) // LARGER_EVERY)
    for k, number in enumerate(plain[:many]):
        width, height = LARGER_SIZES[k % len(LARGER_SIZES)]
        content = pages[number].content
        if isinstance(content, Painting):
            pages[number] = replace(pages[number], content=replace(content, width=width, height=height))


def _rename(pages: list[NewPage], kinds: list[str]) -> None:
    plain = [n for n, name in enumerate(kinds) if name == "pd_old_100_expired"]
    for name, number in zip(ODD_NAMES, plain[5 : len(plain) // 3 : 7], strict=False):
        page = pages[number]
        title = f"File:{_shortened(name)}"
        assert len(title.encode()) <= MAX_TITLE_BYTES
        truth = replace(page.truth, trap="odd_title") if page.truth else None
        pages[number] = replace(page, title=title, truth=truth)


def _shortened(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    while len(f"{stem}.{extension}".encode()) > LONG_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}.{extension}"


def _redirects(files: list[NewPage]) -> Iterator[NewPage]:
    """Old names of files that were moved: pages that stand in a category and answer with the target's file."""
    for number, page in enumerate(files[3::REDIRECT_EVERY]):
        yield NewPage(
            title=f"File:Unsorted scan {number:03d}.jpg",
            text=f"#REDIRECT [[{page.title}]]\n[[Category:{BY_HAND}]]",
            created=page.created + timedelta(days=2),
            user="Tidy",
            moved_to=page.title,
        )


def _work(number: int, kind: Kind, rng: random.Random) -> Work:
    shown = scene(rng)
    artist = rng.choice(kind.artists)
    first = max(artist.born + 22, kind.years[0])
    last = min(artist.died or kind.years[1], kind.years[1])
    return Work(
        number=number,
        scene=shown,
        artist=artist,
        year=rng.randint(min(first, last), last),
        caption=_caption(shown, kind, rng),
        kind=kind,
    )


def _page(work: Work, created: datetime, rng: random.Random) -> NewPage:
    kind = work.kind
    painting = kind.spoil(Painting(scene=work.scene))
    user = rng.choice(("Paintbox", "Museum uploads", "ScanFairy", "Old Canvas"))
    by = user if kind.own else work.artist.name
    year = created.year if kind.own else work.year
    thing = f"{work.scene.object.capitalize()} in {work.scene.season}"
    thing = thing if kind.is_photograph else f"{thing} by {by}"
    return NewPage(
        title=f"File:{thing}, {year} ({work.number:04d}).{EXTENSIONS[painting.format]}",
        text=_text(work, user, created, rng),
        created=created,
        user=user,
        content=painting,
        caption=_caption(work.scene, kind, rng) if rng.random() < 0.5 else None,
        statements=_statements(kind, rng),
        truth=kind.truth(work.scene),
    )


def _caption(shown: Scene, kind: Kind, rng: random.Random) -> str:
    """A sentence about a scene; that of a photograph does not call it a painting."""
    wording = rng.randrange(4)
    return shown.caption(wording | 1 if kind.is_photograph else wording)


def _statements(kind: Kind, rng: random.Random) -> tuple[tuple[str, str], ...]:
    if kind.statement is None or (kind.name != "sdc_conflict" and rng.random() < 0.4):
        return ()
    tags = kind.tags(random.Random(0))
    licence = next((item for name, item in LICENCE_ITEMS.items() if name in tags and kind.own), None)
    return (("P6216", kind.statement), *((("P275", licence),) if licence else ()))


def _text(work: Work, user: str, created: datetime, rng: random.Random) -> str:
    tags = work.kind.tags(rng)
    if work.kind.own:
        body = _own_work(work, user, created, tags)
    elif work.kind.museum or rng.random() < 0.4:
        body = _artwork(work, tags, rng)
    else:
        body = _information(work, tags, rng)
    return body + "".join(f"\n[[Category:{name}]]" for name in _placement(work, tags, rng))


def _own_work(work: Work, user: str, created: datetime, tags: str) -> str:
    return (
        "== {{int:filedesc}} ==\n{{Information\n"
        f" |description = {{{{en|1={work.caption}}}}}\n"
        f" |date = {created:%Y-%m-%d}\n |source = {{{{own}}}}\n"
        f" |author = [[User:{user}|{user}]]\n |permission = \n}}}}\n\n"
        f"== {{{{int:license-header}}}} ==\n{tags}\n"
    )


def _information(work: Work, tags: str, rng: random.Random) -> str:
    german = f"{{{{de|1=Ein Gemälde von {work.artist.name}}}}}" if rng.random() < 0.2 else ""
    return (
        "== {{int:filedesc}} ==\n{{Information\n"
        f" |description = {{{{en|1={work.caption}}}}}{german}\n"
        f" |date = {_date(work, rng)}\n"
        f" |source = [https://museum.example/objects/{work.number} Sandbox Museum]\n"
        f" |author = {_artist(work, rng)}\n |permission = \n}}}}\n\n"
        f"== {{{{int:license-header}}}} ==\n{tags}\n"
    )


def _artwork(work: Work, tags: str, rng: random.Random) -> str:
    return (
        "{{Artwork\n"
        f" |artist = {_artist(work, rng)}\n |title = {work.scene.object.capitalize()} in {work.scene.season}\n"
        f" |description = {{{{en|1={work.caption}}}}}\n |date = {_date(work, rng)}\n |medium = oil on canvas\n"
        " |institution = Sandbox Museum\n"
        f" |source = [https://museum.example/objects/{work.number} Sandbox Museum]\n"
        f" |permission = {tags}\n}}}}\n"
    )


def _artist(work: Work, rng: random.Random) -> str:
    """A Creator page leads to the dates; PD-old-100 needs them, since the tag gives no ground in the US."""
    name, dates = work.artist.name, f"({work.artist.born}–{work.artist.died})"
    linked = f"[[w:{name}|{name}]] {dates}"
    if work.kind.name == "pd_old_100":
        return rng.choice((linked, f"{name} {dates}"))
    if work.kind.dated is not None:
        return name
    return rng.choice((linked, f"{{{{Creator:{name}}}}}", f"{{{{Creator:{name}}}}}"))


def _date(work: Work, rng: random.Random) -> str:
    if work.kind.dated is not None:
        return work.kind.dated
    return rng.choice((str(work.year), str(work.year), f"{{{{other date|ca|{work.year}}}}}", f"{work.year}-05-04"))


def _placement(work: Work, tags: str, rng: random.Random) -> list[str]:
    subject = f"Paintings of {work.scene.object}s"
    museum = [MUSEUM] if work.kind.museum else []
    in_root = "{{PD-Art|PD-old-100" in tags or "{{Licensed-PD-Art|PD-old-100" in tags
    if in_root and rng.random() < 0.8:
        return [subject, *museum]
    by_hand = _sorted_by_hand(work, rng)
    return [LANDSCAPES] if work.kind.is_photograph else [subject, *museum, by_hand]


def _sorted_by_hand(work: Work, rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.08:
        return rng.choice((SKETCHBOOKS, SKETCHBOOK_LEAVES, SERIES, BY_HAND))
    artist = rng.choice(OLD_MASTERS) if work.kind.own else work.artist
    if artist in OLD_MASTERS[:3] and roll < 0.5:
        boat = work.scene.object == "boat"
        return boat_studies_by(artist.name) if boat else studies_by(artist.name)
    return paintings_by(artist.name)


def new_pages(count: int, kind: str, first_number: int, created: datetime) -> list[NewPage]:
    """Further uploads of one kind; the numbers go on from `first_number`, which also seeds the pictures."""
    rng = random.Random(f"{kind}/{first_number}")
    return [painted_page(first_number + k, kind_named(kind), created, rng) for k in range(count)]
