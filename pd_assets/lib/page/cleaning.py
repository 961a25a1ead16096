"""What may not stay in a label: markup, addresses, tickets, user names, telephone numbers, positions, legal phrases.

Works on plain text, after the markup was read; whatever markup is left over was broken, and is cut out with its words.
"""

import html
import re
import unicodedata

from pd_assets.lib.page.personal import NAMED_USER

MOST_PASSES = 20
LONGEST_END = 200
# Broken markup loses its words as well: they may be a user's name.
_BROKEN = re.compile(
    r"\[\[[^\]]*(?:\]\]|$)|^[^\[\]]*\]\]|\{\{[^}]*(?:\}\}|$)|^[^{}]*\}\}|<!--.*?(?:-->|$)|"
    r"<(?:ref|nowiki|math|gallery|script|style)\b[^<]*(?:</\w+>|$)|</?[a-zA-Z!][^<>]*(?:>|$)|\[\s*(?:https?:)?//[^\]]*(?:\]|$)",
    re.DOTALL,
)
_SIGNS = re.compile(r"'{2,}|~{3,}|={2,}|-{3,}|_{2,}[A-Z]*_*|\{\|?|\|?\}|\[|\]|\||<\|[^|]*\|>|[<>]")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_STATEMENT = re.compile(r"\b\w+ QS:[^\s]*(?:\s*\"[^\"]*\")?", re.IGNORECASE)  # hidden Wikidata statements of templates
_PERSONAL = re.compile(
    # Where the signs before are of the same kind, a match would have begun there.
    r"(?<![\w.+-])[\w.+-]+\s?@\s?[\w-]+(?:\s?\.\s?[\w-]+)+|(?<![\w.+-])[\w.+-]+@[\w.-]+|"
    r"(?<![\w.+-])[\w.+-]+\s*[\[({]\s*(?:at|ät|arroba|chez)\s*[\])}]\s*[\w.-]+(?:\s*[\[({]\s*(?:dot|punkt|punto)\s*[\])}]\s*\w+)*|"
    r"(?<![\w.+-])[\w.+-]+\s+at\s+[\w-]+\s+dot\s+\w+|"
    r"(?:https?|ftp)\s*:\s*//?\S*|\bmailto:\S*|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|html?|php)\b(?:/\S*)?|"
    r"\b(?:OTRS|VRTS?|VRT[- ]system)\b[^.,;]*|\bpermission ?ticket\b[^.,;]*|"
    r"\bticket\s*(?:#|:|no\b|number\b|id\b)[^.,;]*|\[?\bticket\s*#?\s*\d{6,}\]?|#\s*\d{12,}|\b20\d{14}\b|"
    r"\b(?:the )?original (?:upload(?:er)?|description)\b[^.;]*|"
    r"\btransferred (?:from|to)\b[^.;]*|\busing (?:CommonsHelper|For the Common Good|UploadWizard|Commonist)\b|"
    rf"{NAMED_USER}|"
    r"\b\w*(?:ser|tzer|tzerin|nte|ario|teur|ker):(?=[^\s\d])[^\s,;()]+|"  # a link's beginning was cut off
    r"(?<!\w)\w*:[^\W\d]\w*/\w+|"
    r"\((?:talk|contribs?|diskussion|discussion|disc|overleg)(?:\s*[·•|]\s*\w+)*\)|"
    r"(?<!\w)\+\s?\d[\d ()/.-]{7,}\d|\b(?:tel|phone|fon|fax|mobile)\b\s*[.:]*\s*[\d+][\d ()/.-]{5,}\d|"
    r"(?<![\w-])\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-])",
    re.IGNORECASE,
)
_DEGREES = (
    r"\d{1,3}(?:[.,]\d+)?\s*[°º]\s*(?:\d{1,2}(?:[.,]\d+)?\s*['′’]+\s*)?(?:\d{1,2}(?:[.,]\d+)?\s*[\"″”]+\s*)?[NSEWO]\b"
)
_POSITION = re.compile(
    rf"(?:\b(?:at|coordinates?|position|GPS|location)\b\s*:?\s*)?{_DEGREES}(?:[\s,;/]*{_DEGREES})?|"
    r"(?<![\w.])[-+]?\d{1,3}\.\d{3,}\s*°?\s*[NS]?\s*[,;/ ]\s*[-+]?\d{1,3}\.\d{3,}(?:\s*°?\s*[EWO]\b)?|"
    r"\b(?:lat(?:itude)?|lon(?:g(?:itude)?)?|GPS)\b\.?\s*[:=]?\s*[-+]?\d{1,3}(?:[.,]\d+)?\s*°?\s*[NSEW]?\b",
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)")
_LEGAL = re.compile(
    r"©|\(c\)\s*(?:\d{4}|[A-Z])|\bcopyright(?:ed|s)?\b|\ball rights reserved\b|\bGFDL\b|\bcreative commons\b|"
    r"\bCC[- ](?:BY|0|zero|SA|NC|ND)\b|\bpublic[- ]domain\b|\bgemeinfrei\b|\bdomaine public\b|\bdominio p[uú]blico\b|"
    r"\b(?:is|are|was|be|been) licen[cs]ed\b|\blicen[cs]e[sd]?\s*:|\bunder (?:the|a) [\w. -]{0,40}licen[cs]e\b|"
    r"\bfree(?:ly)? licen[cs]e|\bfair use\b|"
    r"\bpermission (?:is|was|to|for|of the (?:author|copyright|photographer|artist))\b|\bwith permission\b|"
    r"\b(?:may|can|must) (?:not )?be (?:re-?)?(?:used|distributed|reproduced|credited|attributed|copied)\b|"
    r"\battribution\b|\bplease (?:credit|attribute|respect|contact|see|ask|do not|inform|note)\b|\bterms of use\b|"
    r"\bthis (?:file|image|picture|photo|photograph|work|media) (?:is|was|has been|may|can|must|comes from|belongs)\b|"
    r"\bnon-?commercial\b|\bcommercial use\b|\bhigh resolution (?:version|image)s? (?:is|are) available\b|"
    r"\blegal (?:notice|threat)",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?<![\s,;:(–-])"
    r"(?:[\s,;:(–-]+(?:by|from|von|par|di|por|door|av|af|and|photo(?:graph)?(?:ed)? by|foto|photo|source|author|"
    r"see|via|email|e-mail|tel|phone|contact))+[\s,;:(–-]*$",
    re.IGNORECASE,
)
_EMPTY_BRACKETS = re.compile(r"\(\s*[,;:.–-]*\s*\)|\"\s*\"|“\s*”|«\s*»")
_SPACE_BEFORE = re.compile(r"(?<!\s)\s+([,.;:!?)])")
_DOUBLED = re.compile(r"([,;:])(?:\s*[,;:])+|,\s*\.|(?<!\.)\.\s+\.(?!\.)")
_EDGES = " \t\n,;:–—-/·•*#="


