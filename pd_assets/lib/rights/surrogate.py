"""Whether a page is about something flat or something solid: the words of its fields and categories, and its item.

A faithful photograph of a flat work adds no right of its own; one of a sculpture does
(Commons:When to use the PD-Art tag). Flatness is shown, not assumed: a medium that cannot be read as flat waits.
"""

import re
from collections.abc import Iterator, Sequence

from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.rights.knowledge import Entity

_SOLID_THINGS = (
    r"sculptures?|statues?|statuettes?|busts?|(?:bas-)?reliefs?|coins?|medals?|medallions?|ceramics?|pottery|vases?|"
    r"amphora[es]?|porcelain|furniture|jewell?ery|sarcophag(?:us|i)|masks?|totems?|bronzes?|marble|figurines?|"
    r"figures? in the round|earthenware|stoneware|terracotta|ivory|limestone|glassware|armou?r|helmets?|tombstones?|"
    r"gravestones?|reliquar(?:y|ies)|costumes?|dresses|musical instruments?|clocks?|plaques?"
)
# A category of places says what is shown, which an old postcard may well show.
_PLACES = r"monuments?|memorials?|fountains?|buildings?|architecture|churches|castles|tombs?"
SOLID = re.compile(rf"\b(?:{_SOLID_THINGS}|{_PLACES})\b", re.IGNORECASE)
_SOLID_THING = re.compile(rf"\b(?:{_SOLID_THINGS})\b", re.IGNORECASE)
# The word for a sculpture, or for how one is made, in the languages of most pages.
SCULPTED = re.compile(
    r"\b(?:statu[aeiy]|estatu|sculpt|scolpi|scultur|escult|s[ck]ulptur|\w*skulptur|rze[zź]b|soch[ay]|sochař|szob[or]r|"
    r"busta\b|busto\b|\w*büste|popiersi|carved|\w*geschnitzt|gefasst|gemeißelt|ronde-bosse|tallad[ao]|intagliat|"
    r"gebeeldhouwd|beeldhouw|beeldje)|скульпт|стату[яиеюэ]|бюст|резьба|резн[ао]|"
    r"\b(?:patsas|kuju|heykel|patung|tượng|emlékmű)\b|άγαλμα|προτομή|פסל|동상|[铜銅雕塑]像|彫刻|雕塑|تمثال",
    re.IGNORECASE,
)
# In running text only words that name the thing itself; a painting may well speak of buildings.
SOLID_IN_PROSE = re.compile(
    r"\b(?:sculptures?|statues?|statuettes?|figurines?|bust of|bronze|marble|monument to|memorial to|"
    r"(?<!lava )fountain|"
    r"marmor|marbre|marmo|mármol|elfenbein|ivoire|avorio|marfil|terrakotta|terre cuite|"
    r"(?:bois|legno|madera) pol[iy]ch?rom\w*)\b",
    re.IGNORECASE,
)
FLAT = re.compile(
    r"\b(?:paintings?|painted on|canvas|panel|oils?|tempera|gouache|pastels?|wat(?:er)?colou?rs?|drawings?|"
    r"sketch(?:es)?|\w*prints?|etchings?|engravings?|woodcuts?|woodblock|linocuts?|(?:chromo)?lithographs?|mezzotints?|"
    r"aquatints?|drypoint|illustrations?|posters?|postcards?|maps?|manuscripts?|miniatures?|illuminations?|frescos?|"
    r"frescoes|murals?|ink|chalk|crayon|charcoal|pencil|graphite|paper|parchment|vellum|portraits? paintings?|"
    r"still li(?:fe|ves)|landscapes?|altarpieces?|icons?|tapestr(?:y|ies)|scrolls?|photographs?(?! of)|albumen|"
    r"daguerreotypes?|(?:cyano|ambro|tin|collo)types?|negatives?|(?:mammoth|glass) plates?|stereographs?|"
    r"in (?:art|paintings?)|books?|newspapers?|gemälde|ölgemälde|öl auf|peinture|huile|pittura|pintura)\b",
    re.IGNORECASE,
)
# In the field for the medium only: paint, print and paper by how the words begin, in the languages of most pages.
_MEDIA = """
    acquaforte acquerell acuarela affresco aguafuerte akvarel akwarel aquarel bleistift blek carta dessin dibujo dipint
    disegno doek encre desenho estampe eau-forte foto fresk fusain grabado gravur gravyr gravür holzschnitt houtsnede
    huile hârtie impression inchiostro incisione inkt kankaa kağıt kohle kreide krijt kresb kupferstich leinwand lept
    lerret lienzo litogra lithogra lápiz lærred maleri matita målning négatif olaj oleo olej olie olio olja olje papel
    papier papir papper paperi papír parchemin pergam perkament plátn pânz płót radierung rysun schilderij skinn stampa
    suluboya teckning tegning tekening tinta toile tusche tuval ulei vászon xilo xylo yağlıboya zeichnung óleo öl öljy
"""
_FLAT_MEDIUM = re.compile(
    rf"\b(?:{'|'.join(_MEDIA.split())})|\b\w*(?:zeichnung|stich|træsnit)\b|\b(?:duk|tela|ets)\b|"
    r"акварел|бумаг|гравюр|литогр|масло|олія|папір|платн|полотн|рисун|темпера|тушь|уље|фотогр|хартия|холст|"
    r"καμβά|λάδι|μουσαμά|υδατογραφ|χαρτί|ზეთი|მუშამბა|ტილო|թուղթ|կտավ|մագաղաթ|آبرنگ|حبر|زيت|قماش|كاغذ|کاغذ|ورق|"
    r"דיו|נייר|קלף|שמן|कागज|कैनवास|কাগজ|ক্যানভাস|กระดาษ|ผ้าใบ|수묵|유화|종이|캔버스|"
    r"[紙纸絹绢]本|油[彩画絵]|水[墨彩]|布面|版画|銅版|木版",
    re.IGNORECASE,
)
_PAINT = re.compile(r"\W*(?:(?:oil|acrylic|poster|casein|enamel) )?paints?\W*", re.IGNORECASE)
# A frame that is in the picture is carved, and lit by somebody.
FRAMED = re.compile(
    r"\bframed\b(?! by\b)|\b(?:in|with) (?:its|the|an?) (?:[\w-]+ ){0,3}frame\b(?! of\b)|"
    r"\b(?:original|carved|gilt|gilded|wooden|period|ornate) frame\b|"
    r"\bgerahmt\b|\b\w+rahmen\b|(?<!\bim )\brahmen\b|\bencadrée?\b|\bcadre (?:d.origine|original|doré|sculpté)|"
    r"\bavec (?:son |le )?cadre\b|\bdans son (?:\w+ )?cadre\b|\b(?:con|en) su (?:\w+ )?marco\b|\bcon marco\b|"
    r"\b(?:con|entro|nella) (?:\w+ )?cornice\b|\bin (?:\w+ )?lijst\b|\bw (?:\w+ ){0,3}ramie\b|\bkoszulc\w*|"
    r"\bоклад[аеу]?\b|\bv (?:\w+ )?rámu\b|\bв (?:\w+ )?(?:рам(?:ц?[еіу]|ке)|багет\w*)\b|\bрамка\b|\benmarcad|"
    r"\bincornici|"
    r"\bemoldurad|\bcom (?:\w+ )?moldura\b|\bingelijst|\bmet (?:\w+ )?lijst\b|\bmed (?:\w+ )?ram(?:me)?n?\b|"
    r"\binram|\binnramm|"
    r"\bindramm|\boprawion|\bzarám|\bkeretb?en?\b|\bkeretez|\bçerçeve|\bkehys|\bkehyk|\bînrăm|\bkadr[aeou] oryg|"
    r"額[装縁裝]|额[装框]|"
    r"[带帶]框|裱框|액자|إطار|ממוסגר|מסגרת|πλαίσιο|κορνίζα|กรอบรูป",
    re.IGNORECASE,
)
# What a page is of that begins so, and says nowhere of a painting or a page: a thing with light and shade.
_BEGINS_SOLID = re.compile(
    rf"^\W*(?:(?:an?|the|une?|la|le|les|il|lo|el|los|las|der|die|das|eine?|een|de|het|en|"
    rf"ett?)\s+)?(?:[\w-]+\s+)?(?:{_SOLID_THINGS}|"
    r"plastik|bildwerk|standbild|\w*beeld|posąg|veistos|staty|bystę?|byste|busten?|rilievo|relieve|basrelief|"
    r"płaskorzeźba|"
    r"münzen?|monet[aey]?|moneda|moeda|monnaies?|pièce de monnaie|penn(?:y|ies)|denari(?:us|i)|medaill?en?|"
    r"médaill(?:e|on)s?|"
    r"medagli[ae]|medall?as?|denkmal|krug|teller|kelch|schmuck|brosche|broche|uhr|schrank|stuhl|puppe|maske|sarkophag|"
    r"grabstein|schwert|rüstung|teppich|kleid|cameo|gems?|seals?|siegel|sceau|sigillo|ivory carving|"
    r"keramik|cerámica|ceramica|céramique|porzellan|porcelana|porcellana|fa[iï]ence|"
    r"vas[eoi]?|vazo|кувшин|ваза|рельеф|барельеф|горельеф|монета|медаль|памятник|меч|шлем|маска|[硬铜銅金銀银][币幣貨]|"
    r"メダル|勲章|玉|木彫|"
    r"sword|chalice|brooch|necklace|bowl|jug|teapot|cabinet|chair|carpet|(?:rings?|gold|silver|silber|argent|"
    r"argento|plata|glass?|holz|limewood)(?=\W*\Z))(?!\w)(?! (?:in|after|design|by night))",
    re.IGNORECASE,
)
_OF_PHOTOGRAPHS = re.compile(r"(?:ph|f)otogra|foto|landscape|oils?\b|panel|paper|scroll", re.IGNORECASE)
_PICTURES = re.compile(r"\b(?:photos|photographs|pictures|images|views|details|collections)\Z", re.IGNORECASE)
_COMMENT, _LETTER = re.compile(r"<!--.*?-->", re.DOTALL), re.compile(r"[^\W\d_]")
# painting, drawing, print, engraving, etching, photograph, map, manuscript, poster, postcard
_FLAT_CLASSES = frozenset(
    ("Q3305213", "Q93184", "Q11060274", "Q11835431", "Q18218093", "Q125191", "Q4006", "Q87167", "Q429785", "Q192425")
)
# sculpture, statue, bust, relief, figurine, vase, coin, medal
_SOLID_CLASSES = frozenset(
    ("Q860861", "Q179700", "Q241045", "Q245117", "Q1066288", "Q191851", "Q41207", "Q131647")
)  # fmt: skip


