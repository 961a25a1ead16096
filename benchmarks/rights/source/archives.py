"""Cases in the forms of archives, libraries and governments."""

from collections.abc import Iterator

from benchmarks.rights.source import forms, law, records
from benchmarks.rights.source.law import ALL, LIFE70, NONE, US
from benchmarks.rights.source.makers import MAKERS
from benchmarks.rights.source.museums import aged, rows
from benchmarks.rights.source.written import BY, CC0, NO_SUMMARY, PD, Label, Written, use

# title | author as written | maker | date | last | tag | kind | expected
_NARA = """
Tent of the surveyors on the Snake River | Jackson, William Henry, 1843-1942 | 1871 | PD-USGov-Interior | free | NAA | Jackson died in 1942, published before 1931
Canyon walls from the boat landing | O'Sullivan, Timothy H., 1840-1882 | 1873 | PD-USGov | free | AAA | O'Sullivan died in 1882
Officers before the log hut | Brady, Mathew, 1823 (ca.) - 1896 | ca. 1862 - ca. 1865 | PD-USGov | free | AAA | Brady died in 1896
Doffers at the end of the shift, Macon | Hine, Lewis | 1908 | PD-USGov-Labor | free | NAA | Hine died in 1940, published before 1931
Farm sale in the dust, Oklahoma | Lange, Dorothea | 1936 | PD-USGov | government | NNA | a federal employee; Lange died in 1965
Landing craft off the beach | Department of Defense. Navy | 1944 | PD-USGov-Military-Navy | government | NNA | no person is named, and it is 82 years old only
Transport planes on the field at dawn | Department of Defense. Air Force | 1952 | PD-USGov-Military-Air Force | government | NNA | a federal work of 1952
Poster: Grow Your Own, Be Sure | Parker, Grover, 1899-1968 (invented) | 1942 | PD-USGov-WPA | government | NNA | a federal work; its designer died in 1968
Fort seen from the river bank | {{unknown|photographer}} | 1868 | PD-USGov | free | AAA | nobody knows the maker of 1868, 158 years old
"""
# creator | title | date | tag | legacy | summary | kind | expected | why
_DPLA = """
Muybridge, Eadweard, 1830-1904 | Valley of the Yosemite from Mosquito Camp | 1872 | {{PD-US}} | yes | pd | free | AAA | Muybridge died in 1904
Watkins, Carleton E., 1829-1916 | Malakoff Diggings, panorama | circa 1871 | {{PD-US}} | no | pd | free | AAA | Watkins died in 1916
Curtis, Edward S., 1868-1952 | Canyon with riders at the foot of the wall | 1904 | {{PD-US-expired}} | no | pd | free | NAA | Curtis died in 1952
Late-Ours, Harriet, 1881-1962 | Boats drying their nets | 1914 | {{PD-US}} | yes | pd | late-maker | NNA | the maker died in 1962
Lindqvist-Ours, Elsa, 1841-1912 | Church picnic under the oaks | 1899 | {{PD-US-expired}} | yes | pd | free | AAA | the maker died in 1912
- | Lithograph of the state capitol | 1846 | {{cc-zero}} | no | cc0 | free | AAA | 180 years old, and CC0 of the scan
- | View up the main street | circa 1905 | {{PD-US}} | no | pd | undated-maker | NNA | no maker is named and nobody says that none is known: only the US term is shown
- | Aerial view of the new reservoir | 1967 | {{NKC}} | no | none | no-known | NNN | no known copyright is no ground
- | Civic parade with floats | 1972 | {{NoC-US}} | yes | none | no-known | NNN | no copyright in the United States is claimed without a ground
Hartigan-Ours, Maud, 1888-1971 | Nurses on the steps | 1958 | {{PD-US-not renewed}} | no | pd | us-only | NNA | published in 1958 and not renewed
Smith, J. W., 1901-1988 | Drive-in theater sign at dusk | 1966 | {{PD-US-not renewed}} | no | pd | us-tag | NNN | not renewed cannot be of 1966
- | Letter of a settler to her sister | 1843 March 4 | {{PD-US}} | yes | pd | free | AAA | 183 years old
Riis, Jacob A., 1849-1914 | Cellar lodging in Ludlow Street | 1889 | {{PD-US-expired}} | no | pd | free | AAA | Riis died in 1914
- | Student newspaper, front page | 1931 October 2 | {{PD-US}} | no | pd | us-tag | NNN | 1931 is protected until the end of 2026
"""
# photographer | title | date | licence | medium | kind | expected | why
_CONGRESS = """
Brady, Mathew B., 1823 (ca.)-1896 | Long Bridge with guard house | 1863 | {{PD-US-expired}} | 1 negative : glass, wet collodion | free | AAA | Brady died in 1896
Bain News Service, publisher | Arrival of the liner at the pier | ca. 1912 | {{PD-Bain}} | 1 negative : glass | us-only | NNA | the firm's photographer is not named; the US term alone is shown
Detroit Publishing Co., publisher | Lake steamer passing the locks | between 1900 and 1906 | {{PD-US-expired}} | 1 photomechanical print | us-only | NNA | no photographer is named, and the page does not say that none is known
Evans, Walker, 1903-1975 | Roadside store near Selma | 1936 | {{PD-USGov-FSA}} | 1 negative : nitrate | government | NNA | a federal work; Evans died in 1975
Hine, Lewis Wickes, 1874-1940 | Glass works at midnight | 1908 August | {{PD-US-expired}} | 1 photographic print | life-dates | NAA | Hine died in 1940
Lange, Dorothea, 1895-1965 | Alley off Grant Avenue | 1923 | {{PD-old-100-expired}} | 1 photographic print | life-dates | NNA | Lange died in 1965: the tag is wrong
Genthe-Ours, Arnold, 1869-1950 | Street of the goldsmiths | 1906 | {{PD-old-70-expired}} | 1 negative : glass | free | NAA | the maker died in 1950
Johnston-Ours, Frances, 1864-1952 | Kitchen of the mill house | 1899 | {{PD-old-100-expired}} | 1 photographic print : cyanotype | life-dates | NAA | died in 1952: life+70 holds, the tag's life+100 does not
Fenton, Roger, 1819-1869 | Encampment above the harbour | 1855 | {{PD-US-expired}} | 1 photographic print : salted paper | free | AAA | Fenton died in 1869
{{unknown|author}} | Tenement wash lines | 1890 | {{PD-US-expired}} | 1 photographic print | free | AAA | nobody knows the maker of 1890
{{unknown|author}} | Demonstration with banners | 1969 | {{PD-US-no notice}} | 1 photographic print | us-only | NNA | published in 1969 without notice
"""
# artist | title | date | licence | more field | more value | summary | kind | expected | why
_BNF = """
Gustave Doré (1832-1883) | L'Ogre découvrant les sept frères | 1862 | {{PD-Art|PD-old-100-expired}}{{PD-France}} | - | - | pd | free | AAA | Doré died in 1883
{{Creator:Nadar}} | Vue prise en ballon au-dessus de l'Étoile | 1868 | {{PD-Art|PD-old-100-expired}} | medium | tirage sur papier albuminé | pd | free | AAA | Nadar died in 1910
Agence Rol | Course de bicyclettes, départ au vélodrome | 1908 | {{PD-GallicaScan}} {{PD-France}} | medium | négatif sur verre | pd | undated-maker | NNA | of 1908; the agency is no person, and its photographer is not named
{{Creator:Aubrey Beardsley}} | Frontispice pour une revue | 1894 | {{PD-Art|PD-old-auto-expired|deathyear=1898}} | medium | impression au trait | pd | free | AAA | Beardsley died in 1898
Jean Veyrat-Ours, d'après un dessin d'Ines Veyrat-Ours (1850-1919) | Le port de Saint-Malo | 1904 | {{PD-Art|PD-old-100-expired}} | - | - | pd | second-maker | NNA | the engraver's death is not known
Félix Vallotton | La Paresse | 1896 | {{PD-Art|PD-old-100-expired}} | medium | gravure sur bois | pd | free | AAA | Vallotton died on 29 December 1925
Anonyme | Costume de ballet: un Turc | vers 1660 | {{PD-Art|PD-old-100-expired}} | medium | gouache sur parchemin | pd | free | AAA | 366 years old
Maurice Denis (1870-1943) | L'Annonciation, bois gravé | 1906 | {{PD-Art|PD-old-70-expired}} | - | - | pd | short-tag | NAA | Denis died in 1943
Raoul Dufy | Le Bestiaire : la chouette | 1911 | {{PD-Art|PD-old-70-expired}} | medium | gravure sur bois | pd | late-maker | NAA | Dufy died on 23 March 1953
Jean Arp | Bois gravé pour un recueil | 1916 | {{PD-Art|PD-old-100-expired}} | - | - | pd | late-maker | NNA | Arp died in 1966
"""
# artist | language | title | date | licence | provider | medium | kind | expected | why
_EUROPEANA = """
Josef Mánes (1820–1871) | cs | Líbánky na Hané | 1849 | {{PD-Art|PD-old-100-expired}} | Národní galerie | olej na plátně | free | AAA | Mánes died in 1871
nieznany | pl | Widok rynku w Krakowie od strony Sukiennic | 1794 | {{PD-Art|PD-old-100-expired}} | Biblioteka Jagiellońska | akwarela na papierze | free | AAA | 232 years old
Jan Matejko | pl | Kazanie, szkic | 1862 | {{PD-Art|PD-old-100-expired}} | Muzeum Narodowe | olej na płótnie | free | AAA | Matejko died in 1893
František Kupka | cs | Rytmus historie, list | 1906 | {{PD-Art|PD-old-100-expired}} | Národní galerie | barevný lept na papíře | late-maker | NNA | Kupka died in 1957
Ismeretlen | hu | Pest és Buda látképe | 1837 | {{PD-Art|PD-old-100-expired}} | Magyar Nemzeti Múzeum | rézmetszet, papír | free | AAA | 189 years old
Νικόλαος Γύζης (1842–1901) | el | Παιδικοί αρραβώνες, σχέδιο | 1877 | {{PD-Art|PD-old-100-expired}} | Εθνική Πινακοθήκη | λάδι σε μουσαμά | free | AAA | Gyzis died in 1901
Helene Schjerfbeck | fi | Tanssiaiskengät, luonnos | 1882 | {{PD-Art|PD-old-70-expired}} | Ateneum | öljy kankaalle | free | NAA | Schjerfbeck died in 1946
Erik Solheim (født 1962) | no | Vinterdag ved fjorden | 1998 | {{PD-Art|PD-old-70}} | Digitaltmuseum | olje på lerret | late-maker | NNN | the maker lives
"""
# author | text | date | tag | source | category | form | kind | expected | why
_AGENCIES = """
U.S. Geological Survey | Lava fountain in the crater at night | 2018-05-19 | PD-USGov-USGS | {{USGS-source|19}} | Kilauea | USGS | government | NNA | a federal work of 2018
William Henry Holmes (1846–1933), U.S. Geological Survey | Panorama from Point Sublime | 1882 | PD-USGov-USGS | scan of the sheet | Topographic maps | USGS | free | NAA | Holmes died in 1933
William Henry Jackson / U.S. Geological Survey | Hot spring terraces seen from above | 1872 | PD-USGov-USGS | survey negative | Mammoth Hot Springs | USGS | free | NAA | Jackson died in 1942
NASA / JPL-Caltech | Ring shadows on the northern hemisphere | 2009-08-12 | PD-USGov-NASA | https://photojournal.jpl.nasa.gov | Saturn | NASA | government | NNA | a federal work of 2009
NASA / Robert Markowitz | Astronaut at the training pool | 2014-03-02 | PD-USGov-NASA | NASA Johnson | Astronauts | NASA | personality | NNN | it shows a living person who can be known
ESA/Hubble | Spiral galaxy seen edge on | 2016 | PD-USGov-NASA | https://esahubble.org | Galaxies | NASA | us-tag | NNN | ESA is no US agency: its pictures are CC BY
Jocelyn Augustino-Ours | Roof tarps over a street after the storm | 2005-10-01 | PD-USGov-FEMA | {{FEMA-source|15012}} | Hurricane damage | FEMA | government | NNA | a federal work of 2005
Photo by a volunteer, courtesy of the Red Cross | Shelter with rows of cots | 2012-11-03 | PD-USGov-FEMA | {{FEMA-source|30121}} | Shelters | FEMA | us-tag | NNN | made by no employee
U.S. Navy photo | Carrier leaving the harbour | 1998-06-21 | PD-USGov-Military-Navy | {{ID-USMil|980621-N}} | Aircraft carriers | US military | government | NNA | a federal work of 1998
U.S. Department of Agriculture, Deborah Griscom Passmore | Apples of the variety Ben Davis | 1898 | PD-USGov-USDA | Pomological watercolors | Apple cultivars | USDA | free | AAA | Passmore died in 1911
Contractor for NOAA | Chart of the reef by a private survey firm | 2011 | PD-USGov-NOAA | survey report | Nautical charts | NOAA | us-tag | NNN | a contractor's work is not an employee's (17 USC 105)
"""
# text | language | date | author | tag | category | kind | expected | why
_STAMPS = """
Washington, 3 cents, carmine | en | 1908 | Clair Aubrey Huston (1857–1938), U.S. Post Office Department | {{PD-USGov}} | Stamps of the United States, 1908 | free | NAA | Huston died in 1938
National parks issue, Yosemite, 1 cent | en | 1934 | U.S. Post Office Department | {{PD-USGov}} | Stamps of the United States, 1934 | government | NNA | a federal work of 1934
Love stamp, 20 cents | en | 1982 | U.S. Postal Service | {{PD-USGov}} | Stamps of the United States, 1982 | us-tag | NNN | stamps since 1978 are the Postal Service's
Legends of the West sheet, 29 cents | en | 1994 | USPS | {{PD-USGov}} | Stamps of the United States, 1994 | us-tag | NNN | stamps since 1978 are the Postal Service's
Deutsches Reich, Germania, 10 Pfennig | de | 1900 | Paul Waldraff | {{PD-German stamps}} | Stamps of Germany (1900) | free | AAA | Waldraff died in 1917, issued in 1900
Bundespost, Heinemann, 70 Pfennig | de | 1971 | Deutsche Bundespost | {{PD-German stamps}} | Stamps of Germany (1971) | us-tag | NNN | no US ground for a stamp of 1971
Почта СССР, 4 копейки, полёт | ru | 1961 | Почта СССР | {{PD-Russia}} | Stamps of the USSR, 1961 | us-tag | NNN | no US ground for a stamp of 1961
Österreich, Kaiser Franz Joseph, 1 Krone | de | 1908 | Koloman Moser (1868–1918) | {{PD-old-100-expired}} | Stamps of Austria, 1908 | free | AAA | Moser died in 1918
République française, Semeuse, 10 centimes | fr | 1903 | Oscar Roty, graveur Eugène Mouchon | {{PD-old-100-expired}} | Stamps of France, 1903 | free | AAA | Roty died in 1911, Mouchon in 1914
Česko-Slovensko, Hradčany, 5 haléřů | cs | 1918 | Alfons Mucha | {{PD-old-70-expired}} | Stamps of Czechoslovakia | short-tag | NAA | Mucha died in 1939
大日本帝国郵便 富士鹿切手 20銭 | ja | 1922 | 逓信省 | {{PD-Japan-organization}} | Stamps of Japan, 1922 | us-only | NNA | 1922 is past the US term; the designer is not named
"""
# author | illustrator | engraver | title | year | licence | language | kind | expected | why
_BOOKS = """
Lewis Carroll (1832–1898) | John Tenniel (1820–1914) | - | Through the Looking-Glass, plate 4 | 1872 | {{PD-old-100-expired}} | en | free | AAA | Carroll died in 1898, Tenniel in 1914
J. M. Barrie (1860–1937) | Arthur Rackham (1867–1939) | - | Peter in Kensington Gardens, plate 12 | 1906 | {{PD-old-auto-expired|deathyear=1939}} | en | free | NAA | Rackham died in 1939
Robert Louis Stevenson (1850–1894) | N. C. Wyeth | - | The island captain, plate 3 | 1911 | {{PD-old-100-expired}} | en | second-maker | NAA | the illustrator died in 1945: the tag speaks of the author
Charles Perrault (1628–1703) | Gustave Doré (1832–1883) | Héliodore Pisan (1822–1890) | Les Contes, planche 9 | 1862 | {{PD-scan|PD-old-100-expired}} | fr | free | AAA | the last of the three died in 1890
Wilhelm Busch (1832–1908) | - | - | Max und Moritz, dritter Streich | 1865 | {{PD-old-100-expired}} | de | free | AAA | Busch died in 1908
Hans Christian Andersen (1805–1875) | Kay Nielsen | - | Snedronningen, farveplanche | 1924 | {{PD-old-100-expired}} | da | second-maker | NNA | the illustrator died in 1957
А. С. Пушкин (1799–1837) | И. Я. Билибин | - | Сказка о царе, лист 5 | 1905 | {{PD-old-100-expired}} | ru | second-maker | NAA | Bilibin died in 1942
Ernst Haeckel (1834–1919) | - | Adolf Giltsch (1852–1911) | Kunstformen der Natur, Tafel 8 | 1904 | {{PD-old-100-expired}} | de | free | AAA | Haeckel died in 1919, Giltsch in 1911
Jules Verne (1828–1905) | Édouard Riou (1833–1900) | Pannemaker | Vingt mille lieues, gravure 31 | 1871 | {{PD-scan|PD-old-auto-expired|deathyear=1905}} | fr | free | AAA | Riou died in 1900, Pannemaker in 1900
Jacob Grimm (1785–1863) | Otto Ubbelohde | - | Märchen, Bild zum Froschkönig | 1909 | {{PD-old-100-expired}} | de | free | AAA | Ubbelohde died on 8 May 1922
Selma Lagerlöf (1858–1940) | Bertil Lybeck | - | Nils Holgerssons resa, vinjett | 1931 | {{PD-Sweden}} | sv | us-tag | NNN | of 1931, and its illustrator died in 1945; no US ground
曹雪芹 | 改琦 (1773–1828) | - | 紅樓夢圖詠 黛玉 | 1879 | {{PD-old-100-expired}} | zh | free | AAA | Gai Qi died in 1828
夏目漱石 (1867–1916) | 橋口五葉 (1880–1921) | - | 吾輩は猫である 装幀 | 1905 | {{PD-old-100-expired}} | ja | free | AAA | Hashiguchi died in 1921
Beatrix Potter | - | - | The tale of the rabbits, frontispiece | 1902 | {{PD-US-expired}} | en | free | NAA | Potter died in 1943
A. A. Milne (1882–1956) | E. H. Shepard (1879–1976) | - | In which a bear goes visiting | 1926 | {{PD-US-expired}} | en | us-only | NNA | Shepard died in 1976
"""


