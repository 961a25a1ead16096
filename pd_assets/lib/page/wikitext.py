"""Wikitext of file pages: the templates on it, however nested, and the fields of its information box as plain text.

Knows nothing of rights or captions; they read what they need from here. Parsed with mwparserfromhell, never by regular
expressions over the markup.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import mwparserfromhell
from mwparserfromhell.nodes import Argument, Comment, ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.parser import ParserError
from mwparserfromhell.wikicode import Wikicode

INFORMATION_BOXES = (
    "information", "artwork", "photograph", "art photo", "painting", "book", "map", "infobox artwork", "information2",
)  # fmt: skip
FIELD_NAMES = {
    "title": ("title", "name"),
    "artist": ("artist", "author", "creator", "photographer"),
    "date": ("date", "year", "artwork date"),
    "published": ("publication date", "date of publication", "published"),
    "description": ("description", "depicted people", "depicted place"),
    "medium": ("medium", "technique", "artwork medium"),
    "object_type": ("object type", "type"),
    "institution": ("institution", "gallery", "museum", "location"),
    "source": ("source", "artwork source"),
    "permission": ("permission", "artwork license", "photo license", "license", "licence", "licensing"),
}
# Templates whose first argument is the text itself, besides those of languages.
TEXT_TEMPLATES = ("title", "ucfirst:", "nowrap", "inscription")
FIXED_TEXT = {
    "own": "own work",
    "own work": "own work",
    "self-photographed": "own work",
    "own photo": "own work",
    "unknown": "unknown",
    "anonymous": "anonymous",
    "oil on canvas": "oil on canvas",
    "oil on panel": "oil on panel",
    "unknown artist": "unknown artist",
}
# The day of an upload is no date of the work, so {{original upload date}} gives no text.
DATE_TEMPLATES = ("other date", "otherdate", "circa", "between", "date", "taken on", "iso date", "isodate", "century")
DATE_WORDS = {
    "~": "circa", "ca": "circa", "c": "circa", "-": "between", "<": "before", ">": "after", "/": "or", "?": "",
}  # fmt: skip
DECADE_WORDS = ("s", "decade")
_LANGUAGES = """
    aa ab af ak als am an ar arc arz as ast av ay az azb ba bar bcl be bg bh bi bm bn bo bpy br bs bug bxr ca cdo ce
    ceb ch chr chy ckb co cr crh cs csb cu cv cy da de diq dsb dv dz ee el en eo es et eu ext fa ff fi fj fo fr frp frr
    fur fy ga gag gan gd gl glk gn got grc gsw gu gv ha hak haw he hi hif ho hr hsb ht hu hy ia id ie ig ik ilo io is it
    iu ja jbo jv ka kaa kab kbd kg ki kk kl km kn ko koi krc ks ksh ku kv kw ky la lad lb lbe lez lg li lij lmo ln lo
    lt ltg lv lzh mai mdf mg mhr mi min mk ml mn mr mrj ms mt mwl my myv mzn na nah nan nap nb nds ne new ng nl nn no
    nov nrm nso nv ny oc om or os pa pag pam pap pcd pdc pfl pi pih pl pms pnb pnt ps pt qu rm rmy rn ro roa ru rue rw
    sa sah sc scn sco sd se sg sh si simple sk sl sm sn so sq sr srn ss st stq su sv sw szl ta te tet tg th ti tk tn
    to tpi tr ts tt tum tw ty tyv udm ug uk ur uz ve vec vep vi vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zh
    zu be-tarask de-at de-ch en-ca en-gb en-us nds-nl pt-br roa-tara sr-ec sr-el zh-hans zh-hant zh-cn zh-tw zh-hk
    zh-min-nan zh-yue
