"""Frames without a kernel and without a browser; test_pages.py moves the sliders."""

import base64
import re
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from ipywidgets import Widget
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from mine_lib.book.frames import Frames

mpl.use("Agg")
NAMED = {"name": "line", "label": "slope a", "alt": "A line of slope {value}."}


def draw_line(slope: float) -> None:
    plt.plot([0, 1], [0, slope])


def draw_figure(slope: float) -> Figure:
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, slope])
    return figure


def page(frames: Frames) -> str:
    return frames._repr_mimebundle_()["text/html"]


def test_shows_the_start_frame_without_script():
    html = page(Frames(draw_line, [1, 2, 3], start=2, **NAMED))
    assert html.count("<img") == 1
    assert re.search(r'<img src="data:image/png;base64,[^"]+" alt="A line of slope 2\."', html)
    assert 'value="1" aria-valuetext="2"' in html
    assert re.search(r"<input [^>]* hidden>", html)


def test_holds_each_picture_once_with_its_alt():
    html = page(Frames(draw_line, [1, 2, 3], **NAMED))
    assert len(set(re.findall(r"base64,[^\"]+", html))) == html.count("base64,") == 3
    assert re.findall(r'"(A line of slope \d\.)", "(\d)"', html) == [
        (f"A line of slope {slope}.", str(slope)) for slope in (1, 2, 3)
    ]


def test_alt_can_be_computed():
    named = NAMED | {"alt": lambda slope: f"It ends at {2 * slope}."}
    assert 'alt="It ends at 8."' in page(Frames(draw_line, [4, 5], **named))


def test_same_pictures_give_the_same_html():
    first, second = (Frames(draw_line, [1, 2], **NAMED) for _ in range(2))
    assert page(first) == page(second)
    assert repr(first) == repr(second) == "<Frames line: 2 pictures, slope a from 1 to 2>"


def test_returned_and_current_figure_give_the_same_picture():
    assert page(Frames(draw_line, [1, 2], **NAMED)) == page(Frames(draw_figure, [1, 2], **NAMED))


def test_pictures_have_the_size_asked_for_and_few_colours():
    html = page(Frames(draw_line, [1], size=(400, 300), **NAMED))
    picture = Image.open(BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])))
    assert picture.size == (600, 450)
    assert len(picture.getcolors()) <= 64
    assert 'width="400" height="300"' in html


def test_twenty_clouds_weigh_at_most_600_kb():
    x, noise = np.random.default_rng(0).standard_normal((2, 1000))
    draw = lambda rho: plt.scatter(x, rho * x + np.sqrt(1 - rho**2) * noise, s=6, alpha=0.5)  # noqa: E731
    assert len(page(Frames(draw, np.linspace(0, 0.95, 20), **NAMED))) < 600_000


def test_text_from_outside_is_escaped():
    named = {"name": "line", "label": "a < b", "alt": '</script>"{value}"'}
    html = page(Frames(draw_line, ["<"], caption="a & b", **named))
    assert html.count("</script>") == 1
    assert "<figcaption>a &amp; b</figcaption>" in html
    assert "a &lt; b</label>" in html


@pytest.mark.parametrize("draw", [draw_line, draw_figure])
def test_leaves_pyplot_as_it_was(draw):
    mine, settings = plt.figure(), dict(mpl.rcParams)
    Frames(draw, [1, 2], **NAMED)
    assert plt.get_fignums() == [mine.number]
    assert plt.gcf() is mine
    assert dict(mpl.rcParams) == settings
    plt.close(mine)


def test_closes_its_figures_when_drawing_fails():
    with pytest.raises(ZeroDivisionError):
        Frames(lambda value: plt.plot([1 / value]), [0], **NAMED)
    assert plt.get_fignums() == []


def test_makes_widgets_only_when_displayed(monkeypatch):
    made = []
    monkeypatch.setattr(Widget, "__init__", lambda self, *args, **kwargs: made.append(self))
    Frames(draw_line, [1, 2], **NAMED)
    assert made == []


def test_widget_links_slider_and_pictures():
    picture_stack, slider = Frames(draw_line, [1, 2, 3], start=3, **NAMED)._widget().children
    assert slider.options == ("1", "2", "3")
    assert slider.index == picture_stack.selected_index == 2
    assert [re.search('alt="(.*?)"', p.value)[1] for p in picture_stack.children] == [
        f"A line of slope {slope}." for slope in (1, 2, 3)
    ]


def test_start_is_found_among_rounded_decimals():
    html = page(Frames(draw_line, np.linspace(0, 1, 11), start=0.3, **NAMED))
    assert 'value="3" aria-valuetext="0.3"' in html


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": []}, r"values = \[\]: must not be empty"),
        ({"values": [1, 1.0]}, r"values = \['1', '1'\]: must differ"),
        ({"start": 7}, r"start = 7: must be one of the values \['1', '2'\]"),
        ({"name": "a b"}, "name = 'a b': must be"),
        ({"name": ""}, "name = '': must be"),
        ({"alt": "A line."}, "alt = 'A line.': must contain {value}"),
    ],
)
def test_bad_input_names_the_argument_and_its_value(wrong, message):
    arguments = {"values": [1, 2], **NAMED, **wrong}
    with pytest.raises(ValueError, match=message):
        Frames(draw_line, **arguments)
