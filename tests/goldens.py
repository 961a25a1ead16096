"""Write anew what is frozen beside the tests and in docs: `make goldens`. Read the difference before it is committed.

The decisions and labels of recorded answers only where those are beside the repository.
"""

from pathlib import Path

from pd_assets.lib.setting_names import as_markdown
from tests.pd_assets.lib.dataset import golden as labels
from tests.pd_assets.lib.rights import golden as decisions
from tests.pd_ml.bundle import golden as papers

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Decisions, labels, papers of bundles, and the page of the settings."""
    decisions.main()
    labels.main()
    papers.main()
    (ROOT / "docs/settings.md").write_text(as_markdown())


if __name__ == "__main__":
    main()
