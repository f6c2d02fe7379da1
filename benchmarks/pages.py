"""How soon a page can be read on a slow line: time to its first paint, and what it loads.

`python benchmarks/pages.py [FOLDER]` serves a built book (by default _build/html) on this machine
and opens pages in Chromium with an empty cache, at 1.6 Mbit/s, 150 ms latency and a processor
slowed down four times. It prints the median of three loads of each page.
"""

import argparse
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["intro", "chapters/03_mine", "appendix/glossary"]
LOADS = 3
LINE = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 0.75e6 / 8,
}
SLOWED = 4
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as `python -m http.server` does, without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def load(browser: Browser, address: str) -> tuple[float, int, int]:
    """Seconds to the first paint, bytes and files of one page, from an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.goto(address, wait_until="networkidle", timeout=120_000)
    page.wait_for_function(FIRST_PAINT, timeout=60_000)
    paint = page.evaluate(FIRST_PAINT)
    context.close()
    return paint / 1000, int(sum(sizes)), len(sizes)


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "_build/html")
    parser.add_argument("pages", nargs="*", default=PAGES)
    settings = parser.parse_args()
    handler = partial(Quiet, directory=settings.folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)))
    print("| page | first paint (s) | kB | files |\n| --- | --- | --- | --- |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu"])
        for name in settings.pages:
            address = f"http://127.0.0.1:{server.server_port}/{name}.html"
            loads = [load(browser, address) for _ in range(LOADS)]
            paint, size, files = (median(each) for each in zip(*loads, strict=True))
            print(f"| {name} | {paint:.1f} | {size / 1000:.0f} | {files} |")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
