"""Traps of the kinds that issue 18 names, as an adversary set them, and honest pages in the same forms.

Each trap was accepted once; none may be under any profile for which its picture is not free.
"""

import json
from dataclasses import replace

import pytest

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.pd_assets.lib.rights.cases import TODAY

AGE = "{{PD-Art|PD-old-100-expired}}"
PAINTER = "Karl Grün (1840–1900)"
IN_SOURCE_COUNTRY = ("strict", "life70")


def accepting(text: str, *categories: str, title: str = "File:X.jpg", known: Knowledge | None = None) -> list[str]:
    """The profiles that accept a page."""
    summary = json.dumps({"LicenseShortName": {"value": "CC0" if "cc-zero" in text else "Public domain"}})
    row = {"status": "live", "title": title, "wikitext": text, "categories": list(categories), "extmetadata": summary}
    evidence = from_page(row, Questions(known=known or Knowledge()))
    return [name for name in PROFILES if decide(evidence, name, TODAY).verdict == "accept"]


def work(artist: str = PAINTER, date: str = "1895", *, tag: str = AGE, title: str = "Landscape", **others: str) -> str:
    fields = {"artist": artist, "title": title, "date": date, "medium": "{{technique|oil|canvas}}", "source": "museum"}
    fields |= {name.replace("_", " "): value for name, value in others.items()}
    lines = "".join(f" |{name} = {value}\n" for name, value in fields.items())
    return f"== {{{{int:filedesc}}}} ==\n{{{{Artwork\n{lines}}}}}\n\n== {{{{int:license-header}}}} ==\n{tag}\n"


def file(author: str, date: str, tag: str, description: str) -> str:
    return f"{{{{Information\n|description={description}\n|date={date}\n|source=x\n|author={author}\n}}}}\n{tag}\n"


def own(description: str) -> str:
    return file("[[User:Foo|Foo]]", "2015-06-01", "{{self|cc-zero}}", description).replace("=x", "={{own}}")


@pytest.mark.parametrize(
    "role",
    [
        "Kartograf", "cartógrafo", "gravé par", "Kolorist", "author2", "co-author", "Bildhauer",
        "Architekt", "иллюстратор", "挿絵", "摄影", "작가", "ilustrátor", "rytec", "tecknare", "painted by", "Entwurf",
        "contributor", "dibujo", "disegnatore", "kuvittaja", "çizer", "based on", "Vorlage", "pinxit", "Holzschneider",
        "miniaturist", "cover artist", "Urheber 2",
    ],
)  # fmt: skip
def test_a_second_maker_is_asked_for_whatever_the_role_is_called(role: str) -> None:
    assert not set(accepting(work(**{role: "Emil Blau"}))) & set(IN_SOURCE_COUNTRY)
    field = f"{{{{Information field|name={role}|value=Emil Blau}}}}"
    assert not set(accepting(work(other_fields=field))) & set(IN_SOURCE_COUNTRY)


@pytest.mark.parametrize(
    "between",
    [
        ", ", " e ", " mit ", " avec ", "<br>", "\n", " • ", " · ", " – ", " i ", ", dann ", " sowie ", " ve ", " és ",
        "，", "；", " oder ", " plus ", " × ", " del. ", " fecit, ",
    ],
)  # fmt: skip
def test_two_makers_are_two_whatever_stands_between_them(between: str) -> None:
    assert not set(accepting(work(f"Emil Blau{between}{PAINTER}"))) & set(IN_SOURCE_COUNTRY)


@pytest.mark.parametrize(
    "artist",
    [
        "Nachahmer des", "Schüler des", "copia de", "suiveur de", "élève de", "cerchia di", "scuola di", "navolger van",
        "pupil of", "based on", "efter", "podle", "son of", "in the style of", "школа", "伝",
    ],
)  # fmt: skip
def test_whoever_follows_or_copies_a_maker_is_a_maker_too(artist: str) -> None:
    assert accepting(work(f"{artist} {PAINTER}", "")) == []
    assert accepting(work(f"{PAINTER} (copy)", "")) == []


@pytest.mark.parametrize(
    "artist",
    [
        "Emil Blau (aktiv 1850–1900)", "Emil Blau (czynny 1850-1900)", "Emil Blau (работал 1850—1900)",
        "Emil Blau (1850–1900 nachweisbar)", "Emil Blau (studio 1850–1900)", "Emil Blau (in London 1850–1900)",
        "Firma Blau (1850–1900)", "Blau Brothers (1850–1900)", "Emil Blau (1880–1919/62)",
        "Emil Blau (1880–1920 or 1962)", "formerly attributed to Karl Grün (1840–1900)", f"{PAINTER} u. a.",
        f"{PAINTER} (engraved by Emil Blau)", f"{PAINTER} [engraver: Emil Blau]", f"[[Emil Blau]] {PAINTER}",
        f"{{{{de|Emil Blau}}}}{{{{en|{PAINTER}}}}}", "anonymous (Emil Blau)", "E. B.", "the artist", "{{Label|Q5593}}",
    ],
)  # fmt: skip
def test_years_of_something_else_and_makers_beside_are_no_life(artist: str) -> None:
    assert not set(accepting(work(artist))) & set(IN_SOURCE_COUNTRY)


