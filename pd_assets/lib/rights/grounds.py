"""What an accepted picture rests on: the ground that is lost when it is accepted no more."""

from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.plain_words import tag_name
from pd_assets.lib.rights.tags import Kind

# Of what is accepted because people judged it, beside what its page says.
BY_PEOPLE = "judged by people"


def grounds_of(evidence: Evidence) -> tuple[str, ...]:
    """The tags on the page itself that give a reason or all rights up, sorted; what a museum says of its picture."""
    if evidence.medium is not None:
        return (f"{evidence.medium.usage_access or 'no usage'} of {evidence.source}",)
    found = {
        tag_name(tag.name)
        for tag in evidence.tags
        if tag.kind in (Kind.GROUND, Kind.DEDICATION) and tag.seen_in == "wikitext"
    }
    return tuple(sorted(found))
