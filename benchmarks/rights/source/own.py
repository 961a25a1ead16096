"""Cases of own work: what its photographer may give away, and what shows the work or the face of another."""

import re
from collections.abc import Iterator

from benchmarks.rights.source import forms, law
from benchmarks.rights.source.makers import FIRST_OF_OURS
from benchmarks.rights.source.museums import rows
from benchmarks.rights.source.written import BY_SA, CC0, Label, Written

# language | user | text | date | categories, by `;` | why
_FREE = """
de | Waldgang | Rotbuchenallee am Deister im Oktober | 2017-10-14 | Fagus sylvatica;Deister | trees
en | Mossandstone | Grey heron standing in shallow water | 2020-04-02 08:11:04 | Ardea cinerea | a bird
en | Tidepooler | Barnacles and limpets on a rock at low tide | 2019-08-21 | Cirripedia;Patella vulgata | animals
fr | Randonneuse38 | Lac d'altitude sous le col, Belledonne | 2016-07-30 | Lakes of Isère | a lake
fr | Herbier du Quercy | Orchis pourpre en fleur sur un talus | 2021-05-09 | Orchis purpurea | a plant
it | Sentiero | Nebbia nella valle all'alba, vista dal rifugio | 2018-11-03 | Fog in Lombardy | land and sky
es | Andarrios | Olivar en la ladera, Sierra Mágina | 2022-02-17 | Olive groves in Spain | a grove
pt | Caminhante | Praia do norte com maré baixa | 2015-09-12 | Beaches of Portugal | a beach
nl | Polderwandelaar | Kieviten boven een weiland in de mist | 2019-03-25 | Vanellus vanellus | birds
sv | Skärgårdsbo | Isen lägger sig i viken | 2018-12-30 | Ice in Sweden | ice
no | Fjelltopp | Utsikt mot breen fra stien | 2014-08-08 | Glaciers of Norway | a glacier
da | Strandløber | Klitter med hjelme ved Vesterhavet | 2020-06-16 | Dunes in Denmark | dunes
fi | Suopursu | Suomaisema aamu-usvassa | 2021-08-27 | Mires of Finland | a mire
pl | Grzybiarz | Borowik szlachetny w mchu | 2016-09-18 | Boletus edulis | a mushroom
cs | Houbař | Muchomůrka červená v lese u Brd | 2017-09-30 | Amanita muscaria | a mushroom
hu | Tanösvény | Pipacsmező a Balaton-felvidéken | 2019-05-28 | Papaver rhoeas | a field
ru | Берёзовая роща | Замёрзшая река на рассвете | 2013-01-19 | Rivers in winter | a river
uk | Карпатець | Полонина у тумані, Чорногора | 2018-07-07 | Chornohora | land
el | Περιπατητής | Αμπέλια στις πλαγιές της Νεμέας | 2021-09-05 | Vineyards in Greece | vines
tr | Dağyürüyüşü | Kızılçam ormanında sabah | 2017-04-23 | Pinus brutia | a forest
ja | 山歩き人 | 霧の中の杉林 | 2019-11-10 | Cryptomeria japonica | a forest
zh | 行山客 | 清晨的稻田 | 2020-07-15 | Paddy fields in China | a field
ko | 들꽃길 | 가을 억새밭 | 2018-10-21 | Miscanthus sinensis | grass
ar | رحالة الصحراء | كثبان رملية عند الغروب | 2016-12-05 | Dunes | dunes
fa | کویرگرد | دریاچه نمک در بامداد | 2018-03-28 | Salt lakes | a lake
he | מטייל בנגב | רקפות בין הסלעים | 2021-02-13 | Cyclamen persicum | flowers
hi | पथिक | सरसों का खेत | 2019-01-26 | Mustard fields | a field
th | เดินป่า | ทะเลหมอกยามเช้า | 2020-12-18 | Sea of fog | fog
en | Kernelpanic | Close-up of quartz crystals from a road cut | 2012-05-05 | Quartz | a mineral
en | Skywatcher9 | Full moon through a small telescope | 2016-11-14 | Full moon | the moon
de | Regenpfeifer | Gewitterwolken über dem Jadebusen | 2014-08-03 | Cumulonimbus | clouds
en | Hedgerow | Stone barn ruin above the tarn | 2011-06-19 | Ruins in Cumbria | an old ruin
fr | Vieilles pierres | Pigeonnier du XVIIe siècle, Lot | 2013-10-06 | Dovecotes in Lot | an old building
de | Backsteiner | Dorfkirche aus dem 13. Jahrhundert, Brandenburg | 2015-04-11 | Village churches in Brandenburg | an old building
es | Piedra seca | Puente romano sobre el río | 2012-03-30 | Roman bridges in Spain | an old bridge
en | Plainthings | A coil of hemp rope on a wooden deck | 2010-07-07 | Ropes | a plain thing
en | Toolchest | Adjustable spanner on a workbench | 2018-02-02 | Wrenches | a plain tool
it | Cucina povera | Pane casereccio e olive | 2017-11-11 | Bread of Italy | food
en | Kitchen42 | Bowl of oatmeal with blueberries | 2022-01-09 | Oatmeal | food
sv | Verkstad | Gammal hyvelbänk i en lada | 2016-05-22 | Workbenches | a plain thing
en | Bridgewatch | Gravel road through a clear-cut | 2009-09-09 | Gravel roads | a road
nl | Fietser88 | Fietspad langs het kanaal | 2020-05-03 | Cycle paths in the Netherlands | a road
"""
# language | user | text | date | categories, by `;` | kind | why
_NOT_FREE = """
de | Stadtblick | Bronzefigur „Die Lesende“ vor der Bibliothek, 2009 | 2019-04-14 | Sculptures in Kassel | own-work | a sculpture of 2009
de | Kioskfoto | Plakat zum Stadtfest am Bauzaun | 2018-06-30 | Town festivals | own-work | a poster of today
fr | Flâneur | Fresque murale de la rue du Port, par un collectif | 2021-03-08 | Murals in Brest | own-work | a mural of today
fr | Jouets anciens | Robot en plastique des années 1980, encore dans sa boîte | 2016-12-12 | Toy robots | own-work | a toy and its box
es | Caminos | Escultura al minero en la rotonda, inaugurada en 2004 | 2017-08-19 | Asturias | own-work | a sculpture of 2004
es | Letras | Cubierta de una novela de 1998 | 2015-02-10 | Books | own-work | the cover of a book
it | Passeggiate | Monumento ai caduti del mare, opera del 2011 | 2018-09-23 | Monuments in Liguria | own-work | a monument of 2011
it | Collezionista | Figurina di un calciatore, album 1994 | 2014-01-18 | Collectibles | own-work | a printed picture
pt | Lisboeta | Mural de azulejos da estação nova | 2019-10-02 | Tiles | own-work | tiles of a named artist of today
nl | Straatbeeld | Standbeeld van een visser op de kade, 1999 | 2016-07-17 | Urk | own-work | a statue of 1999
nl | Speelgoedla | Knuffelbeer van een bekend merk | 2018-11-29 | Teddy bears | own-work | a toy
sv | Torget | Staty över en fotbollsspelare, rest 2019 | 2020-01-03 | Malmö | own-work | a statue of 2019
no | Byvandrer | Bauta over skipsforliset, avduket 2006 | 2013-06-06 | Monuments | own-work | a monument of 2006
da | Gadebilleder | Gavlmaleri på Nørrebro | 2021-07-21 | Nørrebro | own-work | a mural
fi | Kaupunki | Veistos satamassa, paljastettu 2012 | 2018-08-12 | Helsinki | own-work | a sculpture of 2012
pl | Spacerowicz | Rzeźba niedźwiedzia na rynku, odsłonięta w 2015 | 2019-05-01 | Opole | own-work | a sculpture of 2015
pl | Kinoman | Plakat filmowy w gablocie kina | 2017-03-19 | Cinemas | own-work | a film poster
cs | Chodec | Socha spisovatele na náměstí, odhalena 2008 | 2018-10-07 | Statues | own-work | a statue of 2008
sk | Pútnik | Pamätník obetiam, odhalený 2010 | 2016-04-02 | Memorials | own-work | a memorial of 2010
hu | Utcakép | Köztéri szobor a sétányon, 2013 | 2019-09-14 | Szeged | own-work | a sculpture of 2013
hr | Šetač | Kip pjesnika u parku, otkriven 2005. | 2015-05-30 | Zadar | own-work | a statue of 2005
ro | Plimbare | Statuia voievodului, dezvelită în 2007 | 2018-04-08 | Iași | own-work | a statue of 2007
ru | Прохожий | Скульптурная группа на набережной, 2014 год | 2017-07-02 | Embankments | own-work | a sculpture of 2014
ru | Коллекция | Почтовая марка с космонавтом, 1978 | 2015-11-21 | Philately | own-work | a stamp of 1978
uk | Містянин | Мурал на житловому будинку, Київ | 2019-06-28 | Kyiv | own-work | a mural
bg | Разходка | Паметник на незнайния воин, открит 1981 | 2016-05-24 | Sofia | own-work | a monument of 1981
el | Βόλτα | Άγαλμα του ευεργέτη στην πλατεία, 1997 | 2018-02-25 | Volos | own-work | a statue of 1997
tr | Gezgin | Kurtuluş heykeli, 2003 yılında dikildi | 2019-10-29 | Monuments | own-work | a statue of 2003
ja | 街角 | 駅前の銅像、2001年建立 | 2018-05-05 | Statues | own-work | a bronze of 2001
ja | 模型好き | アニメのフィギュア、展示会にて | 2016-08-14 | Exhibitions | own-work | a figure of an animated film
zh | 漫步者 | 广场上的雕塑,2010年落成 | 2017-10-01 | Plazas | own-work | a sculpture of 2010
zh | 老书店 | 1990年代的电影海报 | 2014-12-20 | Bookshops | own-work | a film poster
ko | 골목길 | 공원의 조각상, 2008년 제작 | 2019-04-20 | Parks | own-work | a sculpture of 2008
ar | ابن البلد | تمثال في الميدان، أزيح عنه الستار عام 2009 | 2016-02-11 | Squares | own-work | a statue of 2009
fa | رهگذر | تندیس شاعر در بوستان، ۱۳۸۵ | 2018-11-02 | Parks in Iran | own-work | a statue of 2006
he | עובר אורח | פסל סביבתי בכיכר, 2002 | 2017-03-12 | Squares | own-work | a sculpture of 2002
hi | यात्री | चौक पर लगी नेता की प्रतिमा, 2011 | 2018-08-15 | Chowks | own-work | a statue of 2011
th | คนเดินทาง | รูปปั้นหน้าศาลากลาง สร้าง พ.ศ. 2550 | 2019-01-05 | Provinces | own-work | a statue of 2007
vi | Lữ khách | Tượng đài ở quảng trường, khánh thành 2012 | 2018-09-02 | Squares | own-work | a monument of 2012
id | Pejalan | Patung pahlawan di bundaran, diresmikan 2015 | 2019-08-17 | Roundabouts | own-work | a statue of 2015
en | Gallerygoer | Installation of mirrors in the turbine hall | 2018-07-08 | Tate Modern | own-work | an installation of today
en | Shelfie | Board game box and pieces from 2011 | 2020-11-25 | Board games | own-work | a game's pictures
en | Nightbus | Departure screen running a cartoon | 2017-05-16 | Screens | own-work | a film
en | Townhall7 | The deputy mayor cutting the ribbon | 2019-05-20 | Ribbon cutting | own-person | a living person
de | Festivalgast | Sängerin der Band beim Open Air | 2016-08-06 | Concerts in Germany | own-person | a living person
fr | Tribunes | Deux joueurs après le match de rugby | 2018-02-24 | Rugby union in France | own-person | living persons
pl | Reporter lokalny | Burmistrz podczas dożynek | 2017-09-03 | Dożynki | own-person | a living person
ja | 取材班 | 記者会見する市長 | 2019-06-18 | Press conferences | own-person | a living person
es | Manifestante | Niña con pancarta en la marcha | 2020-03-08 | Demonstrations | own-person | a child who can be known
"""


