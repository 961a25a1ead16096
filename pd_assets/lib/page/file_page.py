"""One file page, read once for rights and labels: its templates however nested, its boxes' arguments, its running text.

What is read gives no judgement. Broken markup gives less, and `is_whole=False`; never an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mwparserfromhell.nodes import Argument, Comment, ExternalLink, Heading, Tag, Template, Text, Wikilink
from mwparserfromhell.parser import ParserError
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import boxes, wikitext, years
from pd_assets.lib.page.structured import BAD_FIELD

_UPLOADS = re.compile(
    r"\b(?:upload|file) (?:log|history)\b|original.?upload|hochlade|journal des|historial", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class TemplateUse:
    """One template on the page: its normalised name, positional and named arguments as written, and where it stands.

    `inside` names the templates around it, outermost first; `field` is the argument of the outermost information box.
    """

    name: str
    positional: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    inside: tuple[str, ...] = ()
    field: str | None = None

    def get(self, name: str) -> str | None:
        return dict(self.named).get(name)


@dataclass(frozen=True, kw_only=True)
class FilePage:
    """A page's wikitext as a tree, of which each part is read when it is first asked for; None where there is none."""

    code: Wikicode | None
    is_redirect: bool

    @property
    def templates(self) -> tuple[TemplateUse, ...]:
        """Every template on the page, in its order."""
        return tuple(self._walk.uses)

    @property
    def prose(self) -> str:
        """All running text, with the addresses that it links to."""
        return " ".join(self._walk.prose)

    @property
    def outside(self) -> str:
        """The running text outside of all templates, without the logs of uploads that bots leave."""
        is_log, said = False, []
        for node in self.code.nodes if self.code is not None else ():
            if isinstance(node, Heading):
                is_log = bool(_UPLOADS.search(str(node.title)))
            elif not is_log:
                said.append(years.words(Wikicode([node]), lambda _: True))
        return "".join(said)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all of the markup could be read."""
        return self._walk.is_whole and self._arguments is not None and all(map(_can_be_read, self._arguments))

    @property
    def arguments(self) -> tuple[boxes.Argument, ...]:
        """The arguments of all information boxes that can be read, in their order."""
        return tuple(argument for argument in self._arguments or () if _can_be_read(argument))

    def field(self, name: str) -> str | None:
        """A field as plain text (`title`, `artist`, `date`, ...), preferring English; None where it is empty."""
        return next(iter(self.all_of(name)), None)

    def all_of(self, *names: str) -> tuple[str, ...]:
        """The fields in every box of the page, preferring English."""
        return tuple(shown for argument in self._of(*names) if (shown := argument.read.shown))

    def in_every_language(self, name: str) -> tuple[str, ...]:
        """All that a field says, in whatever language and box."""
        return tuple(dict.fromkeys(text for argument in self._of(name) for text in argument.read.texts.values()))

    def _of(self, *names: str) -> Iterator[boxes.Argument]:
        for argument in self._arguments or ():
            if argument.field in names and _can_be_read(argument):
                yield argument

    @cached_property
    def _arguments(self) -> tuple[boxes.Argument, ...] | None:
        try:
            return tuple(argument for box in boxes.boxes(self.code) for argument in boxes.arguments(box))
        except BAD_FIELD:
            return None

    @cached_property
    def _walk(self) -> "_Reader":
        reader = _Reader(is_whole=self.code is not None)
        try:
            reader.read(self.code)
        except (ParserError, RecursionError):
            return _Reader(is_whole=False)
        return reader


def read_page(text: str) -> FilePage:
    """The file page of a wikitext; never an error."""
    return FilePage(code=wikitext.tree(text), is_redirect=text.lstrip().lower().startswith("#redirect"))


def _can_be_read(argument: boxes.Argument) -> bool:
    try:
        return argument.read is not None
    except BAD_FIELD:
        return False


class _Reader:
    """One walk over the nodes of a page, gathering what FilePage holds."""

    def __init__(self, *, is_whole: bool) -> None:
        self.uses: list[TemplateUse] = []
        self.prose: list[str] = []
        self.is_whole = is_whole

    def read(self, code: Wikicode | None, inside: tuple[str, ...] = (), field: str | None = None) -> None:
        for node in code.nodes if code is not None else ():
            if isinstance(node, Text):
                self._text(node.value)
            elif isinstance(node, Template):
                self._template(node, inside, field)
            elif isinstance(node, Wikilink | Heading):
                for part in (node.title, node.text) if isinstance(node, Wikilink) else (node.title,):
                    self.read(part, inside, field)
            elif isinstance(node, ExternalLink):
                self.prose.append(str(node.url))
                self.read(node.title, inside, field)
            elif isinstance(node, Argument):
                self.read(node.default, inside, field)
            elif isinstance(node, Tag) and str(node.tag).strip().lower() not in wikitext.DEAD_TAGS:
                self.read(node.contents, inside, field)

    def _text(self, text: str) -> None:
        if wikitext.UNREAD.search(text):
            self.is_whole = False
        self.prose.append(text)

    def _template(self, template: Template, inside: tuple[str, ...], field: str | None) -> None:
        name = wikitext.template_name(template)
        starts_box = field is None and boxes.is_box(name, template)
        self.uses.append(_use(template, name, inside, field))
        if name in wikitext.MENTIONS:
            return
        self.read(template.name, (*inside, name), field)
        for parameter in template.params:
            argument = wikitext.normal_name(str(parameter.name)) if starts_box else field
            self.read(parameter.value, (*inside, name), argument)


def _use(template: Template, name: str, inside: tuple[str, ...], field: str | None) -> TemplateUse:
    """Of an argument given twice the last one counts, as in MediaWiki; of two spellings of it the last filled one."""
    numbered: dict[int, str] = {}
    named: dict[str, str] = {}
    for spelling, value in {str(parameter.name).strip(): parameter.value for parameter in template.params}.items():
        key, written = spelling.lower(), _written(value)
        if key.isdecimal() and len(key) < 3:
            numbered[int(key)] = written
        elif written or key not in named:
            named[key] = written
    positional = tuple(value for _, value in sorted(numbered.items()))
    return TemplateUse(name=name, positional=positional, named=tuple(named.items()), inside=inside, field=field)


def _written(value: Wikicode) -> str:
    """An argument as it is written, without comments."""
    return "".join(str(node) for node in value.nodes if not isinstance(node, Comment)).strip()
