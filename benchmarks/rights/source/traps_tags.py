"""Traps of tags and things: what US law does not bear, wrappers with conditions, disputes, structured data that say
otherwise, frames and solid things, later hands."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.rights.source import law, records
from benchmarks.rights.source.museums import rows
from benchmarks.rights.source.written import BY, BY_SA, CC0, NO_SUMMARY, PD, Label, Written

EXPIRED = "{{PD-Art|PD-old-100-expired}}"
# author | language | text | date | licence | kind | expected | why
_TAGS = """
Acme Motor Co. | en | Advertisement for a sedan | 1992 | {{PD-US-no notice}} | us-tag | NNN | no notice counts before March 1989
Regional Transit | en | Bus timetable, cover drawing | 1990 | {{PD-US-no notice}} | us-tag | NNN | no notice counts before March 1989
Summit Records | en | Publicity photograph of a trio | 1971 | {{PD-US-no notice}} | us-only | NNA | published in 1971 without notice
Hal Roach-Ours Studios | en | Lobby card of a comedy | 1949 | {{PD-US-not renewed}} | us-only | NNA | of 1949 and not renewed
Pulp Publishing-Ours | en | Magazine cover: rocket over the canyon | 1968 | {{PD-US-not renewed}} | us-tag | NNN | not renewed cannot be of 1968
Fair Corporation | en | Souvenir map of the fair | 1964 | {{PD-US-not renewed}} | us-tag | NNN | of 1964: renewed by law
Wayne Delmar-Ours | en | Comic strip, panel 3 | 1954 | {{PD-US-expired}} | us-tag | NNN | the term of 1954 ends with 2049
Ruth Delmar-Ours (1895–1980) | en | Poster of a county fair | 1931 | {{PD-US-expired}} | us-tag | NNN | 1931 is protected until the end of 2026
Ruth Delmar-Ours (1895–1980) | en | Poster of a rodeo | 1930 | {{PD-US-expired}} | us-only | NNA | 1930 is free since 2026
Fotohaus Ringel-Ours | de | Abriss der Stadtmauer | 1949 | {{PD-Germany}} | us-tag | NNN | one country's tag, and restored in the US
Reporter | it | Comizio in piazza | 1956 | {{PD-Italy}}{{PD-1996}} | us-only | NNA | Italian simple photograph, public domain at home before 1996
Agenzia | it | Tram sotto la neve | 1985 | {{PD-Italy}} | us-tag | NNN | of 1985: protected at home in 1996, so restored in the US
Zdjęcie prasowe | pl | Otwarcie mostu | 1965 | {{PD-Polish}}{{PD-1996}} | us-only | NNA | published without notice before 1994: free at home in 1996
AB Foto-Ours | sv | Torghandel | 1975 | {{PD-Sweden-photo}} | us-tag | NNN | of 1975: its US status is not shown
新聞社 | ja | 万博の入場ゲート | 1970 | {{PD-Japan-oldphoto}} | us-tag | NNN | the tag is for photographs up to 1956
Press bureau | en | Parade of tractors | 1962 | {{PD-India}} | us-tag | NNN | of 1962: protected at home in 1996, so restored in the US
Ministerio | es | Cartel de turismo | 1960 | {{PD-Argentina-Photo}} | us-tag | NNN | a poster is no photograph
White House Photo Office | en | Signing ceremony in the garden, empty chairs | 1999 | {{PD-USGov-POTUS}} | government | NNA | a federal work of 1999
State of Nevada | en | Highway map | 1987 | {{PD-USGov}} | us-tag | NNN | a state is no federal government
UN Photo | en | Assembly hall with flags | 1975 | {{PD-UN}} | us-tag | NNN | a photograph of the UN is no document of it
BBC | en | Test card with a girl | 1967 | {{PD-UKGov}} | us-tag | NNN | the BBC is no Crown body
Tourist office | fr | Affiche d'un syndicat d'initiative | 1937 | {{PD-France}} | us-tag | NNN | no US ground for a poster of 1937
{{unknown|author}} | nl | Ansichtkaart van de markt | 1935 | {{PD-anon-70-EU}} | us-tag | NNN | free in the EU, and restored in the US
{{unknown|author}} | nl | Ansichtkaart van de haven | 1909 | {{PD-anon-70-EU}} | free | AAA | anonymous, published in 1909
{{unknown|author}} | en | Title page of a pamphlet | 1888 | {{PD-anon-expired}} | free | AAA | anonymous, published in 1888
Anna Holt-Ours (1859–1931) | en | Botanical plate of a gentian | 1899 | {{PD-old-auto-expired|deathyear=1931}} | free | NAA | the maker died in 1931
Ludwig Fahr-Ours (1861–1938) | de | Alpenglühen über der Hütte | 1910 | {{PD-old-70}} | short-tag | NAA | died in 1938; of 1910, so free in the US too
{{unknown|author}} | de | Holzschnitt aus einem Kräuterbuch | 1543 | {{PD-old-70}} | short-tag | AAA | 483 years old, whatever the tag claims
Jean Perrin-Ours (1801–1866) | fr | Vue de Lyon depuis Fourvière | 1841 | {{PD-old}} | short-tag | AAA | 185 years old, whatever the tag claims
Karel Bém-Ours (1830–1897) | cs | Pohled na Vyšehrad | 1872 | {{PD-old-70-1923}} | short-tag | AAA | the maker died in 1897
"""
# language | artist | title | date | medium | licence | categories | kind | expected | why
_THINGS = """
de | Unbekannt | Thronende Madonna | um 1300 | Lindenholz, vollrund geschnitzt | {{PD-Art|PD-old-100}} | Medieval art | solid | NNN | a carved figure
de | Meister von Ours | Johanneskopf auf der Schüssel | um 1510 | Eichenholz mit Resten der Fassung | {{PD-Art|PD-old-100-expired}} | Medieval art | solid | NNN | a carved figure
fr | Anonyme | Vierge de Pitié | XVe siècle | pierre calcaire polychrome | {{PD-Art|PD-old-100}} | Pietà | solid | NNN | a stone figure
fr | Barye-Ours | Lion au serpent, épreuve | 1832 | bronze à patine verte, fonte à la cire perdue | {{PD-Art|PD-old-100-expired}} | Animals in art | solid | NNN | a bronze
it | Ignoto | Crocifisso ligneo | XIII secolo | legno scolpito e dipinto | {{PD-Art|PD-old-100}} | Crucifixes | solid | NNN | a carved cross
it | Bottega toscana | Busto di giovane | 1480 | terracotta invetriata | {{PD-Art|PD-old-100}} | Renaissance | solid | NNN | a bust
es | Anónimo | Virgen sedente | siglo XIII | talla en madera policromada | {{PD-Art|PD-old-100}} | Romanesque art | solid | NNN | a carved figure
pt | Desconhecido | Santo António com o Menino | século XVIII | madeira estofada | {{PD-Art|PD-old-100}} | Saints | solid | NNN | a carved figure
nl | Anoniem | Geselende beul van een retabel | 1490 | eikenhout, gestoken | {{PD-Art|PD-old-100}} | Retables | solid | NNN | a carved group
pl | nieznany | Madonna na lwie | 1380 | drewno lipowe, polichromia | {{PD-Art|PD-old-100}} | Gothic art | solid | NNN | a carved figure
cs | Neznámý | Opatovická Assumpta | 1430 | řezba, lipové dřevo | {{PD-Art|PD-old-100}} | Gothic art | solid | NNN | a carved figure
hu | Ismeretlen | Szent Borbála szobra | 1470 | faragott hársfa | {{PD-Art|PD-old-100}} | Gothic art | solid | NNN | a carved figure
sv | Okänd | Triumfkrucifix | 1250-talet | skulpterad ek | {{PD-Art|PD-old-100}} | Crucifixes | solid | NNN | a carved cross
ru | Неизвестный мастер | Николай Можайский | XVII век | резьба по дереву | {{PD-Art|PD-old-100}} | Saint Nicholas | solid | NNN | a carved figure
el | Άγνωστος | Κούρος | 530 π.Χ. | παριανό μάρμαρο | {{PD-Art|PD-old-100}} | Archaic art | solid | NNN | a statue
tr | Bilinmiyor | Lahit kapağı | MÖ 4. yüzyıl | mermer | {{PD-Art|PD-old-100}} | Archaeology | solid | NNN | a lid in relief
ja | 運慶派 | 阿弥陀如来坐像 | 1200 | 木造漆箔 | {{PD-Art|PD-old-100}} | Buddhist art | solid | NNN | a wooden figure
zh | 佚名 | 唐三彩駱駝 | 唐代 | 陶 | {{PD-Art|PD-old-100}} | Tang art | solid | NNN | a pottery figure
ko | 미상 | 금동미륵보살반가사유상 | 7세기 | 금동 | {{PD-Art|PD-old-100}} | Buddhist art | solid | NNN | a bronze figure
ar | مجهول | إبريق بزخارف | القرن ١٣ | نحاس مكفت بالفضة | {{PD-Art|PD-old-100}} | Mamluk art | solid | NNN | a vessel
en | {{unknown|author}} | Chess king of the isles | 12th century | walrus ivory | {{PD-Art|PD-old-100}} | Chess | solid | NNN | a carved piece
de | Anton Graff-Ours (1736–1813) | Damenbildnis im vergoldeten Zierrahmen | 1786 | Öl auf Leinwand | {{PD-Art|PD-old-100-expired}} | Portraits | frame | NNN | the carved frame is in the picture
fr | Anonyme | Miniature dans son cadre d'origine sculpté | 1780 | gouache sur ivoire | {{PD-Art|PD-old-100}} | Miniatures | frame | NNN | the frame is in the picture
it | Ignoto | Ritratto entro cornice intagliata e dorata | 1650 | olio su tela | {{PD-Art|PD-old-100}} | Portraits | frame | NNN | the frame is in the picture
es | Anónimo | Retrato con su marco de plata | 1770 | óleo sobre lienzo | {{PD-Art|PD-old-100}} | Portraits | frame | NNN | the frame is in the picture
pl | nieznany | Ikona w srebrnej koszulce i ramie | 1810 | tempera na desce | {{PD-Art|PD-old-100}} | Icons | frame | NNN | the silver cover and frame are in the picture
nl | Anoniem | Portret in gesneden lijst | 1640 | olieverf op paneel | {{PD-Art|PD-old-100}} | Portraits | frame | NNN | the frame is in the picture
ru | Неизвестный художник | Икона в серебряном окладе | 1790 | дерево, темпера, серебро | {{PD-Art|PD-old-100}} | Icons | frame | NNN | the silver cover is in the picture
en | Timothy H. O'Sullivan (1840–1882) | Colorized view of the canyon | 1873, colorized 2019 | albumen print | {{PD-old-100-expired}} | Colorized photographs | later-hand | NNN | colourised in 2019
en | Gustave Le Gray (1820–1884) | The great wave, AI upscaled and restored | 1857 | albumen print | {{PD-old-100-expired}} | Seascapes | later-hand | NNN | a later hand whose part is not told
fr | Nadar (1820–1910) | Sarah, colorisée | 1864 | tirage albuminé, colorisation de 2020 | {{PD-old-100-expired}} | Portraits | later-hand | NNN | colourised in 2020
de | nach Albrecht Dürer | Feldhase, digital neu gezeichnet | 2015 | Vektorgrafik | {{PD-Art|PD-old-100-expired}} | Hares | later-hand | NNN | drawn anew in 2015
"""


def _said(language: str, kind: str, expected: str, why: str, rule: str) -> Label:
    return Label(language=language, kind=kind, expected=expected, why=f"{why}. {rule}")


def _rule(kind: str, licence: str) -> str:
    """The law that a tag of the first table stands or falls by."""
    if kind not in ("us-tag", "us-only", "government"):
        return law.EU_TERM
    told = {"notice": law.FORMALITIES, "renewed": law.NOT_RENEWED, "US-expired": law.US_TERM, "USGov": law.GOVERNMENT}
    return next((rule for word, rule in told.items() if word in licence), law.URAA)


def _tags() -> Iterator[Written]:
    for author, language, text, date, licence, kind, expected, why in rows(_TAGS):
        rule = _rule(kind, licence)
        fields = {
            "Description": f"{{{{{language}|1={text}}}}}",
            "Date": date,
            "Author": author,
            "Source": "scan of a print",
        }
        yield records.by_hand(_said(language, kind, expected, why, rule), fields=fields, licence=licence,
                              name="Information", categories=["Prints"])  # fmt: skip
    for language, artist, title, date, medium, licence, category, kind, expected, why in rows(_THINGS):
        fields = {"artist": artist, "title": title, "date": date, "medium": medium, "source": "museum visit"}
        rule = law.DERIVATIVE if kind == "later-hand" else law.PD_ART
        yield records.by_hand(_said(language, kind, expected, why, rule), fields=fields, licence=licence,
                              categories=[category])  # fmt: skip


def _conditions() -> Iterator[Written]:
    """Conditions, disputes and statements on pages of a work that is old."""
    work = {"artist": "Elsa Lindqvist-Ours (1841–1912)", "title": "Orchard under snow", "date": "1881",
            "medium": "{{Technique|oil|canvas}}", "source": "museum"}  # fmt: skip
    stated: Mapping[str, Sequence[object]] = {"P6216": ["Q19652"]}
    none: Mapping[str, Sequence[object]] = {}
    told: Mapping[str, Sequence[object]]
    for number, (licence, summary, kind, why, told, shows) in enumerate((
        ("{{Licensed-PD-Art|PD-old-100-expired|Cc-by-4.0}}", PD, "conditions", "the photograph is CC BY", none, ("Cc-by-4.0", "CC-Layout")),
        ("{{Licensed-PD-Art|PD-old-auto-expired|deathyear=1912|Cc-by-sa-3.0}}", PD, "conditions", "the photograph is CC BY-SA", none,
         ("Cc-by-sa-3.0", "CC-Layout")),
        ("{{Art Photo license-Ours|photo=cc-by-sa-4.0}}", PD, "conditions", "a wrapper shows CC BY-SA inside", none,
         ("PD-Art", "PD-old-100-expired", "Cc-by-sa-4.0", "CC-Layout", "License template tag")),
        ("{{Kunstsammlung Ours license}}", PD, "conditions", "the museum's wrapper shows CC BY inside", none,
         ("PD-Art", "PD-old-100-expired", "Cc-by-4.0", "CC-Layout", "License template tag")),
        ("{{Museum Ours-credit}}\n" + EXPIRED, PD, "conditions", "a partner's box asks for a credit as its licence", none,
         ("Attribution", "Copyrighted-Layout", "License template tag")),
        (f"{EXPIRED}\n{{{{cc-by-4.0}}}}", BY, "conditions", "a licence with conditions stands beside the tag", none, ()),
        (f"{EXPIRED}\nNon-commercial use only, contact the museum.", PD, "conditions", "it says non-commercial in words", none, ()),
        (f"{EXPIRED}\nDie Nutzung ist nur mit Quellenangabe unter CC BY-SA gestattet.", PD, "conditions", "it says CC BY-SA in words",
         none, ()),
        (EXPIRED, BY_SA, "conditions", "the archive's summary says CC BY-SA", none, ()),
        (EXPIRED, PD, "structured", "the structured data say copyrighted", {"P6216": ["Q50423863"]}, ()),
        (EXPIRED, PD, "structured", "the structured data say CC BY-SA 4.0", {**stated, "P275": ["Q18199165"]}, ()),
        (EXPIRED, PD, "structured", "the structured data tell 1961 as its year", {**stated, "P571": [1961]}, ()),
        (EXPIRED, PD, "structured", "the structured data name a user as its maker",
         {**stated, "P170": [[None, {"P4174": "Exampleuser", "P2093": "Exampleuser"}]]}, ()),
        (f"{EXPIRED}\n{{{{delete|reason=not the picture of 1881|subpage=Orchard}}}}", PD, "deletion", "its deletion is asked for", none, ()),
        (f"{EXPIRED}\n{{{{Disputed}}}}", PD, "doubt", "the tag is disputed", none, ()),
        (f"{EXPIRED}\n{{{{copyvio|source=https://example.org}}}}", PD, "doubt", "it is called a violation", none, ()),
        (f"{EXPIRED}\n{{{{No source since|month=October|day=2|year=2026}}}}", PD, "doubt", "its source is missing", none, ()),
        (f"{EXPIRED}\n{{{{Wrong license}}}}", PD, "doubt", "its tag is called wrong", none, ()),
        ("{{No license since|month=November|day=1|year=2026}}", NO_SUMMARY, "withdrawn", "the tag was withdrawn", none, ()),
        ("", NO_SUMMARY, "withdrawn", "no tag is left on the page", none, ()),
        ("{{cc-zero}}<!-- withdrawn by the museum on 2026-03-01 -->{{speedydelete|museum withdrew its release}}", CC0, "withdrawn",
         "the museum withdrew its release", none, ()),
        ("<nowiki>{{PD-Art|PD-old-100-expired}}</nowiki>", NO_SUMMARY, "withdrawn", "the tag is shown, not used", none, ()),
        ("{{Flickr-no known copyright restrictions}}", NO_SUMMARY, "no-known", "no known restrictions alone", none, ()),
        ("{{PDMark-owner}}", NO_SUMMARY, "no-known", "the mark alone names no ground", none, ()),
        ("{{Atlas Ours terms}}", NO_SUMMARY, "unknown-tag", "a tag that nobody knows", none, ("License template tag",)),
        ("{{User:Exampleuser/licence}}", PD, "unknown-tag", "a user's own tag hides CC BY-SA", none,
         ("User:Exampleuser/licence", "Cc-by-sa-4.0", "CC-Layout", "License template tag")),
    ), 1):  # fmt: skip
        label = _said("en", kind, law.NONE, why, law.STRUCTURED if kind == "structured" else law.CONDITIONS)
        # Several pages of one work: each from a museum's other number.
        fields = {**work, "accession number": f"Ours.1881.{number}"}
        yield records.by_hand(label, fields=fields, licence=licence, summary=summary, statements=told,
                              shows=shows, categories=["Orchards in art"],
                              title=f"File:Orchard under snow, Ours 1881.{number}.jpg")  # fmt: skip


def _wrappers() -> Iterator[Written]:
    """Wrappers of museums that show a good ground, and pages that only their item tells apart."""
    for month, licence, shows, why in (
        (
            "April",
            "{{Pinakothek Ours license}}",
            ("PD-Art", "PD-old-100-expired", "Cc-zero", "CC-Layout"),
            "PD-Art and CC0",
        ),
        ("May", "{{Museum Ours-cooperation|1912}}", ("PD-Art", "PD-old-auto-expired", "PD-old-100-expired"), "PD-Art"),
    ):
        label = _said(
            "en", "free-odd", law.ALL, f"the museum's wrapper shows {why} inside; the maker died in 1912", law.EU_TERM
        )
        yield records.by_hand(
            label, fields={"artist": "Elsa Lindqvist-Ours (1841–1912)", "title": f"Beech wood in {month}", "date": "1886",
                           "medium": "{{Technique|oil|canvas}}", "source": "museum"},
            licence=licence, shows=(*shows, "PD-Layout", "License template tag"), categories=["Woods in art"],
        )  # fmt: skip


def cases() -> Iterator[Written]:
    yield from _tags()
    yield from _conditions()
    yield from _wrappers()
