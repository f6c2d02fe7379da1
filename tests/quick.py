"""Quick estimates for the tests."""

import numpy as np
from scipy.signal import lfilter

import mine_lib as ml

FAST = {"steps": 100, "restarts": 1, "hidden": (16,), "progress": False}


def estimate(x, z, **options):
    return ml.estimate_mi(x, z, **{**FAST, **options})


def gaussians(n=1000, rho=0.8, seed=0, dim=1):
    return [values.double().numpy() for values in ml.Gaussian(rho, dim).sample(n, seed=seed)]


def warned(estimated, text):
    return any(text in warning for warning in estimated.warnings)


def wide(columns, signal):
    """500 rows with many columns, of which the first may say something about z."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, columns))
    return x, signal * x[:, 0] + rng.standard_normal(500)


def two_series(n, memory, seed=0):
    """Two independent series, each value `memory` times the last one plus noise, (2, n)."""
    noise = np.random.default_rng(seed).standard_normal((2, n + 500))
    return lfilter([1], [1, -memory], noise)[:, 500:]