# What uploaders said that it shows, where they did: lake, forest, river, beach, tree, Moon, cloud, flower, bird, bridge,
# bread; sculpture, statue, monument, mural, poster.
DEPICTS = {
    "a lake": "Q23397", "a forest": "Q4421", "a river": "Q4022", "a beach": "Q40080", "trees": "Q10884",
    "the moon": "Q405", "clouds": "Q8074", "flowers": "Q506", "birds": "Q5113", "an old bridge": "Q12280",
    "food": "Q7802",
}  # fmt: skip
DEPICTED_WORKS = {"a sculpture": "Q860861", "a statue": "Q179700", "a monument": "Q4989906", "a mural": "Q219423",
                  "a film poster": "Q429785"}  # fmt: skip
TAXON, TAXON_NAME = "Q16521", re.compile(r"[A-Z][a-z]+ [a-z]+")
_FIRST_TAXON = FIRST_OF_OURS + 3000


def _own(language: str, kind: str, expected: str, why: str, rule: str) -> Label:
    return Label(language=language, kind=kind, expected=expected, why=f"{why}. {rule}")


def _wizard() -> Iterator[Written]:
    for number, (language, user, text, date, categories, why) in enumerate(rows(_FREE)):
        label = _own(language, "free", law.ALL, f"it shows {why}", law.OWN)
        kept, item, works = categories.split(";"), DEPICTS.get(why, ""), dict[str, dict[str, object]]()
        if TAXON_NAME.fullmatch(kept[0]):
            item = f"Q{_FIRST_TAXON + number}"
            works = {item: {"kind": "other", "name": kept[0], "classes": [TAXON]}}
        yield forms.upload_wizard(label, user=user, text=text, date=date, categories=kept, depicts=item, works=works)
    for number, (language, user, text, date, categories, kind, why) in enumerate(rows(_NOT_FREE)):
        rule = law.PEOPLE if kind == "own-person" else law.DERIVATIVE
        label = _own(language, kind, law.NONE, f"it shows {why}", rule)
        # Every other one says what it shows.
        named = next((item for word, item in DEPICTED_WORKS.items() if why.startswith(word)), "")
        yield forms.upload_wizard(label, user=user, text=text, date=date, categories=categories.split(";"),
                                  depicts=named if number % 2 else "")  # fmt: skip
    for language, user, text, licence, why in (
        ("en", "Halfhearted", "Foxgloves along the bridleway", "{{self|cc-by-sa-4.0}}", "CC BY-SA"),
        ("de", "Lizenzfreund", "Kornblumen am Feldrand", "{{self|GFDL|cc-by-sa-3.0}}", "GFDL and CC BY-SA"),
        (
            "en",
            "Bothways",
            "Common frog in a garden pond",
            "{{self|cc-zero|cc-by-4.0}}",
            "CC BY beside CC0: not settled",
        ),
        ("pl", "Autorka", "Brzozy nad jeziorem", "{{self|FAL}}", "the Free Art License"),
        ("ru", "Автор", "Ромашки у дороги", "{{self|cc-by-4.0}}", "CC BY"),
    ):
        label = _own(language, "conditions", law.NONE, why, law.CONDITIONS)
        yield forms.upload_wizard(
            label, user=user, text=text, date="2018-06-12", categories=["Plants"], licence=licence
        )


