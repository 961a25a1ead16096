"""A date as years of our calendar, where it surely is one; None where nobody can be sure.

A low number must not be a late year of another calendar: 1377 of the Hijra is 1957. What is read in another calendar,
as a reign, a period, or in Roman numerals is given in our years; an ambiguous year with every year that it may be.
"""

import re

from pd_assets.lib.page.calendars import roman, years_of_other_calendars
from pd_assets.lib.page.dates import Years, parse_years
from pd_assets.lib.page.years import ascii_digits

# Words of other scripts that may stand beside a year of ours without making it another one.
_FOREIGN_DATE_WORDS = re.compile(
    r"^(?:年|年代|月|日|世紀|世纪|約|约|頃|г|гг|год|года|годы|годов|век|века|в|вв|ок|около|око|начало|конец|середина|"
    r"перв(?:ая|ой|ый)|втор(?:ая|ой)|последн(?:яя|ей|ий)|половин[аы]|четверть|треть|вв?|рік|року|роки|століття|"
    r"ст|до|по|"
    r"и|та|між|между|αιώνας|περ|년|월|일|세기|경|המאה|ה)\.?$"
)
_OTHER_SCRIPT = re.compile(r"[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1200-\u137f\u1780-\u17ff]")
_WORD_IN_DATE = re.compile(r"[^\W\d_]+")
_MARKS_A_CALENDAR = re.compile(
    r"\b(?:A\.?\s?H|A\.?\s?P|S\.?\s?H|B\.?\s?S|V\.?\s?S|N\.?\s?S|E\.?\s?C|E\.?\s?E|A\.?\s?M|A\.?\s?L|M\.?\s?E|B\.?\s?E|"
    r"C\.?\s?S|R\.?\s?S|J\.?\s?E)\b\.?|\d(?:AH|AP|SH|BS|VS|BE)\b"
)
# Calendars that are read in calendars.py, or nowhere; beside a year of one nothing else is sure.
_NAMES_A_CALENDAR = re.compile(
    r"\b(?:hijri|hegira|hidjra|anno hegirae|shamsi|samvat|sambat|saka|shaka|śaka|bikram|vikram|bangla|bengali era|"
    r"buddhist|jewish|hebrew|anno mundi|coptic|ethiopian|armenian|juche|minguo|kōki|koki|meiji|taish[oō]|sh[oō]wa|"
    r"heisei|reiwa|tangi|dangi|thai|chula|rattanakosin|burmese|calendar|calendrier|kalender|calendario|an [IVX]+|"
    r"year of the (?:republic|king|emperor)|regnal)\b|主体|주체|皇紀|民國|民国|昭和|大正|平成|令和|明治",
    re.IGNORECASE,
)
# Of calendars that nobody here reads.
_UNREAD_CALENDAR = re.compile(
    r"\b(?:B\.?\s?S|V\.?\s?S|N\.?\s?S|E\.?\s?C|E\.?\s?E|A\.?\s?M|A\.?\s?L|M\.?\s?E|C\.?\s?S|R\.?\s?S)\b|\d(?:BS|VS)\b|"
    r"samvat|sambat|bikram|vikram|bangla|bengali|jewish|hebrew|mundi|coptic|ethiopian|armenian|juche|주체|chula|"
    r"rattanakosin|burmese|\ban [IVX]+\b|regnal|of the (?:republic|king|emperor)",
    re.IGNORECASE,
)
_BEFORE_OUR_ERA = re.compile(r"\s*[-−](\d{1,4})\s*")
_ROMAN = re.compile(r"\W*(M[MDCLXVI]{2,14})\W*")
_DECADE = re.compile(
    r"\s*(1\d{2}0)-?(?:е|х|ые|ых|ті|talet|tallet|luku|luvun|luvulla)\.?(?:\s*(?:годы|годов|гг\.?|роки|років))?\s*"
)
# Periods and reigns, and the last year of each.
_PERIODS = {
    220: "han dynasty|漢代|汉代", 907: "tang dynasty|唐代|唐朝", 1185: "heian period|平安時代",
    1279: "song dynasty|northern song|southern song|宋代|北宋|南宋", 1333: "kamakura period|鎌倉時代",
    1368: "yuan dynasty|元代", 1392: "goryeo dynasty|koryo dynasty|高麗|고려", 1573: "muromachi period|室町時代",
    1615: "momoyama period|桃山時代", 1620: "萬曆|万历", 1644: "ming dynasty|明代|明朝", 1722: "康熙", 1735: "雍正",
    1796: "乾隆", 1820: "嘉慶|嘉庆", 1850: "道光", 1868: "edo period|江戸時代",
    1910: "joseon dynasty|choson dynasty|조선", 1912: "qing dynasty|清代|清朝|光緒|宣統",
    # Eras of Japan from 1596 on.
    1869: "慶長|元和|寛永|正保|慶安|承応|明暦|万治|寛文|延宝|天和|貞享|元禄|宝永|正徳|享保|元文|寛保|延享|寛延|宝暦|"
          "明和|安永|天明|寛政|享和|文化|文政|天保|弘化|嘉永|安政|万延|文久|元治|慶応",
}  # fmt: skip
_OF_PERIOD = tuple(
    (
        re.compile(
            rf"\W*(?:early |mid-?|middle |late |初|中期|末)?\s*(?:{names})\W*"
            r"(?:[\d元一二三四五六七八九十廿]{0,4}年)?\W*",
            re.IGNORECASE,
        ),
        last,
    )
    for last, names in _PERIODS.items()
)
# The years by which calendars that count from later than ours lie behind it: the Hijra, and at most the era of Nepal.
HIJRA_BEHIND_YEARS, MOST_BEHIND_YEARS = 622, 880
_OF_INDIA = re.compile(r"[\u0900-\u0dff]")
_OF_OUR_ERA = re.compile(r"\b(?:dynasty|period|century|CE|AD|A\.D\.)(?!\w)")
_LOW_YEAR = re.compile(r"(?<!\d)(\d{3,4})(?!\d)")


