"""The templates that people put into fields of file pages, each read as a person would."""

import pytest

from pd_assets.lib.dataset.labels import Label, read_labels

CASES = {
    ("artist", "{{Creator:Vincent van Gogh}}"): "Vincent van Gogh",
    ("artist", "{{creator:Vincent_van_Gogh}}"): "Vincent van Gogh",
    ("artist", "{{Creator:Rembrandt|workshop of}}"): "workshop of Rembrandt",
    ("artist", "{{after|{{Creator:Rembrandt}}}}"): "after Rembrandt",
    ("artist", "[[:en:Claude Monet|Claude Monet]]"): "Claude Monet",
    ("artist", "[[w:Claude Monet|]]"): "",
    ("artist", "{{w|Claude Monet}}"): "Claude Monet",
    ("artist", "{{anonymous}}"): "anonymous",
    ("artist", "{{Unknown|author}}"): "unknown",
    ("artist", "{{creator|Name=Anna Vester|Birthyear=1830}}"): "Anna Vester",
    ("institution", "{{Institution:Louvre}}"): "Louvre",
    ("institution", "{{Institution:Musée d'Orsay, Paris}}"): "Musée d'Orsay, Paris",
    ("institution", "{{private collection}}"): "private collection",
    ("medium", "{{technique|oil|canvas}}"): "oil on canvas",
    ("medium", "{{Technique|oil|on=canvas}}"): "oil on canvas",
    ("medium", "{{technique|oil|and=tempera|on=panel}}"): "oil and tempera on panel",
    ("medium", "{{technique|oil|adj=brown|paper|mounted=canvas}}"): "brown oil on paper, mounted on canvas",
    ("medium", "{{technique|engraving}}"): "engraving",
    ("medium", "{{oil on canvas}}"): "oil on canvas",
    ("medium", "{{Tempera on wood}}"): "tempera on wood",
    ("medium", "{{fresco}}"): "fresco",
    ("medium", "{{LangSwitch|en=oil paint|de=Ölfarbe}}"): "oil paint",
    ("dimensions", "{{Size|cm|73|92}}"): "73 × 92 cm",
    ("dimensions", "{{size|73|92|cm}}"): "73 × 92 cm",
    ("dimensions", "{{Size|unit=cm|height=73|width=92}}"): "73 × 92 cm",
    ("dimensions", "{{size|unit=in|diameter=12}}"): "12 in in diameter",
    ("date", "{{other date|circa|1850}}"): "circa 1850",
    ("date", "{{other date|~|1850}}"): "circa 1850",
    ("date", "{{Other date|ca|1850|1860}}"): "circa 1850–1860",
    ("date", "{{other date|between|1640|1650}}"): "between 1640 and 1650",
    ("date", "{{other date|-|1640|1650}}"): "from 1640 to 1650",
    ("date", "{{otherdate|from-until|1640|1650}}"): "from 1640 to 1650",
    ("date", "{{other date|or|1850|1851}}"): "1850 or 1851",
    ("date", "{{other date|&|1850|1851}}"): "1850 and 1851",
    ("date", "{{other date|<|1850}}"): "before 1850",
    ("date", "{{other date|a|1850}}"): "after 1850",
    ("date", "{{other date|by|1850}}"): "by 1850",
    ("date", "{{other date|until|1850}}"): "until 1850",
    ("date", "{{other date|fall|1850}}"): "autumn 1850",
    ("date", "{{other date|s|1850}}"): "1850s",
    ("date", "{{other date|decade|1850}}"): "1850s",
    ("date", "{{other date|century|17}}"): "17th century",
    ("date", "{{other date|late|{{other date|century|15}}}}"): "late 15th century",
    ("date", "{{other date|1st half|{{other date|century|21}}}}"): "first half of the 21st century",
    ("date", "{{other date|4th quarter|19th century}}"): "last quarter of the 19th century",
    ("date", "{{other date|mid|1850s}}"): "mid-1850s",
    ("date", "{{other date|circa|450|era=BC}}"): "circa 450 BC",
    ("date", "{{other date|islamic|1100}}"): "1100 AH",
    ("date", "{{other date|?}}"): "",
    ("date", "{{other date|circa|{{date|1850|6}}}}"): "circa June 1850",
    ("date", "{{circa|1850}}"): "circa 1850",
    ("date", "{{circa|1850|6|3}}"): "circa 3 June 1850",
    ("date", "{{between|1640|1650}}"): "between 1640 and 1650",
    ("date", "{{between|1640}}"): "1640",
    ("date", "{{century|17}}"): "17th century",
    ("date", "{{date|1889|6|3}}"): "3 June 1889",
    ("date", "{{taken on|2005-06-03|location=France}}"): "3 June 2005",
    ("date", "{{According to EXIF data|2005-06-03 12:30:00}}"): "3 June 2005",
    ("date", "{{original upload date|2005-06-03}}"): "",
    ("date", "{{complex date|conj=between|date1=1640|date2=1650}}"): "between 1640 and 1650",
    ("date", "{{complex date|date1=17|precision1=century}}"): "17th century",
    ("date", "1889-06-03"): "3 June 1889",
    ("date", "1889-06"): "June 1889",
    ("date", "1889-00-00"): "1889",
    ("date", "{{ISOdate|1889-06-03}}"): "3 June 1889",
    ("title", "{{title|Wheat Field}}"): "Wheat Field",
    ("title", "{{title|Les Blés|lang=fr|en=Wheat Field}}"): "Wheat Field",
    ("title", "''{{en|The Mill}}''"): "The Mill",
    ("title", "{{portrait of|Anna Vester}}"): "portrait of Anna Vester",
    ("title", "{{portrait of male}}"): "portrait of a man",
    ("title", "{{Madonna and Child}}"): "madonna and child",
    ("object type", "{{ucfirst:painting}}"): "painting",
    ("object type", "{{drawing}}"): "drawing",
    ("description", "{{en|1=A tree = a plant}}"): "A tree = a plant",
    ("description", "{{de|1=Ein Baum}} {{en|1=A tree}}"): "A tree",
    ("description", "{{multilingual description|de=Ein Baum|en=A tree}}"): "A tree",
    ("description", "{{mld|de=Ein Baum|fr=Un arbre|en=A tree}}"): "A tree",
    ("description", "{{lang|de|Ein Baum}}"): "Ein Baum",
    ("description", "A [[tree]] in [[w:Arles|Arles]]<ref>Smith 1990</ref>, '''oil'''"): "A tree in Arles, oil",
    ("description", "Portrait of {{w|Ada Lovelace|Ada|en}}"): "Portrait of Ada",
    ("description", "A view {{Location dec|51.5007|-0.1246}} of a bridge"): "A view of a bridge",
    ("description", "A view {{no such template|of|it}} of a bridge"): "A view of a bridge",
    ("description", "<div style='display:none'>label QS:Len,\"x\"</div>A tree"): "A tree",
    ("description", "A tree<!-- by JaneRoe --> in winter"): "A tree in winter",
    ("description", "* a tree\n* a house"): "a tree; a house",
    ("inscriptions", "{{inscription|Vincent|position=lower left}}"): "Vincent",
    ("language", "{{language|de}}"): "German",
    ("place of creation", "{{city|Arles}}"): "Arles",
    ("place of creation", "{{country|FR}}"): "France",
    ("place of creation", "{{city|Q90}}"): "",
    ("depicted people", "{{depicted person|Anna Vester}}"): "Anna Vester",
}


