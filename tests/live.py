"""The laboratory's modules in a page of their own, for tests of what they compute."""

import importlib.util

from built import ROOT
from playwright.sync_api import Browser, Page

LIVE = ROOT / "mine_lib/book/live"


def bundle() -> object:
    """The module that joins the others."""
    spec = importlib.util.spec_from_file_location("laboratory_bundle", LIVE / "bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def open_modules(browser: Browser) -> Page:
    """An empty page in which window.mineLive holds the modules."""
    page = browser.new_page()
    page.add_script_tag(content=bundle().page_script())
    return page
