"""The book's figure style and its recurring figures. Figures carry no title; captions say it."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from numpy.typing import ArrayLike

# Okabe and Ito's colour-blind-safe colours, the dark ones first, each with its own line style
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
TRUTH = "#333333"


def use_style() -> None:
    """Set Matplotlib's defaults for every figure of the book; a notebook then shows it as SVG.

    Sizes are for a phone: a figure 5.2 inches wide shows there with letters of 9 pixels. Draw
    many points with `rasterized=True`, or the file gets large. The ground is transparent, so that
    a dark page can turn the colours over (assets/book.css).
    """
    if get_ipython():
        set_matplotlib_formats("svg", metadata={"Date": None})
    plt.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.prop_cycle": cycler(color=COLOURS, linestyle=STYLES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",  # so that JupyterLab lays it on light ground in dark mode
            "figure.dpi": 144,  # of what is rasterised: twice what a page shows
            "figure.figsize": (5.2, 2.9),
            "font.size": 10.5,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.6,
            "legend.fontsize": 10.5,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "savefig.facecolor": "none",
            "savefig.pad_inches": 0.05,
            "svg.hashsalt": "mine",  # the same names of parts in every run
        }
    )


def draw_truth(ax: Axes, value: float, label: str = "true MI", vertical: bool = False) -> None:
    """Draw the true value as a thin dark line across the axes."""
    line = ax.axvline if vertical else ax.axhline
    line(value, color=TRUTH, linestyle="-", linewidth=1.2, label=label, zorder=1)


def draw_band(ax: Axes, x: ArrayLike, values: ArrayLike, label: str, **style: object) -> None:
    """Draw the mean of `values`, (repeats, len(x)), in a band of one standard deviation."""
    values = np.asarray(values)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"values has shape {values.shape}: must be (repeats, len(x)), repeats > 1")
    mean, spread = values.mean(0), values.std(0, ddof=1)
    (line,) = ax.plot(x, mean, label=label, **style)
    ax.fill_between(x, mean - spread, mean + spread, color=line.get_color(), alpha=0.2, linewidth=0)


def draw_clouds(clouds: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Draw each sample (x, z) as a scatter plot of its own.

    A sample whose x has two columns is drawn as the plane of these two, with z as the colour.
    """
    fig, axes = plt.subplots(1, len(clouds), figsize=(5.2, 1.6), squeeze=False)
    for ax, (name, (x, z)) in zip(axes[0], clouds.items(), strict=True):
        if x.shape[1] == 2:
            colours = np.where(np.asarray(z)[:, 0] > 0.5, COLOURS[1], COLOURS[0])
            ax.scatter(x[:, 0], x[:, 1], s=2, color=colours, rasterized=True)
        else:
            ax.scatter(x, z, s=2, color=COLOURS[0], rasterized=True)
        ax.set(xlabel=name, xticks=[], yticks=[])
        ax.margins(0.15)
    return fig


def draw_estimate(
    step: ArrayLike,
    held_out: ArrayLike,
    batches: ArrayLike,
    value: float,
    interval: tuple[float, float],
    x: np.ndarray,
    z: np.ndarray,
    pointwise: np.ndarray,
) -> Figure:
    """Draw how an estimate came about: its learning curves, and the learned pointwise information.

    Left, held_out and batches, (K,), against step, with the value and its interval. Right, the
    pointwise information, (n,), as the colour of the scores x and z if they have one column each,
    else as a histogram.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.2, 3), layout="constrained")
    left.plot(step, held_out, "C0-", label="held back")
    left.plot(step, batches, "C1--", label="training batches")
    left.axhspan(*interval, color=TRUTH, alpha=0.15, linewidth=0)
    draw_truth(left, value, "estimate, 95 %")
    left.set(xlabel="step", ylabel="nats")
    fig.legend(loc="outside upper left", ncols=3)
    if x.shape[1] == z.shape[1] == 1:
        reach = np.quantile(np.abs(pointwise), 0.99)  # a few may be far out
        colours = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}
        points = right.scatter(x, z, 4, pointwise, rasterized=True, **colours)
        right.set(xlabel="score of x", ylabel="score of z")
        fig.colorbar(points, label="pointwise information (nats)")
    else:
        right.hist(pointwise, bins=50)
        draw_truth(right, value, "estimate", vertical=True)
        right.set(xlabel="pointwise information (nats)", ylabel="pairs")
        right.legend()
    return fig
