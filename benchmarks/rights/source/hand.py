"""Cases written by hand in many languages: free pages as people write them, and free ones that look odd."""

from collections.abc import Iterator

from benchmarks.rights.source import forms, law, records
from benchmarks.rights.source.law import ALL, LIFE70
from benchmarks.rights.source.museums import rows
from benchmarks.rights.source.written import CC0, Label, Written

EXPIRED = "{{PD-Art|PD-old-100-expired}}"
# language | box | artist | title | date | medium | licence | categories, by `;` | expected | why
_PAGES = """
de | Artwork | Lucas Cranach d. Ä. (1472–1553) | Bildnis eines Reformators | 1532 | Öl auf Holz | {{PD-Art|PD-old-100-expired}} | Lucas Cranach | AAA | Cranach died in 1553
de | Artwork | Paula Modersohn-Becker (1876–1907) | Mädchenkopf am Fenster | um 1902 | Öl auf Pappe | {{PD-Art|PD-old-auto-expired|deathyear=1907}} | Worpswede | AAA | Modersohn-Becker died in 1907
de | Artwork | {{Creator:Max Liebermann}} | Garten am Wannsee | 1917 | Öl auf Leinwand | {{PD-Art|PD-old-auto-expired|deathyear=1935}} | Wannsee | NAA | Liebermann died in 1935
de | Information | Unbekannt | Ansicht von Hannover, kolorierter Stich | um 1790 | - | {{PD-Art|PD-old-100}} | Hannover | AAA | 236 years old
fr | Artwork | {{Creator:Gustave Courbet}} | La Vague, version réduite | 1869 | huile sur toile | {{PD-Art|PD-old-100-expired}} | Gustave Courbet | AAA | Courbet died in 1877
fr | Artwork | Jacques-Louis David (1748-1825) | Portrait d'un jeune officier | vers 1795 | huile sur toile | {{PD-Art|PD-old-100-expired}} | Portraits | AAA | David died in 1825
fr | Information | Neurdein frères (Étienne 1832–1918, Louis-Antonin 1846–1914) | Carte postale : la halle aux grains | 1902 | - | {{PD-old-100-expired}} | Postcards | AAA | the last of the two died in 1918
fr | Artwork | Anonyme, école d'Avignon | Retable de saint Michel | XVe siècle | tempera sur bois | {{PD-Art|PD-old-100-expired}} | Altarpieces | AAA | of the 15th century
es | Artwork | Francisco de Goya (1746–1828) | Capricho de las aves | 1799 | aguafuerte | {{PD-Art|PD-old-100-expired}} | Caprichos | AAA | Goya died in 1828
es | Artwork | {{Creator:Joaquín Sorolla}} | Niños en la playa | 1908 | óleo sobre lienzo | {{PD-Art|PD-old-100-expired}} | Joaquín Sorolla | AAA | Sorolla died in 1923
es | Artwork | Anónimo novohispano | Biombo de la ciudad | siglo XVII | óleo sobre lienzo | {{PD-Art|PD-old-100}} | Painting in Mexico | AAA | of the 17th century
it | Artwork | {{Creator:Canaletto}} | Il molo verso la Salute | 1738 | olio su tela | {{PD-Art|PD-old-100-expired}} | Canaletto | AAA | Canaletto died in 1768
it | Artwork | Ignoto | Madonna col Bambino in trono | sec. XIV | tempera su tavola | {{PD-Art|PD-old-100-expired}} | Madonnas | AAA | of the 14th century
it | Artwork | Amedeo Modigliani (1884-1920) | Ragazza bruna seduta | 1918 | olio su tela | {{PD-Art|PD-old-100-expired}} | Modigliani | AAA | Modigliani died in 1920
pt | Artwork | José Malhoa (1855–1933) | Os pretos na eira | 1900 | óleo sobre tela | {{PD-Art|PD-old-auto-expired|deathyear=1933}} | José Malhoa | NAA | Malhoa died in 1933
pt | Artwork | Desconhecido | Planta da baía de Todos os Santos | 1625 | tinta sobre pergaminho | {{PD-Art|PD-old-100}} | Maps of Brazil | AAA | 401 years old
nl | Artwork | Jan Steen (1626–1679) | Zoals de ouden zongen | 1665 | olieverf op doek | {{PD-Art|PD-old-100-expired}} | Jan Steen | AAA | Steen died in 1679
nl | Map | Gerardus Mercator (1512–1594) | Flandria, kaartblad | 1585 | gravure | {{PD-Art|PD-old-100-expired}} | Maps of Flanders | AAA | Mercator died in 1594
da | Artwork | {{Creator:Vilhelm Hammershøi}} | Stue med åben dør | 1905 | olie på lærred | {{PD-Art|PD-old-100-expired}} | Hammershøi | AAA | Hammershøi died in 1916
sv | Artwork | {{Creator:Carl Larsson}} | Fiskaren vid bryggan | 1884 | akvarell på papper | {{PD-Art|PD-old-100-expired}} | Carl Larsson | AAA | Larsson died in 1919
no | Artwork | {{Creator:Edvard Munch}} | Strand i måneskinn | 1895 | olje på lerret | {{PD-Art|PD-old-auto-expired|deathyear=1944}} | Edvard Munch | NAA | Munch died in 1944
fi | Artwork | {{Creator:Albert Edelfelt}} | Lapset rannalla | 1884 | öljy kankaalle | {{PD-Art|PD-old-100-expired}} | Albert Edelfelt | AAA | Edelfelt died in 1905
fi | Artwork | Akseli Gallen-Kallela (1865–1931) | Talvimaisema | 1902 | öljy kankaalle | {{PD-Art|PD-old-70-expired}} | Gallen-Kallela | NAA | Gallen-Kallela died in 1931
is | Artwork | Óþekktur | Handritsblað úr Jónsbók | 14. öld | blek á skinn | {{PD-Art|PD-old-100}} | Jónsbók | AAA | of the 14th century
pl | Artwork | Jan Matejko (1838–1893) | Portret córki na koniu | 1882 | olej na płótnie | {{PD-Art|PD-old-100-expired}} | Jan Matejko | AAA | Matejko died in 1893
pl | Artwork | {{Creator:Olga Boznańska}} | Dziewczynka w bieli | 1894 | olej na tekturze | {{PD-Art|PD-old-auto-expired|deathyear=1940}} | Olga Boznańska | NAA | Boznańska died in 1940
pl | Artwork | Stanisław Wyspiański | Macierzyństwo, pastel | 1904 | pastel na papierze | {{PD-Art|PD-old-auto-expired|deathyear=1907}} | Wyspiański | AAA | Wyspiański died in 1907
cs | Artwork | Neznámý | Mapa království, list Plzeňsko | 1720 | mědirytina, papír | {{PD-Art|PD-old-100}} | Maps of Bohemia | AAA | 306 years old
cs | Artwork | Josef Mánes (1820–1871) | Josefína | 1855 | olej na plátně | {{PD-Art|PD-old-100-expired}} | Josef Mánes | AAA | Mánes died in 1871
hu | Artwork | Csontváry Kosztka Tivadar (1853–1919) | Magányos fenyő | 1907 | olaj, vászon | {{PD-Art|PD-old-100-expired}} | Csontváry | AAA | Csontváry died in 1919
hu | Artwork | {{Creator:Mihály Munkácsy}} | Poros út, vázlat | 1874 | olaj, fa | {{PD-Art|PD-old-100-expired}} | Munkácsy | AAA | Munkácsy died in 1900
ro | Artwork | Nicolae Grigorescu (1838–1907) | Car cu boi la marginea drumului | 1897 | ulei pe pânză | {{PD-Art|PD-old-100-expired}} | Nicolae Grigorescu | AAA | Grigorescu died in 1907
ru | Artwork | {{Creator:Ivan Shishkin}} | Сосновый бор, этюд | 1884 | холст, масло | {{PD-Art|PD-old-100-expired}} | Ivan Shishkin | AAA | Shishkin died in 1898
ru | Artwork | Илья Репин (1844–1930) | Портрет писателя | 1887 | холст, масло | {{PD-Art|PD-old-auto-expired|deathyear=1930}} | Ilya Repin | NAA | Repin died in 1930
ru | Information | Неизвестный автор | Вид Нижнего Новгорода, литография | 1840-е | - | {{PD-Art|PD-old-100}} | Nizhny Novgorod | AAA | of the 1840s
uk | Artwork | Тарас Шевченко (1814–1861) | Казашка Катя | 1857 | сепія, папір | {{PD-Art|PD-old-100-expired}} | Taras Shevchenko | AAA | Shevchenko died in 1861
sr | Artwork | Паја Јовановић (1859–1957) | Кићење невесте, скица | 1886 | уље на платну | {{PD-Art|PD-old-70-expired}} | Paja Jovanović | NNA | Jovanović died in 1957
el | Artwork | {{Creator:Nikolaos Gyzis}} | Η μαθητεία | 1883 | λάδι σε μουσαμά | {{PD-Art|PD-old-100-expired}} | Nikolaos Gyzis | AAA | Gyzis died in 1901
tr | Artwork | {{Creator:Osman Hamdi Bey}} | Camide okuyan hoca | 1890 | tuval üzerine yağlıboya | {{PD-Art|PD-old-100-expired}} | Osman Hamdi Bey | AAA | Osman Hamdi died in 1910
ka | Artwork | ნიკო ფიროსმანი (1862–1918) | მეთევზე წითელ პერანგში | 1908 | ზეთი, მუშამბა | {{PD-Art|PD-old-100-expired}} | Niko Pirosmani | AAA | Pirosmani died in 1918
hy | Artwork | Անհայտ | Ավետարանի մանրանկար | 1294 | մագաղաթ | {{PD-Art|PD-old-100}} | Armenian illuminated manuscripts | AAA | 732 years old
ar | Artwork | مجهول | صفحة من مقامات الحريري | 1237 | حبر على ورق | {{PD-Art|PD-old-100}} | Maqamat | AAA | 789 years old
fa | Artwork | {{unknown|author}} | برگی از شاهنامه | 1530 | آبرنگ روی کاغذ | {{PD-Art|PD-old-100}} | Shahnameh | AAA | 496 years old
he | Artwork | לא ידוע | דף מהגדה מאוירת | המאה ה-14 | דיו על קלף | {{PD-Art|PD-old-100}} | Haggadot | AAA | of the 14th century
hi | Artwork | {{Creator:Raja Ravi Varma}} | मोर के साथ सरस्वती | 1896 | कैनवास पर तेल | {{PD-Art|PD-old-100-expired}} | Raja Ravi Varma | AAA | Ravi Varma died in 1906
bn | Artwork | {{Creator:Rabindranath Tagore}} | মুখোশ, কালি | 1929 | কাগজে কালি | {{PD-Art|PD-old-70-expired}} | Rabindranath Tagore | NAA | Tagore died in 1941
zh | Artwork | {{Creator:Shen Zhou}} | 溪山秋色圖 | 1490 | 紙本水墨 | {{PD-Art|PD-old-100}} | Shen Zhou | AAA | Shen Zhou died in 1509
zh | Artwork | 佚名 | 清明易簡圖 | 宋代 | 絹本設色 | {{PD-Art|PD-old-100}} | Song dynasty paintings | AAA | of the Song dynasty (to 1279)
zh | Book | 吳敬梓 (1701–1754) | 儒林外史 卷一 | 1803 | - | {{PD-scan|PD-old-100-expired}} | Rulin waishi | AAA | Wu Jingzi died in 1754
ja | Artwork | {{Creator:Utagawa Kuniyoshi}} | 相馬の古内裏 部分 | 1845 | 木版画 | {{PD-Art|PD-old-100-expired}} | Utagawa Kuniyoshi | AAA | Kuniyoshi died in 1861
ja | Artwork | 黒田清輝 (1866–1924) | 湖畔の朝 | 1897 | 油彩、カンヴァス | {{PD-Art|PD-old-100-expired}} | Kuroda Seiki | AAA | Kuroda died in 1924
ko | Artwork | 김홍도 (1745–1806) | 서당, 풍속화첩 | 18세기 | 종이에 수묵담채 | {{PD-Art|PD-old-100}} | Kim Hongdo | AAA | Kim Hongdo died about 1806
th | Artwork | {{unknown|author}} | สมุดภาพไตรภูมิ | 1776 | สีบนกระดาษ | {{PD-Art|PD-old-100}} | Samut khoi | AAA | 250 years old
en | Information | Photograph by Peter Henry Emerson (1856–1936) | Marsh men cutting reed | 1886 | - | {{PD-old-70-expired}} | Norfolk Broads | NAA | Emerson died in 1936
en | Artwork | After Sir Joshua Reynolds (1723–1792), engraved by Valentine Green (1739–1813) | Lady in a turban | 1780 | mezzotint | {{PD-Art|PD-old-100-expired}} | Mezzotints | AAA | the engraver died in 1813
en | Art Photo | {{Creator:Hans Burgkmair}} | The emperor on horseback | 1508 | chiaroscuro woodcut | {{PD-Art|PD-old-100}} | Woodcuts | AAA | Burgkmair died in 1531
"""


