"""Section 2 of the Commission's template: where the data of training came from."""

from collections.abc import Iterator

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.eu_form import OF_SEEN, YES_NO, Field, Value
from pd_ml.bundle.papers.origins import brought, origins
from pd_ml.bundle.papers.sources import Source, host_rows, month, sources
from pd_ml.bundle.papers.writing import NOT_APPLICABLE, one_line


def source_fields(facts: Facts) -> Iterator[Field]:
    """2.1 to 2.6."""
    for part in (_datasets, _third_parties, _crawled, _users_and_synthetic):
        yield from part(facts)


def _modalities(facts: Facts) -> str:
    return "Image, Text" if facts.counts.texts else "Image"


def _datasets(facts: Facts) -> Iterator[Field]:
    """2.1: what a third party put together and gave away whole."""
    found = [source for source in sources(facts) if source.is_dataset]
    days = f"{facts.counts.first_day or 'unknown'} to {facts.counts.last_day or 'unknown'}"
    yield Field(
        key="2.1.used",
        section="2.1",
        asks="Have you used publicly available datasets compiled by third parties to train the model?",
        value=YES_NO[not found],
        options=YES_NO,
    )
    yield Field(
        key="2.1.modality",
        section="2.1",
        asks="Modality(ies) of the content covered by the datasets",
        value=_modalities(facts) if found else NOT_APPLICABLE,
    )
    yield Field(
        key="2.1.large",
        section="2.1",
        asks="List of large publicly available datasets (all are listed, whatever their share)",
        value=[
            {
                "dataset": source.name,
                "link": source.url or NOT_APPLICABLE,
                "days of collection, all sources": days,
                OF_SEEN: source.pictures,
            }
            for source in found
        ]
        or NOT_APPLICABLE,
    )
    yield Field(
        key="2.1.other",
        section="2.1",
        asks="General description of other publicly available datasets",
        value=NOT_APPLICABLE,
    )
    yield Field(
        key="2.1.comments",
        section="2.1",
        asks="Additional comments (optional)",
        value="Each picture's file was fetched by itself; 2.3 counts the hosts that delivered files, with their bytes."
        if found
        else NOT_APPLICABLE,
    )


def _third_parties(facts: Facts) -> Iterator[Field]:
    """2.2: there are none, since every source of the ledger is named in 2.1 or 2.3."""
    asked = {
        "2.2.1.used": "Transactional commercial licensing agreement(s) with rightsholders or their representatives?",
        "2.2.1.modality": "If yes: modality(ies)",
        "2.2.2.used": "Private datasets from other third parties, not licensed as in 2.2.1?",
        "2.2.2.modality": "If yes: modality(ies)",
        "2.2.2.list": "If yes: private datasets that are publicly known",
        "2.2.2.desc": "General description of the others",
        "2.2.2.comments": "Additional comments (optional)",
    }
    for key, asks in asked.items():
        is_choice = key.endswith(".used")
        yield Field(
            key=key,
            section="2.2",
            asks=asks,
            value="No" if is_choice else NOT_APPLICABLE,
            options=YES_NO if is_choice else (),
        )


def _crawled(facts: Facts) -> Iterator[Field]:
    """2.3: what was read page by page."""
    found = [source for source in sources(facts) if not source.is_dataset]
    yield Field(
        key="2.3.used",
        section="2.3",
        asks="Were crawlers used by the provider or on its behalf?",
        value=YES_NO[not found],
        options=YES_NO,
    )
    for key, asks, value in _crawling(facts, found):
        is_told = bool(found) or key == "domains"
        yield Field(key=f"2.3.{key}", section="2.3", asks=asks, value=value if is_told else NOT_APPLICABLE)


def _crawling(facts: Facts, found: list[Source]) -> Iterator[tuple[str, str, Value]]:
    counts = facts.counts
    yield "names", "Crawler name(s)/identifier(s)", one_line(facts.release.user_agent)
    yield (
        "purpose",
        "Purposes of the crawler(s)",
        "To find pictures that are free of copyright, with the evidence for it.",
    )
    yield (
        "behaviour",
        "General description of crawler behaviour",
        "Pages are asked for through the archive's own interface for programs, under the name above with an address "
        "of the operator, at a bounded rate. No captcha and no paywall is passed, and no account is used but the "
        "operator's own. Pages as a browser shows them are not read, so that no robots.txt is consulted.",
    )
    yield (
        "period",
        "Period of collection (MM/YYYY to MM/YYYY)",
        f"{month(counts.first_day)} to {month(counts.last_day)}",
    )
    yield (
        "content",
        "Comprehensive description of the type of content and sources",
        [{"source": source.name, "link": source.url or NOT_APPLICABLE, OF_SEEN: source.pictures} for source in found],
    )
    yield "modality", "Type of modality covered", _modalities(facts)
    domains: list[Value] = [
        {"domain": row["domain"], OF_SEEN: row["pictures"], "size_bytes": row["size_bytes"]} for row in host_rows(facts)
    ]
    yield "domains", "Most relevant domain names (all that delivered pictures, with their bytes)", domains
    yield (
        "comments",
        "Additional comments (optional)",
        (
            f"Every page with its revision is in {layout.LEDGER}. Of the pictures counted here {counts.pictures} "
            f"were trained on; the other {counts.measured} were only measured with."
        ),
    )


def _users_and_synthetic(facts: Facts) -> Iterator[Field]:
    """2.4 to 2.6."""
    latents = any(link.run.stage == "latents" for link in facts.chain)
    told = "The latents in the chain are the same pictures, encoded by a model of the chain: no data made to train on."
    is_imported = brought(facts) > 0
    narrative = f"{origins(facts)} Of that system no picture and no claim of rights was taken over."
    made = f"Not known: {origins(facts)} Otherwise no." if is_imported else "No"
    if_any = "not known" if is_imported else NOT_APPLICABLE
    asked: tuple[tuple[str, str, str], ...] = (
        ("2.4.model", "Was data from user interactions with the model used to train it?", "No"),
        ("2.4.services", "Was data from the provider's other services or products used?", "No"),
        ("2.4.desc", "Services or products used to collect the data", NOT_APPLICABLE),
        ("2.4.modality", "Modality(ies)", NOT_APPLICABLE),
        ("2.4.comments", "Additional comments (optional)", NOT_APPLICABLE),
        ("2.5.used", "Was synthetic AI-generated data made by or for the provider to train the model?", made),
        ("2.5.modality", "Modality(ies)", "Text, if any" if is_imported else NOT_APPLICABLE),
        ("2.5.gpai", "General-purpose AI models on the market that made it", if_any),
        ("2.5.other", "Other AI models that made it, own ones included", if_any),
        ("2.5.comments", "Additional comments (optional)", told if latents else NOT_APPLICABLE),
        ("2.6.used", "Were other sources than those of 2.1 to 2.5 used?", "Yes" if is_imported else "No"),
        ("2.6.desc", "Narrative description of these sources and data", narrative if is_imported else NOT_APPLICABLE),
        ("2.6.comments", "Additional comments (optional)", NOT_APPLICABLE),
    )
    for key, asks, value in asked:
        is_choice = key in ("2.4.model", "2.4.services", "2.5.used", "2.6.used")
        yield Field(key=key, section=key[:3], asks=asks, value=value, options=YES_NO if is_choice else ())
