"""Who put a picture online, and other personal marks: users of a wiki, own work, addresses, telephones, positions.

One vocabulary for rights and labels. What `without_personal` gives may be shown beside a picture. It finds no names:
whether a name is an artist's its field must tell.
"""

import re

# The name of the namespace of users, in the languages of the wikis that pages link to.
_USER_WORDS = (
    r"user(?:in)?|benutzer(?:in)?|utilisat(?:eur|rice)|usuari[oa]?|usuária|utente|gebruiker|wikipedyst(?:a|ka)|"
    r"användare|bruker|bruger|brukar|käyttäjä|szerkesztő|uživatel(?:ka)?|utilizator|kullanıcı|участни(?:к|ца)|"
    r"користувач|利用者|用户|用戶|使用者|사용자|משתמש|مستخدم"
)
# A link to a person of a wiki, in whatever language and through whatever interwiki prefix.
PERSONAL_LINK = re.compile(rf"(?:^|[:/])\s*(?:{_USER_WORDS})(?:[ _][^:/|]*)?:", re.IGNORECASE)
PERSONAL_ADDRESS = re.compile(
    r"[/:=](?:user(?:[_ ]talk)?|benutzer|utente|usuario|utilisateur|gebruiker)(?::|%3a)|flickr\.com/|mailto:|"
    r"facebook\.com/|instagram\.com/|twitter\.com/|//x\.com/|500px\.com/",
    re.IGNORECASE,
)
USER_TEMPLATES = frozenset(
    ("u", "user", "ul", "u2", "user at project", "user link", "userlink", "ping", "reply to", "noping", "user-c",
     "user0", "user2", "flickr user", "flickr", "flickrreview", "userpage", "creator user", "own by", "ut")
)  # fmt: skip
# A user named in running text: `Utente:Gianni`, `User talk: JaneRoe (talk)`.
NAMED_USER = (
    rf"(?<!\w)(?:{_USER_WORDS})(?:[ _](?:talk|discussion|diskussion))?\s*:[^,.;()\[\]|]*(?:\([^()]*\))?|"
    r"\bupload(?:er|ed)\b(?: was| by|:)[^.;]*|\bown work by\b[^.;]*"
)
OWN_WORK = re.compile(
    r"\b(?:own (?:work|photo(?:graph)?|picture|painting|drawing)|self[- ](?:made|photographed|published)|"
    r"eigenes? (?:werk|arbeit|foto|aufnahme)|selbst (?:fotografiert|erstellt|gemacht)|travail personnel|"
    r"œuvre personnelle|trabajo propio|obra propia|opera propria|praca własna|obra pr[oó]pria|eigen werk|"
    r"собственная работа|oma teos|eget arbe(?:te|id|jde)|my own|(?:photo(?:graphed)?|taken) by me|"
    r"by (?:the )?uploader)\b|^\s*(?:own|me|myself|self)\s*$",
    re.IGNORECASE,
)
# A scan of one's own is no work of one's own, but who is named beside it is as likely its uploader.
OWN_SCAN = re.compile(r"\bown scan\b", re.IGNORECASE)
_PERSONAL = (
    r"(?:mailto:)?(?<![\w.+-])[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+",
    r"\b(?:otrs|vrts?)\b[\w\s:#-]{0,24}?\d{6,}|\bticket\b[\s:#]*(?:id|no\.?|number)?[\s:#]*\d{6,}|\b20\d{14}\b",
    r"(?:\btel(?:ephone)?|\bphone|\bmobile|\bfax)\b[.:\s]*\+?[\d(][\d\s()./-]{5,}\d|(?<![\w.])\+\d[\d\s()./-]{7,}\d",
    r"[-+]?\d{1,3}\.\d{3,}\s*°?\s*[NS]?\s*[,;/]\s*[-+]?\d{1,3}\.\d{3,}\s*°?\s*[EW]?",
    r"\d{1,3}°\s*\d{1,2}(?:\.\d+)?\s*[′'’](?:\s*\d{1,2}(?:\.\d+)?\s*[″\"”])?\s*[NSEW]\b[,;\s]*",
    r"(?:https?:)?//\S+",
    NAMED_USER,
    r"(?<![\w/])@[A-Za-z]\w{2,}",
)
PERSONAL = re.compile("|".join(f"(?:{pattern})" for pattern in _PERSONAL), re.IGNORECASE)
_LEFT_OVER = re.compile(r"[(\[<][\s,;:/|-]*[)\]>]")


def without_personal(text: str | None) -> str | None:
    """The text without personal marks; None where nothing else is left."""
    if text is None:
        return None
    if PERSONAL.search(text) is None:
        return text
    rest = _LEFT_OVER.sub(" ", PERSONAL.sub(" ", text))
    return " ".join(rest.split()).strip(" ,;:-–—|/") or None
