"""Makers whose years the cases rest on. Years of life are facts; nobody's text is copied.

An item id stands only where we were sure of it; all others, and all invented persons, have ids from FIRST_OF_OURS on,
which Wikidata does not use.
"""

from dataclasses import dataclass

FIRST_OF_OURS = 999_100_000


@dataclass(frozen=True, kw_only=True)
class Maker:
    """A person by years of birth and death; `died` None where the person lives, or nobody knows."""

    item: str
    name: str
    born: int | None
    died: int | None

    @property
    def creator(self) -> str:
        return f"{{{{Creator:{self.name}}}}}"

    @property
    def dated(self) -> str:
        return f"{self.name} ({self.born}–{self.died})"

    @property
    def fact(self) -> dict[str, object]:
        years = {"born": self.born, "died": self.died}
        return {"kind": "person", "name": self.name, **{name: year for name, year in years.items() if year is not None}}


# key | item | name | born | died
_LIVES = """
abildgaard||Nicolai Abildgaard|1743|1809
aivazovsky||Ivan Aivazovsky|1817|1900
ancher_a||Anna Ancher|1859|1935
ancher_m||Michael Ancher|1849|1927
arp||Jean Arp|1886|1966
atget||Eugène Atget|1857|1927
audubon||John James Audubon|1785|1851
baes||Firmin Baes|1874|1943
beardsley||Aubrey Beardsley|1872|1898
beckmann||Max Beckmann|1884|1950
bilibin||Ivan Bilibin|1876|1942
blake||William Blake|1757|1827
blossfeldt||Karl Blossfeldt|1865|1932
bonnard||Pierre Bonnard|1867|1947
botticelli|Q5669|Sandro Botticelli|1445|1510
boznanska||Olga Boznańska|1865|1940
brady||Mathew Brady|1822|1896
brancusi||Constantin Brâncuși|1876|1957
braque||Georges Braque|1882|1963
bruegel|Q43270|Pieter Bruegel the Elder|1525|1569
burgkmair||Hans Burgkmair|1473|1531
caillebotte|Q295144|Gustave Caillebotte|1848|1894
cameron||Julia Margaret Cameron|1815|1879
canaletto||Canaletto|1697|1768
caravaggio|Q42207|Caravaggio|1571|1610
carra||Carlo Carrà|1881|1966
cassatt||Mary Cassatt|1844|1926
cezanne|Q35548|Paul Cézanne|1839|1906
chagall|Q93284|Marc Chagall|1887|1985
chelmonski||Józef Chełmoński|1849|1914
chirico||Giorgio de Chirico|1888|1978
constable||John Constable|1776|1837
corinth||Lovis Corinth|1858|1925
corot||Jean-Baptiste-Camille Corot|1796|1875
courbet|Q34618|Gustave Courbet|1819|1877
cranach||Lucas Cranach the Elder|1472|1553
csontvary||Tivadar Csontváry Kosztka|1853|1919
curtis||Edward S. Curtis|1868|1952
dali|Q5577|Salvador Dalí|1904|1989
daumier|Q187506|Honoré Daumier|1808|1879
david||Jacques-Louis David|1748|1825
degas|Q46373|Edgar Degas|1834|1917
delacroix||Eugène Delacroix|1798|1863
denis||Maurice Denis|1870|1943
dore||Gustave Doré|1832|1883
dubuffet||Jean Dubuffet|1901|1985
duchamp|Q5912|Marcel Duchamp|1887|1968
dufy|Q45205|Raoul Dufy|1877|1953
durer|Q5580|Albrecht Dürer|1471|1528
edelfelt||Albert Edelfelt|1854|1905
ensor||James Ensor|1860|1949
ernst||Max Ernst|1891|1976
evans||Walker Evans|1903|1975
feininger||Lyonel Feininger|1871|1956
fragonard||Jean-Honoré Fragonard|1732|1806
friedrich||Caspar David Friedrich|1774|1840
gallen||Akseli Gallen-Kallela|1865|1931
gauguin|Q37693|Paul Gauguin|1848|1903
giacometti||Alberto Giacometti|1901|1966
gierymski||Aleksander Gierymski|1850|1901
gogh|Q5582|Vincent van Gogh|1853|1890
goncharova||Natalia Goncharova|1881|1962
goya|Q5432|Francisco Goya|1746|1828
greco|Q301|El Greco|1541|1614
gris||Juan Gris|1887|1927
grosz||George Grosz|1893|1959
gyzis||Nikolaos Gyzis|1842|1901
haeckel||Ernst Haeckel|1834|1919
hals||Frans Hals|1582|1666
hammershoi||Vilhelm Hammershøi|1864|1916
hassui||Hasui Kawase|1883|1957
heckel||Erich Heckel|1883|1970
hine||Lewis Hine|1874|1940
hiroshige||Utagawa Hiroshige|1797|1858
hodler||Ferdinand Hodler|1853|1918
hogarth||William Hogarth|1697|1764
hokusai|Q5586|Katsushika Hokusai|1760|1849
homer||Winslow Homer|1836|1910
hopper|Q203401|Edward Hopper|1882|1967
ingres||Jean-Auguste-Dominique Ingres|1780|1867
jackson_w||William Henry Jackson|1843|1942
jerichau||Elisabeth Jerichau-Baumann|1819|1881
kahlo|Q5588|Frida Kahlo|1907|1954
kandinsky|Q61064|Wassily Kandinsky|1866|1944
kirchner||Ernst Ludwig Kirchner|1880|1938
klee|Q44007|Paul Klee|1879|1940
klimt|Q34661|Gustav Klimt|1862|1918
kobke||Christen Købke|1810|1848
kokoschka||Oskar Kokoschka|1886|1980
kollwitz||Käthe Kollwitz|1867|1945
krohg||Christian Krohg|1852|1925
kroyer||Peder Severin Krøyer|1851|1909
kuindzhi||Arkhip Kuindzhi|1842|1910
kuniyoshi||Utagawa Kuniyoshi|1798|1861
kupka||František Kupka|1871|1957
kustodiev||Boris Kustodiev|1878|1927
lange||Dorothea Lange|1895|1965
larsson|Q187310|Carl Larsson|1853|1919
leger||Fernand Léger|1881|1955
leonardo|Q762|Leonardo da Vinci|1452|1519
levitan||Isaac Levitan|1860|1900
leyendecker||J. C. Leyendecker|1874|1951
liebermann||Max Liebermann|1847|1935
liljefors|Q730008|Bruno Liljefors|1860|1939
macke||August Macke|1887|1914
magritte||René Magritte|1898|1967
malczewski||Jacek Malczewski|1854|1929
malevich||Kazimir Malevich|1879|1935
manes||Josef Mánes|1820|1871
manet|Q40599|Édouard Manet|1832|1883
marc||Franz Marc|1880|1916
matejko||Jan Matejko|1838|1893
matisse|Q5589|Henri Matisse|1869|1954
melnikov||Pavel Melnikov-Ours|1880|1959
mercator||Gerardus Mercator|1512|1594
merian||Maria Sibylla Merian|1647|1717
michelangelo|Q5592|Michelangelo|1475|1564
millais||John Everett Millais|1829|1896
millet||Jean-François Millet|1814|1875
miro||Joan Miró|1893|1983
modersohn||Paula Modersohn-Becker|1876|1907
modigliani||Amedeo Modigliani|1884|1920
mondrian||Piet Mondrian|1872|1944
monet|Q296|Claude Monet|1840|1926
morandi||Giorgio Morandi|1890|1964
morisot||Berthe Morisot|1841|1895
mucha||Alphonse Mucha|1860|1939
munch|Q41406|Edvard Munch|1863|1944
munkacsy||Mihály Munkácsy|1844|1900
muybridge||Eadweard Muybridge|1830|1904
nadar||Nadar|1820|1910
nolde||Emil Nolde|1867|1956
okeeffe||Georgia O'Keeffe|1887|1986
orozco||José Clemente Orozco|1883|1949
ortelius||Abraham Ortelius|1527|1598
osman||Osman Hamdi Bey|1842|1910
osullivan||Timothy H. O'Sullivan|1840|1882
pechstein||Max Pechstein|1881|1955
petrov||Kuzma Petrov-Vodkin|1878|1939
picabia||Francis Picabia|1879|1953
picasso|Q5593|Pablo Picasso|1881|1973
pirosmani||Niko Pirosmani|1862|1918
pissarro|Q134741|Camille Pissarro|1830|1903
potter||Beatrix Potter|1866|1943
pyle||Howard Pyle|1853|1911
rackham||Arthur Rackham|1867|1939
raphael|Q5597|Raphael|1483|1520
ray||Man Ray|1890|1976
redon||Odilon Redon|1840|1916
redoute||Pierre-Joseph Redouté|1759|1840
rembrandt|Q5598|Rembrandt|1606|1669
renoir|Q39931|Pierre-Auguste Renoir|1841|1919
repin||Ilya Repin|1844|1930
riis||Jacob Riis|1849|1914
ring||Laurits Andersen Ring|1854|1933
rivera||Diego Rivera|1886|1957
rockwell||Norman Rockwell|1894|1978
rodin||Auguste Rodin|1840|1917
roerich||Nicholas Roerich|1874|1947
roslin||Alexander Roslin|1718|1793
rousseau||Henri Rousseau|1844|1910
rubens|Q5599|Peter Paul Rubens|1577|1640
ruisdael||Jacob van Ruisdael|1629|1682
rusinol||Santiago Rusiñol|1861|1931
sander||August Sander|1876|1964
sargent||John Singer Sargent|1856|1925
schiele|Q44032|Egon Schiele|1890|1918
schjerfbeck||Helene Schjerfbeck|1862|1946
schmidt||Karl Schmidt-Rottluff|1884|1976
serov||Valentin Serov|1865|1911
seurat|Q34013|Georges Seurat|1859|1891
shen_zhou||Shen Zhou|1427|1509
shevchenko||Taras Shevchenko|1814|1861
shishkin||Ivan Shishkin|1832|1898
signac||Paul Signac|1863|1935
sisley|Q175130|Alfred Sisley|1839|1899
sorolla||Joaquín Sorolla|1863|1923
soutine||Chaïm Soutine|1893|1943
steen||Jan Steen|1626|1679
steichen||Edward Steichen|1879|1973
stieglitz||Alfred Stieglitz|1864|1946
strand||Paul Strand|1890|1976
tagore|Q7241|Rabindranath Tagore|1861|1941
talbot||William Henry Fox Talbot|1800|1877
tenniel||John Tenniel|1820|1914
titian|Q47551|Titian|1490|1576
toorop||Jan Toorop|1858|1928
toulouse|Q82445|Henri de Toulouse-Lautrec|1864|1901
turner||J. M. W. Turner|1775|1851
utamaro||Kitagawa Utamaro|1753|1806
utrillo||Maurice Utrillo|1883|1955
valadon||Suzanne Valadon|1865|1938
valloton||Félix Vallotton|1865|1925
varma||Raja Ravi Varma|1848|1906
vasnetsov||Viktor Vasnetsov|1848|1926
velazquez|Q297|Diego Velázquez|1599|1660
vermeer|Q41264|Johannes Vermeer|1632|1675
vlaminck||Maurice de Vlaminck|1876|1958
vrubel||Mikhail Vrubel|1856|1910
waterhouse||John William Waterhouse|1849|1917
watkins||Carleton Watkins|1829|1916
whistler||James McNeill Whistler|1834|1903
witsen||Willem Witsen|1860|1923
witkiewicz||Stanisław Ignacy Witkiewicz|1885|1939
wyeth_n||N. C. Wyeth|1882|1945
wyspianski||Stanisław Wyspiański|1869|1907
yoshida||Hiroshi Yoshida|1876|1950
zorn|Q206820|Anders Zorn|1860|1920
zurbaran||Francisco de Zurbarán|1598|1664
lind||Elsa Lindqvist-Ours|1841|1912
okta||Oktav Brandl-Ours|1872|1961
vey||Ines Veyrat-Ours|1850|1919
ruhn||Jost Ruhnau-Ours|1866|1953
teko||Teko Amaral-Ours|1869|1949
late||Maud Hartigan-Ours|1888|1971
live||Rune Solheim-Ours|1962|
"""


def _read() -> dict[str, Maker]:
    found = {}
    for number, line in enumerate(_LIVES.strip().split("\n")):
        key, item, name, born, died = line.split("|")
        found[key] = Maker(
            item=item or f"Q{FIRST_OF_OURS + number}",
            name=name,
            born=int(born) if born else None,
            died=int(died) if died else None,
        )
    return found


MAKERS: dict[str, Maker] = _read()
