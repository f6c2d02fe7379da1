"""Where the built pages are, what they are made of, and what opens them."""

import os
from pathlib import Path

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

import chromium

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


def need_browser() -> None:
    """Skip what asks for a browser if there is none, or fail if BROWSER_TESTS=required."""
    if chromium.find() is None:
        stop = pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip
        stop(chromium.MISSING)
