"""What chapter 6 says and does not show: measured here, with seeds of its own."""

import numpy as np
import torch
from scipy.stats import wilcoxon

import mine_lib as ml


def hockey_stick(rho, gamma):
    """E_gamma of a Gaussian pair, by a sum over a fine grid of (along, across) the ridge."""
    along = torch.arange(-8, 8.001, 0.01, dtype=torch.float64)
    u, w = torch.meshgrid(along, along, indexing="ij")
    x = (np.sqrt((1 + rho) / 2) * u + np.sqrt((1 - rho) / 2) * w).reshape(-1, 1)
    z = (np.sqrt((1 + rho) / 2) * u - np.sqrt((1 - rho) / 2) * w).reshape(-1, 1)
    p = torch.exp(-(u**2 + w**2) / 2).reshape(-1) * 0.01**2 / (2 * np.pi)
    ratio = ml.Gaussian(rho).log_ratio(x, z).double().exp()
    return float((p * (1 - gamma / ratio).clamp(min=0)).sum())


def test_the_lower_bound_of_the_slope_falls_more_than_tenfold_from_16_to_128():
    for rho in (0.85, 0.9, 0.95, 0.99):
        assert hockey_stick(rho, 16) > 10 * hockey_stick(rho, 128) > 0


def test_vanilla_is_the_worse_one_on_new_pairs_also_with_batches_of_128():
    """At rho = 0.99, 48 seeds in pairs: a signed rank test, and the count in most of them."""
    table = ml.study(
        {
            "rho": [0.99], "alpha": [1.0, 0.01], "seed": [*range(100, 148)], "n": [20_000],
            "batch_size": [128], "width": [32], "learning_rate": [5e-3], "steps": [3000],
            "stable": [False],
        },
        part_size=96,
        progress=False,
    )  # fmt: skip
    assert not table.runs_away.any()
    held_out = table.pivot(index="seed", columns="alpha", values="held_out")
    gain = held_out[0.01] - held_out[1.0]
    assert wilcoxon(gain, alternative="greater").pvalue < 0.02
    assert (gain > 0).sum() > 26, f"vanilla is the worse one in {(gain > 0).sum()} of 48"
