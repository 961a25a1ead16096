"""Traps of makers: who died late while the page is silent, second makers, life dates in other shapes, living makers."""

from collections.abc import Iterator

from benchmarks.rights.source import forms, law, records
from benchmarks.rights.source.makers import FIRST_OF_OURS, MAKERS
from benchmarks.rights.source.museums import rows
from benchmarks.rights.source.written import CC0, Label, Written

EXPIRED = "{{PD-Art|PD-old-100-expired}}"
_FIRST_WORK = FIRST_OF_OURS + 2000
# how the page names the maker | maker | language | title | year | medium | tag
_LATE = """
creator | picasso | fr | Les deux saltimbanques | 1901 | {{Technique|oil|canvas}} | PD-old-100-expired
creator | dali | ca | Port de Cadaqués de nit | 1919 | {{Technique|oil|canvas}} | PD-old-100
creator | miro | es | El huerto con asno | 1918 | {{Technique|oil|canvas}} | PD-old-100-expired
creator | chagall | ru | Над деревней, этюд | 1914 | {{Technique|gouache|paper}} | PD-old-70-expired
creator | okeeffe | en | Drawing XIII, study | 1915 | charcoal on paper | PD-old-100-expired
creator | kokoschka | de | Mädchen mit Fächer | 1908 | Öl auf Leinwand | PD-old-100-expired
creator | schmidt | de | Dorfstraße bei Sturm, Holzschnitt | 1913 | Holzschnitt | PD-old-100-expired
creator | ernst | de | Hut in der Hand | 1920 | collage on paper | PD-old-70
creator | morandi | it | Natura morta con bottiglie | 1916 | olio su tela | PD-old-100-expired
creator | carra | it | Il cavaliere rosso | 1913 | inchiostro su carta | PD-old-100-expired
creator | duchamp | fr | Moulin à café, étude | 1911 | huile sur carton | PD-old-100-expired
creator | ray | en | Ridgefield hills | 1913 | {{Technique|oil|canvas}} | PD-old-100
creator | grosz | de | Großstadt bei Nacht | 1917 | Öl auf Leinwand | PD-old-70-expired
creator | vlaminck | fr | Le Verger rouge | 1906 | huile sur toile | PD-old-100-expired
creator | rivera | es | Paisaje con magueyes | 1913 | óleo sobre tela | PD-old-100-expired
creator | nolde | de | Herbstmeer IV | 1910 | Öl auf Leinwand | PD-old-auto-expired
creator | feininger | de | Dorfkirche, erster Zustand | 1913 | Öl auf Leinwand | PD-old-100-expired
creator | goncharova | ru | Подсолнухи и павлин | 1910 | холст, масло | PD-old-100-expired
plain | hopper | en | Road in Maine, early sketch | 1914 | oil on canvas | PD-old-100-expired
plain | rockwell | en | Boy with a sled | 1917 | oil on canvas | PD-old-100-expired
link | braque | fr | Le Port de La Ciotat au matin | 1907 | huile sur toile | PD-old-100-expired
link | arp | de | Blatt aus einer Mappe | 1918 | Holzschnitt | PD-old-100
wikidata | gris | es | Guitarra sobre una mesa | 1915 | óleo sobre lienzo | PD-old-100-expired
wikidata | kahlo | es | Autorretrato en terciopelo | 1926 | óleo sobre lienzo | PD-old-100-expired
wikidata | magritte | fr | Baigneuse, étude | 1925 | huile sur toile | PD-old-100-expired
wikidata | giacometti | it | Mele sul tavolo | 1915 | olio su cartone | PD-old-100-expired
statement | matisse | fr | Vue de Collioure par la fenêtre | 1905 | huile sur toile | PD-old-100-expired
statement | dubuffet | fr | Portrait de Lili | 1919 | huile sur toile | PD-old-100-expired
statement | utrillo | fr | Rue blanche à Montmartre | 1910 | huile sur toile | PD-old-100-expired
"""
# text of the maker | language | title | year | tag | expected | why
_LIVES = """
Hartigan-Ours, Maud, 1888-1971 | en | Harbour steps at low water | 1912 | {{PD-old-100-expired}} | NNA | died in 1971
Brandl-Ours, Oktav; 1872–1961 | de | Wintermarkt | 1907 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1961
Amaral-Ours, Teko [1869-1949] | pt | Vendedora de flores | 1905 | {{PD-Art|PD-old-100-expired}} | NAA | died in 1949
Max Pechstein, * 31.12.1881 Zwickau † 29.6.1955 Berlin | de | Fischerboote in Nidden | 1911 | {{PD-Art|PD-old-100-expired}} | NAA | died in 1955
Emil Nolde, geb. 1867, gest. 1956 | de | Tänzerin, Radierung | 1911 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1956
Félix Ziem-Ours, né en 1870, mort en 1958 | fr | Le Grand Canal au couchant | 1903 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1958
José Clemente Orozco, n. 1883, m. 1949 | es | Casa de las lágrimas | 1913 | {{PD-Art|PD-old-100-expired}} | NAA | died in 1949
Игорь Северов-Ours, 1879 - 1968 | ru | Ярмарка в Угличе | 1909 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1968
川瀬巴水 1883年~1957年 | ja | 芝増上寺 | 1925 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1957
吉田博(一八七六~一九五〇) | ja | 瀬戸内海集 帆船 | 1926 | {{PD-Art|PD-old-100-expired}} | NAA | died in 1950
齊白石 生於1864年,卒於1957年 | zh | 墨蝦 | 1924 | {{PD-Art|PD-old-100}} | NNA | died in 1957
한도윤-Ours (1890년생 1959년몰) | ko | 소와 어린이 | 1923 | {{PD-Art|PD-old-100}} | NNA | died in 1959
نعيم الراوي، ولد ١٨٨٤ وتوفي ١٩٦١ | ar | زقاق في بغداد | 1924 | {{PD-Art|PD-old-100}} | NNA | died in 1961
Wanda Olszewska-Ours, ur. 1874, zm. 1963 | pl | Chata pod lasem | 1908 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1963
Aron Lund-Ours, født 1877, død 1966 | da | Ved kirkegårdsmuren | 1912 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1966
Bartók Imre-Ours, szül. 1880, megh. 1962 | hu | Alföldi tanya | 1910 | {{PD-Art|PD-old-100-expired}} | NNA | died in 1962
by Lewis Hine (b. 1874, d. 1940) | en | Breaker boys at rest | 1911 | {{PD-old-100-expired}} | NAA | died in 1940
Rune Solheim-Ours (born 1962) | no | Vinternatt, etter et gammelt motiv | 1920 | {{PD-Art|PD-old-100-expired}} | NNN | born in 1962: the date is not the work's
"""
# artist | further fields, by `;` | language | title | year | tag | expected | why
_SECOND = """
Charles Dickens (1812–1870) | illustrator=Arthur Barnes-Ours (1871–1959) | en | The carol, plate 2 | 1911 | {{PD-old-100-expired}} | NNA | the illustrator died in 1959
Adolph Menzel (1815–1905) | engraver=Karl Rothmann-Ours (1868–1957) | de | Flötenkonzert, nach dem Gemälde | 1908 | {{PD-old-100-expired}} | NNA | the engraver died in 1957
J. R. R. Holm-Ours (1840–1901) | cartographer=Percy Grainger-Ours (1876–1964) | en | Map of the northern isles | 1903 | {{PD-old-100-expired}} | NNA | the map maker died in 1964
{{Creator:Jean-François Millet}} | other_fields={{Information field|name=Etcher|value=Louis Marin-Ours (1865–1956)}} | en | The sower, etching after the painting | 1904 | {{PD-Art|PD-old-100-expired}} | NNA | the etcher died in 1956
Rudyard Kipling (1865–1936); illustrations by W. H. Drake-Ours (1877–1961) | - | en | The jungle, plate 6 | 1908 | {{PD-old-100-expired}} | NNA | the illustrator died in 1961
Ludwig Richter (1803–1884), koloriert von Hanna Voss-Ours (1890–1969) | - | de | Überfahrt, kolorierte Ausgabe | 1922 | {{PD-old-100-expired}} | NNA | the colourist died in 1969
Gustave Doré (1832–1883) and Maud Hartigan-Ours (1888–1971) | - | en | The quest, redrawn plate | 1913 | {{PD-old-100-expired}} | NNA | the second maker died in 1971
photographer unknown | photographer=Erich Sandmann-Ours (1885–1970) | de | Belegschaft der Zeche | 1919 | {{PD-old-100-expired}} | NNA | one field names a photographer who died in 1970
Leonardo da Vinci (1452–1519) | other_fields={{InFi|Copyist|Ines Moretti-Ours (1880–1959)}} | it | Ultima cena, copia ad acquerello | 1912 | {{PD-Art|PD-old-100-expired}} | NNA | the copyist died in 1959
Pieter Bruegel (1525–1569) | printmaker=Jan Vos-Ours (1874–1958);publisher=Elsevier | nl | Kinderspelen, naar Bruegel | 1910 | {{PD-Art|PD-old-100-expired}} | NNA | the printmaker died in 1958
Émile Zola (1840–1902) | illustrator={{Creator:Marc Chagall}} | fr | Planche pour un roman | 1927 | {{PD-old-100-expired}} | NNA | Chagall died in 1985
William Morris (1834–1896) | designer=May Hollis-Ours (1875–1962) | en | Design for a woven hanging | 1906 | {{PD-Art|PD-old-100-expired}} | NNA | the designer died in 1962
{{Creator:Utagawa Hiroshige}} | other_fields={{Information field|name=Carver of this edition|value=Takamizawa-Ours (1890–1965)}} | ja | 名所江戸百景 復刻 | 1921 | {{PD-Art|PD-old-100-expired}} | NNA | a new edition, whose carver died in 1965
А. П. Чехов (1860–1904) | illustrator=Д. Н. Кардовский (1866–1943) | ru | Каштанка, рисунок | 1903 | {{PD-old-100-expired}} | NAA | the illustrator died in 1943
Selma Lindqvist-Ours (1841–1912) | editor=Olof Ek-Ours (1880–1966) | sv | Blommor från ängen | 1905 | {{PD-old-100-expired}} | AAA | an editor made no part of the picture
after {{Creator:Peter Paul Rubens}} | engraver=Lucas Vorsterman (1595–1675) | en | The descent, engraving | 1620 | {{PD-Art|PD-old-100}} | AAA | the engraver died in 1675
"""


