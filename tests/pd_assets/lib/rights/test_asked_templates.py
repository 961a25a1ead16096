"""What the archive says of its templates decides what may stand beside a licence, and what a redirect means."""

from dataclasses import replace

import pytest

from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Questions, TemplateKind
from pd_assets.lib.rights.rules import decide
from pd_assets.lib.rights.tags import Kind
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box
from tests.pd_assets.lib.rights.known_templates import asking

MUSEUM = "museum of trees licence"
# What a page with the museum's wrapper transcludes; the wrapper shows PD-Art with an age, and CC0, inside.
INSIDE = ("Museum of Trees licence", "License template tag", "PD-Art", "PD-Art/en", "PD-old-100-expired", "Cc-zero",
          "CC-Layout", "PD-Layout", "Dir", "Artwork")  # fmt: skip
KINDS = {
    MUSEUM: TemplateKind.SOURCE,
    "pd-art": TemplateKind.LICENCE,
    "pd-old-100-expired": TemplateKind.LICENCE,
    "cc-zero": TemplateKind.LICENCE,
    "dir": TemplateKind.UNCLASSIFIED,
    "pd-atlantis": TemplateKind.LICENCE,
    "atlantis terms": TemplateKind.LICENCE,
    "museum of ponds": TemplateKind.SOURCE,
    "pond box": TemplateKind.BOX,
    "redaction": TemplateKind.WARNING,
}


def read(text: str, ask: Questions, templates: tuple[str, ...] = ()) -> Evidence:
    return from_page({"status": "live", "revid": 1, "sha1": "a", "wikitext": text, "templates": list(templates)}, ask)


def verdict(text: str, ask: Questions, templates: tuple[str, ...] = ()) -> str:
    decision = decide(read(text, ask, templates), "strict", TODAY)
    return " ".join((decision.verdict, *decision.reasons))


def beside(kind: TemplateKind | None, templates: tuple[str, ...] = ()) -> str:
    """What becomes of a free page with a template of this kind beside its licence."""
    ask = asking({} if kind is None else {"pond query": kind})
    return verdict(box(EXPIRED + "\n{{Pond query}}"), ask, templates)


@pytest.mark.parametrize(
    "kind",
    [TemplateKind.BOX, TemplateKind.SOURCE, TemplateKind.MAINTENANCE, TemplateKind.LANGUAGE, TemplateKind.LOCATION,
     TemplateKind.OTHER],
)  # fmt: skip
def test_what_the_archive_classifies_as_anything_but_a_licence_is_harmless(kind: TemplateKind) -> None:
    assert beside(kind) == "accept"


@pytest.mark.parametrize("kind", [None, TemplateKind.LICENCE, TemplateKind.UNCLASSIFIED, TemplateKind.MISSING])
def test_what_nobody_classifies_and_an_unknown_licence_wait(kind: TemplateKind | None) -> None:
    assert beside(kind) == "quarantine unknown_tag"


def test_a_warning_refuses_wherever_it_stands() -> None:
    assert beside(TemplateKind.WARNING) == "reject in_doubt"
    assert verdict(box(EXPIRED, medium="{{Redaction}}"), asking(KINDS)).startswith("reject in_doubt")


def test_a_tag_that_the_archive_calls_a_problem_is_no_ground_and_one_that_it_has_not_either() -> None:
    for kind, reasons in ((TemplateKind.WARNING, "reject in_doubt no_ground"), (TemplateKind.MISSING, "unknown_tag")):
        ask = asking({"pd-old-100-expired": kind})
        assert reasons in verdict(box(EXPIRED), ask)
        assert not read(box(EXPIRED), ask).having(Kind.GROUND)


