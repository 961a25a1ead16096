"""Words of a text, as the index has them and as a search asks for them: without case and accents.

What is written without spaces (Chinese, Japanese) is read sign by sign.
"""

import re
import unicodedata

_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_SIGNS}]|[^\\W_{_SIGNS}]+")
LONGEST = 64


def fold(text: str) -> str:
    """A text without case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def words(text: str) -> list[str]:
    """Its words in their order, folded; of one that is longer than any word its beginning."""
    return [word[:LONGEST] for word in _WORD.findall(fold(text))]