def _late() -> Iterator[Written]:
    for number, (how, key, language, title, year, medium, tag) in enumerate(rows(_LATE)):
        maker = MAKERS[key]
        expected = law.by_age(maker.died, int(year))
        label = Label(language=language, kind="late-maker", expected=expected,
                      why=f"{maker.name} died in {maker.died}; the page does not say so. {law.EU_TERM}; {law.US_TERM}")  # fmt: skip
        item = f"Q{_FIRST_WORK + number}"
        named = {"creator": maker.creator, "plain": maker.name, "link": f"[[:en:{maker.name}|{maker.name}]]",
                 "wikidata": "", "statement": maker.name}[how]  # fmt: skip
        fields = {"artist": named, "title": f"{{{{{language}|1={title}}}}}", "date": year, "medium": medium,
                  "source": "auction catalogue"}  # fmt: skip
        if how == "wikidata":
            fields |= {"wikidata": item}
        if how in ("creator", "plain") and number % 3 == 1:
            yield forms.openrefine(label, artist=named, title=title, date=year, medium=medium, source="museum database",
                                   licence=f"{{{{PD-Art|{tag}}}}}", statements={"P6216": ["Q19652"]})  # fmt: skip
            continue
        yield records.by_hand(
            label, fields=fields, licence=f"{{{{PD-Art|{tag}}}}}", categories=["20th-century paintings"],
            statements={"P170": [maker.item], "P6216": ["Q19652"]} if how == "statement" else None,
            works={item: {"kind": "work", "made": int(year), "makers": [maker.item]}} if how == "wikidata" else None,
        )  # fmt: skip