def test_the_target_of_a_redirect_counts_and_never_its_name() -> None:
    old = asking(KINDS, pd_ancient="pd-old-100-expired")
    assert verdict(box("{{PD-Art|PD_ancient}}"), old) == verdict(box("{{PD-Art|PD ancient}}"), old) == "accept"
    bound = asking({}, pd_flickr="flickr-no known copyright restrictions")
    assert verdict(box(EXPIRED + "{{PD flickr}}"), bound) == "reject obligation"
    moved = asking({"pd-new": TemplateKind.LICENCE}, **{"pd-old-100-expired": "pd-new"})
    assert verdict(box(EXPIRED), moved).startswith("quarantine unknown_tag no_ground")
    harmless = asking({"pond query": TemplateKind.MAINTENANCE}, ponds="pond query")
    assert verdict(box(EXPIRED + "{{Ponds}}"), harmless) == "accept"


def test_a_redirect_of_a_wrapper_wraps_too() -> None:
    ask = asking(KINDS, pdart="pd-art")
    assert {tag.name for tag in read(box("{{PDArt|PD-old-100-expired}}"), ask).having(Kind.GROUND)} == {
        "pd-old-100-expired"
    }


def test_what_the_page_reader_understands_is_asked_of_nobody() -> None:
    ask = asking({})
    text = box(EXPIRED, medium="{{Technique|oil|canvas}}", date="{{circa|1860}}", institution="{{Institution:Pond}}")
    assert decide(read(text, ask), "strict", TODAY).verdict == "accept"
    asked = [mark.split("@")[0] for mark in ask.marks if mark.startswith("template:")]
    assert asked == ["template:pd-art", "template:pd-old-100-expired"]


def test_no_name_of_a_user_is_asked_for() -> None:
    ask = asking({})
    assert "unknown_tag" in verdict(box(EXPIRED + "{{User:Paintbox/licence}}"), ask)
    assert not any("paintbox" in mark for mark in ask.marks)


def test_a_subpage_is_part_of_its_template_but_where_its_name_has_a_real_slash() -> None:
    assert verdict(box(EXPIRED + "{{Museum of ponds/en}}"), asking(KINDS)) == "accept"
    assert verdict(box(EXPIRED + "{{Museum of ponds/terms}}"), asking(KINDS)) == "quarantine unknown_tag"


def test_a_part_of_a_tag_is_no_ground_and_binds_all_the_same() -> None:
    for ask in (asking({}), asking(KINDS)):
        assert not read(box("{{PD-old-100-expired/layout}}"), ask).having(Kind.GROUND)
        assert not read(box("{{PD-Art|PD-old-100-expired/en}}"), ask).having(Kind.GROUND)
        assert verdict(box(EXPIRED + "{{Cc-by-sa-4.0/de}}"), ask).startswith("reject obligation")
    only_a_part = (*(name for name in INSIDE if not name.startswith("PD-old")), "PD-old-100-expired/en")
    text = box("{{Museum of Trees licence|type=2D}}")
    assert verdict(text, asking(KINDS), only_a_part).startswith("quarantine unknown_tag")


def test_the_licence_field_of_what_the_archive_calls_a_box_is_shown_where_the_tag_is_transcluded() -> None:
    text = "{{Pond box|title=Pond|artist=X|date=1700|medium=oil on canvas|permission={{PD-old-100-expired}}}}"
    assert verdict(text, asking(KINDS), ("Pond box", "PD-old-100-expired")) == "accept"
    assert "unknown_tag" in verdict(text, asking(KINDS), ("Pond box",))
    assert "unknown_tag" in verdict(text.replace("permission", "other"), asking(KINDS))
    assert "unknown_tag" in verdict(text, asking({**KINDS, "pond box": TemplateKind.UNCLASSIFIED}))


def test_a_museums_wrapper_is_read_through_and_its_place_told() -> None:
    seen = read(box("{{Museum of Trees licence|type=2D}}"), asking(KINDS), INSIDE)
    assert decide(seen, "strict", TODAY).verdict == "accept"
    assert {(tag.name, tag.place) for tag in seen.tags} == {
        ("cc-zero", f"{MUSEUM}, which shows it"),
        ("pd-old-100-expired", f"{MUSEUM}, which shows it"),
    }


