"""Pages by what they show: flat and solid in many languages, and own photographs by their subjects.

Written like those of cases.py. Every word list of surrogate.py, subjects.py and depicted.py has a page here.
"""

from tests.pd_assets.lib.rights.cases import (
    EXPIRED,
    FREE,
    OTHERS,
    OWN,
    PERSON,
    SURROGATE,
    UNCLEAR,
    box,
    case,
    merged,
    own,
    said,
)

SHAPE_CASES = (
    case("a medium of wood in German", box(EXPIRED, medium="Holz, geschnitzt und gefasst"), SURROGATE),
    case("a medium of wood in French", box(EXPIRED, medium="bois polychrome"), SURROGATE),
    case("a medium that nobody can read", box(EXPIRED, medium="{{Ruritanian technique}}"), SURROGATE),
    case("a medium that is a comment", box(EXPIRED, medium="<!-- unknown -->"), FREE),
    *(
        case(f"a solid medium of another language: {medium}", box(EXPIRED, medium=medium), SURROGATE)
        for medium in (
            "Lindenholz, vollrund geschnitzt",
            "pierre calcaire polychrome",
            "legno scolpito e dipinto",
            "talla en madera policromada",
            "drewno lipowe, polichromia",
            "резьба по дереву",
            "παριανό μάρμαρο",
            "木造漆箔",
            "نحاس مكفت بالفضة",
        )
    ),
    case("carved, though painted", box(EXPIRED, medium="carved and painted oak"), SURROGATE),
    *(
        case(f"a frame in the picture: {said}", box(EXPIRED, title=said, medium="{{technique|oil|canvas}}"), SURROGATE)
        for said in (
            "Bildnis im originalen Schnitzrahmen",
            "Portrait avec son cadre",
            "Retrato en su marco",
            "Портрет в раме",
            "Landscape, original frame",
            "Ritratto entro cornice dorata",
            "Ikona w koszulce i ramie",
            "Икона в окладе",
        )
    ),
    *(
        case(f"the word for a frame, and none is meant: {said}", box(EXPIRED, description=said), FREE)
        for said in ("Gezeigt im Rahmen der Ausstellung", "Dans le cadre de la vie", "Portrait of Marco Polo")
    ),
    *(
        case(f"a sculpture in its title: {said}", box(EXPIRED, title=said), SURROGATE)
        for said in (
            "Madonna, Holzskulptur",
            "Rzeźba Madonny",
            "Socha svatého Jana",
            "Бюст поэта",
            "Escultura de un santo",
        )
    ),
    *(
        case(f"a flat medium of another language: {medium}", box(EXPIRED, medium=medium), FREE)
        for medium in (
            "Öl auf Holz",
            "huile sur bois",
            "olio su tavola",
            "óleo sobre lienzo",
            "Olie på lærred",
            "olej, płótno",
            "холст, масло",
            "{{ru|1=бумага, акварель}}",
            "Albumen silver print from glass negative",
            "絹本着色",
            "öljy kankaalle",
            "olaj, vászon",
            "ulei pe pânză",
            "λάδι σε μουσαμά",
            "tuval üzerine yağlıboya",
            "حبر على ورق",
            "דיו על קלף",
            "कैनवास पर तेल",
            "종이에 수묵담채",
        )
    ),
    case(
        "an old postcard of a castle",
        box("{{PD-old-100-expired}}", name="Information", description="Carte postale ancienne", date="1904"),
        FREE,
        categories=("Castles in Indre-et-Loire", "Postcards"),
    ),
    case(
        "a castle that no category calls a picture",
        box("{{PD-old-100-expired}}", name="Information", date="1904"),
        SURROGATE,
        categories=("Castles in Indre-et-Loire",),
    ),
)

