"""Write assets/icons.css: the icons of Font Awesome that the theme's style sheets draw, as a font.

The theme brings all 2,000, in 1.5 MB of script that holds up the first paint; those that pages name
are drawn by tools/light.py. Run it where the build names a number that is missing, in the
environment of `make test`: `.venv/bin/python tools/icons.py`. It reads the installed theme's files.
"""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pydata_sphinx_theme
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
TARGET = Path(__file__).resolve().parent.parent / "assets/icons.css"
# By number: marks of admonitions, of downloads, of outside links; and GitHub's and GitLab's
SOLID = "f010 f019 f057 f058 f05a f064 f06a f071 f0eb f0f3 f104 f105 f107 f303 f35d"
BRANDS = "f09b f296"
RULES = """\
/* Icons of Font Awesome Free 6 (https://fontawesome.com), a few of them. Icons: CC BY 4.0, fonts:
   SIL OFL 1.1. Written by tools/icons.py. */
@font-face {{
  font-family: "Book icons";
  font-display: block;
  src: url("data:font/woff;base64,{solid}");
}}

@font-face {{
  font-family: "Book icons of brands";
  font-display: block;
  src: url("data:font/woff;base64,{brands}");
}}

:root {{
  --fa-font-solid: normal 900 1em/1 "Book icons";
  --fa-font-brands: normal 400 1em/1 "Book icons of brands";
}}

.svg-inline--fa {{
  box-sizing: content-box;
  display: inline-block;
  height: 1em;
  overflow: visible;
  vertical-align: -0.125em;
}}

.fa-lg {{
  font-size: 1.25em;
  line-height: 0.05em;
}}

.svg-inline--fa.fa-lg {{
  vertical-align: -0.2em;
}}

/* Drawn by number: {codes} */
"""


def subset(name: str, codes: str) -> str:
    """Some glyphs of a font, as base64 of a WOFF file."""
    (file,) = STATIC.glob(f"vendor/fontawesome/*/webfonts/{name}.ttf")
    options = Options()
    options.flavor = "woff"
    options.drop_tables += ["GSUB", "GPOS", "FFTM"]
    font = TTFont(file, recalcTimestamp=False)
    cut = Subsetter(options)
    cut.populate(unicodes=[int(code, 16) for code in codes.split()])
    cut.subset(font)
    font.flavor, written = "woff", BytesIO()
    font.save(written)
    return b64encode(written.getvalue()).decode()


def main() -> None:
    """Write the style sheet."""
    solid, brands = subset("fa-solid-900", SOLID), subset("fa-brands-400", BRANDS)
    text = RULES.format(solid=solid, brands=brands, codes=f"{SOLID} {BRANDS}")
    TARGET.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
