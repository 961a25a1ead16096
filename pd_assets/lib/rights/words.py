"""What a page says about rights in words: conditions in any sentence, and anything at all in its field for the licence.

Lists of words never end, so the field for the licence is read the other way round: what is not known to say that the
work is free waits for a person.
"""

import re

_CONDITIONS = {
    "licences": r"creativecommons\.org/licenses/|\bcc[- ]by\b|\bcc[- ]by-|creative commons attribution|"
    r"gnu free documentation|\bno derivatives?\b",
    "notices": r"all rights reserved|\brights[- ]managed\b|"
    r"©(?!\s*(?:by\s+\w+\s+)?(?:1[0-8]\d\d|19[0-2]\d))|\(c\)\s*(?:19[3-9]\d|20\d\d)|"
    r"\bcopyright (?:of |by )?(?:the )?"
    r"(?-i:(?!Act\b|Office|Law|Status|Renewal|Expired|Free|Notice|Term|Tag|Information|Statement)[A-Z]\w+)[^.\n]{0,60}"
    r"(?:19[3-9]\d|20\d\d)|"
    r"\bcopyright (?:©|\(c\)|(?:19[3-9]\d|20\d\d)\b|holder is|owner is|belongs to|is held|is owned|remains with)|"
    r"\balle rechten? (?:vorbehalten|voorbehouden)|\btous droits r[ée]serv[ée]s|"
    r"\b(?:todos (?:los|os)|reservados todos los) (?:derechos|direitos)\b|\btutti i diritti (?:sono )?riservati|"
    r"\balla rättigheter förbehåll|\balle rettigheter|\bkaikki oikeudet|\bwszelkie prawa|\bvšechna práva|"
    r"\btoate drepturile|\bminden jog|\btüm hakları|права защищены|права захищені|права запазени|"
    r"版权所有|版權所有|著作権所有|無断(?:転載|使用|複製)|転載禁止|무단|저작권자|جميع الحقوق|כל הזכויות",
    "uses": r"\bnon-?commercial\b|no commercial use|not for commercial|"
    r"\b(?:personal|private|editorial|educational|academic|research|press|study) (?:use|purposes?) only|"
    r"\bonly for (?:personal|private|editorial|educational|academic|research|press|study)\b|"
    r"\b(?:may|must|can|should) not be (?:used|reproduced|copied|sold|modified|altered|cropped|redistributed)|"
    r"\bdo not (?:use|copy|reproduce|redistribute|crop|alter)\b|"
    r"\bnicht[- ]?kommerziell|\bniet[- ]commerci|\bick[e]?[- ]kommersi|\bikke[- ]kommersi|\bei[- ]kaupalli|"
    r"\b(?:usage|utilisation|fins?) non[- ]commercial|\b(?:uso|fines|fins) (?:no|não)[- ]comercia|"
    r"\b(?:uso|scopi|fini) non[- ]commercial|\bniekomercyjn|\bnekomer[cč]|\bnecomercial|\bnem kereskedelmi|"
    r"\bticari olmayan|некоммерч|некомерц|нетърговск|μη εμπορικ|非商用|非商业|非商業|非営利|비영리|비상업|غير تجاري",
    "permission": r"permission (?:is )?required|\b(?:permission|consent|authori[sz]ation) (?:of|from|by) [^.\n]{0,60}"
    r"\b(?:required|needed|necessary)|\b(?:reproduction|licen[cs]e|licensing|usage) fees?\b|"
    r"\bused? (?:by|with) (?:kind )?permission|\breproduced (?:by|with) (?:kind )?permission",
    "credit": r"\battribution (?:is |must |required|requested|needed|mandatory)|"
    r"\b(?:must|please|should|has to|have to|required to) (?:be )?(?:credit|attribut|acknowledg|mention|cite)|"
    r"\b(?:if|when(?! [^.\n]{0,60}\b(?:was|were|had)\b)|provided|as long as|so long as|unless|on condition)\b"
    r"[^.\n]{0,60}"
    r"\b(?:credited|attributed|acknowledged|mentioned|cited|credits? (?:is|are)|attribution (?:is|to))|"
    r"\b(?:free|use[ds]?|usage|allowed|permitted|reuse) (?:only )?with (?:credits?|attribution|acknowledge?ment)|"
    r"\b(?:give|provide|include|with) (?:proper |due |appropriate )?"
    r"(?:credits?|attribution) (?:to|must|required)|\bcredit(?: line)? (?:is )?(?:required|mandatory|obligatory)|"
    r"\bmandatory credit|\bcourtesy credit|\bnamensnennung|\bunter nennung|\bbei nennung|\bquellenangabe(?! ?:)|"
    r"\bmention obligatoire|\bcr[ée]dit obligatoire|\bà condition d|\bmerci de (?:citer|mentionner|cr[ée]diter)|"
    r"\batribuci[oó]n (?:obligatoria|requerida)|\b(?:citar?|citando|mencionar?|mencionando) (?:al? )?"
    r"(?:autor|la fuente|a fonte|fuente|fonte)|\battribuzione (?:obbligatoria|richiesta)|"
    r"\bcitare (?:la fonte|l.autore)|"
    r"\b(?:bron|naams)vermelding(?! ?:)|\bpodani(?:em|a) (?:autora|źródła|nazwiska)|"
    r"\buveden[íi](?:m)? (?:autora|zdroje)|"
    r"обязательн\w+ (?:указани|ссылк)|(?:с|при) указани[еи]м? (?:автор|источник)|із зазначенням|"
    r"\bkayna[kğ]\w* (?:g[öo]ster|belirt)|\batıf (?:yap|ver|gerek)|\bmainittava|\bmainittaessa|\bmainitse|"
    r"\b(?:forrás|szerző)\w* (?:nevének )?(?:megjelöl|feltüntet)|"
    r"\b(?:wajib|harus) (?:men)?(?:yebut|cantum)|\bghi (?:rõ )?nguồn|\b(?:kreditera|krediteres|angi kilde|ange källa)|"
    r"\b(?:απαιτείται|υποχρεωτική) (?:η )?αναφορά|\bαναφορά (?:του δημιουργού|της πηγής)|"
    r"(?:ذكر|الإشارة إلى|نسب)\w* (?:المصدر|المؤلف|المصور|العمل)|קרדיט|ציון (?:שם|המקור)|श्रेय|"
    r"出典を?明記|クレジット表[記示]|[须須需请請要]署名|署名(?:が必要|を?表示|[-－])|"
    r"[注註标標]明(?:出|来|來|作者)|출처(?:를)? ?표시",
}
# Sentences of a page that put conditions on the picture, or deny that it is free.
CONDITIONS_IN_PROSE = re.compile("|".join(_CONDITIONS.values()), re.IGNORECASE)
# What says only that a work is free, taken out before the words that are left are looked at.
_FREE = re.compile(
    r"\b(?:in|into) (?:the )?public domain\b|\bpublic domain\b|"
    r"\bpd(?:[- ](?:art|old|us|scan|self|anon|1923|70|100))*\b|"
    r"\bcopyright (?:(?:term|protection) )?(?:has |have |is )?(?:expired|lapsed|run out)\b|\bexpired copyright\b|"
    r"\bout of copyright\b|\bfree of copyright\b|\bcopyright[- ]free\b|\bno longer (?:protected|copyrighted|"
    r"(?:under|in) copyright)(?: by copyright)?\b|\bnot (?:protected by copyright|copyrighted|under copyright)\b|"
    r"\bcc[- ]?0\b|\b(?:creative commons )?(?:cc )?zero\b|\bcreative commons public domain (?:mark|dedication)\b|"
    r"\bgemeinfrei(?:heit)?\b|\bdomaine public\b|\bdom[ií]nio p[úu]blico\b|\bpubblico dominio\b|\bpubliek domein\b|"
    r"\bdomena publiczna\b|\bобщественное достояние\b|\bсуспільне надбання\b|"
    r"パブリックドメイン|公有[领領]域|公共[领領]域|퍼블릭 도메인|ملكية عامة|נחלת הכלל",
    re.IGNORECASE,
)
# Besides these. None of them sets a condition, alone or with the others.
_SAYS_NOTHING = """
    a ago also am an and anonymous ans are artist as at author author's autor años because before below bild
    creator de dead death deceased depuis der dessous dessus die died dimensional drawing du el engraver engraving
    est faithful file first flat for from hace has have here image in is it its jahren künstler la le licence
    license licensing life more mort muerto n oben of old on original out over own painter painting photo
    photograph picture plus print publication published reproduction s section see seit siehe since source states
    tag tags template than that the this to tot two twodimensional u und united unten us usa verstorben voir was
    which work year years
"""
_NEUTRAL = frozenset(_SAYS_NOTHING.split())
# A year of this century counts as a word: it may be the one in which the work will be free.
_WORD = re.compile(r"[^\W\d_]+(?:'s)?|\b2\d{3}\b")


def says_more_than_free(said: str) -> bool:
    """Whether the words of a field for the licence say anything else than that the work is free."""
    left = _WORD.findall(_FREE.sub(" ", said).lower())
    return any(word not in _NEUTRAL for word in left)