@pytest.mark.parametrize(
    "said",
    [
        "Engraved by Emil Blau", "gestochen von Emil Blau", "gravé par Emil Blau", "Photo: Emil Blau",
        "incisione di Emil Blau", "Kopie von Emil Blau", "Reproduction by Emil Blau", "Zeichnung: Emil Blau",
        "a modern copy", "moderne Nachbildung", "a restrike",
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["title", "description", "notes"])
def test_a_maker_in_running_text_and_a_copy_are_asked_for(said: str, field: str) -> None:
    assert not set(accepting(work(**{field: said}))) & set(IN_SOURCE_COUNTRY)


@pytest.mark.parametrize(
    "category", ["Copies of paintings", "Replicas", "Modern copies", "Paintings made in the 1950s"]
)
def test_a_category_of_copies_or_of_later_works_counts(category: str) -> None:
    assert accepting(work(date=""), "Paintings", category) == []


@pytest.mark.parametrize(
    "date",
    [
        "1860-", "1860–?", "1860+", "1860 ff.", "seit 1860", "depuis 1860", "desde 1860", "dopo il 1860", "po 1860",
        "efter 1860", "ab 1860", "à partir de 1860", "1860 bis heute", "1860, later", "between 1860 and ?",
        "1860 to '60", "reprint of 1860", "facsimile of 1860", "based on a drawing of 1860", "1377H", "H. 1377",
        "1377 de l'hégire", "1377 Hicri", "1336 Sh.", "1374 Rumi", "1133 kollam", "Anno 1336 (Persian)",
    ],
)  # fmt: skip
def test_an_open_date_a_copys_date_and_one_of_an_odd_calendar_show_no_age(date: str) -> None:
    assert accepting(work("{{unknown|author}}", date)) == []


@pytest.mark.parametrize("date", ["1900-talet", "1900-tallet", "1900-luku"])
def test_a_century_in_northern_words_is_a_century(date: str) -> None:
    assert accepting(work("{{unknown|author}}", date)) == []


@pytest.mark.parametrize(
    ("author", "description"),
    [
        ("Lockheed Martin", "Aircraft"), ("SpaceX", "Rocket"), ("Royal Air Force", "Aircraft"),
        ("California Department of Transportation", "Road"), ("United Nations", "Hall"), ("University of Arizona", "x"),
        ("NASA", "Photo courtesy of Boeing"), ("NASA", "Image credit: ESA/Hubble"),
        ("U.S. Army", "Photo by Mark Smith, AP"),
        ("U.S. Navy", "A painting by Norman Rockwell"),
    ],
)  # fmt: skip
def test_outsiders_are_no_government(author: str, description: str) -> None:
    assert accepting(file(author, "2015", "{{PD-USGov}}", description)) == []
    assert accepting(file("NASA", "2015", "{{PD-USGov-NASA}}", "Photograph of a Boeing 747")) == ["us"]


@pytest.mark.parametrize(
    "frame", ["enmarcado", "incorniciato", "ingelijst", "inramad", "в рамке", "額装", "액자", "κορνίζα"]
)
def test_a_frame_is_seen_in_any_language(frame: str) -> None:
    assert accepting(work(description=f"Landscape, {frame}")) == []


@pytest.mark.parametrize(
    "thing", ["Coin", "Münze", "Relief", "Płaskorzeźba", "Standbeeld", "Vase", "монета", "硬貨", "Medalla"]
)
def test_a_solid_thing_by_its_first_words_is_not_flat(thing: str) -> None:
    assert accepting(file(PAINTER, "1850", AGE, thing), "Art") == []


@pytest.mark.parametrize(
    "said",
    [
        "muurschildering", "Wandmalerei", "falfestmény", "벽화", "جدارية", "スクリーンショット", "zabawka", "おもちゃ",
        "Verpackung", "упаковка", "affisch", "포스터", "Hochhaus", "摩天大楼", "моя жена", "mia moglie",
        "Opera house", "A stadium",
        "снимок экрана",
        "πίνακας", "ציור", "porcelain dog", "Dog sticker", "AI image of a tree", "Minecraft trees", "hunter with deer",
    ],
)  # fmt: skip
def test_an_own_photograph_of_a_work_or_a_person_waits_beside_a_misleading_category(said: str) -> None:
    assert accepting(own(said), "Trees") == []
    assert accepting(own(""), "Trees", title=f"File:{said}.jpg") == []


def test_an_expired_term_is_no_missing_renewal_though_the_name_redirects_there() -> None:
    fact = TemplateFact(name="pd-us-expired", target="pd-us-not renewed", kind=TemplateKind.LICENCE)
    known = Knowledge(templates={"pd-us-expired": fact})
    assert accepting(file("Karl Grün", "1935", "{{PD-US-expired}}", "Poster print"), known=known) == []
    assert accepting(file("Karl Grün", "1920", "{{PD-US-expired}}", "Poster print"), known=known) == ["us"]


def test_a_further_hand_is_never_taken_for_the_master_and_an_item_dates_its_work() -> None:
    life = {"born": _year(1810), "died": _year(1875)}
    master = _entity("Q2", EntityKind.PERSON, name="Jan Roy", **life)
    known = Knowledge(entities={"Q2": master}, creator_pages={"creator:jan roy": "Q2"})
    assert accepting(work("{{Creator:Jan Roy|after}}", ""), known=known) == []
    assert accepting(work("{{Creator:Jan Roy}}", ""), known=known) == ["strict", "life70", "us"]
    late = Knowledge(entities={"Q1": _entity("Q1", EntityKind.OTHER, made=_year(1935))})
    assert accepting(work("", "1907", wikidata="Q1"), known=late) == []


@pytest.mark.parametrize(
    ("artist", "date"),
    [
        (PAINTER, "1895"), ("Grün, Karl, 1840-1900", "1895"), ("Karl Grün (Wien 1840–1900 Graz)", "1895"),
        ("Karl Grün (geb. 1840, gest. 1900)", "1895"), ("Карл Грюн (1840—1900)", "1895"),
        ("葛飾北斎 (1760–1849)", "1831"),
        (f"{PAINTER}, Emil Blau (1850–1910)", "1895"), (f"{PAINTER}; Emil Blau (1850–1910)", "1895"),
        ("[[:en:Karl Grün|Karl Grün]] (1840–1900)", "1895"), ("Karl Grün (German, 1840–1900)", "1895"),
        ("Karl Grün, German painter (1840–1900)", "1895"), ("Karl Grün (3 March 1840 – 5 April 1900)", "1895"),
        ("Neurdein frères (Étienne 1832–1918, Louis-Antonin 1846–1914)", "1902"), (PAINTER, "1890s"), (PAINTER, ""),
        ("{{en|Karl Grün (1840–1900)}}{{ru|Карл Грюн (1840—1900)}}", "1895"), ("Jan van der Velde (1593–1641)", "1620"),
        ("Unknown", "17. Jahrhundert"), ("Unknown author (South German)", "1640"), ("Albrecht Dürer", "1504"),
        ("Workshop of Rubens", "c. 1620"), ("Unknown", "before 1250"), ("Unknown", "Northern Song dynasty (960–1127)"),
    ],
)  # fmt: skip
def test_honest_pages_of_old_works_are_accepted(artist: str, date: str) -> None:
    assert accepting(work(artist, date)) == ["strict", "life70", "us"]


@pytest.mark.parametrize(
    "field",
    [
        {"engraver": "Emil Blau (1820–1890)"}, {"Stecher": "Emil Blau (1820–1890)"}, {"editor": "Emil Blau"},
        {"description": "Lithograph by Karl Grün"}, {"description": "engraved by Emil Blau (1820–1890)"},
        {"commissioned_by": "Emil Blau"}, {"author_of_text": "x"}, {"description": "Gemälde von Karl Grün"},
        {"photo_date": "2010"}, {"style": "Romanticism"}, {"technique": "{{technique|oil|canvas}}"},
    ],
)  # fmt: skip
def test_honest_fields_hold_nothing_back(field: dict[str, str]) -> None:
    assert accepting(work(date="1880", **field)) == ["strict", "life70", "us"]


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("Oak trees in Kent", "Trees"), ("See im Wald", "Lakes of Bavaria"), ("le lac d'Annecy", "Lake Annecy"),
        ("清晨的稻田", "Paddy fields in China"), ("Góry", "Mountains of Poland"), ("озеро", "Lakes of Russia"),
        ("Hoja de roble", "Quercus robur"), ("Kieviten boven een weiland", "Vanellus vanellus"), ("Clouds", "Clouds"),
    ],
)  # fmt: skip
def test_honest_own_photographs_of_plain_things_are_accepted(said: str, category: str) -> None:
    assert accepting(own(said), category) == ["strict", "life70", "us"]


def _year(year: int) -> Years:
    return Years(first=year, last=year, named=year)


def _entity(item: str, kind: EntityKind, name: str | None = None, **years: Years) -> Entity:
    entity = Entity(asked=item, item=item, revid=1, edited_on="2020-01-01", kind=kind, name=name)
    return replace(entity, **years)  # type: ignore[arg-type]
