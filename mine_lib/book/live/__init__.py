"""The laboratory of the book in JupyterLab: MINE, trained by the browser that shows it.

The front end is that of the book's page, the modules in this folder, which `bundle` joins.
"""

import json
import re
from typing import Any

from mine_lib.book.live.bundle import FOLDER, style, widget_module

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        "mine_lib.book.live needs anywidget, which is not installed: pip install anywidget"
    ) from error


def parameters() -> list[dict[str, Any]]:
    """What can be set: name, label, range or choices, and the usual value of each."""
    source = (FOLDER / "parameters.js").read_text("utf-8")
    return json.loads(re.search(r"PARAMETERS = (\[.*\]);", source, re.DOTALL)[1])


class Laboratory(anywidget.AnyWidget):
    """A run of MINE that the browser trains, to look at and to play with.

    settings: an address as the book's page has it, such as "rho=0.99&b=16&objective=average", or
    by name, `Laboratory(rho=0.99, b=16)`. kind: "full", or "excerpt" with few controls.

    What the run says can be read while it goes on: step, batch_value, held_out (2000 new pairs),
    exact_value (all pairs, by quadrature), log_v, true_log_mean, gradient_norm and truth, in nats;
    None where there is none. `observe` is told of changes. `run` and `pause` do what the button
    does. Raises ValueError on a setting that does not exist or is out of range.
    """

    _esm = widget_module()
    _css = style()

    settings = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Enum(["full", "excerpt"], "full").tag(sync=True)
    wanted = traitlets.Bool(False).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    batch_value = traitlets.Float(None, allow_none=True).tag(sync=True)
    held_out = traitlets.Float(None, allow_none=True).tag(sync=True)
    exact_value = traitlets.Float(None, allow_none=True).tag(sync=True)
    log_v = traitlets.Float(None, allow_none=True).tag(sync=True)
    true_log_mean = traitlets.Float(None, allow_none=True).tag(sync=True)
    gradient_norm = traitlets.Float(None, allow_none=True).tag(sync=True)
    truth = traitlets.Float(None, allow_none=True).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)

    def __init__(self, settings: str = "", *, kind: str = "full", **named: Any) -> None:
        given = dict(each.partition("=")[::2] for each in settings.split("&") if each)
        given |= {name: str(value) for name, value in named.items()}
        for name, value in given.items():
            _check(name, value)
        address = "&".join(f"{name}={value}" for name, value in given.items())
        super().__init__(settings=address, kind=kind)

    def run(self) -> None:
        """Start, or go on."""
        self.wanted = True

    def pause(self) -> None:
        """Stop until `run`."""
        self.wanted = False


def _check(name: str, text: str) -> None:
    """Raise a ValueError that names the setting, its value and what would be right."""
    known = {each["name"]: each for each in parameters()}
    if name not in known:
        raise ValueError(f"{name} = {text}: is no setting; there are {', '.join(known)}")
    each = known[name]
    if each["kind"] == "choice":
        if text not in each["choices"]:
            raise ValueError(f"{name} = {text}: must be one of {', '.join(each['choices'])}")
        return
    try:
        value = int(text) if each["kind"] == "whole" else float(text)
    except ValueError:
        value = None
    if value is None or not each["least"] <= value <= each["most"]:
        what = "a whole number" if each["kind"] == "whole" else "a number"
        raise ValueError(f"{name} = {text}: must be {what} from {each['least']} to {each['most']}")
