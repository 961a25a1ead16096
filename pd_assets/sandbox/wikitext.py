"""A small reader of wikitext: text, links and nested template calls. It knows no template; rendering.py does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\[\[[^\[\]{}]*\]\]|\{\{|\}\}|\|")
_IGNORED = re.compile(r"<!--.*?-->", re.DOTALL)
_REDIRECT = re.compile(r"^\s*#REDIRECT\s*\[\[([^\[\]|#]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Link:
    """`[[target|text]]`; `text` is the target where none is given, `piped` tells whether one was."""

    target: str
    text: str
    piped: bool


@dataclass(frozen=True, kw_only=True)
class Call:
    """`{{name|value|key=value}}`; values without a key are keyed "1", "2", …"""

    name: str
    values: Mapping[str, "Nodes"] = field(default_factory=dict)


Node = str | Link | Call
Nodes = tuple[Node, ...]


def parse(text: str) -> Nodes:
    """The parts of a page in order. Unclosed braces stay text."""
    return _Reader(_IGNORED.sub("", text)).page()


def redirect_target(text: str) -> str | None:
    """The title a redirect page points to, or None where the page is no redirect."""
    found = _REDIRECT.match(text)
    return found.group(1).strip() if found else None


def template_name(name: str) -> str:
    """A template's name in normal form: first letter upper, spaces single."""
    name = re.sub(r"[ _\s]+", " ", name).strip()
    return name[:1].upper() + name[1:]


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0

    def page(self) -> Nodes:
        nodes: list[Node] = []
        while self.position < len(self.tokens):
            nodes.extend(self._nodes(stop=()))
            if self.position < len(self.tokens):
                nodes.append(self.tokens[self.position])
                self.position += 1
        return tuple(nodes)

    def _nodes(self, stop: tuple[str, ...]) -> list[Node]:
        nodes: list[Node] = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token in stop:
                break
            self.position += 1
            if token == "{{":
                nodes.extend(self._call())
            elif token.startswith("[[") and token.endswith("]]"):
                nodes.append(_link(token))
            else:
                nodes.append(token)
        return nodes

    def _call(self) -> list[Node]:
        start = self.position
        parts: list[list[Node]] = []
        while self.position < len(self.tokens):
            parts.append(self._nodes(stop=("|", "}}")))
            if self.position >= len(self.tokens):
                break
            closing = self.tokens[self.position] == "}}"
            self.position += 1
            if closing:
                return [_built(parts)]
        self.position = start
        return ["{{"]


def _tokens(text: str) -> list[str]:
    pieces: list[str] = []
    end = 0
    for found in _TOKEN.finditer(text):
        if found.start() > end:
            pieces.append(text[end : found.start()])
        pieces.append(found.group())
        end = found.end()
    if end < len(text):
        pieces.append(text[end:])
    return pieces


def _link(token: str) -> Link:
    target, bar, text = token[2:-2].partition("|")
    return Link(target=target.strip(), text=text if bar else target.strip(), piped=bool(bar))


def _built(parts: list[list[Node]]) -> Call:
    values: dict[str, Nodes] = {}
    number = 0
    for part in parts[1:]:
        head = part[0] if part and isinstance(part[0], str) else ""
        key, equals, rest = head.partition("=")
        if equals:
            values[key.strip()] = (rest, *part[1:])
        else:
            number += 1
            values[str(number)] = tuple(part)
    name = "".join(node for node in parts[0] if isinstance(node, str))
    return Call(name=template_name(name), values=values)
