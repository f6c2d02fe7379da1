"""The figure helpers draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from mine_lib import figures


@pytest.fixture(autouse=True)
def _own_settings():
    with plt.rc_context():
        figures.use_style()
        yield
    plt.close("all")


def test_truth_is_drawn_at_its_value():
    _, ax = plt.subplots()
    figures.draw_truth(ax, 0.51)
    figures.draw_truth(ax, 0.3, "true rho", vertical=True)
    assert list(ax.lines[0].get_ydata()) == [0.51, 0.51]
    assert list(ax.lines[1].get_xdata()) == [0.3, 0.3]


def test_band_is_mean_plus_minus_one_standard_deviation():
    _, ax = plt.subplots()
    figures.draw_band(ax, [1, 2], [[0.0, 5.0], [2.0, 5.0]], "runs")
    assert list(ax.lines[0].get_ydata()) == [1.0, 5.0]
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(5)
    assert heights.min() == pytest.approx(1 - np.sqrt(2))


def test_clouds_one_axes_each_and_colour_for_two_columns():
    pair = torch.zeros(4, 1), torch.ones(4, 1)
    coloured = torch.zeros(4, 2), torch.tensor([[0.0], [1.0], [0.0], [1.0]])
    fig = figures.draw_clouds({"pair": pair, "coloured": coloured})
    assert [ax.get_xlabel() for ax in fig.axes] == ["pair", "coloured"]
    assert len(np.unique(fig.axes[1].collections[0].get_facecolor(), axis=0)) == 2


def test_style_sets_size_and_colours():
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(figures.COLOURS)
    assert list(plt.rcParams["figure.figsize"]) == [6, 2.9]


def test_a_band_of_one_repeat_is_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"values has shape \(1, 2\)"):
        figures.draw_band(ax, [1, 2], [[0.0, 5.0]], "run")


def test_colours_are_distinct_with_a_style_each():
    assert len(set(figures.COLOURS)) == len(figures.COLOURS) == len(figures.STYLES)