"""
LANGUAGES = frozenset(_LANGUAGES.split())
# Files and categories show no text of their own.
NO_TEXT_LINKS = ("category:", "file:", "image:", "special:", "commons:")
# A link to a person of a wiki, in whatever language and through whatever interwiki prefix.
PERSONAL_LINK = re.compile(
    r"(?:^|[:/])\s*(?:user|benutzer(?:in)?|utilisat(?:eur|rice)|usuari[oa]?|usuária|utente|gebruiker|wikipedysta|"
    r"wikipedystka|användare|bruker|bruger|brukar|käyttäjä|szerkesztő|uživatel(?:ka)?|utilizator|kullanıcı|участник|"
    r"участница|користувач|利用者|用户|用戶|使用者|사용자|משתמש|مستخدم)(?:[ _][^:/|]*)?:",
    re.IGNORECASE,
)
PERSONAL_ADDRESS = re.compile(
    r"[/:=](?:user(?:[_ ]talk)?|benutzer|utente|usuario|utilisateur|gebruiker)(?::|%3a)|flickr\.com/|mailto:|"
    r"facebook\.com/|instagram\.com/|twitter\.com/|//x\.com/|500px\.com/",
    re.IGNORECASE,
)
HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# What stands in these is not rendered as wikitext of this page: no template in it counts.
DEAD_TAGS = frozenset(
    ("nowiki", "pre", "includeonly", "gallery", "syntaxhighlight", "source", "math", "templatedata", "timeline")
)
# Names that show another template's name instead of using it.
MENTIONS = frozenset(("tl", "tlx", "tlp", "tlc", "tld", "tlg", "t", "t1", "template", "tiw", "tlw", "tnull"))
# Left over in plain text, these are markup that was too broken, or nested too deep, to be read.
UNREAD = re.compile(r"\{\{|<!--|<(?:includeonly|nowiki|pre|gallery)\b", re.IGNORECASE)
# Beyond these the parser needs minutes (its time grows with the square of what stays open); real pages stay far below.
LONGEST_PAGE = 200_000
MOST_UNCLOSED = 50
MOST_TAGS = 4_000


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
class PageText:
    """What a page's wikitext holds: every template in it, and its information boxes' fields.

    `values` holds a field once for every box; `prose` is all running text, with the addresses it
    links to; `is_whole` is false where some markup could not be read.
    """

    templates: tuple[TemplateUse, ...]
    fields: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...] = ()
    prose: str = ""
    is_redirect: bool
    is_whole: bool = True

    def field(self, name: str) -> str | None:
        """A field as plain text (`title`, `artist`, `date`, ...), preferring English; None where it is empty."""
        return dict(self.fields).get(name)

    def all_of(self, name: str) -> tuple[str, ...]:
        """The field in every box of the page."""
        return tuple(value for key, value in self.values if key == name)


def parse(wikitext: str) -> PageText:
    """Read a page; broken markup gives fewer templates and `is_whole=False`, never an error."""
    is_redirect = wikitext.lstrip().lower().startswith("#redirect")
    code = tree(wikitext)
    if code is None:
        return _unreadable(is_redirect)
    try:
        reader = _Reader()
        reader.read(code)
    except (ParserError, RecursionError):
        return _unreadable(is_redirect)
    return PageText(
        templates=tuple(reader.uses),
        fields=tuple(dict(reversed(reader.values)).items()),
        values=tuple(reader.values),
        prose=" ".join(reader.prose),
        is_redirect=is_redirect,
        is_whole=reader.is_whole,
    )


def tree(wikitext: str) -> Wikicode | None:
    """The nodes of a page; None where its markup is too much or too deep to be read."""
    if _is_too_much(wikitext):
        return None
    try:
        return mwparserfromhell.parse(wikitext, skip_style_tags=True)
    except (ParserError, RecursionError):
        return None


def _is_too_much(wikitext: str) -> bool:
    if len(wikitext) > LONGEST_PAGE or wikitext.count("<") > MOST_TAGS:
        return True
    pairs = (("{{", "}}"), ("{|", "|}"), ("[", "]"))
    return any(_unclosed(wikitext, begin, end) > MOST_UNCLOSED for begin, end in pairs)


def _unclosed(wikitext: str, begin: str, end: str) -> int:
    """How many brackets are open at the end; what closes nothing does not count."""
    if wikitext.count(begin) <= MOST_UNCLOSED:
        return 0
    still_open = 0
    for match in re.finditer(f"{re.escape(begin)}|{re.escape(end)}", wikitext):
        still_open = still_open + 1 if match.group() == begin else max(0, still_open - 1)
    return still_open


def _unreadable(is_redirect: bool) -> PageText:
    return PageText(templates=(), fields=(), is_redirect=is_redirect, is_whole=False)


class _Reader:
    """One walk over the nodes of a page, gathering what PageText holds."""

    def __init__(self) -> None:
        self.uses: list[TemplateUse] = []
        self.values: list[tuple[str, str]] = []
        self.prose: list[str] = []
        self.is_whole = True

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
            elif isinstance(node, Tag) and str(node.tag).strip().lower() not in DEAD_TAGS:
                self.read(node.contents, inside, field)

    def _text(self, text: str) -> None:
        if UNREAD.search(text):
            self.is_whole = False
        self.prose.append(text)

    def _template(self, template: Template, inside: tuple[str, ...], field: str | None) -> None:
        name = template_name(template)
        is_box = name in INFORMATION_BOXES and field is None
        self.uses.append(_use(template, name, inside, field))
        if is_box:
            self.values.extend(_box_fields(template))
        if name in MENTIONS:
            return
        self.read(template.name, (*inside, name), field)
        for parameter in template.params:
            self.read(parameter.value, (*inside, name), normal_name(str(parameter.name)) if is_box else field)


def template_name(template: Template) -> str:
    """A template's name as tables spell it: lower case, single spaces, without namespace and comments."""
    nodes = template.name.nodes
    if len(nodes) == 1 and isinstance(nodes[0], Text):
        return normal_name(nodes[0].value)
    return normal_name(str(template.name.strip_code(normalize=True) or template.name))