def _pages() -> Iterator[Written]:
    for number, row in enumerate(rows(_PAGES)):
        language, box, artist, title, date, medium, licence, categories, expected, why = row
        kind = "free" if expected in (ALL, LIFE70) else "late-maker"
        label = Label(language=language, kind=kind, expected=expected, why=f"{why}. {law.EU_TERM}; {law.US_TERM}")
        if box == "Artwork" and number % 5 == 2:
            yield forms.openrefine(label, artist=artist, title=title, date=date, medium=medium, licence=licence,
                                   source="museum", statements={"P6216": ["Q19652"], "P7482": ["Q74228490"]})  # fmt: skip
            continue
        names = {"artist": "author", "title": "description"} if box == "Information" else {}
        given = {"artist": artist, "title": f"{{{{{language}|1={title}}}}}", "date": date, "medium": medium}
        fields = {names.get(key, key): value for key, value in given.items() if value} | {"source": "scan"}
        yield records.by_hand(label, fields=fields, licence=licence, categories=categories.split(";"), name=box)


def _odd() -> Iterator[Written]:
    """Free, and written in a way that a careless reader holds against them."""
    painting = {"artist": "{{Creator:John Constable}}", "title": "Ford at evening", "date": "1829",
                "medium": "{{Technique|oil|canvas}}"}  # fmt: skip
    for number, (extra, why) in enumerate((
        ("{{WGA link|constabl}}", "a source's box"),
        ("{{Zeno}}", "a source's box"),
        ("{{Yorck}}", "a source's box"),
        ("{{Remove border}}", "a maintenance box"),
        ("{{Image extracted|Ford at evening, detail.jpg}}", "a box of a part"),
        ("{{PD-Mexico}}", "a second country's tag beside a full ground"),
        ("{{Supported by Wikimedia Polska}}", "a campaign's box"),
        ("{{Nlm-sources|1829}}", "a box that says nothing of rights, by a name that nobody lists"),
    ), 1):  # fmt: skip
        label = Label(
            language="en", kind="free-odd", expected=ALL, why=f"197 years old; {why} takes nothing away. {law.AGE}"
        )
        yield records.by_hand(label, fields={**painting, "source": "scan of 2004"}, licence=f"{EXPIRED}\n{extra}",
                              categories=["Landscape paintings"], title=f"File:Ford at evening, copy {number}.jpg")  # fmt: skip
    for language, fields, licence, categories, why in (
        ("en", {"artist": "Albrecht Dürer", "title": "Rhinoceros, later impression", "date": "1515", "medium": "woodcut",
                "credit line": "Bequest of 1998", "accession number": "1998.12"}, "{{PD-Art|PD-old-70}}", ["Woodcuts"],
         "511 years old; the later years are of the museum, and the tag claims less than is true"),
        ("en", {"artist": "William Blake (1757–1827)", "title": "Plate from Songs of Experience", "date": "1794",
                "medium": "relief etching", "exhibition history": "London 2019"}, EXPIRED, ["William Blake"],
         "Blake died in 1827; the exhibition's year is not the work's"),
        ("de", {"artist": "nach Caspar David Friedrich (1774–1840)", "title": "Mönch am Meer, Stich", "date": "1815",
                "medium": "Radierung"}, "{{PD-Art|PD-old-100}}", ["Caspar David Friedrich"], "211 years old"),
        ("en", {"artist": "Workshop of Rembrandt", "title": "Old man with a gold chain", "date": "1640s",
                "medium": "oil on panel"}, EXPIRED, ["Rembrandt"], "of the 1640s: a workshop of that age is dead"),
        ("en", {"artist": "Attributed to Diego Velázquez", "title": "Head of a stag", "date": "1634", "medium": "oil on canvas"},
         EXPIRED, ["Diego Velázquez"], "392 years old, whoever made it"),
        ("fr", {"artist": "Atelier de Jean-Honoré Fragonard", "title": "La Balançoire, réplique", "date": "XVIIIe siècle",
                "medium": "huile sur toile"}, EXPIRED, ["Fragonard"], "of the 18th century"),
        ("en", {"artist": "Utagawa school", "title": "Sumo wrestlers", "date": "1847", "medium": "woodblock print"},
         EXPIRED, ["Ukiyo-e"], "179 years old"),
        ("en", {"artist": "J. M. W. Turner (1775–1851)", "title": "Sketchbook leaf", "date": "between 1819 and 1845",
                "medium": "watercolour"}, EXPIRED, ["J. M. W. Turner"], "Turner died in 1851"),
        ("ru", {"artist": "Михаил Врубель (1856–1910)", "title": "Шестикрылый серафим, эскиз", "date": "1904",
                "medium": "бумага, акварель"}, "{{PD-Art|PD-old-100-expired}}\n{{PD-RusEmpire}}", ["Mikhail Vrubel"],
         "Vrubel died in 1910; a country's tag beside a full ground"),
        ("la", {"artist": "Ioannes Blaeu (1596–1673)", "title": "Scotiae tabula", "date": "MDCLIV", "medium": "engraving"},
         EXPIRED, ["Maps of Scotland"], "MDCLIV is 1654"),
        ("ja", {"artist": "鳥居清長 (1752–1815)", "title": "大川端夕涼", "date": "天明5年", "medium": "木版画"}, EXPIRED,
         ["Torii Kiyonaga"], "Tenmei 5 is 1785"),
        ("fa", {"artist": "{{unknown|author}}", "title": "نگاره شکار", "date": "۹۳۰ هجری قمری", "medium": "آبرنگ روی کاغذ"},
         "{{PD-Art|PD-old-100}}", ["Persian miniatures"], "930 AH is 1523/24"),
    ):  # fmt: skip
        label = Label(language=language, kind="free-odd", expected=ALL, why=f"{why}. {law.AGE}")
        yield records.by_hand(label, fields={**fields, "source": "museum"}, licence=licence, categories=categories)
    vase = Label(
        language="fr",
        kind="free-odd",
        expected=ALL,
        why=f"a vase of antiquity under the museum's CC0. {law.MUSEUM_CC0}",
    )
    yield records.by_hand(vase, fields={"artist": "Anonyme", "title": "Cratère à figures rouges", "date": "-450",
                                        "medium": "terre cuite", "source": "musée"}, licence="{{cc-zero}}", summary=CC0)  # fmt: skip
    plain = Label(language="en", kind="free-odd", expected=ALL, why=f"of 1832, without any box. {law.AGE}")
    yield records.by_hand(plain, fields={"description": "Lithograph of the Clifton gorge, 1832", "date": "1832",
                                         "author": "", "source": "old print"}, name="Information", licence=EXPIRED,
                          categories=["Media missing infobox template", "Lithographs"])  # fmt: skip


def cases() -> Iterator[Written]:
    yield from _pages()
    yield from _odd()