def looks_flat(text: FilePage, categories: Sequence[str], item: Entity | None = None) -> bool:
    """A painting, print, page or photograph, as its medium, type, title, description, categories or item say."""
    words = (*_media(text), *text.all_of("object_type", "title", "description"), *categories)
    return any(map(_is_flat_medium, _media(text))) or any(map(FLAT.search, words)) or _is_a(item, _FLAT_CLASSES)


def is_solid(text: FilePage, categories: Sequence[str], item: Entity | None = None) -> bool:
    """Something that a photograph shows with light and angle of its own, or whose medium is not one of a flat work."""
    media, kind = tuple(_media(text)), " ".join(text.all_of("object_type"))
    said = " ".join((*text.all_of("title"), *text.all_of("description")))
    if any(FRAMED.search(part) for part in (*media, said, *categories)) or _is_a(item, _SOLID_CLASSES):
        return True
    if SOLID.search(kind) and not FLAT.search(kind):
        return True
    if media:
        # A painting is one whatever it is painted with, but for what sculptors work with.
        is_flat_kind = bool(FLAT.search(kind)) and not any(SOLID.search(one) or SCULPTED.search(one) for one in media)
        return not (is_flat_kind or any(map(_is_flat_medium, media)) or _is_a(item, _FLAT_CLASSES))
    solid = [name for name in categories if SOLID.search(_of(name)) and not FLAT.search(name)]
    is_kind_flat = any(FLAT.search(name) and not SOLID.search(name) for name in categories)
    if any(_SOLID_THING.search(_of(name)) for name in solid) or (solid and not is_kind_flat):
        return True
    begins = any(map(_BEGINS_SOLID.match, (*text.in_every_language("title"), *text.in_every_language("description"))))
    is_said = begins or bool(SOLID_IN_PROSE.search(said) or SCULPTED.search(said))
    return is_said and not looks_flat(text, categories, item)