def test_what_a_tag_claims_is_the_same_where_a_wrapper_shows_it() -> None:
    """An anonymous maker among it: a tag of unknown makers frees nothing whose maker is named."""
    for name in ("PD-anon-70-EU", "PD-old-70-expired", "PD-old-auto-expired", "PD-USGov"):
        inside = ("Museum of Trees licence", "License template tag", name)
        ask = asking({**KINDS, name.lower(): TemplateKind.LICENCE})
        (shown,) = read(box("{{Museum of Trees licence|type=2D}}"), ask, inside).tags
        (written,) = read(box(f"{{{{{name}}}}}"), asking(KINDS)).tags
        assert replace(shown, place="") == replace(written, place="")


@pytest.mark.parametrize(
    ("why", "text", "templates", "kinds"),
    [
        ("nothing is transcluded", "", (), {}),
        ("no licence box is shown", "", tuple(name for name in INSIDE if name != "License template tag"), {}),
        ("the wrapper itself is not transcluded", "", INSIDE[1:], {}),
        ("nothing free is inside", "", ("Museum of Trees licence", "License template tag", "Artwork"), {}),
        ("an unknown licence is inside", "", (*INSIDE, "PD-Atlantis"), {}),
        ("an unknown licence of another name is inside", "", (*INSIDE, "Atlantis terms"), {}),
        ("something that nobody asked about is inside", "", (*INSIDE, "Terms"), {}),
        ("nobody classified the wrapper", "", INSIDE, {MUSEUM: TemplateKind.UNCLASSIFIED}),
        ("two wrappers", "{{Atlantis terms}}", (*INSIDE, "Atlantis terms"), {}),
        ("the wrapper twice", "{{Museum of Trees licence}}", INSIDE, {}),
        ("a partner beside it that may be the cause", "{{Museum of ponds}}", (*INSIDE, "Museum of ponds"), {}),
        ("a licence beside it that may be the cause", "{{PD-old-100-expired}}", INSIDE, {}),
        ("a wrapper that is known may be the cause", "{{PD-Art|PD-old-100-expired}}", INSIDE, {}),
        ("a list as long as an answer", "", (*INSIDE, *(f"Layout {n}" for n in range(40))), {}),
    ],
)  # fmt: skip
def test_a_wrapper_in_doubt_waits(
    why: str, text: str, templates: tuple[str, ...], kinds: dict[str, TemplateKind]
) -> None:
    helpers = {f"layout {n}": TemplateKind.OTHER for n in range(40)}
    ask = asking({**KINDS, **helpers, **kinds})
    told = verdict(box("{{Museum of Trees licence|type=2D}}" + text), ask, templates)
    assert told.startswith("quarantine unknown_tag"), why


def test_what_binds_inside_a_wrapper_refuses() -> None:
    text = box("{{Museum of Trees licence|type=2D}}")
    assert verdict(text, asking(KINDS), (*INSIDE, "Cc-by-sa-4.0")).startswith("reject obligation")
    assert verdict(text, asking(KINDS), (*INSIDE, "Redaction")).startswith("reject in_doubt")


def test_a_harmless_partner_hides_no_licence_that_our_table_does_not_know() -> None:
    text = box(EXPIRED + "{{Museum of ponds}}")
    known = ("PD-Art", "PD-old-100-expired", "Museum of ponds", "License template tag")
    assert verdict(text, asking(KINDS), known) == "accept"
    assert verdict(text, asking(KINDS), (*known, "Atlantis terms")) == "quarantine unknown_tag"


def test_a_notice_of_deletion_is_seen_by_what_all_of_them_transclude() -> None:
    assert verdict(box(EXPIRED), asking(), ("PD-Art", "Deletion template tag")) == "quarantine deletion_pending"
