"""The text of one field of an information box, in every language that it is written in, and the wiki users it names.

Reads the tree that wikitext.py parsed. Knows markup and languages; what templates say is in templates.py.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mwparserfromhell.nodes import Comment, ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.languages import ENGLISH, UNMARKED, by_preference, chosen
from pd_assets.lib.page.personal import PERSONAL_ADDRESS, PERSONAL_LINK, USER_TEMPLATES
from pd_assets.lib.page.templates import Call, words_of

# Templates with one argument for each language; what else they take is told apart by not being a language.
SWITCHES = frozenset(
    ("langswitch", "multilingual description", "mld", "multilingual", "lang switch", "multilingual text", "title",
     "original title", "alternative titles", "label", "translation", "i18n")
)  # fmt: skip
TITLES = frozenset(("title", "original title", "alternative titles"))
LIST_TAGS = frozenset(("li", "dd", "dt"))
SILENT_TAGS = frozenset(("ref", "references", "style", "script", *wikitext.DEAD_TAGS))
NO_TEXT_LINKS = (*wikitext.NO_TEXT_LINKS, "template:", "help:", "data:", "media:", "mediawiki:")
_SIGNS_OF_LISTS = re.compile(r"^[ \t]*[*#:;]+[ \t]*", re.MULTILINE)
_NAMED_USER = re.compile(r":\s*([^/#|:]+)")


@dataclass(frozen=True, kw_only=True)
class FieldText:
    """A field's text by language ("" where none is marked), and the users of a wiki or of a photo site it links to."""

    texts: Mapping[str, str]
    users: frozenset[str] = frozenset()
    names_user: bool = False

    @property
    def shown(self) -> str:
        """The text that a reader of English is shown."""
        return self.texts.get(chosen(self.texts) or UNMARKED, "")


def read_field(code: Wikicode) -> FieldText:
    """Everything that a field says."""
    users: set[str] = set()
    reader = _Reader(users)
    languages = list(dict.fromkeys(_languages(code)))
    texts = {language: reader.text(code, language) for language in languages}
    texts[UNMARKED] = reader.text(code, UNMARKED)
    return FieldText(
        texts={language: text for language, text in texts.items() if text},
        users=frozenset(user for user in users if len(user) > 2),
        names_user=bool(users),
    )


def is_language(name: str) -> bool:
    """Whether a template of this name, or an argument, marks the language of its text."""
    return name in wikitext.LANGUAGES or name == "mul"


def _languages(code: Wikicode | None) -> Iterator[str]:
    for node in code.nodes if code is not None else ():
        if isinstance(node, Template):
            name = wikitext.template_name(node)
            if is_language(name):
                yield name
                continue
            for parameter in node.params:
                key = str(parameter.name).strip().lower()
                if name in SWITCHES and is_language(key):
                    yield key
                elif name in TITLES and key == "lang":
                    yield str(parameter.value).strip().lower()
                else:
                    yield from _languages(parameter.value)
        elif isinstance(node, Tag):
            yield from _languages(node.contents)