# The date of something else than what is shown.
_OF_A_COPY = re.compile(
    r"\b(?:copy|copies|copie|copia|kopie|kopia|reprint\w*|nachdruck|neudruck|facsimile|faksimile|reproduction|replica|"
    r"original|based on|e\.? ?g\.|z\. ?B\.)(?!\w)",
    re.IGNORECASE,
)
# What may stand beside a low year of ours; beside anything else it may be one of another calendar.
_BESIDE_LOW_YEARS = re.compile(
    r"(?:t|z|c|ca|circa|about|around|approximately|ad|ce|anno|dom\w*|year|centur\w+|cent|early|late|later|mid|"
    r"middle|half|quarter|"
    r"third|first|second|last|fourth|beginning|end|before|between|and|to|or|the|in|of|by|on|until|s|st|nd|rd|th|"
    r"um|vers|"
    r"hacia|verso|rond|jahrhundert\w*|jh|siècle|siglo|secolo|século|eeuw|wiek|e|er|ème|dynasty|period|possibly|"
    r"probably|"
    r"likely|dated|made|painted|written|completed|und|et|y|bis|vor|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|"
    r"(?:januar|februar|mar|april|ma[iy]|jun|jul|august|septemb|octob|oktob|novemb|decemb|dezemb)\w*|[ivx]+e?)",
    re.IGNORECASE,
)


def surely_of(text: str, *, beside: str = "") -> Years | None:
    """The years that a date surely allows, None where it cannot be read.

    `beside` is what else the page says: in the script of another calendar a bare `1337` may be one of it.
    """
    if _OF_A_COPY.search(text):
        return None
    if found := _BEFORE_OUR_ERA.fullmatch(text):
        return _one(-int(found[1]))
    if found := _ROMAN.fullmatch(text):
        return _one(roman(found[1]))
    if found := _DECADE.fullmatch(text):
        first, length = int(found[1]), 99 if found[1].endswith("00") else 9
        return Years(first=first, last=first + length, named=first + length)
    for pattern, last in _OF_PERIOD:
        if pattern.fullmatch(text):
            return Years(first=last - 400, last=last, named=last)
    if _is_plain(text):
        years = parse_years(text)
        is_odd = any(not _BESIDE_LOW_YEARS.fullmatch(word) for word in _WORD_IN_DATE.findall(text))
        if years is None or not ((is_odd and not _OF_OUR_ERA.search(text)) or _OTHER_SCRIPT.search(beside)):
            return years
        is_hijra = not is_odd and not _OF_INDIA.search(beside)
        return _with_doubt(years, HIJRA_BEHIND_YEARS if is_hijra else MOST_BEHIND_YEARS)
    if _UNREAD_CALENDAR.search(text):
        return None
    digits = ascii_digits(text)
    if others := list(years_of_other_calendars(digits)):
        return Years(first=min(others) - 1, last=max(others), named=max(others))
    if _NAMES_A_CALENDAR.search(text) or _MARKS_A_CALENDAR.search(text):
        return None
    bare = _LOW_YEAR.fullmatch(digits.strip())
    return None if bare is None or digits == text else _with_doubt(_one(int(bare[1])))


def _with_doubt(years: Years, behind: int = HIJRA_BEHIND_YEARS) -> Years:
    """A low year with those that it may be in a calendar which counts from later."""
    is_century = years.last - years.first >= 99
    if years.last >= 1500 or years.first < 0 or is_century:
        return years
    return Years(first=years.first, last=years.last + behind, named=years.named)


def _one(year: int) -> Years:
    return Years(first=year, last=year, named=year)


def _is_plain(text: str) -> bool:
    """Whether nothing in a date text speaks of another calendar or script."""
    if _NAMES_A_CALENDAR.search(text) or _MARKS_A_CALENDAR.search(text):
        return False
    if not all(sign.isascii() for sign in text if sign.isdecimal()):
        return False
    return all(_is_latin(word) or _FOREIGN_DATE_WORDS.match(word.lower()) for word in _WORD_IN_DATE.findall(text))


def _is_latin(word: str) -> bool:
    return all(ord(sign) < 0x250 for sign in word)
