"""What the labels rest on: terms of law as they stand on the fixed day, 2026-11-28, and the policies that they cite."""

# Terms run to 31 December: what came out in 1930 is free in the United States since 1 January 2026 (95 years), and
# whoever died in 1955 (1925) is dead for more than 70 (100) years.
LAST_US_YEAR, LAST_DEATH_70, LAST_DEATH_100 = 1930, 1955, 1925
# Whoever made a work of this year or earlier is dead for more than 100 years: a work of 175 years.
LAST_OLD_YEAR = 1851

ALL, LIFE70, US, NONE = "AAA", "NAA", "NNA", "NNN"

US_TERM = "17 USC 304: 95 years from publication"
EU_TERM = "Directive 2006/116/EC art. 1: life + 70"
ANONYMOUS = "Directive 2006/116/EC art. 1(3): anonymous works, 70 years from publication"
GOVERNMENT = "17 USC 105: works of federal employees; free in the United States only"
FORMALITIES = "17 USC 405 and Hirtle chart: no notice counts before 1 March 1989 only"
NOT_RENEWED = "17 USC 304 and Hirtle chart: not renewed counts for works published up to 1963 only"
URAA = "17 USC 104A: restored in 1996 what was still protected at home"
STAMPS = "Commons:Stamps/Public domain: United States stamps since 1978 are the Postal Service's"
PD_ART = "Commons:When to use the PD-Art tag: flat works alone"
DERIVATIVE = "Commons:Derivative works"
FREEDOM_OF_PANORAMA = "Commons:Freedom of panorama: no dedication of the depicted work"
OWN = "Commons:Own work; CC0 1.0 is a dedication to the public domain"
TOO_OLD_OWN = "Commons:Own work: the uploader cannot be the author of so old a work"
CONDITIONS = "Commons:Licensing: a licence with conditions is no public domain"
NO_KNOWN = "Commons:Copyright tags: no known restrictions is no dedication and names no ground"
DELETION = "Commons:Deletion policy: a page under discussion is not settled"
LICENSING = "Commons:Licensing: the ground must be told, for the source country and the United States"
PEOPLE = "Commons:Photographs of identifiable people"
STRUCTURED = "Commons:Structured data/Modeling/Copyright: the statement contradicts the tag"
MUSEUM_CC0 = "CC0 1.0 of the museum for its photograph, and the work itself is old"
AGE = "whoever made a work of 1851 or earlier died before 1926 (no known life is longer)"
COUNTRY = "Commons:Copyright tags: a tag of one country says nothing of the United States"


def by_age(died: int | None, made: int, *, us: bool = False) -> str:
    """The profiles under which a work is free, by its last maker's death and its latest year; `us` by another ground.

    Without a maker the year of the work stands for the death (anonymous works).
    """
    last = made if died is None else died
    if not (us or made <= LAST_US_YEAR):
        return NONE
    if made <= LAST_OLD_YEAR or last <= LAST_DEATH_100:
        return ALL
    return LIFE70 if last <= LAST_DEATH_70 else US