def _odd() -> Iterator[Written]:
    """Own works with a second look: too old, not the uploader's, disputed, or free in spite of how they look."""
    for language, text, date, category, kind, expected, why, extra in (
        ("en", "My grandfather's mill, photographed by me", "1938", "Watermills", "own-too-old", law.NONE,
         f"of 1938. {law.TOO_OLD_OWN}", ""),
        ("de", "Dorfstraße mit Pferdefuhrwerk", "1925-05-01", "Villages", "own-too-old", law.NONE,
         f"of 1925. {law.TOO_OLD_OWN}", ""),
        ("fr", "Vue de la gare avant travaux", "1911", "Railway stations", "own-too-old", law.NONE,
         f"of 1911, called own work. {law.TOO_OLD_OWN}", ""),
        ("en", "Rowan berries after rain", "2016-09-29", "Sorbus aucuparia", "deletion", law.NONE,
         law.DELETION, "{{delete|reason=found on another site|subpage=Rowan berries}}"),
        ("es", "Almendros en flor", "2017-02-20", "Prunus dulcis", "doubt", law.NONE,
         f"the permission is missing. {law.LICENSING}", "{{No permission since|month=November|day=20|year=2026}}"),
        ("it", "Ginestre sul sentiero", "2018-06-03", "Cytisus scoparius", "free-odd", law.ALL,
         f"a plant; a contest's box says nothing of rights. {law.OWN}", "{{Wiki Loves Earth 2018|it}}"),
        ("ja", "雪の白樺林", "2019-02-11", "Betula platyphylla", "free-odd", law.ALL,
         f"trees; an award says nothing of rights. {law.OWN}", "{{QualityImage}}"),
        ("en", "Sundew trap with a midge", "2015-07-01", "Drosera rotundifolia", "free-odd", law.ALL,
         f"a plant; awards say nothing of rights. {law.OWN}", "{{Assessments|featured=1}}\n{{picture of the day|year=2016|month=05|day=02}}"),
        ("pl", "Brama zamku krzyżackiego z XIV wieku", "2012-07-28", "Castles in Poland", "free-odd", law.ALL,
         f"a building of the 14th century. {law.OWN}", "{{Zabytek nieruchomy|A-123}}"),
        ("de", "Bauernhaus von 1780, Kulturdenkmal", "2014-09-14", "Cultural heritage monuments in Hesse", "free-odd", law.ALL,
         f"a building of 1780. {law.OWN}", "{{Kulturdenkmal Hessen|4711}}"),
        ("en", "Person at a podium, name withheld", "2019-10-10", "Conferences", "personality", law.NONE,
         law.PEOPLE, "{{Personality rights}}"),
        ("en", "Fossil ammonite on shale", "2013-08-30", "Ammonites", "free-odd", law.ALL,
         f"a thing of nature; it lacks a place. {law.OWN}", "{{Location missing}}"),
    ):  # fmt: skip
        label = Label(language=language, kind=kind, expected=expected, why=why)
        yield forms.upload_wizard(label, user="Exampleuser", text=text, date=date, categories=[category], extra=extra,
                                  camera=False)  # fmt: skip