# What an own photograph is of: its categories and description, and whether that is enough.
PLAIN_SUBJECTS = (
    ("Rotbuche im Herbst", "Fagus sylvatica"),
    ("Hoverfly on a dandelion", "Syrphidae"),
    ("A badger", "Meles meles", "Animals of Crete", "Mammals of Greece"),
    ("Jezioro o poranku", "Lake Bled"),
    ("My cat on a sofa", "Cats in Rome"),
    ("Main street of Abbeville with shops", "Streets in Abbeville", "Abbeville"),
    ("Chapelle Saint-Michel, Bretagne", "Chapels in Finistère"),
    ("Fachwerkhaus in Celle, Großer Plan 4 (Baudenkmal)", "Cultural heritage monuments in Celle"),
    ("Rathaus, 1621 erbaut", "Cultural heritage monuments in Celle"),
    ("A lane in Lunt", "Lunt", "2015 in Lunt", "Taken with Canon EOS 6D", "Self-published work"),
    ("Old screws", "Screws"),
)
UNCLEAR_SUBJECTS = (
    ("Angela Roy am Strand", "Beaches of Rügen", "Angela Roy"),
    ("Berry on a stage", "Halle Berry"),
    ("Rock in Berlin", "Chris Rock"),
    ("Something", "Veronica Lake"),
    ("Die Säule am See", "Vienna"),
    ("Gyerekek a parkban", "Parks in Budapest"),
    ("Elbphilharmonie", "Buildings in Hamburg"),
    ("Hamburg, Chilehaus", "Cultural heritage monuments in Hamburg"),
    ("Rathaus, 1929 erbaut", "Cultural heritage monuments in Celle"),
    ("Église Saint-Joseph", "Churches in Le Havre"),
    ("A castle of 1621, rebuilt", "Castles in Lunt"),
    ("Angela Roy", "Dogs"),
    ("Vögel", "Eagles (band)"),
    ("Rothkirch Chapel", "Chapels in Houston"),
    ("Rzecz", "Opus dei"),
)
WORKS_OF_OTHERS = (
    ("Skulptur am See", "Lakes of Bavaria"),
    ("Fresque murale, rue Haute", "Streets in Lunt"),
    ("A tree", "Trees", "Murals in Lunt"),
    ("Cats", "Cats in art"),
    ("Fossil", "Fossils", "Museum of Natural History"),
    ("Pomnik nad jeziorem", "Lakes of Poland"),
    ("Busta v lese", "Forests of Bohemia"),
    ("Афиша у озера", "Lakes of Russia"),
    ("Lake Garda, painting by Jan Roy", "Lake Garda"),
    ("A lake by Jan Roy", "Lake Garda"),
    ("Notre-Dame du Haut", "Chapels in Haute-Saône"),
    ("Kriegerdenkmal", "Cultural heritage monuments in Celle"),
    ("Horses", "Lego", "Horses"),
    ("Ölgemälde eines Sees", "Lakes"),
    ("Schautafel", "Fagus sylvatica"),
    ("銅像", "Mountains of Japan"),
    ("Castle", "Castles in Disneyland"),
    ("Botanical illustration", "Fagus sylvatica"),
)
OWN_SUBJECT_CASES = (
    *(
        case(f"plain: {said}", own("{{self|cc-zero}}", description=said), OWN, categories=tuple(names))
        for said, *names in PLAIN_SUBJECTS
    ),
    *(
        case(f"may be anything: {said}", own("{{self|cc-zero}}", description=said), UNCLEAR, categories=tuple(names))
        for said, *names in UNCLEAR_SUBJECTS
    ),
    *(
        case(
            f"of another: {said} ({names[0]})",
            own("{{self|cc-zero}}", description=said),
            OTHERS,
            categories=tuple(names),
        )
        for said, *names in WORKS_OF_OTHERS
    ),
    *(
        case(
            f"people at a plain place: {said}",
            own("{{self|cc-zero}}", description=said),
            PERSON,
            categories=("Beaches of Rügen",),
        )
        for said in ("Kinder am Strand", "Des enfants", "Two women", "Дети на пляже", "Frau mit Hund", "Family")
    ),
    case("depicts a lake", own("{{self|cc-zero}}", description=""), OWN, mediainfo=said("P180", "Q23397")),
    case("depicts what nobody knows", own("{{self|cc-zero}}", description=""), UNCLEAR, mediainfo=said("P180", "Q99")),
    case(
        "depicts a lake and what nobody knows",
        own("{{self|cc-zero}}"),
        UNCLEAR,
        mediainfo=merged(said("P180", "Q23397"), said("P180", "Q99")),
    ),
    case("a template of panoramas", own("{{self|cc-zero}}", notes="{{FoP-Germany}}"), OTHERS),
    case(
        "a caption that tells more than the page",
        own("{{self|cc-zero}}"),
        OTHERS,
        mediainfo='{"labels": {"en": {"language": "en", "value": "Mural at a lake"}}}',
    ),
)
