"""What several files of tests look at: data, an estimate, a browser, the built pages."""

import os
import shutil
from collections.abc import Iterator

import pytest
from built import CHROMIUMS, HTML, PAGES, ROOT, SHARED_SOURCES
from playwright.sync_api import Browser, sync_playwright
from quick import estimate, gaussians


@pytest.fixture(scope="session")
def data():
    """403 pairs: folds of 81 and 80 rows."""
    return gaussians(403)


@pytest.fixture(scope="session")
def plain(data):
    """The estimate from them, in a moment."""
    return estimate(*data)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. A module's, not a session's: its event loop must not outlive these tests."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        stop = pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip
        stop("no Chromium found: install it (Debian: apt install chromium) to test the pages")
    with sync_playwright() as playwright:
        arguments = ["--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def built_pages() -> None:
    """Refuse pages that are missing, or older than what they are made of."""
    pages = [HTML / f"{page}.html" for page in PAGES]
    missing = [str(page.relative_to(ROOT)) for page in pages if not page.exists()]
    assert not missing, f"run make book: not built: {missing}"
    built = min(page.stat().st_mtime for page in pages)
    patterns = SHARED_SOURCES + [f"{page}.*" for page in PAGES]
    sources = [file for pattern in patterns for file in ROOT.glob(pattern)]
    newer = [str(file.relative_to(ROOT)) for file in sources if file.stat().st_mtime > built]
    assert not newer, f"run make book: newer than the pages: {newer}"
