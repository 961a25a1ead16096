"""Traps of dates: other calendars, other numerals, words, ranges; and pages whose date is somewhere else."""

from collections.abc import Iterator

from benchmarks.rights.source import forms, law, records
from benchmarks.rights.source.museums import rows
from benchmarks.rights.source.written import Label, Written

# language | artist | title | date as written | further, by `;` | licence | categories | kind | expected | why
_DATES = """
ar | {{unknown|author}} | منظر من النيل | ١٣٧٤ هـ | - | {{PD-Art|PD-old-100-expired}} | Paintings of Egypt | calendar | NNN | 1374 AH is 1954/55
ar | {{unknown|author}} | سوق الحميدية | ١٩٥٢ | - | {{PD-Art|PD-old-100-expired}} | Souks | calendar | NNN | the digits say 1952
fa | - | باغ فین | ۱۳۳۶ خورشیدی | - | {{PD-Art|PD-old-100}} | Gardens | calendar | NNN | solar 1336 is 1957/58
fa | {{unknown|author}} | چهره یک نوازنده | ۱۹۶۱ میلادی | - | {{PD-Art|PD-old-100}} | Musicians | calendar | NNN | the digits say 1961
ja | {{unknown|author}} | 港の夕暮れ | 昭和29年 | - | {{PD-Art|PD-old-100-expired}} | Harbours | calendar | NNN | Showa 29 is 1954
ja | {{unknown|author}} | 雪の宿場 | 昭和三十四年 | - | {{PD-Art|PD-old-100}} | Woodblock prints | calendar | NNN | Showa 34 is 1959
ja | {{unknown|author}} | 祭の行列 | 平成2年 | - | {{PD-Art|PD-old-100}} | Festivals | calendar | NNN | Heisei 2 is 1990
zh | {{unknown|author}} | 江邊漁舟 | 民國四十二年 | - | {{PD-Art|PD-old-100}} | Boats | calendar | NNN | year 42 of the Republic is 1953
zh | {{unknown|author}} | 梅花 | 一九五七年 | - | {{PD-Art|PD-old-100}} | Plum blossoms | calendar | NNN | the numerals say 1957
zh | {{unknown|author}} | 山水條幅 | 丁酉年(1957) | - | {{PD-Art|PD-old-100}} | Landscapes | calendar | NNN | the year in brackets is 1957
th | {{unknown|author}} | ตลาดน้ำยามเช้า | พ.ศ. 2499 | - | {{PD-Art|PD-old-100}} | Floating markets | calendar | NNN | Buddhist 2499 is 1956
th | {{unknown|author}} | ภาพเหมือนสตรี | ๒๕๐๓ | - | {{PD-Art|PD-old-100}} | Portraits | calendar | NNN | Buddhist 2503 is 1960
hi | {{unknown|author}} | बनारस के घाट | १९५३ | - | {{PD-Art|PD-old-100}} | Ghats | calendar | NNN | the digits say 1953
hi | {{unknown|author}} | मेले का दृश्य | विक्रम संवत २०१४ | - | {{PD-Art|PD-old-100}} | Fairs | calendar | NNN | Vikram Samvat 2014 is 1957
bn | {{unknown|author}} | নৌকা ও নদী | ১৯৫৫ | - | {{PD-Art|PD-old-100}} | Boats | calendar | NNN | the digits say 1955
bn | {{unknown|author}} | গ্রামের পথ | ১৩৬৫ বঙ্গাব্দ | - | {{PD-Art|PD-old-100}} | Villages | calendar | NNN | Bengali year 1365 is 1958/59
he | {{unknown|author}} | נוף הגליל | תשי"ד | - | {{PD-Art|PD-old-100}} | Galilee | calendar | NNN | 5714 is 1953/54
ko | {{unknown|author}} | 항구 풍경 | 단기 4290년 | - | {{PD-Art|PD-old-100}} | Harbours | calendar | NNN | Dangi 4290 is 1957
my | {{unknown|author}} | ပုဂံ ဘုရားများ | ၁၉၅၆ | - | {{PD-Art|PD-old-100}} | Bagan | calendar | NNN | the digits say 1956
en | {{unknown|author}} | Harvest supper | MCMLIV | - | {{PD-Art|PD-old-100-expired}} | Suppers | calendar | NNN | MCMLIV is 1954
la | {{unknown|author}} | Imago urbis | A.D. MCMXLVIII | - | {{PD-Art|PD-old-100}} | Views | calendar | NNN | the numerals say 1948
en | {{unknown|author}} | Quay with cranes | nineteen fifty-six | - | {{PD-Art|PD-old-100}} | Quays | date-words | NNN | the words say 1956
de | {{unknown|author}} | Hafen im Nebel | Mitte der fünfziger Jahre des 20. Jahrhunderts | - | {{PD-Art|PD-old-100}} | Harbours | date-words | NNN | the middle of the 1950s
fr | {{unknown|author}} | Place du marché | années cinquante | - | {{PD-Art|PD-old-100}} | Markets | date-words | NNN | the fifties
it | {{unknown|author}} | Vicolo con panni | secondo dopoguerra | - | {{PD-Art|PD-old-100}} | Alleys | date-words | NNN | after the second war
es | {{unknown|author}} | Calle de pueblo | mediados del siglo XX | - | {{PD-Art|PD-old-100}} | Villages | date-words | NNN | the middle of the 20th century
pl | {{unknown|author}} | Pejzaż z wierzbami | połowa XX wieku | - | {{PD-Art|PD-old-100}} | Willows | date-words | NNN | the middle of the 20th century
ru | {{unknown|author}} | Дворик | середина XX века | - | {{PD-Art|PD-old-100}} | Courtyards | date-words | NNN | the middle of the 20th century
ru | {{unknown|author}} | Пионерский лагерь | тысяча девятьсот пятьдесят восьмой год | - | {{PD-Art|PD-old-100}} | Camps | date-words | NNN | the words say 1958
tr | {{unknown|author}} | Boğaz manzarası | yirminci yüzyıl ortası | - | {{PD-Art|PD-old-100}} | Bosphorus | date-words | NNN | the middle of the 20th century
hu | {{unknown|author}} | Falu télen | az ötvenes évek | - | {{PD-Art|PD-old-100}} | Villages | date-words | NNN | the fifties
cs | {{unknown|author}} | Krajina s rybníkem | padesátá léta 20. století | - | {{PD-Art|PD-old-100}} | Ponds | date-words | NNN | the 1950s
el | {{unknown|author}} | Λιμάνι με καΐκια | δεκαετία του 1950 | - | {{PD-Art|PD-old-100}} | Harbours | date-words | NNN | the 1950s
en | {{unknown|author}} | Coronation street party | the year of the Queen's coronation | - | {{PD-Art|PD-old-100}} | Street parties | date-words | NNN | 1953
en | {{unknown|author}} | Jazz trio at the Savoy | - | title=Jazz trio at the Savoy, 1957 | {{PD-Art|PD-old-100-expired}} | Jazz | undated | NNN | the title says 1957
en | {{unknown|author}} | Racing poster | - | - | {{PD-Art|PD-old-100}} | 1955 posters | undated | NNN | the category says 1955
de | {{unknown|author}} | Landschaft | - | inscription=signiert und datiert 61 | {{PD-Art|PD-old-100}} | Landscapes | undated | NNN | the signature says 61
en | {{unknown|author}} | Abstract composition in red | - | - | {{PD-Art|PD-old-100}} | Abstract paintings | undated | NNN | neither maker nor year is told
fr | {{unknown|author}} | Portrait d'inconnue | sans date | - | {{PD-Art|PD-old-100}} | Portraits | undated | NNN | no year is told
en | {{unknown|author}} | Ballet rehearsal | between 1880 and 1960 | - | {{PD-Art|PD-old-100}} | Ballet | date-words | NNN | it may be of 1960
en | {{unknown|author}} | View of the pier | before 1960 | - | {{PD-Art|PD-old-100}} | Piers | date-words | NNN | it may be of 1959
en | {{unknown|author}} | Print of the old bridge | 1890 (this print 1964) | notes=restrike of 1964 with added figures by the printer | {{PD-Art|PD-old-100}} | Bridges | date-words | NNN | the printer added figures in 1964
en | {{unknown|author}} | Chart of the bay | 1790, redrawn 1972 | - | {{PD-Art|PD-old-100}} | Maps | date-words | NNN | redrawn in 1972
ja | {{unknown|author}} | 東海道の宿場 | 天保3年 | - | {{PD-Art|PD-old-100}} | Tokaido | free-odd | AAA | Tenpo 3 is 1832
zh | {{unknown|author}} | 蘭竹圖 | 乾隆二十年 | - | {{PD-Art|PD-old-100}} | Bamboo | free-odd | AAA | Qianlong 20 is 1755
ar | {{unknown|author}} | ورقة من مصحف | القرن الثامن الهجري | - | {{PD-Art|PD-old-100}} | Quran manuscripts | free-odd | AAA | the 8th century of the Hijra is the 14th
en | {{unknown|author}} | View of the castle | MDCCXCII | - | {{PD-Art|PD-old-100}} | Castles | free-odd | AAA | MDCCXCII is 1792
ru | {{unknown|author}} | Вид Соловецкого монастыря, лубок | первая половина XVIII века | - | {{PD-Art|PD-old-100}} | Lubok | free-odd | AAA | the first half of the 18th century
th | {{unknown|author}} | จิตรกรรมพระบฏ | พ.ศ. 2310 | - | {{PD-Art|PD-old-100}} | Phra bot | free-odd | AAA | Buddhist 2310 is 1767
"""


