"""What a finished VAE keeps of held-out pictures, as its training measured it. Errors: ConfigError."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_ml.provenance import RECONSTRUCTION

OURS = "vae"


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """`gain_db`: over the best of the trivial ways to store as much. `report` has all numbers of each way."""

    psnr_db: float
    gain_db: float
    report: Mapping[str, object]


def read_reconstruction(folder: Path) -> Reconstruction | None:
    """None where the folder is of another stage, or had too few held-out pictures to measure."""
    path = folder / RECONSTRUCTION
    if not path.is_file():
        return None
    try:
        report = json.loads(path.read_text())
        told = {name: way for name, way in report.items() if isinstance(way, dict) and "psnr_db" in way}
        ways = {name: float(way["psnr_db"]) for name, way in told.items()}
        ours = ways.pop(OURS)
        return Reconstruction(psnr_db=ours, gain_db=ours - max(ways.values()), report=report)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a report on a VAE ({error!r}); train the VAE again") from error
