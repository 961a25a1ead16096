"""Languages of label texts: which one is preferred where a field comes in several. No parsing here.

A text whose page names no language has the language "" (UNMARKED).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

UNMARKED = ""
MULTIPLE = "mul"
ENGLISH = "en"
# Where neither the preferred language nor English is there: languages that captions are most often written in.
WIDESPREAD = ("de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "no", "ca", "cs", "fi", "hu", "ro")

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "Arabic", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
        "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
        "fi": "Finnish", "fr": "French", "ga": "Irish", "grc": "Ancient Greek", "he": "Hebrew", "hi": "Hindi",
        "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
        "ja": "Japanese", "ka": "Georgian", "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian",
        "mul": "multiple languages", "nb": "Norwegian", "nl": "Dutch", "nn": "Norwegian", "no": "Norwegian",
        "oc": "Occitan", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit",
        "sk": "Slovak", "sl": "Slovene", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil",
        "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "yi": "Yiddish",
        "zh": "Chinese",
    }
)  # fmt: skip


def by_preference(languages: Iterable[str], preferred: str = ENGLISH) -> list[str]:
    """`languages` in the order in which a reader of `preferred` wants them: a fall-back chain that never ends empty.

    The language itself, its base and variants (pt-br, pt), English, unmarked text, widespread languages, the rest.
    """
    base = preferred.split("-")[0]

    def rank(language: str) -> tuple[int, int, str]:
        if language == preferred:
            return 0, 0, ""
        if language.split("-")[0] == base:
            return 1, len(language), language
        if language.split("-")[0] == ENGLISH:
            return 2, len(language), language
        if language in (UNMARKED, MULTIPLE):
            return 3, len(language), language
        order = WIDESPREAD.index(language) if language in WIDESPREAD else len(WIDESPREAD)
        return 4, order, language

    return sorted(set(languages), key=rank)


def chosen(texts: Mapping[str, str], preferred: str = ENGLISH) -> str | None:
    """The language of `texts` to show; None where there is no text at all."""
    order = by_preference((language for language, text in texts.items() if text), preferred)
    return order[0] if order else None
