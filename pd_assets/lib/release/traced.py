"""What is known of a picture, in lines for a person and in rows for a program. Nothing is read here (trace.py)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pd_assets.lib.release.ledger import Seen
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.members import DatasetVersion
from pd_assets.lib.release.pictures import Found, Picture
from pd_assets.lib.release.segments import Row
from pd_assets.lib.rights.changes import in_words

# The first of these that holds of any of its items is how a model stands to a picture.
NO_COPIES = "not known which copies the picture has"
RELATIONS = ("trained_on", "through", "unknown", "measured_with", "held")


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A picture in a dataset version: which state of it, in which split and shard."""

    dataset: DatasetVersion
    item_id: str
    sha256: str
    split: str
    shard: str


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All that is known of a picture and its copies. The rows are those of the tables of the same names.

    `seen`: by item, how models stand to it, also those of which nobody can tell. With `day` the decisions are those of
    that day, with the evidence of then, and changes and takedowns those until then. `unknown` says of which dataset
    versions it is not known what they held, and why; `unread` which tables could not be read, so that copies may be
    missing.
    """

    pictures: tuple[Picture, ...]
    found: Found
    items: tuple[Row, ...]
    decisions: tuple[Row, ...]
    takedowns: tuple[Row, ...]
    changes: tuple[Row, ...]
    sightings: tuple[Sighting, ...]
    seen: Mapping[str, Sequence[Seen]]
    unknown: Mapping[str, str]
    unread: tuple[str, ...] = ()
    day: date | None = None

    @property
    def models(self) -> tuple[Model, ...]:
        """Those that stand in any relation to one of the items, by stage and version."""
        found = {(one.model.stage, one.model.version): one.model for seen in self.seen.values() for one in seen}
        return tuple(found[key] for key in sorted(found))

    @property
    def items_meant(self) -> dict[str, str]:
        """Every item, and what it was matched by: `copy` for a copy of what was asked for."""
        of = self.found.matched_by
        named = {one.item_id: "copy" for one in self.pictures}
        named |= {one.item_id: of.get(one.item_id, "item_id") for one in self.pictures if one.is_meant}
        return named

    def relation(self, model: Model, item_id: str | None = None) -> str | None:
        """How a model stands to the picture, or to one of its items: one of RELATIONS; None: it did not see that."""
        relations = [one.relation for one in self._of(model, item_id)]
        return next((one for one in RELATIONS if one in relations), None)

    def in_words(self) -> Iterator[str]:
        """Lines for a person."""
        yield from self._what()
        yield from self._taken_down()
        yield from _listed("datasets that held it", [_sighting(one) for one in self.sightings])
        if self.unknown:
            yield from _listed("datasets that may have held it", [f"{one}: {why}" for one, why in self.unknown.items()])
        standings = [self._standing(model) for model in self.models]
        learnt = [one for one in standings if one.relation in ("trained_on", "through")]
        yield from _listed("models that saw it", [self._model(one) for one in learnt])
        if looked_at := [one for one in standings if one.relation in ("measured_with", "held")]:
            yield from _listed("models that did not learn from it", [self._model(one) for one in looked_at])
        if self.unread:
            yield from _listed("tables that cannot be read: there may be more, also copies", self.unread)
        if may := [one for one in standings if one.relation == "unknown"]:
            yield from _listed(
                "models that may have seen it: unknown, treated as seen",
                [f"{_name(one.model)}: {_why(one)}" for one in may],
            )
        yield from _listed(
            "changes of its verdict", [f"profile {row['profile']}: {in_words(row)}" for row in self.changes]
        )

    def as_json(self) -> dict[str, object]:
        """The same for a program. `unknown` and `unread` say what nobody can tell, and why."""
        return {"items": self.rows(), "unknown": dict(self.unknown), "unread": list(self.unread)}

    def rows(self) -> list[dict[str, object]]:
        """A row for each item, what was asked for first."""
        return [
            {
                "item_id": item_id,
                "matched_by": matched_by,
                "distance": match.distance if (match := self.found.alike.get(item_id)) is not None else None,
                "decisions": [row for row in self.decisions if row["item_id"] == item_id],
                "takedowns": [row for row in self.takedowns if row["item_id"] == item_id],
                "datasets": [
                    {
                        "name": one.dataset.name,
                        "version": one.dataset.version,
                        "split": one.split,
                        "shard": one.shard,
                        "sha256": one.sha256,
                    }
                    for one in self.sightings
                    if one.item_id == item_id
                ],
                "models": [
                    {
                        "name": one.model.stage,
                        "version": one.model.version,
                        "relation": one.relation,
                        "times_shown": one.times_shown,
                        "through": list(one.through),
                        "why": _why(one) if one.relation == "unknown" else None,
                    }
                    for one in self.seen.get(item_id, ())
                ],
            }
            for item_id, matched_by in self.items_meant.items()
        ]

    def _what(self) -> Iterator[str]:
        # A program needs none of the words of all rules.
        from pd_assets.lib.rights.words_for_people import sentence_of

        rows = {row["item_id"]: row for row in self.items}
        if self.day is not None:
            yield f"as of {self.day}: decisions, takedowns, changes of its verdict; datasets and models as they are now"
        for item_id, matched_by in self.items_meant.items():
            row = rows.get(item_id)
            copy = "  (a copy of it)" if matched_by == "copy" else ""
            yield f"{item_id or 'no item'}  {row['title'] if row else 'no longer in the catalogue'}{copy}"
            yield from self._likeness(item_id, matched_by)
            if row:
                yield f"  {row['page_url']}  {row['status']}"
            of_it = [decision for decision in self.decisions if decision["item_id"] == item_id]
            if self.day is not None and not of_it:
                yield "  no decision is known of it on that day"
            for decision in of_it:
                yield f"  profile {decision['profile']}: {sentence_of({'reasons': None, **decision})}"
                yield from _evidence(decision) if self.day is not None else ()
        matches = sorted(self.found.alike.values(), key=lambda one: one.distance)
        if len(matches) > 1 and matches[0].distance == matches[1].distance:
            nearest = [one.item_id for one in matches if one.distance == matches[0].distance]
            yield f"{len(nearest)} items are equally near: {', '.join(nearest)}; all of them are told of"

    def _likeness(self, item_id: str, matched_by: str) -> Iterator[str]:
        if matched_by == "picture":
            yield "  the very picture of the file"
        if (match := self.found.alike.get(item_id)) is not None:
            second = (
                "its stored picture is not on this disk, so that the hashes alone tell"
                if match.likeness is None
                else f"a second look at the stored picture finds a likeness of {match.likeness:.2f} of 1"
            )
            yield f"  looks like the file: {match.distance} of 64 bits differ; {second}"

    def _taken_down(self) -> Iterator[str]:
        told = [
            f"{row['number'] or 'without a number'}, {row['taken_down_at']}: {row['named']}: {row['reason']}"
            + (f"; purged {row['purged_at']}" if row["purged_at"] else "")
            # An index of before takedowns could be undone has no such column.
            + (f"; undone {row['undone_at']}: {row['undone_reason']}" if row.get("undone_at") else "")
            for row in self.takedowns
        ]
        if told:
            yield from _listed("taken down by an operator", list(dict.fromkeys(told)))

    def _standing(self, model: Model) -> Seen:
        """The strongest relation of a model to any of the items, its times added up."""
        seen = self._of(model, None)
        first = min(seen, key=lambda one: RELATIONS.index(one.relation))
        times = [one.times_shown for one in seen]
        return Seen(
            model=model,
            relation=first.relation,
            times_shown=None if None in times else sum(filter(None, times)),
            through=tuple(dict.fromkeys(name for one in seen for name in one.through)),
            why="; ".join(dict.fromkeys(one.why for one in seen if one.why)),
        )

    def _model(self, one: Seen) -> str:
        held = {sighting.dataset.version for sighting in self.sightings} & one.model.datasets
        dataset = f", dataset {', '.join(sorted(held))}" if held else ""
        return f"{_name(one.model)}{dataset}: {_relation(one)}"

    def _of(self, model: Model, item_id: str | None) -> list[Seen]:
        return [
            one
            for item, seen in self.seen.items()
            if item_id in (None, item)
            for one in seen
            if (one.model.stage, one.model.version) == (model.stage, model.version)
        ]


def _name(model: Model) -> str:
    return f"{model.stage} {model.version} ({model.standing})"


def _why(one: Seen) -> str:
    return one.why or NO_COPIES


def _relation(one: Seen) -> str:
    times = "" if one.times_shown is None else f" {one.times_shown} time{'' if one.times_shown == 1 else 's'}"
    through = f"through {', '.join(one.through)}" if one.through else ""
    if one.relation == "trained_on":
        return f"trained on it{times}" + (f", and {through}" if through else "")
    if one.relation == "through":
        return f"{through}, which it was made of or started from"
    return "measured with it" if one.relation == "measured_with" else "its dataset held it, and it was not shown to it"


def _evidence(decision: Row) -> Iterator[str]:
    told = f"  evidence {decision['evidence_digest']}"
    if decision["evidence"] is None:
        yield f"{told}: not kept, unknown"
        return
    revision = f", revision {decision['revid']}" if decision["revid"] is not None else ""
    yield f"{told}, seen on {decision['seen_on']}{revision}:"
    yield f"    {decision['evidence']}"


def _sighting(one: Sighting) -> str:
    state = "its folder is gone" if not one.dataset.is_there else "latest" if one.dataset.is_latest else "older"
    return f"{one.dataset.name} {one.dataset.version} ({state}): {one.item_id} in {one.split}, {one.shard}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {'none' if not lines else len(lines)}"
    yield from (f"  {line}" for line in lines)