def made_flat(said: str) -> str | None:
    """The word of a text that names a painting, print or page, where a photograph of a landscape is nothing of it."""
    for words in (FLAT, _FLAT_MEDIUM):
        for found in words.finditer(said):
            if not _OF_PHOTOGRAPHS.match(found.group(0)):
                return found.group(0)
    return None


def _of(category: str) -> str:
    """What a category is of: `Recipients of medals` is of people, `Photographs of statues` is of statues."""
    kind, _, rest = category.replace("_", " ").partition(" of ")
    return rest if _PICTURES.search(kind) else re.split(r" (?:of|in|with|by|at|from) ", category.replace("_", " "))[0]


def _media(text: FilePage) -> Iterator[str]:
    """What the fields for the medium say; of a template that gives no words its own markup."""
    for argument in text.arguments:
        if argument.field == "medium":
            yield from argument.read.texts.values() or filter(_LETTER.search, [_COMMENT.sub("", str(argument.value))])


def _is_flat_medium(medium: str) -> bool:
    is_flat = FLAT.search(medium) or _FLAT_MEDIUM.search(medium) or _PAINT.fullmatch(medium)
    return bool(is_flat) and not SCULPTED.search(medium)


def _is_a(item: Entity | None, classes: frozenset[str]) -> bool:
    return item is not None and bool(classes.intersection(item.classes))