def clean(text: str) -> str:
    """The text without all that; an idempotent function.

    Text that held nothing else, or that each pass leaves as something new to cut out, comes back empty.
    """
    for _ in range(MOST_PASSES):
        before, text = text, _once(text)
        if before == text:
            return text
    return ""


def _once(text: str) -> str:
    text = unicodedata.normalize("NFC", html.unescape(text))
    text = _INVISIBLE.sub("", text)
    text = _STATEMENT.sub(" ", _BROKEN.sub(" ", text))
    text = _SIGNS.sub(" ", _POSITION.sub(" ", _PERSONAL.sub(" ", text)))
    if _LEGAL.search(text):
        text = " ".join(part for part in _SENTENCE.split(text) if not _LEGAL.search(part))
    text = _EMPTY_BRACKETS.sub(" ", text)
    text = _SPACE_BEFORE.sub(r"\1", " ".join(text.split()))
    text = _DOUBLED.sub(lambda match: match.group()[0] if match.group()[0] in ",;:" else ".", text)
    text = text.strip(_EDGES)
    end = _DANGLING.sub("", text[-LONGEST_END:])
    return _closed((text[:-LONGEST_END] + end).strip(_EDGES))


def _closed(text: str) -> str:
    """Without a bracket at the edge whose partner was cut out."""
    if text.startswith(")") or (text.count(")") > text.count("(") and text.endswith(")")):
        return text.strip(")").strip(_EDGES)
    if text.endswith("(") or (text.count("(") > text.count(")") and text.startswith("(")):
        return text.strip("(").strip(_EDGES)
    return text


def without_names(text: str, names: frozenset[str]) -> str:
    """The text without the given user names, wherever they stand as words."""
    if not any(name in text for name in names):
        return text
    joined = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{joined})(?!\w)", " ", text)
