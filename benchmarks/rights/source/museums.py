"""Cases in the forms of museums: rows of works, each labelled by its maker's death and its year."""

from collections.abc import Iterator

from benchmarks.rights.source import forms, law
from benchmarks.rights.source.makers import FIRST_OF_OURS, MAKERS, Maker
from benchmarks.rights.source.written import Label, Written

# Items of works begin behind those of makers.
_FIRST_WORK = FIRST_OF_OURS + 1000


def aged(language: str, maker: Maker | None, last: int, rule: str, *, us: bool = False) -> Label:
    """The label of a work by one maker (None: nobody knows who)."""
    expected = law.by_age(maker.died if maker else None, last, us=us)
    kind = "free" if expected in (law.ALL, law.LIFE70) else "late-maker"
    who = f"{maker.name} died in {maker.died}" if maker else "nobody knows the maker"
    return Label(language=language, kind=kind, expected=expected, why=f"{who}, the work is of {last}. {rule}")


def rows(table: str) -> Iterator[list[str]]:
    """The lines of a table, cut at its bars; a bar of a template has no spaces around it, and `-` is an empty cell."""
    yield from (["" if cell == "-" else cell for cell in line.split(" | ")] for line in table.strip().split("\n"))


# how the page names the maker | maker | title | date | last year | medium | type | department | whether the item is named
_MET = """
plain | homer | Northeaster | 1895; reworked by 1901 | 1901 | Oil on canvas | Painting | The American Wing | yes
plain | sargent | Mr. and Mrs. I. N. Phelps | 1897 | 1897 | Oil on canvas | Painting | The American Wing | yes
American | whistler | Old Westminster Bridge | 1859 | 1859 | Etching and drypoint | Print | Drawings and Prints | no
plain | hiroshige | Evening Snow at Kanbara | ca. 1833–34 | 1834 | Polychrome woodblock print; ink and color on paper | Print | Asian Art | no
plain | utamaro | Women Overlooking the Sumida | late 18th century | 1800 | Woodblock print | Print | Asian Art | no
American | watkins | Cape Horn, Columbia River | 1867, printed ca. 1880 | 1880 | Albumen silver print from glass negative | Photograph | Photographs | yes
plain | cassatt | The Letter | 1890–91 | 1891 | Drypoint and aquatint | Print | Drawings and Prints | yes
French | pissarro | Barges at Pontoise | 1876 | 1876 | Oil on canvas | Painting | European Paintings | no
plain | manet | Boating | 1874 | 1874 | Oil on canvas | Painting | European Paintings | yes
plain | delacroix | Basket of Flowers | 1848–49 | 1849 | Oil on canvas | Painting | European Paintings | no
French | nadar | Self-Portrait with Balloon Basket | 1863 | 1863 | Albumen silver print from glass negative | Photograph | Photographs | no
American | steichen | The Flatiron | 1904, printed 1909 | 1909 | Gum bichromate over platinum print | Photograph | Photographs | yes
plain | stieglitz | The Hand of Man | 1902 | 1902 | Photogravure | Photograph | Photographs | yes
American | strand | Wall Street | 1915 | 1915 | Photogravure | Photograph | Photographs | no
plain | bonnard | The Little Laundress | 1896 | 1896 | Color lithograph | Print | Drawings and Prints | yes
plain | matisse | Standing Nude, Half-Length | 1906 | 1906 | Lithograph | Print | Drawings and Prints | yes
American | hopper | Night Shadows | 1921 | 1921 | Etching | Print | Drawings and Prints | no
German | kollwitz | Outbreak | 1903 | 1903 | Etching, drypoint and aquatint | Print | Drawings and Prints | no
none | - | Panel with a Lotus Pond | 16th century | 1600 | Ink and color on silk | Painting | Asian Art | no
none | - | Folio from a Book of Hours | ca. 1470 | 1470 | Tempera and ink on parchment | Manuscript | Medieval Art | no
none | - | Terracotta amphora with two handles | ca. 520 B.C. | -520 | Terracotta | Vase | Greek and Roman Art | no
none | - | Faience hippopotamus of a tomb | ca. 1900 B.C. | -1900 | Faience | Statuette | Egyptian Art | no
"""
# maker | Danish title | date | last | medium | type
_SMK = """
kroyer | Sommeraften ved Skagen | 1893 | 1893 | Olie på lærred | maleri
hammershoi | Støvkornenes dans i solstrålerne | 1900 | 1900 | Olie på lærred | maleri
ancher_m | Fiskere på stranden | 1889 | 1889 | Olie på lærred | maleri
ancher_a | Solskin i den blå stue | 1891 | 1891 | Olie på lærred | maleri
jerichau | En ægyptisk fellahkvinde | 1876 | 1876 | Olie på lærred | maleri
kobke | Udsigt fra et vindue | 1833 | 1833 | Olie på papir, klæbet på lærred | maleri
abildgaard | Den sårede Filoktet, udkast | 1775 | 1775 | Pen og blæk på papir | tegning
nolde | Hvide stammer | 1908 | 1908 | Olie på lærred | maleri
- | Fem dyrefabler | 1560 | 1560 | Kobberstik | grafik
- | Bjerglandskab med vandrere | 1640 | 1640 | Pensel i brunt | tegning
"""
# artist as written | maker | title | date | last | medium | type
_RIJKS = """
Willem Witsen (1860–1923) | witsen | Gezicht op een gracht in Amsterdam | 1886 - 1894 | 1894 | papier | prent
Rembrandt van Rijn | rembrandt | Landschap met drie bomen | 1643 | 1643 | papier | prent
Jan Steen | steen | Het vrolijke gezin, naar het leven | 1668 | 1668 | doek | schilderij
Jan Toorop (1858–1928) | toorop | Zeegezicht bij Katwijk | 1887 | 1887 | doek | schilderij
Frans Hals | hals | Portret van een man met een kraag | 1635 | 1635 | doek | schilderij
Maria Sibylla Merian | merian | Bladen met rupsen en motten | 1705 | 1705 | perkament | tekening
anoniem | - | Gezicht op Batavia vanaf de zee | 1669 - 1700 | 1700 | papier | prent
anoniem | - | Spotprent op de windhandel | 1720 | 1720 | papier | prent
Jacob Ruhnau (1866-1953) | ruhn | Boten in de haven van Hoorn | 1901 | 1901 | papier | prent
Piet Mondriaan (1872-1944) | mondrian | Molen in het avondlicht | 1907 | 1907 | doek | schilderij
"""
# maker | Swedish title | date | last | medium
_NATIONALMUSEUM = """
zorn | Midsommardans, studie | 1895 | 1895 | {{Technique|oil|canvas}}
larsson | Frukost under stora björken, skiss | 1894 | 1894 | {{Technique|watercolor|paper}}
roslin | Damen med slöjan, kopia av konstnären | 1770 | 1770 | {{Technique|oil|canvas}}
liljefors | Rävfamilj | 1886 | 1886 | {{Technique|oil|canvas}}
- | Jaktstilleben | {{other date|century|17}} | 1700 | {{Technique|oil|panel}}
- | Okänd dam i svart | {{other date|between|1610|1620}} | 1620 | {{Technique|oil|canvas}}
"""
# artist as written | maker | title | date | last | medium
_WALTERS = """
{{Creator:Jean-Auguste-Dominique Ingres}} | ingres | Odalisque with Slave, reduced version | 1842 | 1842 | oil on canvas
{{Creator:Honoré Daumier}} | daumier | The Loge | {{other date|between|1856|1857}} | 1857 | oil on wood
{{Creator:Jean-François Millet}} | millet | Breaking Flax | {{other date|between|1850|1851}} | 1851 | oil on canvas
{{unknown|author}} | - | Leaf from Aurora Consurgens | {{other date|ca|1420}} | 1420 | ink and pigments on parchment
Utagawa Hiroshige | hiroshige | Naruto Whirlpool | 1855 | 1855 | woodblock print
Hasui Kawase | hassui | Shiba in Snow | 1925 | 1925 | color woodblock print
"""
# maker | museum | year of the item | what the bot writes as reason
_PAINTINGS = """
ruisdael | Mauritshuis | 1665
cezanne | Courtauld Gallery | 1887
gogh | Kröller-Müller Museum | 1888
macke | Lenbachhaus | 1913
modersohn | Kunsthalle Bremen | 1903
monet | Musée Marmottan | 1916
signac | Musée d'Orsay | 1898
chelmonski | National Museum in Warsaw | 1888
munkacsy | Hungarian National Gallery | 1884
gyzis | National Gallery of Athens | 1878
osman | Pera Museum | 1906
varma | Government Museum, Chennai | 1880
pirosmani | Art Museum of Georgia | 1910
csontvary | Janus Pannonius Museum | 1905
sorolla | Museo Sorolla | 1909
krohg | Nasjonalmuseet | 1880
edelfelt | Ateneum | 1887
repin | Tretyakov Gallery | 1885
malevich | Russian Museum | 1913
beckmann | Städel Museum | 1912
matisse | Statens Museum for Kunst | 1905
picasso | Kunstmuseum Basel | 1906
kokoschka | Von der Heydt Museum | 1914
heckel | Brücke Museum | 1909
- | Museo del Prado | 1500
- | Suermondt Ludwig Museum | 1480
"""
# maker | title | date | last | medium | gallery
_GOOGLE = """
botticelli | The Adoration of the Magi | 1475 | 1475 | {{Technique|tempera|panel}} | Galleria degli Uffizi
bruegel | The Harvesters at Noon | 1565 | 1565 | {{Technique|oil|panel}} | Kunsthistorisches Museum
greco | View of a City in a Storm | 1599 | 1599 | {{Technique|oil|canvas}} | Museo de la Ciudad
turner | Fishermen at Sea in Moonlight | 1796 | 1796 | {{Technique|oil|canvas}} | Tate
friedrich | The Cliffs in Autumn | 1818 | 1818 | {{Technique|oil|canvas}} | Kunst Museum Winterthur
serov | Girl in Sunlight | 1888 | 1888 | {{Technique|oil|canvas}} | State Tretyakov Gallery
aivazovsky | Storm on the Black Sea | 1873 | 1873 | {{Technique|oil|canvas}} | Feodosia Gallery
schjerfbeck | The Convalescent at Home | 1888 | 1888 | {{Technique|oil|canvas}} | Ateneum
malczewski | Melancholia, study | 1890 | 1890 | {{Technique|oil|canvas}} | Muzeum Narodowe
klimt | Avenue in the Park | 1912 | 1912 | {{Technique|oil|canvas}} | Österreichische Galerie Belvedere
chagall | Window over the Village | 1914 | 1914 | {{Technique|gouache|paper}} | State Tretyakov Gallery
goncharova | Peasants Picking Apples | 1911 | 1911 | {{Technique|oil|canvas}} | State Tretyakov Gallery
chirico | Piazza in the Evening | 1913 | 1913 | {{Technique|oil|canvas}} | Museo del Novecento
"""
# artist as written | maker | title | date | last | medium | museum | partner's box | type
_OPEN_ACCESS = """
Claude Monet (French, 1840-1926) | monet | The Red Kerchief at a Window | c. 1868–73 | 1873 | oil on fabric | Cleveland Museum of Art | Cleveland Museum of Art Open Access | -
Shen Zhou (Chinese, 1427-1509) | shen_zhou | Album of Mountain Paths | 1471 | 1471 | ink on paper | Cleveland Museum of Art | Cleveland Museum of Art Open Access | -
Odilon Redon (French, 1840-1916) | redon | Vase of Poppies | 1895 | 1895 | pastel on paper | Cleveland Museum of Art | Cleveland Museum of Art Open Access | -
Otto Brandl-Ours (Austrian, 1872-1961) | okta | Skaters by Night | 1909 | 1909 | color woodcut | Cleveland Museum of Art | Cleveland Museum of Art Open Access | -
Berthe Morisot (French, 1841–1895) | morisot | Reading in the Garden | 1873 | 1873 | oil on canvas | Art Institute of Chicago | Art Institute of Chicago | -
Gustave Caillebotte (French, 1848–1894) | caillebotte | Rain on the Yerres | 1875 | 1875 | oil on canvas | Art Institute of Chicago | Art Institute of Chicago | -
Lovis Corinth (German, 1858–1925) | corinth | At the Mirror | 1912 | 1912 | drypoint | Art Institute of Chicago | Art Institute of Chicago | -
Georges Braque (French, 1882–1963) | braque | Harbour with Two Boats | 1909 | 1909 | oil on canvas | Art Institute of Chicago | Art Institute of Chicago | -
Unknown artist | - | Scroll with the Ten Kings | 1300s | 1400 | hanging scroll, ink and color on silk | Nelson-Atkins Museum of Art | - | -
Eugène Atget (1857-1927) | atget | Boutique, rue de la Corderie | 1899 | 1899 | tirage sur papier albuminé | Musée Carnavalet | Paris Musées | -
Firmin Baes (1874–1943) | baes | Les tireurs à l'arc, étude | 1900 | 1900 | fusain sur papier | Musée Charlier | - | -
Suzanne Valadon (1865-1938) | valadon | Nu à la draperie | 1921 | 1921 | huile sur toile | Musée de Limoges | - | -
"""


