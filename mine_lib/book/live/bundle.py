"""The modules of this folder as one script, for pages and for JupyterLab.

A page that is opened as a file may not import modules, so the book's pages get them joined: each
module becomes a function that returns what it exports, in an order in which all are there when
they are asked for. The modules themselves are plain ones, which any browser or node runs.
Nothing here needs more than the standard library, since the pages are built without the package's
dependencies.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:class|const|function) (\w+))", re.MULTILINE)


def style() -> str:
    """The style sheet of the laboratory."""
    return (FOLDER / "live.css").read_text("utf-8")


def page_script() -> str:
    """A script for the book's pages: it fills all elements of class "laboratory"."""
    names, text = _joined("page")
    return (
        f"(() => {{\n{text}window.mineLive = {{ {', '.join(names)} }};\npage.fillAll();\n}})();\n"
    )


def widget_module() -> str:
    """A module as anywidget wants it."""
    _, text = _joined("widget")
    return f"{text}export default {{ render: widget.render }};\n"


def _joined(last: str) -> tuple[list[str], str]:
    """Names and text of a module and of all that it needs, those first that others need."""
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        source = (FOLDER / f"{name}.js").read_text("utf-8")
        for _, needed in IMPORT.findall(source):
            if needed not in texts:
                add(needed)
        texts[name] = _as_function(name, source)

    add(last)
    return list(texts), "".join(texts.values())


def _as_function(name: str, source: str) -> str:
    """One module: its imports are taken from the others, its exports are returned."""
    exported = EXPORT.findall(source)
    body = EXPORT.sub("", IMPORT.sub(r"const {\1} = \2;\n", source))
    if left := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{name}.js: '{left[0]}' is not of the form that bundle.py joins")
    return f"const {name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