def _other_programs() -> Iterator[Written]:
    for language, text, date, category, licence, summary, kind, expected, why in (
        ("de", "Schlüsselblumen im Auwald", "2009-04-11", "Primula elatior", "{{self|cc-zero}}", CC0, "free", law.ALL, law.OWN),
        ("en", "Dragonfly on a reed", "2008-07-19", "Odonata", "{{PD-self}}", "pd", "free", law.ALL,
         "its photographer gave it to the public domain. Commons:Own work"),
        ("fr", "Coquelicots près d'Uzès", "2010-05-22", "Papaver rhoeas", "{{PD-self}}", "pd", "free", law.ALL,
         "its photographer gave it to the public domain. Commons:Own work"),
        ("de", "Brunnenfigur von 1996 in der Fußgängerzone", "2009-08-01", "Fountains", "{{self|cc-zero}}", CC0, "own-work",
         law.NONE, law.DERIVATIVE),
        ("en", "Sand ripples on the tidal flat", "2010-10-10", "Ripple marks", "{{self|GFDL|cc-by-sa-3.0}}", BY_SA, "conditions",
         law.NONE, law.CONDITIONS),
        ("ru", "Кедровый стланик на перевале", "2011-07-15", "Pinus pumila", "{{PD-self}}", "pd", "free", law.ALL,
         "its photographer gave it to the public domain. Commons:Own work"),
    ):  # fmt: skip
        label = Label(language=language, kind=kind, expected=expected, why=why)
        yield forms.commonist(label, description=text, date=date, licence=licence, category=category, summary=summary,
                              author="[[User:Pixelgarten|Pixelgarten]]")  # fmt: skip
    for who, title, date, licence, description, summary, review, kind, expected, why in (
        ("Bureau of Land Management", "Wild horses on the range", "2014-06-03", "{{PD-USGov-BLM}}", "Horses at a spring",
         "pd", "{{Flickrreview|bot|2016-01-01}}", "government", law.US, law.GOVERNMENT),
        ("some museum", "Harvest scene, 1910", "1910", "{{Flickr-no known copyright restrictions}}", "Harvesters at rest",
         "none", "{{Flickrreview|bot|2012-05-05}}", "no-known", law.NONE, law.NO_KNOWN),
        ("state archive", "Trams on Queen Street", "1946", "{{Flickr-no known copyright restrictions}}", "Trams and cars",
         "none", "", "no-known", law.NONE, law.NO_KNOWN),
        ("kayaker", "Sea stack from the water", "2013-09-01", "{{cc-zero}}", "A sea stack off the coast", CC0,
         "{{LicenseReview|pass|reviewer|2015-03-03}}", "free-odd", law.ALL, f"land, and the review was passed. {law.OWN}"),
        ("kayaker", "Puffin colony", "2013-09-02", "{{cc-by-2.0}}", "Puffins on the cliff", "by", "", "conditions", law.NONE,
         law.CONDITIONS),
        ("walker", "Ice on the birches", "2017-12-31", "{{cc-zero}}", "Birches in hoar frost", CC0,
         "{{Flickrreview}}", "doubt", law.NONE, f"its licence was not reviewed. {law.LICENSING}"),
        ("toyfan", "My shelf of vinyl figures", "2016-02-02", "{{cc-zero}}", "Vinyl figures of a film", CC0, "", "own-work",
         law.NONE, law.DERIVATIVE),
        ("a stranger", "Sunset over the bay", "2018-08-08", "{{PDMark-owner}}", "Sunset", "none", "", "no-known", law.NONE,
         f"the mark is no dedication. {law.NO_KNOWN}"),
    ):  # fmt: skip
        label = Label(language="en", kind=kind, expected=expected, why=why)
        yield forms.from_flickr(label, who=who, title=title, date=date, licence=licence, description=description,
                                summary=summary, review=review)  # fmt: skip


def cases() -> Iterator[Written]:
    yield from _wizard()
    yield from _odd()
    yield from _other_programs()
