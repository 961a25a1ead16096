"""The files of a bundle by name, and which of them are facts, papers or proof. No torch, no network in here.

Facts are written first: weights, ledgers and records as trainings left them, and `release.json`, what the operator said
and the house knows beside them. Papers are computed from the facts alone (`pd_ml.bundle.papers`), so that whoever has
the bundle can compute them again. `manifest.json` has the digest of every file, and `signature.json` signs all of them.
"""

FORMAT_VERSION = 1

# Facts.
RELEASE = "release.json"
LEDGER = "ledger.parquet"
EVALUATION = "evaluation.json"
SAMPLES = "samples.png"
PIPELINE = "pipeline"
RUN = "run.json"
# A folder for each model that this one was made of, itself first, and one for its evaluation: `<stage>-<version>/` with
# `run.json` and `ledger.parquet` as they were written; of each dataset version `dataset-<version>/manifest.json`.
CHAIN = "chain"
CHAIN_LEDGER = "ledger.parquet"
DATASET_MANIFEST = "manifest.json"

# Papers.
CARD = "README.md"
LICENCE = "LICENSE"
ATTRIBUTION = "attribution.csv"
DATASET_CARD = "DATASET.md"
BOM = "bom.cdx.json"
SPDX = "spdx.jsonld"
CROISSANT = "croissant.json"
DEBIAN = "debian-copyright"
EU_PAGE = "eu-training-summary.md"
EU_DATA = "eu-training-summary.json"
CALIFORNIA = "ca-ab2013.md"
PAPERS = (
    CARD,
    LICENCE,
    ATTRIBUTION,
    DATASET_CARD,
    BOM,
    SPDX,
    CROISSANT,
    DEBIAN,
    EU_PAGE,
    EU_DATA,
    CALIFORNIA,
)

# Proof. `signing-key.pem` is the public key that the signature is checked with where no other is given.
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
PUBLIC_KEY = "signing-key.pem"

# Columns that a bundle's ledger has beside those of a training's (`pd_ml.provenance.LEDGER_COLUMNS`): the archive, the
# host that delivered the picture, the size of its stored file, and the day on which its evidence was first seen. Rows:
# one for each model of the chain and picture that it was trained on or measured with, by `item_id`, `stage`, `version`.
SOURCE, MEDIA_HOST, SIZE_BYTES, SEEN_ON = "source", "media_host", "size_bytes", "seen_on"

CC0, BY_SA, OPENMDW = "CC0-1.0", "CC-BY-SA-4.0", "OpenMDW-1.1"
# Licences of label texts that leave the weights free.
FREE_LABELS = frozenset({CC0, "public-domain"})