def _work(number: int, maker: Maker | None, year: int) -> tuple[str, dict[str, dict[str, object]]]:
    """An item of a work that we invent, and what stands in it."""
    item = f"Q{_FIRST_WORK + number}"
    fact: dict[str, object] = {"kind": "work", "made": year}
    fact |= {"makers": [maker.item]} if maker else {"anonymous": True}
    return item, {item: fact}


def _met() -> Iterator[Written]:
    for number, (how, key, title, date, last, medium, sort, department, named) in enumerate(rows(_MET)):
        maker = MAKERS.get(key)
        artist = "" if maker is None else maker.name
        if maker is not None and how != "plain":
            artist = f"{maker.name} ({how}, {maker.born}–{maker.died})"
        item, works = _work(number, maker, int(last)) if named == "yes" else ("", {})
        yield forms.met(aged("en", maker, int(last), law.MUSEUM_CC0), artist=artist, title=title, date=date,
                        medium=medium, sort=sort, department=department, item=item, works=works)  # fmt: skip


def _others() -> Iterator[Written]:
    for key, title, date, last, medium, sort in rows(_SMK):
        maker = MAKERS.get(key)
        label = aged("da", maker, int(last), law.US_TERM)
        yield forms.smk(label, maker=maker, title=title, date=date, medium=medium, sort=sort)
    for artist, key, title, date, last, medium, sort in rows(_RIJKS):
        label = aged("nl", MAKERS.get(key), int(last), law.MUSEUM_CC0)
        yield forms.rijks(label, artist=artist, title=title, date=date, medium=medium, sort=sort)
    for number, (key, title, date, last, medium) in enumerate(rows(_NATIONALMUSEUM)):
        maker = MAKERS.get(key)
        item, works = _work(100 + number, maker, int(last))
        yield forms.nationalmuseum(aged("sv", maker, int(last), law.PD_ART), maker=maker, title=title, date=date,
                                   medium=medium, item=item, works=works)  # fmt: skip
    for number, (key, museum, year) in enumerate(rows(_PAINTINGS)):
        maker = MAKERS.get(key)
        item, works = _work(200 + number, maker, int(year))
        # A painter who died late has no computed reason that holds: hands write the shorter text.
        ground = "PD-old-100-expired" if maker is None or maker.died is None or maker.died > 1955 else ""
        yield forms.painting_bot(aged("en", maker, int(year), f"{law.PD_ART}; the item tells maker and year"),
                                 item=item, works=works, maker=maker, subject=museum, ground=ground)  # fmt: skip
    for artist, key, title, date, last, medium, museum, partner, sort in rows(_OPEN_ACCESS):
        language = "fr" if "Musée" in museum else "en"
        yield forms.open_access(aged(language, MAKERS.get(key), int(last), law.MUSEUM_CC0), artist=artist, title=title,
                                date=date, medium=medium, museum=museum, partner=partner, language=language,
                                kind=sort)  # fmt: skip


def _pictures() -> Iterator[Written]:
    for key, title, date, last, medium, gallery in rows(_GOOGLE):
        yield forms.google_art(aged("en", MAKERS[key], int(last), law.PD_ART), maker=MAKERS[key], title=title,
                               date=date, medium=medium, gallery=gallery)  # fmt: skip
    for artist, key, title, date, last, medium in rows(_WALTERS):
        yield forms.walters(aged("en", MAKERS.get(key), int(last), law.PD_ART), artist=artist, title=title,
                            date=date, medium=medium)  # fmt: skip


def cases() -> Iterator[Written]:
    yield from _met()
    yield from _others()
    yield from _pictures()