def _label(language: str, kind: str, expected: str, why: str, rule: str) -> Label:
    return Label(language=language, kind=kind, expected=expected, why=f"{why}. {rule}")


def _american() -> Iterator[Written]:
    for title, author, date, tag, kind, expected, why in rows(_NARA):
        label = _label("en", kind, expected, why, law.GOVERNMENT)
        yield records.nara(label, title=title, author=author, date=date, licence=use(tag))
    for creator, title, date, licence, legacy, summary, kind, expected, why in rows(_DPLA):
        rule = law.NO_KNOWN if kind == "no-known" else law.NOT_RENEWED if "renewed" in licence else law.US_TERM
        yield records.dpla(_label("en", kind, expected, why, rule), creator=creator, title=title, date=date,
                           licence=licence, legacy=legacy == "yes", summary=summary)  # fmt: skip
    for author, title, date, licence, medium, kind, expected, why in rows(_CONGRESS):
        label = _label("en", kind, expected, why, law.US_TERM)
        yield records.congress(label, author=author, title=title, date=date, licence=licence, medium=medium)
    for author, text, date, tag, source, category, form, kind, expected, why in rows(_AGENCIES):
        label = _label("en", kind, expected, why, law.PEOPLE if kind == "personality" else law.GOVERNMENT)
        yield records.agency(label, form=form, author=author, text=text, date=date, licence=use(tag), source=source,
                             category=category)  # fmt: skip


