"""Where the built pages are, and what they are made of."""

from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

from chromium import NAMES as CHROMIUMS  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
PAGES = [str(Path(page).with_suffix("")) for page in parse_toc_yaml(ROOT / "_toc.yml")]
SHARED_SOURCES = [
    "_*.yml",
    "*.bib",
    "*.cff",
    "images/*",
    "assets/*",
    "tools/*.py",
    "mine_lib/**/*.py",
    "mine_lib/book/live/*",
    "benchmarks/costs.json",
]
