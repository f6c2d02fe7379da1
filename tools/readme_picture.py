"""Copy the figures that the README shows from the chapters' outputs to images/.

There they get a white ground: the README may be read on a dark one.
"""

import re
from pathlib import Path

import nbformat

END_OF_SVG_TAG = re.compile(r"(<svg\b[^>]*>)")


def stored(chapters: list[Path]) -> dict[str, str]:
    """Return the SVG of each figure that the chapters store, by its name."""
    return {
        cell.metadata.mystnb.figure.name: output.data["image/svg+xml"]
        for chapter in chapters
        for cell in nbformat.read(chapter, as_version=4).cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    }


def on_white(svg: str) -> str:
    """Lay a picture on white ground."""
    return END_OF_SVG_TAG.sub(r'\1<rect width="100%" height="100%" fill="white"/>', svg, count=1)


if __name__ == "__main__":
    pictures = stored(sorted(Path("chapters").glob("*.ipynb")))
    for picture in Path("images").glob("fig-*.svg"):
        picture.write_text(on_white(pictures[picture.stem]), "utf-8")