def _european() -> Iterator[Written]:
    for author, title, date, licence, field, value, summary, kind, expected, why in rows(_BNF):
        label = _label("fr", kind, expected, why, law.EU_TERM)
        yield records.bnf(label, author=author, title=title, date=date, licence=licence, summary=summary,
                          more={field: value} if field else None)  # fmt: skip
    for author, language, title, date, licence, provider, medium, kind, expected, why in rows(_EUROPEANA):
        label = _label(language, kind, expected, why, law.EU_TERM)
        yield records.europeana(label, author=author, title=title, date=date, licence=licence, provider=provider,
                                medium=medium)  # fmt: skip
    for text, language, date, author, tag, category, kind, expected, why in rows(_STAMPS):
        label = _label(language, kind, expected, why, law.STAMPS if "Postal" in why else law.US_TERM)
        yield records.stamp(label, text=text, date=date, author=author, licence=tag, category=category)
    for author, illustrator, engraver, title, year, licence, language, kind, expected, why in rows(_BOOKS):
        label = _label(language, kind, expected, why, law.EU_TERM)
        yield records.book(label, author=author, illustrator=illustrator, engraver=engraver, title=title, year=year,
                           licence=licence)  # fmt: skip


def _geograph_and_wellcome() -> Iterator[Written]:
    for number, (text, who, date, summary) in enumerate(
        (
            ("Lych gate of the parish church", "Colin Ware-Ours", "2007-03-11", NO_SUMMARY),
            ("Ford across the beck below the mill", "Anne Tolley-Ours", "2010-08-29", NO_SUMMARY),
            ("Trig point in the snow", "Pat Roper-Ours", "2009-01-04", BY),
        )
    ):
        label = _label("en", "conditions", NONE, "the template is a CC BY-SA licence", law.CONDITIONS)
        yield records.geograph(label, text=text, who=who, date=date, number=700100 + 37 * number, summary=summary)
    for author, text, date, licence, summary, label in (
        ("Wellcome Collection", "A dentist at work: etching by an unknown hand", "1790", "{{PD-Art|PD-old-100-expired}}", PD,
         _label("en", "free", ALL, "236 years old", law.AGE)),
        ("J. Gillray (1756–1815)", "The gout, coloured etching", "1799", "{{PD-Art|PD-old-100-expired}}", PD,
         _label("en", "free", ALL, "Gillray died in 1815", law.EU_TERM)),
        ("Science Museum, London", "Glass bottle for quinine", "", "{{cc-by-4.0}}", BY,
         _label("en", "conditions", NONE, "CC BY", law.CONDITIONS)),
        ("Wellcome Images", "Section of a mouse brain, confocal micrograph", "", "{{cc-zero}}", CC0,
         _label("en", "undated", NONE, "neither maker nor year is told, and the picture is of today", law.LICENSING)),
        ("Wellcome Collection", "Ward of a hospital, photograph of the 1950s", "", "{{PD-old-70}}", PD,
         _label("en", "undated", NONE, "of the 1950s by an unnamed photographer", law.LICENSING)),
        ("Fritz Kahn", "Der Mensch als Industriepalast", "1926", "{{PD-Art|PD-old-70-expired}}", PD,
         _label("de", "late-maker", US, "Kahn died in 1968", law.EU_TERM)),
    ):  # fmt: skip
        yield forms.wellcome(label, author=author, text=text, date=date, licence=licence, summary=summary)


