"""What several files of tests look at: data, an estimate, a browser, the built pages."""

from collections.abc import Iterator

import pytest
from built import HTML, PAGES, ROOT, SHARED_SOURCES, need_browser
from live import open_modules
from playwright.sync_api import Browser, Page
from quick import estimate, gaussians

import chromium


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
    need_browser()
    with chromium.opened() as browser:
        yield browser


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page with the laboratory's modules."""
    page = open_modules(browser)
    yield page
    page.close()


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