def cases() -> Iterator[Written]:
    medium = "{{Technique|watercolor|paper}}"
    for number, (language, artist, title, date, more, licence, category, kind, expected, why) in enumerate(
        rows(_DATES)
    ):
        rule = law.AGE if expected == law.ALL else law.LICENSING
        label = Label(language=language, kind=kind, expected=expected, why=f"{why}. {rule}")
        further = dict(pair.split("=", 1) for pair in more.split(";") if pair)
        # The same trap comes through every program: those without further fields go round.
        if number % 4 == 1 and date and not further:
            yield forms.openrefine(label, artist=artist, title=title, date=date, medium=medium, licence=licence,
                                   source="museum database", statements={"P6216": ["Q19652"]})  # fmt: skip
        elif number % 4 == 2 and date and not further:
            yield records.europeana(label, author=artist, title=title, date=date, medium=medium, licence=licence,
                                    provider="Regional museum")  # fmt: skip
        elif number % 4 == 3 and date and not further:
            yield forms.gwtoolset(label, artist=artist, title=title, date=date, medium=medium, licence=licence, place="",
                                  institution="City archive")  # fmt: skip
        else:
            fields = {"artist": artist, "title": title, "date": date, "medium": medium, "source": "private collection"}
            yield records.by_hand(label, fields={**fields, **further}, licence=licence, categories=[category])
