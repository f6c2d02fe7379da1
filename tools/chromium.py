"""The browser that prints the pages and tests them."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OFFLINE = ["--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND"]
MISSING = "no Chromium found: install it (Debian: apt install chromium), or Chrome"


def find() -> str | None:
    """Where Chromium is, or Chrome."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def opened() -> Iterator[Browser]:
    """The browser, without the web; SystemExit, in one line, if there is none."""
    path = find()
    if path is None:
        sys.exit(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OFFLINE)
        yield browser
        browser.close()
