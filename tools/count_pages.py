"""Check that every page of _toc.yml was built, and say where to open the book."""

import sys
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

HTML = Path("_build/html").resolve()
PARTS_OF_THE_THEME = {"genindex", "search", "py-modindex", "prf-prf"}

expected = {str(Path(page).with_suffix("")) for page in parse_toc_yaml("_toc.yml")}
built = {
    str(page.relative_to(HTML).with_suffix(""))
    for page in HTML.rglob("*.html")
    if "_static" not in page.parts
}
# The root page is written twice: under its own name and as index.html, which redirects to it.
built -= PARTS_OF_THE_THEME | {"index"}
if expected != built:
    print(f"In _toc.yml, not built: {sorted(expected - built)}")
    print(f"Built, not in _toc.yml: {sorted(built - expected)}")
    sys.exit(1)
print(f"{len(built)} pages. Open {(HTML / 'index.html').as_uri()}")