def preferred(labels: tuple[Label, ...], field: str) -> str:
    return next((label.value for label in labels if label.field == field and label.preferred), "")


@pytest.mark.parametrize(("argument", "written"), CASES)
def test_a_template_is_read_as_its_page_shows_it(argument: str, written: str) -> None:
    labels = read_labels({"wikitext": f"{{{{Artwork\n |{argument} = {written}\n |source = museum\n}}}}"})
    field = {"place of creation": "place", "object type": "object_type", "depicted people": "depicted_people"}
    assert preferred(labels, field.get(argument, argument)) == CASES[argument, written]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("{{Information|description=A tree|author=Anna Vester|date=1850}}", {"description", "artist", "date"}),
        ("{{Photograph|photographer=Anna Vester|title=A tree|depicted place=Arles}}",
         {"artist", "title", "depicted_place"}),
        ("{{Art Photo|artist=Anna Vester|title=A tree|artwork date=1850|photographer=Jan Roe|photo date=2010}}",
         {"artist", "title", "date"}),
        ("{{Book|author=Anna Vester|title=Trees|publisher=Roe|volume=2|language={{language|en}}}}",
         {"artist", "title", "publisher", "volume", "language"}),
        ("{{Map|title=Norway|date=1850|author=Anna Vester|scale=1:1000|map type=topographic}}",
         {"title", "date", "artist", "scale", "object_type"}),
        ("{{Some museum's own box|title=A tree|artist=Anna Vester|date=1850|medium=oil}}",
         {"title", "artist", "date", "medium"}),
    ],
)  # fmt: skip
def test_every_kind_of_information_box_gives_its_fields(box: str, expected: set[str]) -> None:
    labels = read_labels({"wikitext": box})
    assert {label.field for label in labels} == expected
    assert "Jan Roe" not in {label.value for label in labels}


def test_information_fields_are_fields_of_their_own_wherever_they_stand() -> None:
    extra = "{{Information field|name=Genus|value=''Rosa''}}{{Information field|Name=Technique|Value={{etching}}}}"
    labels = read_labels({"wikitext": f"{{{{Information|description=A rose|other fields={extra}}}}}"})
    assert {label.field: label.value for label in labels} == {
        "description": "A rose", "other: genus": "Rosa", "medium": "etching",
    }  # fmt: skip


def test_the_text_of_a_field_is_kept_beside_an_information_field_in_it() -> None:
    text = "{{Information|description=A rose {{Information field|name=Genus|value=Rosa}}}}"
    assert preferred(read_labels({"wikitext": text}), "description") == "A rose"