def _libraries() -> Iterator[Written]:
    """GWToolset and Pattypan."""
    oil, parchment = use("Technique", "oil", "canvas"), use("Technique", "ink", "parchment")
    for artist, title, date, medium, place, licence, label in (
        ("Meester van het Haarlemse getijdenboek", "Getijdenboek, kalenderblad", "{{other date|between|1450|1460}}",
         parchment, "Haarlem", "{{PD-Art|PD-old-70-1923}}", _label("nl", "free", ALL, "576 years old", law.AGE)),
        ("{{unknown|author}}", "Rijmbijbel, de bouw van de ark", "{{complex date|~|1332}}", parchment, "Utrecht",
         "{{PD-Art|PD-old-100}}", _label("nl", "free", ALL, "694 years old", law.AGE)),
        ("Abraham Ortelius (1527–1598)", "Frisia Occidentalis", "1579", "copper engraving on paper", "Antwerpen",
         "{{PD-Art|PD-old-100-expired}}", _label("la", "free", ALL, "Ortelius died in 1598", law.AGE)),
        ("Johan Braakensiek", "Politieke prent: de kiesrechtlegger", "1910", "lithography on paper", "Amsterdam",
         "{{PD-Art|PD-old-70-1923}}", _label("nl", "short-tag", LIFE70, "Braakensiek died in 1940", law.EU_TERM)),
        ("Rie Cramer", "Het prentenboek van de maanden: mei", "1912", "colour lithograph", "Utrecht",
         "{{PD-Art|PD-old-70-1923}}", _label("nl", "late-maker", US, "Cramer died in 1977", law.EU_TERM)),
        (MAKERS["toorop"].creator, "Affiche Delftsche Slaolie, ontwerp", "1894", "colour lithograph", "Den Haag",
         "{{PD-Art|PD-old-70-1923}}", _label("nl", "short-tag", LIFE70, "Toorop died in 1928", law.EU_TERM)),
        ("Jan Luyken (1649–1712)", "Het Menselyk Bedryf: de glasblazer", "1694", "etching", "Amsterdam",
         "{{PD-Art|PD-old-70-1923}}", _label("nl", "free", ALL, "Luyken died in 1712; 332 years old", law.AGE)),
        ("Anton Pieck", "Ets van een winkelstraat", "1928", "etching", "Overveen", "{{PD-Art|PD-old-70-1923}}",
         _label("nl", "late-maker", US, "Pieck died in 1987", law.EU_TERM)),
        ("Elsa Lindqvist-Ours (1841–1912)", "Bloemstuk met iris", "1888", oil, "Gent", "{{PD-Art|PD-old-100-expired}}",
         _label("nl", "free", ALL, "the maker died in 1912", law.EU_TERM)),
    ):  # fmt: skip
        yield forms.gwtoolset(label, artist=artist, title=title, date=date, medium=medium, place=place, licence=licence)
    for language, author, text, date, source, licence, category, summary, label in (
        ("uk", "Тарас Шевченко (1814–1861)", "Автопортрет, офорт", "1860", "Національний музей", "{{PD-Art|PD-old-100-expired}}",
         "Taras Shevchenko", PD, _label("uk", "free", ALL, "Shevchenko died in 1861", law.EU_TERM)),
        ("uk", "невідомий", "Метрична книга церкви, аркуш 14", "1798", "Державний архів", "{{PD-scan|PD-old-assumed-expired}}",
         "Archives of Ukraine", PD, _label("uk", "free", ALL, "228 years old", law.AGE)),
        ("sr", "Непознат", "Сватови из Шумадије, фотографија", "око 1890.", "Народна библиотека", "{{PD-anon-expired}}",
         "Wedding in Serbia", PD, _label("sr", "free", ALL, "an unknown maker, of about 1890", law.ANONYMOUS)),
        ("bg", "неизвестен", "Панаирът в Ески Джумая", "1948", "Държавен архив", "{{PD-Bulgaria}}", "Fairs in Bulgaria", PD,
         _label("bg", "us-tag", NONE, "the tag of one country names no US ground", law.COUNTRY)),
        ("es", "Museo de Historia Natural", "Vasija de barro con pico", "siglo VI", "fotografía del museo", "{{cc-zero}}",
         "Pottery in Peru", CC0, _label("es", "free-odd", ALL, "an object of the 6th century, photographed by the museum", law.MUSEUM_CC0)),
        ("ca", "Santiago Rusiñol", "Jardí d'Aranjuez, cartell", "1899", "Biblioteca de Catalunya", "{{PD-Art|PD-old-70-expired}}",
         "Santiago Rusiñol", PD, _label("ca", "short-tag", LIFE70, "Rusiñol died in 1931", law.EU_TERM)),
        ("de", "Stadtarchiv", "Luftbild der Altstadt von Norden", "1963", "Stadtarchiv, Bestand 12", "{{cc-by-sa-4.0}}",
         "Aerial photographs", "by-sa", _label("de", "conditions", NONE, "CC BY-SA", law.CONDITIONS)),
        ("eu", "Indalecio Ojanguren (1887–1972)", "Baserria elurpean", "1927", "Gipuzkoako Artxiboa", "{{PD-old-70-expired}}",
         "Farmhouses", PD, _label("eu", "late-maker", US, "Ojanguren died in 1972", law.EU_TERM)),
    ):  # fmt: skip
        yield forms.pattypan(label, author=author, description=text, date=date, source=source, licence=licence,
                             category=category, summary=summary)  # fmt: skip
        assert label.language == language, "a row's language is its label's"


def cases() -> Iterator[Written]:
    yield from _american()
    yield from _european()
    yield from _geograph_and_wellcome()
    yield from _libraries()
    yield from (
        forms.google_art(aged("en", MAKERS[key], year, law.PD_ART), maker=MAKERS[key], title=title, date=str(year),
                         medium=use("Technique", "oil", "canvas"), gallery="Museum",
                         licence=use("PD-Art", forms.auto(MAKERS[key])))
        for key, year, title in (("vrubel", 1900, "Swan at Dusk"), ("levitan", 1894, "Over the Lake"),
                                 ("kuindzhi", 1880, "Birch Grove, a Study"), ("vasnetsov", 1881, "Sister at the Water"))
    )  # fmt: skip
