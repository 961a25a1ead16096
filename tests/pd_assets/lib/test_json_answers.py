"""JSON of others: what cannot be read through is refused by name, with the same words in every run."""

import json

import pytest

from pd_assets.lib.errors import PdError
from pd_assets.lib.json_answers import DEEPEST, UnreadableJson, parse_json


def nested(levels: int, begin: str, end: str) -> str:
    return begin * levels + "1" + end * levels


@pytest.mark.parametrize("text", ["{}", "[]", "7", '"a"', '{"a": [1, 2.5, null, true, "x", 1e3]}', '"\\ud83d\\ude00"'])
def test_ordinary_json_is_read_as_python_reads_it(text: str) -> None:
    assert parse_json(text) == parse_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON: Expecting value"),
        ("<html>", "no JSON: Expecting value"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": 1e400}', "1e400 is no number"),
        ('{"a": ' + "9" * 5_000 + "}", "no JSON: Exceeds the limit"),
        (nested(DEEPEST + 1, "[", "]"), "more than 100 levels"),
        (nested(1_000, '{"a":', "}"), "more than 100 levels"),
        (nested(100_000, '{"a":', "}"), "more than 100 levels"),
        (nested(100_000, "[", "]"), "more than 100 levels"),
        ("[" * 100_000, "more than 100 levels"),
    ],
)
def test_what_cannot_be_read_through_is_refused_with_the_reason(text: str, reason: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(UnreadableJson, match=reason) as refused:
            parse_json(form)
        assert isinstance(refused.value, PdError) and len(str(refused.value)) <= 80


def test_bytes_that_are_no_utf8_are_no_json() -> None:
    with pytest.raises(UnreadableJson, match="no JSON"):
        parse_json(b'{"a": "\xff"}')


def test_so_many_levels_are_read() -> None:
    assert parse_json(nested(DEEPEST - 1, "[", "]"))


def test_half_of_a_surrogate_pair_is_the_sign_for_what_cannot_be_read() -> None:
    read = parse_json('{"\\ud800": ["a\\udc00b", "\\ud83d\\ude00", "\\\\ud800"]}')
    assert read == {"�": ["a�b", "😀", "\\ud800"]}
