"""Transformed pairs against a way back of their own."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm

import mine_lib as ml

N = 40_000
SPIRAL = ml.Transformed(ml.Gaussian(0.9), x=ml.spiral)


def unwind(x):
    """The Gaussian whose spiral x is; its angle must be the radius."""
    radius, angle = np.hypot(x[:, 0], x[:, 1]), np.arctan2(x[:, 1], x[:, 0])
    np.testing.assert_allclose(np.exp(1j * radius), np.exp(1j * angle), atol=1e-5)
    return norm.ppf((radius / np.pi - 1) / 3)


def test_transformed_log_ratio_is_that_of_the_pair_at_the_inverse():
    x, z = SPIRAL.sample(1000, seed=5)
    expected = ml.Gaussian(0.9).log_ratio(unwind(x.double().numpy()), z)
    assert SPIRAL.log_ratio(x, z).tolist() == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-3)
    cubed = ml.Transformed(ml.Gaussian(0.9), z=ml.cube)
    expected = ml.Gaussian(0.9).log_ratio([-2.0, 0.5], [-3.0, 2.0])
    assert cubed.log_ratio([-2.0, 0.5], [-27.0, 8.0]).tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("point", [(0, 0), (3, 3), (-3.1, 0), (0, 4.7), (4 * np.pi + 0.01, 0)])
def test_points_off_the_spiral_are_refused(point):
    on, _ = SPIRAL.sample(1, seed=0)
    points = torch.cat([on, torch.tensor([point], dtype=on.dtype)])
    with pytest.raises(ValueError, match=r"x holds \(.*\) in row 1: Bijection\(wind, unwind\)"):
        SPIRAL.log_ratio(points, [0.0, 0.0])


def test_a_wound_gaussian_is_one_when_unwound():
    x, z = SPIRAL.sample(N, seed=9)
    for column in (unwind(x.double().numpy()), z[:, 0]):
        assert kstest(column, norm.cdf).pvalue > 1e-3


def test_the_ends_of_the_spiral_rounded_to_single_precision_are_still_possible():
    ends = ml.spiral.forward(np.array([[-9.0], [-5.4], [5.4], [9.0]]))
    ratios = SPIRAL.log_ratio(torch.from_numpy(ends).float(), np.zeros(4))
    assert torch.isfinite(ratios).all()
