"""Wikitext of file pages as a tree of nodes, within bounds, and the names of templates.

Parsed with mwparserfromhell, never by regular expressions over the markup. What the nodes say is read in file_page.py,
boxes.py and field_text.py.
"""

import re

import mwparserfromhell
from mwparserfromhell.nodes import Template, Text
from mwparserfromhell.parser import ParserError
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page.effort import MOST_EFFORT, effort, is_readable

INFORMATION_BOXES = (
    "information", "artwork", "photograph", "art photo", "painting", "book", "map", "infobox artwork", "information2",
)  # fmt: skip
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
HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# What stands in these is not rendered as wikitext of this page: no template in it counts.
DEAD_TAGS = frozenset(
    ("nowiki", "pre", "includeonly", "gallery", "syntaxhighlight", "source", "math", "templatedata", "timeline")
)
BREAKING_TAGS = frozenset(("br", "p", "div", "tr", "td", "th", "table", "hr", "center", "blockquote", "dd", "dt", "li"))
# Names that show another template's name instead of using it.
MENTIONS = frozenset(("tl", "tlx", "tlp", "tlc", "tld", "tlg", "t", "t1", "template", "tiw", "tlw", "tnull"))
# What MediaWiki itself answers in braces, and no page: https://www.mediawiki.org/wiki/Help:Magic_words
FUNCTIONS = frozenset(
    ("int", "defaultsort", "defaultcategorysort", "displaytitle", "lc", "uc", "lcfirst", "ucfirst", "formatnum", "ns",
     "urlencode", "anchorencode", "fullurl", "localurl", "canonicalurl", "filepath", "padleft", "padright", "plural",
     "gender", "grammar", "bidi")
)  # fmt: skip
VARIABLES = re.compile(
    r"(?:(?:full|base|sub|root|talk)?pagename|namespace)e?\Z|sitename\Z|"
    r"(?:current|local)(?:year|month(?:1|name|namegen|abbrev)?|day2?|dow|dayname|time|hour|week|timestamp)\Z"
)
# Languages that may be marked, times the signs of the page; real pages stay below a tenth.
MOST_READINGS = 3_000_000
_LANGUAGE = re.compile(r"(?:\{\{|\|)\s{0,9}([a-z-]{2,12})(?=\s{0,9}[|=}])")
# Left over in plain text, these are markup that was too broken, or nested too deep, to be read.
UNREAD = re.compile(r"\{\{|<!--|<(?:includeonly|nowiki|pre|gallery)\b", re.IGNORECASE)


def tree(wikitext: str) -> Wikicode | None:
    """The nodes of a page; None where its markup is too much or too deep to be read."""
    if not is_readable(wikitext) or effort(wikitext) > MOST_EFFORT or _readings(wikitext) > MOST_READINGS:
        return None
    try:
        return mwparserfromhell.parse(wikitext, skip_style_tags=True)
    except (ParserError, RecursionError):
        return None


def _readings(wikitext: str) -> int:
    """The signs to run over where each language of the page reads all of it."""
    return len(wikitext) * len(LANGUAGES.intersection(_LANGUAGE.findall(wikitext.lower())))


def template_name(template: Template) -> str:
    """A template's name as tables spell it: lower case, single spaces, without namespace and comments."""
    nodes = template.name.nodes
    if len(nodes) == 1 and isinstance(nodes[0], Text):
        return normal_name(nodes[0].value)
    return normal_name(str(template.name.strip_code(normalize=True) or template.name))


def is_function(name: str) -> bool:
    """Whether a name in braces is one of MediaWiki's own functions or variables: no template, whoever writes it."""
    word, colon, _ = name.partition(":")
    return name.startswith("#") or (bool(colon) and word in FUNCTIONS) or VARIABLES.match(name) is not None


def normal_name(name: str) -> str:
    """Lower case, spaces for underscores, no `Template:`, no `subst:`."""
    name = " ".join(name.replace("_", " ").split()).lower()
    for prefix in ("subst:", "safesubst:", "template:"):
        name = name.removeprefix(prefix).strip()
    return name
