"""What strangers wrote into a picture, of any shape, taken apart for people: nothing of it can pass for ours."""

from collections.abc import Mapping

_MAX_CHARACTERS = 200
_MAX_SOURCE_TYPES = 20


def plain(value: object, most: int = _MAX_CHARACTERS) -> str:
    """A text of the picture for people: one line, printable, not too long."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(text.split())[:most]


def source_types_in(said: object) -> tuple[str, ...]:
    """All that is said of how a picture came to be, each once, in any assertion: actions, IPTC fields, others."""
    found: dict[str, None] = {}
    waiting = [said]
    while waiting and len(found) < _MAX_SOURCE_TYPES:
        one = waiting.pop()
        if isinstance(one, Mapping):
            for name, value in one.items():
                if name.lower().endswith("digitalsourcetype"):
                    found.update(dict.fromkeys(plain(text) for text in _texts(value)))
            one = list(one.values())
        if isinstance(one, list):
            waiting += reversed(one)
    return tuple(found)


def _texts(value: object) -> list[str]:
    """A text, those of a list, or that of a reference (JSON-LD)."""
    if isinstance(value, str):
        return [value]
    parts = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
    return [part for part in parts if isinstance(part, str)]


def mapping(value: object) -> Mapping[str, object]:
    """The value where it is one, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> list[object]:
    """The value where it is one, else an empty one."""
    return value if isinstance(value, list) else []
