"""A slider over prepared pictures: an ipywidget where a kernel runs, plain HTML in the book.

The pictures are drawn once, so moving the slider computes nothing and the page needs no kernel.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from numbers import Integral, Real
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

# Picture pixels per CSS pixel: 1.5 keeps text sharp on a phone at 60 % of the bytes of 2.
PIXELS_PER_CSS_PIXEL = 1.5
COLOURS = 64
# Labels are fitted into the picture; the picture is not cut to the labels.
_FIXED_SIZE = {"figure.constrained_layout.use": True, "savefig.bbox": "standard"}

# The start frame is only in the <img>, not in the list. Without script the slider stays hidden.
_HTML = """<figure class="{classes}" style="margin:0 auto;max-width:{width}px">
<img src="{src}" alt="{alt}" width="{width}" height="{height}" style="max-width:100%;height:auto">
<div style="display:flex;flex-wrap:wrap;align-items:center;gap:0 0.75em;min-height:44px">
<label for="{id}">{label}</label>
<input type="range" id="{id}" min="0" max="{last}" value="{start}" aria-valuetext="{shown}"
 autocomplete="off" style="flex:1 1 8em;height:44px;cursor:pointer" hidden>
<span class="value" style="min-width:4ch;font-variant-numeric:tabular-nums">{shown}</span>
</div>{caption}
<script>{{
  const figure = document.currentScript.closest("figure");
  const [image, slider, value] = ["img", "input", ".value"].map((s) => figure.querySelector(s));
  const frames = {frames};
  frames[slider.value][0] = image.src;
  slider.addEventListener("input", () => {{
    [image.src, image.alt, value.textContent] = frames[slider.value];
    slider.setAttribute("aria-valuetext", value.textContent);
  }});
  slider.hidden = false;
}}</script>
</figure>"""


@dataclass(frozen=True)
class _Frame:
    png: bytes
    alt: str
    shown: str  # the slider's value as the reader sees it

    @property
    def src(self) -> str:
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


class Frames:
    """A slider that shows draw(value) for the chosen value; end a cell with it to display it.

    draw: returns a Figure, or draws on the current one; the figure is closed afterwards.
    values: one picture each, in this order.
    name: begins with a letter, then letters, digits, "-" and "_"; once on a page.
    label: what the slider changes, as plain text.
    alt: says what the picture shows: text with {value} in it, or a function of the value.
    start: the value shown first, by default the first one.
    caption: plain text below the slider; in the book, the cell's metadata give a numbered one.
    size: width and height of the pictures in CSS pixels.
    as_is: keeps the colours on a dark page, as heat maps need; else dark and light change places.

    Raises ValueError for values that are empty or look alike, and for a bad name, alt or start.
    20 pictures of scattered points weigh about 0.5 MB, of lines a little less.
    """

    def __init__(
        self,
        draw: Callable[[Any], object],
        values: Iterable[Any],
        *,
        name: str,
        label: str,
        alt: str | Callable[[Any], str],
        start: Any = None,
        caption: str = "",
        size: tuple[int, int] = (500, 320),
        as_is: bool = False,
    ) -> None:
        values = list(values)
        shown = [_show(value) for value in values]
        _check(name, alt, shown)
        self._start = 0 if start is None else _index(start, shown)
        self._name, self._label, self._caption, self._size = name, label, caption, size
        self._classes = "frames as-is" if as_is else "frames"
        self._frames = [_prepare(draw, value, alt, size) for value in values]

    def __repr__(self) -> str:
        """One line, the same in every run."""
        first, last = self._frames[0].shown, self._frames[-1].shown
        count = len(self._frames)
        return f"<Frames {self._name}: {count} pictures, {self._label} from {first} to {last}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        widget = self._widget()._repr_mimebundle_()
        return {**widget, "text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        start = self._frames[self._start]
        frames = [
            ["" if frame is start else frame.src, frame.alt, frame.shown] for frame in self._frames
        ]
        return _HTML.format(
            id=f"frames-{self._name}",
            classes=self._classes,
            width=self._size[0],
            height=self._size[1],
            src=start.src,
            alt=html.escape(start.alt),
            shown=html.escape(start.shown),
            label=html.escape(self._label),
            start=self._start,
            last=len(self._frames) - 1,
            caption=self._caption and f"\n<figcaption>{html.escape(self._caption)}</figcaption>",
            frames=json.dumps(frames).replace("<", "\\u003c"),  # no "</script>" from an alt text
        )

    def _widget(self) -> Any:
        import ipywidgets  # here, so that a page without a slider does not pay for it

        pictures = [
            ipywidgets.HTML(
                f'<img src="{frame.src}" alt="{html.escape(frame.alt)}" width="{self._size[0]}">'
            )
            for frame in self._frames
        ]
        stack = ipywidgets.Stack(pictures, selected_index=self._start)
        slider = ipywidgets.SelectionSlider(
            options=[frame.shown for frame in self._frames],
            index=self._start,
            description=self._label,
            style={"description_width": "initial"},
        )
        ipywidgets.jslink((slider, "index"), (stack, "selected_index"))
        return ipywidgets.VBox([stack, slider])


def _check(name: str, alt: str | Callable[[Any], str], shown: list[str]) -> None:
    """Raise a ValueError that names the argument and its value."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise ValueError(f'name = {name!r}: must be a letter, then letters, digits, "-" or "_"')
    if isinstance(alt, str) and "{value}" not in alt:
        raise ValueError(f"alt = {alt!r}: must contain {{value}}, so that it differs by picture")
    if not shown:
        raise ValueError("values = []: must not be empty")
    if len(set(shown)) < len(shown):
        raise ValueError(f"values = {shown}: must differ as they are shown")


def _index(start: Any, shown: list[str]) -> int:
    """Position of start, compared as shown, so that 0.3 is found in numpy.linspace(0, 1, 11)."""
    if _show(start) not in shown:
        raise ValueError(f"start = {start!r}: must be one of the values {shown}")
    return shown.index(_show(start))


def _show(value: Any) -> str:
    is_decimal = isinstance(value, Real) and not isinstance(value, Integral)
    return f"{value:g}" if is_decimal else str(value)


def _prepare(
    draw: Callable[[Any], object],
    value: Any,
    alt: str | Callable[[Any], str],
    size: tuple[int, int],
) -> _Frame:
    text = alt.replace("{value}", _show(value)) if isinstance(alt, str) else alt(value)
    return _Frame(_render(draw, value, size), text, _show(value))


def _render(draw: Callable[[Any], object], value: Any, size: tuple[int, int]) -> bytes:
    """PNG of draw(value), size in CSS pixels; pyplot's figures and settings stay as they were."""
    open_before = set(plt.get_fignums())
    buffer = BytesIO()
    with mpl.rc_context(_FIXED_SIZE), plt.ioff():
        try:
            plt.figure()
            drawn = draw(value)
            figure = drawn if isinstance(drawn, Figure) else plt.gcf()
            figure.set_size_inches(size[0] / 100, size[1] / 100)
            figure.savefig(buffer, dpi=100 * PIXELS_PER_CSS_PIXEL, facecolor="white")
        finally:
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
    return _fewer_colours(buffer)


def _fewer_colours(png: BytesIO) -> bytes:
    """The same picture with a palette; MAXCOVERAGE keeps the colours of thin lines."""
    picture = Image.open(png).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