def _others() -> Iterator[Written]:
    for artist, language, title, year, tag, expected, why in rows(_LIVES):
        label = Label(language=language, kind="life-dates", expected=expected, why=f"the maker {why}. {law.EU_TERM}")
        fields = {"artist": artist, "title": title, "date": year, "medium": "print on paper", "source": "scan"}
        yield records.by_hand(label, fields=fields, licence=tag, categories=["Works on paper"])
    for artist, more, language, title, year, tag, expected, why in rows(_SECOND):
        kind = "second-maker" if expected != law.ALL else "free-odd"
        label = Label(
            language=language, kind=kind, expected=expected, why=f"{why}. {law.EU_TERM}, the last of all authors"
        )
        further = dict(pair.split("=", 1) for pair in more.split(";") if pair)
        fields = {
            "artist": artist,
            **further,
            "title": title,
            "date": year,
            "medium": "print on paper",
            "source": "scan",
        }
        yield records.by_hand(label, fields=fields, licence=tag, categories=["Illustrations"])


def _odd_makers() -> Iterator[Written]:
    """Groups, empty fields, names that are no persons, and items that mislead."""
    late, unnamed = MAKERS["late"], f"Q{_FIRST_WORK + 90}"
    for number, (artist, title, year, licence, kind, expected, why, statements, works) in enumerate((
        ("Studio Lumen-Ours, Berlin", "Portrait of a dancer", "1928", EXPIRED, "undated-maker", law.US,
         "a studio is no person, and its photographers are not named", None, None),
        ("Family of the sitter", "Farmer with his team", "1929", EXPIRED, "undated-maker", law.US,
         "a family is no person whose death is known", None, None),
        ("", "Sketch of a bridge", "1921", EXPIRED, "undated-maker", law.US,
         "the maker's field is empty, and nobody says that none is known", None, None),
        ("J. H.", "Cartoon: the tax bill", "1924", EXPIRED, "undated-maker", law.US,
         "initials are a person who can be found", None, None),
        ("Staff artist", "Airship over the fairground", "1927", "{{PD-old-100}}", "undated-maker", law.US,
         "somebody of the staff, whose name and death nobody looked for", None, None),
        ("", "", "", EXPIRED, "late-maker", law.NONE, "the item is a painting of 1938 by a maker who died in 1971",
         {"P6243": [unnamed]}, {unnamed: {"kind": "work", "made": 1938, "makers": [late.item]}}),
        ("", "", "", EXPIRED, "undated", law.NONE, "the item tells neither maker nor year",
         {"P6243": [f"Q{_FIRST_WORK + 91}"]}, {f"Q{_FIRST_WORK + 91}": {"kind": "work"}}),
        ("", "", "", EXPIRED, "undated-maker", law.US, "the item's maker is a text that nobody has looked up",
         {"P6243": [f"Q{_FIRST_WORK + 92}"]}, {f"Q{_FIRST_WORK + 92}": {"kind": "work", "made": 1910, "unnamed": True}}),
        ("", "", "", EXPIRED, "late-maker", law.US, "one of the item's two makers died in 1971",
         {"P6243": [f"Q{_FIRST_WORK + 93}"]},
         {f"Q{_FIRST_WORK + 93}": {"kind": "work", "made": 1909, "makers": [MAKERS["lind"].item, late.item]}}),
        ("", "", "", EXPIRED, "free-odd", law.ALL, "the item tells a maker who died in 1912, and 1880 as its year",
         {"P6243": [f"Q{_FIRST_WORK + 94}"]},
         {f"Q{_FIRST_WORK + 94}": {"kind": "work", "made": 1880, "makers": [MAKERS["lind"].item]}}),
        ("Elsa Lindqvist-Ours", "Meadow with larks", "1890", EXPIRED, "free-odd", law.ALL,
         "the structured data name the maker, who died in 1912", {"P170": [MAKERS["lind"].item]}, None),
        ("Jost Ruhnau-Ours", "Ships in the ice", "1903", "{{PD-Art|PD-old-70-expired}}", "free", law.LIFE70,
         "the structured data name the maker, who died in 1953", {"P170": [MAKERS["ruhn"].item]}, None),
    ), 1):  # fmt: skip
        label = Label(language="en", kind=kind, expected=expected, why=f"{why}. {law.LICENSING}")
        fields = {"artist": artist, "title": title, "date": year, "source": "auction"} if title else {}
        yield records.by_hand(label, fields=fields, licence=licence, categories=["Paintings"], statements=statements,
                              works=works, title=f"File:Picture of the sale, lot {number}.jpg")  # fmt: skip
    museum = Label(language="en", kind="late-maker", expected=law.US,
                   why=f"Maud Hartigan-Ours died in 1971; the museum's CC0 is its photograph's. {law.MUSEUM_CC0}")  # fmt: skip
    yield records.by_hand(museum, fields={"artist": late.creator, "title": "Pier at night", "date": "1919",
                                          "medium": "oil on canvas", "source": "museum"},
                          licence="{{cc-zero}}", summary=CC0)  # fmt: skip


def cases() -> Iterator[Written]:
    yield from _late()
    yield from _others()
    yield from _odd_makers()