def normal_name(name: str) -> str:
    """Lower case, spaces for underscores, no `Template:`, no `subst:`."""
    name = " ".join(name.replace("_", " ").split()).lower()
    for prefix in ("subst:", "safesubst:", "template:"):
        name = name.removeprefix(prefix).strip()
    return name


def _use(template: Template, name: str, inside: tuple[str, ...], field: str | None) -> TemplateUse:
    """Of an argument given twice the last one counts, as in MediaWiki."""
    numbered: dict[int, str] = {}
    named: dict[str, str] = {}
    for parameter in template.params:
        key = str(parameter.name).strip().lower()
        if key.isdecimal() and len(key) < 3:
            numbered[int(key)] = _written(parameter.value)
        else:
            named[key] = _written(parameter.value)
    positional = tuple(value for _, value in sorted(numbered.items()))
    return TemplateUse(name=name, positional=positional, named=tuple(named.items()), inside=inside, field=field)


def _written(value: Wikicode) -> str:
    """An argument as it is written, without comments."""
    return "".join(str(node) for node in value.nodes if not isinstance(node, Comment)).strip()


def _box_fields(box: Template) -> Iterator[tuple[str, str]]:
    values = {normal_name(str(parameter.name)): parameter.value for parameter in box.params}
    for field, names in FIELD_NAMES.items():
        for name in names:
            if name in values and (text := plain_text(values[name])):
                yield field, text
                break


def plain_text(code: Wikicode) -> str:
    """The text that a reader sees: languages resolved to English where given, no markup, no hidden parts."""
    english = next((n for n in code.nodes if isinstance(n, Template) and template_name(n) == "en"), None)
    parts = [_node_text(english)] if english is not None else [_node_text(node) for node in code.nodes]
    text = html.unescape("".join(parts)).replace("'''", "").replace("''", "")
    return " ".join(text.split()).strip(" ,;")


def _node_text(node: object) -> str:
    if isinstance(node, Text):
        return str(node.value)
    if isinstance(node, HTMLEntity):
        return str(node.normalize())
    if isinstance(node, Wikilink):
        target = str(node.title).strip()
        if target.lower().lstrip(":").startswith(NO_TEXT_LINKS) or PERSONAL_LINK.search(target):
            return ""
        return plain_text(node.text) if node.text is not None else target.lstrip(":").split(":")[-1]
    if isinstance(node, ExternalLink):
        if node.title is None or PERSONAL_ADDRESS.search(str(node.url)):
            return ""
        return plain_text(node.title)
    if isinstance(node, Template):
        return _template_text(node)
    if isinstance(node, Tag):
        return _tag_text(node)
    return ""


def _tag_text(tag: Tag) -> str:
    if str(tag.tag).lower() in ("br", "li", "p", "div"):
        around = " "
    elif str(tag.tag).lower() in ("ref", "style", "script", *DEAD_TAGS):
        return ""
    else:
        around = ""
    style = "".join(str(attribute.value or "") for attribute in tag.attributes)
    if HIDDEN_STYLE.search(style) or tag.contents is None:
        return around
    return around + plain_text(tag.contents) + around


def _template_text(template: Template) -> str:
    name = template_name(template)
    first = template.get(1).value if template.has(1) else None
    if name in FIXED_TEXT:
        return FIXED_TEXT[name]
    if name.startswith(("creator:", "institution:")):
        return str(template.name).strip().split(":", 1)[1].strip()
    if name in DATE_TEMPLATES:
        return _date_text(template)
    if name == "lang" and template.has(2):
        return plain_text(template.get(2).value)
    if first is not None and (name in LANGUAGES or name in TEXT_TEMPLATES):
        return plain_text(first)
    if name == "technique" and first is not None:
        texts = [plain_text(template.get(key).value) for key in (1, 2) if template.has(key)]
        return " on ".join(text for text in texts if text)
    if name == "langswitch" and template.has("en"):
        return plain_text(template.get("en").value)
    return ""


def _date_text(template: Template) -> str:
    """The arguments as words that a person and a date reader understand: `between 1840 and 1850`, `century 17`."""
    words = [plain_text(parameter.value) for parameter in template.params if str(parameter.name).strip().isdecimal()]
    if template_name(template) in ("circa", "between", "century"):
        words = [template_name(template), *words]
    words = [DATE_WORDS.get(word, word) for word in words]
    if words and words[0] in DECADE_WORDS:
        words = [f"{word}s" for word in words[1:]]
    if words[:1] in (["between"], ["or"]) and len(words) == 3:
        words = [words[0], words[1], "and", words[2]] if words[0] == "between" else [words[1], "or", words[2]]
    if words[:1] == ["from"] and len(words) == 3:
        words = ["from", words[1], "to", words[2]]
    era = "BC" if any(word.lower() in ("bc", "bce") for word in _era(template)) else ""
    return " ".join(word for word in (*words, era) if word)


def _era(template: Template) -> Iterable[str]:
    return [str(p.value).strip() for p in template.params if str(p.name).strip().lower() == "era"]
