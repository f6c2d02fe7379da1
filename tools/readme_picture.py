"""Copy the figures that the README shows from the chapters' outputs to images/."""

import base64
from pathlib import Path

import nbformat

pictures = {
    cell.metadata.mystnb.figure.name: output.data["image/png"]
    for chapter in sorted(Path("chapters").glob("*.ipynb"))
    for cell in nbformat.read(chapter, as_version=4).cells
    for output in cell.get("outputs", [])
    if "image/png" in output.get("data", {})
}
for picture in Path("images").glob("fig-*.png"):
    picture.write_bytes(base64.b64decode(pictures[picture.stem]))
