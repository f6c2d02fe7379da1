"""A Sphinx extension: pages that a slow line shows soon.

The theme draws its icons by a script of 1.5 MB, which a browser reads before it paints anything,
and the other scripts of a page's head hold it up, too. Here the build draws the icons, as that
script would (those that style sheets draw are in assets/icons.css, by tools/icons.py), scripts run
once the page has been read, style sheets hold what some page uses, and the theme's colours are
right from the start. Preloads of scripts and of icon fonts go: on a page opened as a file a browser
refuses fonts, which makes three errors in the reader's console. Where a page does not look as
expected, since the theme has changed, the build warns.
"""

import re
from functools import cache
from pathlib import Path
from shutil import rmtree

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

import styles

ICONS = "icons.css"
ICON = re.compile(r'<(i|span) class="([^"]*\bfa(?:-solid|-brands|[sb])\b[^"]*)"([^>]*)></\1>')
SHAPE = r'[,{{]"?{}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]*)"\]'  # in the theme's script
CODE = re.compile("[\uf000-\uf8ff]")
BRANDS = ("fab", "fa-brands")
FAMILIES = ("fas", "fa-solid", *BRANDS)
ICON_STYLE = re.compile(r'(<link href="[^"]*_static/)vendor/fontawesome/[^"]*(" rel="stylesheet")')
ICON_SCRIPT = re.compile(r'<script src="[^"]*/fontawesome/[^"]*"></script>\s*')
PRELOAD = re.compile(r'<link rel="preload" as="(?:script|font)" [^>]*>\s*')
SCRIPT = re.compile(r"<script (?![^>]*\b(?:defer|async)\b)(?=[^>]*\bsrc=)")
MATHJAX = re.compile(
    r"<script>window\.MathJax = .*?</script>\s*|<script [^>]*/mathjax/[^>]*></script>\s*"
)
FORMULA = re.compile(r'class="(?:[^"]* )?(?:math|cell_output)\b')  # outputs may hold formulas, too
OPTIONS = re.compile(r'<script [^>]*src="[^"]*_static/documentation_options\.js[^"]*"></script>')
COLOURS = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
COLOURS_AT_ONCE = """\
document.documentElement.dataset.theme = {light: "light", dark: "dark"}[
      document.documentElement.dataset.mode
    ] || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");"""
REPLACED = ("the icons' style sheet", "the icons' script", "the options", "the colours")


def lighten(text: str, options: str) -> tuple[str, list[str]]:
    """A page that paints sooner, and what was not found in it (nor so often as once)."""
    text, sheets = ICON_STYLE.subn(rf"\g<1>{ICONS}\2", text)
    text, scripts = ICON_SCRIPT.subn("", text)
    text, inlined = OPTIONS.subn(lambda _: f"<script>{options.strip()}</script>", text)
    counts = sheets, scripts, inlined, text.count(COLOURS)
    missing = [what for what, count in zip(REPLACED, counts, strict=True) if count != 1]
    if not FORMULA.search(text):  # Sphinx loads MathJax on the first page for all that follow
        text = MATHJAX.sub("", text)
    text = PRELOAD.sub("", text.replace(COLOURS, COLOURS_AT_ONCE))
    return SCRIPT.sub("<script defer ", text), missing


def draw_icons(text: str, script: str) -> tuple[str, set[str]]:
    """A page with its icons as drawings, and the names of those that the theme's script lacks."""
    missing = set()

    def draw(icon: re.Match) -> str:
        classes = icon[2].split()
        families = [each for each in classes if each in FAMILIES]
        name = next(
            each for each in classes if each.startswith("fa-") and each not in [*FAMILIES, "fa-lg"]
        )
        shape = shape_of(name[3:], families[0] in BRANDS, script)
        if shape is None:
            missing.add(name)
            return icon[0]
        width, height, path = shape
        others = " ".join(each for each in classes if each not in families)
        return (
            f'<svg class="svg-inline--fa {others}"{icon[3]} aria-hidden="true" focusable="false" '
            f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"></path></svg>'
        )

    return ICON.sub(draw, text), missing


@cache
def shape_of(name: str, is_brand: bool, script: str) -> tuple[str, str, str] | None:
    """Width, height and outline of an icon; of those of one name, the solid one stands last."""
    found = re.findall(SHAPE.format(re.escape(name)), script)
    return found[0 if is_brand else -1] if found else None


def codes_missing(style: str, known: str) -> set[str]:
    """Icons that a style sheet of the theme draws by number and assets/icons.css lacks."""
    codes = {f"{ord(each):x}" for each in CODE.findall(style)}
    return {code for code in codes if code not in known.rsplit("by number:")[-1]}


def lighten_pages(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the built pages in place."""
    if exception is not None or app.builder.format != "html":
        return
    out, logger = Path(app.outdir), getLogger(__name__)
    options = (out / "_static/documentation_options.js").read_text("utf-8")
    known = (Path(app.confdir) / "assets" / ICONS).read_text("utf-8")
    script = next(out.glob("_static/vendor/fontawesome/*/js/all.min.js")).read_text("utf-8")
    for page in sorted(out.glob("**/*.html")):
        text = page.read_text("utf-8")
        if "_static" in page.parts or "<body" not in text or f"/{ICONS}" in text:
            continue  # no page, or one that an earlier build has left as it should be
        text, unknown = draw_icons(text, script)
        for icon in sorted(unknown):
            logger.warning(f"{page.name} shows an icon that the theme's script lacks, {icon}")
        text, missing = lighten(text, options)
        for what in missing:
            logger.warning(f"{page.name}: tools/light.py does not find {what} once")
        page.write_text(text, "utf-8")
    for style in (out / "_static/styles").glob("*.css"):
        for code in codes_missing(style.read_text("utf-8"), known):
            logger.warning(
                f"{style.name} draws an icon that {ICONS} lacks: add {code} to SOLID or BRANDS in "
                "tools/icons.py, then run it"
            )
    rmtree(out / "_static/vendor/fontawesome", ignore_errors=True)
    shorten_styles(out)


def shorten_styles(out: Path) -> None:
    """Leave out of all style sheets what no page and no script of the book names."""
    folders = ("_static", "_static/scripts", "_static/mathjax")
    scripts = [file for folder in folders for file in (out / folder).glob("*.js")]
    words = set()
    for file in [*out.glob("**/*.html"), *scripts]:
        words.update(styles.WORD.findall(file.read_text("utf-8")))
    for sheet in (out / "_static").glob("**/*.css"):
        sheet.write_text(styles.used(sheet.read_text("utf-8"), words), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("build-finished", lighten_pages, priority=900)  # static files have been copied
    return {"parallel_read_safe": True, "parallel_write_safe": True}
