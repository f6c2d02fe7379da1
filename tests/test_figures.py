"""The figure helpers draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import mine_lib as ml
from mine_lib.book import figures


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
    assert list(plt.rcParams["figure.figsize"]) == [5.2, 2.9]


def test_a_band_of_one_repeat_is_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"values has shape \(1, 2\)"):
        figures.draw_band(ax, [1, 2], [[0.0, 5.0]], "run")


def test_colours_are_distinct_with_a_style_each():
    assert len(set(figures.COLOURS)) == len(figures.COLOURS) == len(figures.STYLES)


@pytest.mark.parametrize(
    ("dim", "labels"),
    [
        (1, ("score of x", "score of z")),
        (2, ("pointwise information (nats)", "pairs")),
    ],
)
def test_an_estimate_shows_its_interval_its_value_and_its_pairs(dim, labels):
    x, z = ml.Gaussian(0.8, dim).sample(100, seed=0)
    options = {"steps": 100, "restarts": 1, "hidden": (8,), "progress": False}
    estimate = ml.estimate_mi(x, z, **options)
    left, right, *bar = estimate.figure().axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("step", "nats")
    assert (right.get_xlabel(), right.get_ylabel()) == labels
    held_back, batches, value = left.lines
    assert list(held_back.get_xdata()) == list(batches.get_xdata()) == [*range(4, 101, 4)]
    assert list(held_back.get_ydata()) == estimate.training.held_out.mean(1).tolist()
    assert list(batches.get_ydata()) == estimate.training.estimate.mean(1).tolist()
    assert list(value.get_ydata()) == [estimate.value] * 2
    (band,) = left.patches
    heights = band.get_patch_transform().transform(band.get_path().vertices)[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx(estimate.interval())
    if dim == 1:
        (points,) = right.collections
        np.testing.assert_array_equal(points.get_offsets(), np.hstack([estimate.x, estimate.z]))
        np.testing.assert_array_equal(points.get_array(), estimate.pointwise)
        assert points.get_clim()[0] == -points.get_clim()[1]  # no information is white
        assert bar[0].get_ylabel() == "pointwise information (nats)"
    else:
        assert sum(bar.get_height() for bar in right.patches) == 100
        assert list(right.lines[0].get_xdata()) == [estimate.value] * 2