class _Reader:
    """Nodes to text of one language; the users met on the way are gathered in `users`."""

    def __init__(self, users: set[str]) -> None:
        self.users = users
        # No part is read twice in one language: nested arguments, each read again in English, would double the work.
        self._read: dict[tuple[int, str], str] = {}

    def text(self, code: Wikicode | None, language: str) -> str:
        if code is None:
            return ""
        if (id(code), language) not in self._read:
            self._read[id(code), language] = self._text(code, language)
        return self._read[id(code), language]

    def _text(self, code: Wikicode, language: str) -> str:
        blocks = [node for node in code.nodes if isinstance(node, Template) and self._is_block(node)]
        marked = [block for block in blocks if wikitext.template_name(block) == language]
        nodes: Iterable[object] = marked or [node for node in code.nodes if not any(node is block for block in blocks)]
        if blocks and not marked and language != UNMARKED:
            nodes = [node for node in nodes if _has_switch(node, language)]
        text = "".join(self._node(node, language) for node in nodes)
        text = _SIGNS_OF_LISTS.sub("; ", html.unescape(text)).replace("'''", "").replace("''", "")
        return " ".join(text.split()).strip(" ,;")

    def _is_block(self, node: Template) -> bool:
        return is_language(wikitext.template_name(node)) and bool(node.params)

    def _node(self, node: object, language: str) -> str:
        if isinstance(node, Text):
            return str(node.value)
        if isinstance(node, HTMLEntity):
            return str(node.normalize())
        if isinstance(node, Wikilink):
            return self._link(node, language)
        if isinstance(node, ExternalLink):
            return self._external(node, language)
        if isinstance(node, Template):
            return self._template(node, language)
        if isinstance(node, Tag):
            return self._tag(node, language)
        if isinstance(node, Heading):
            return f" {self.text(node.title, language)} "
        return ""

    def _link(self, link: Wikilink, language: str) -> str:
        target = str(link.title).strip()
        if PERSONAL_LINK.search(target):
            self._note(target, link.text)
            return ""
        lowered = target.lower().lstrip(":")
        if lowered.startswith(NO_TEXT_LINKS) and not target.startswith(":"):
            return ""
        if link.text is not None:
            return self.text(link.text, language)
        if lowered.startswith(NO_TEXT_LINKS):
            return ""
        return target.lstrip(":").split(":")[-1].split("#")[0].replace("_", " ")

    def _external(self, link: ExternalLink, language: str) -> str:
        if PERSONAL_ADDRESS.search(str(link.url)):
            self._note("", link.title)
            self.users.add(str(link.url))
            return ""
        return self.text(link.title, language)

    def _note(self, target: str, shown: Wikicode | None) -> None:
        found = _NAMED_USER.findall(target)
        if found:
            self.users.add(found[-1].strip().replace("_", " "))
        if shown is not None:
            self.users.add(" ".join(str(shown.strip_code(normalize=True)).split()) or "user")

    def _template(self, template: Template, language: str) -> str:
        name = wikitext.template_name(template)
        if name in USER_TEMPLATES or name.startswith("user:"):
            self.users.add(str(template.get(1).value).strip() if template.has(1) else "user")
            return ""
        if name in wikitext.MENTIONS:
            return ""
        if is_language(name) and template.params:
            return self.text(template.get(1).value, language) if template.has(1) else ""
        arguments = self._arguments(template, language)
        if name in SWITCHES:
            switched = _switched(arguments, name, language)
            if name not in TITLES:
                return switched
            arguments = {**arguments, "shown": switched}
        return words_of(Call(name=name, title=_title(template), arguments=arguments))

    def _arguments(self, template: Template, language: str) -> dict[str, str]:
        """Of an argument given twice the last one counts, as in MediaWiki."""
        return {
            str(parameter.name).strip().lower(): self.text(parameter.value, language)
            or self.text(parameter.value, ENGLISH)
            for parameter in template.params
        }

    def _tag(self, tag: Tag, language: str) -> str:
        name = str(tag.tag).strip().lower()
        around = " " if name in wikitext.BREAKING_TAGS else ""
        if name in LIST_TAGS:
            return f"; {self.text(tag.contents, language)} "
        if name in SILENT_TAGS:
            return around
        style = "".join(str(attribute.value or "") for attribute in tag.attributes)
        if tag.contents is None or wikitext.HIDDEN_STYLE.search(style):
            return around
        return around + self.text(tag.contents, language) + around


def _has_switch(node: object, language: str) -> bool:
    if isinstance(node, Tag):
        return language in set(_languages(node.contents))
    return isinstance(node, Template) and language in set(_languages(Wikicode([node])))


def _switched(arguments: Mapping[str, str], name: str, language: str) -> str:
    """The argument of one language: of a switch the nearest one, of a title the original where there is none."""
    by_language = {key: text for key, text in arguments.items() if is_language(key) and text}
    if name in TITLES:
        is_original = language in (UNMARKED, arguments.get("lang", "").lower())
        return "" if is_original else by_language.get(language, "")
    if language in by_language:
        return by_language[language]
    if arguments.get("default"):
        return arguments["default"]
    order = by_preference(by_language, language or ENGLISH)
    return by_language[order[0]] if order else arguments.get("1", "")


def _title(template: Template) -> str:
    """A template's name as written, without comments."""
    return "".join(str(node) for node in template.name.nodes if not isinstance(node, Comment)).strip()
