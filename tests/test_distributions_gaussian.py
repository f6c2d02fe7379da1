"""Gaussian pairs, Student's t and the mixture against closed forms, quadrature and SciPy."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest, multivariate_normal, multivariate_t, norm
from scipy.stats import t as student

import mine_lib as ml

N = 40_000


def student_log_ratio(x, z, dof, rho):
    dim = x.shape[1]
    eye = np.eye(dim)
    shape = np.block([[eye, rho * eye], [rho * eye, eye]])
    joint = multivariate_t(shape=shape, df=dof).logpdf(np.hstack([x, z]))
    marginal = multivariate_t(shape=eye, df=dof)
    return joint - marginal.logpdf(x) - marginal.logpdf(z)


@pytest.mark.parametrize("rho", [0.0, 0.3, -0.8, 0.99])
@pytest.mark.parametrize("dim", [1, 4])
def test_gaussian_mi_is_half_the_log_determinant_ratio(rho, dim):
    eye = np.eye(dim)
    sigma = np.block([[eye, rho * eye], [rho * eye, eye]])
    assert ml.Gaussian(rho, dim).mi == pytest.approx(-np.linalg.slogdet(sigma)[1] / 2, abs=1e-12)


def test_gaussian_mi_of_four_fifths():
    assert ml.Gaussian(0.8).mi == pytest.approx(math.log(5 / 3), abs=1e-15)


def test_gaussian_samples_have_unit_variance_and_the_correlation():
    x, z = (v.double() for v in ml.Gaussian(0.7, 2).sample(200_000, seed=3))
    moments = torch.cov(torch.cat([x, z], 1).T)
    expected = torch.tensor([[1, 0, 0.7, 0], [0, 1, 0, 0.7], [0.7, 0, 1, 0], [0, 0.7, 0, 1]])
    # The standard error of a sample variance is sqrt(2 / n) = 0.0032, of a covariance less.
    assert (moments - expected).abs().max() < 4 * math.sqrt(2 / 200_000)


def test_gaussian_log_ratio_has_the_variance_and_the_chi2_of_section_1_5():
    rho = 0.6
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = np.outer(weight, weight).ravel() / weight.sum() ** 2
    x, e = (v.ravel() for v in np.meshgrid(node, node))
    i = ml.Gaussian(rho).log_ratio(x, rho * x + math.sqrt(1 - rho**2) * e).double().numpy()
    assert (weight * i).sum() == pytest.approx(-math.log(1 - rho**2) / 2, rel=1e-5)
    assert (weight * i**2).sum() - (weight * i).sum() ** 2 == pytest.approx(rho**2, rel=1e-5)
    assert (weight * np.exp(i)).sum() - 1 == pytest.approx(rho**2 / (1 - rho**2), rel=1e-4)


def test_tensors_of_any_kind_are_taken():
    table = torch.tensor([[0.4, 0.1], [0.05, 0.45]])  # sums to 1 in single precision only
    assert ml.Discrete(table).mi == pytest.approx(ml.Discrete(table.double()).mi, abs=1e-6)
    x = torch.tensor([0.5])
    expected = ml.Gaussian(0.5).log_ratio([0.5], [1.0])
    assert ml.Gaussian(0.5).log_ratio(x, torch.tensor([1.0], dtype=torch.bfloat16)) == expected


def test_student_mi_of_extremes():
    assert ml.Student(1e5, 0.5, 3).mi == pytest.approx(ml.Gaussian(0.5, 3).mi, abs=1e-8)
    # Cauchy, by hand: h(X) = log(4 pi) and h(X, Z) = log(2 pi) + 3.
    assert ml.Student(1, 0.0).mi == pytest.approx(math.log(8 * math.pi) - 3, abs=1e-12)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize(
    ("dof", "rho", "dim"), [(1, 0.5, 1), (0.5, -0.9, 2), (2.5, -0.7, 3), (5, 0.0, 1), (1e4, 0.9, 2)]
)
def test_student_log_ratio_by_scipy(dof, rho, dim, shift):
    pair = ml.Student(dof, rho, dim)
    x, z = pair.sample(1000, seed=5)
    z = z.roll(shift, 0)
    x[0], z[0], x[1], z[1] = 0.0, 0.0, 1e-20, 1e30
    expected = student_log_ratio(x.double().numpy(), z.double().numpy(), dof, rho)
    assert pair.log_ratio(x, z).tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_student_log_ratio_far_out_grows_by_dof_times_the_logarithm():
    pair = ml.Student(2.5, -0.7, 2)
    x, z = np.array([[1.0, -2.0]]), np.array([[0.5, 3.0]])
    near, far = (float(pair.log_ratio(k * x, k * z)) for k in (1e10, 1e290))
    assert far - near == pytest.approx(2.5 * 280 * math.log(10), rel=1e-5)


@pytest.mark.parametrize("rho", [0.0, 0.3, -0.8, 0.99])
def test_gaussian_mixture_mi_by_two_dimensional_quadrature(rho):
    # (X + Z, X - Z) of the pairs of correlation rho, each divided by its standard deviation
    node = np.arange(-9, 9, 0.02)
    total, difference = np.meshgrid(node, node)
    total, difference = math.sqrt(1 + rho) * total, math.sqrt(1 - rho) * difference
    xz = np.stack([total + difference, total - difference], -1) / math.sqrt(2)
    ratios = [
        multivariate_normal(cov=[[1, r], [r, 1]]).logpdf(xz) - norm.logpdf(xz).sum(-1)
        for r in (rho, -rho)
    ]
    weight = np.outer(norm.pdf(node), norm.pdf(node)) * 0.02**2
    expected = (weight * (np.logaddexp(*ratios) - math.log(2))).sum()
    assert ml.GaussianMixture(rho).mi == pytest.approx(expected, abs=1e-6)


def test_gaussian_mixture_log_ratio_by_hand():
    x, z = np.array([0.0, 1.0, -2.0, 40.0]), np.array([0.0, 1.5, 0.5, 40.0])
    xz = np.stack([x, z], 1)
    joint = [multivariate_normal(cov=[[1, r], [r, 1]]).logpdf(xz) for r in (0.7, -0.7)]
    expected = np.logaddexp(*joint) - math.log(2) - norm.logpdf(xz).sum(1)
    ratios = ml.GaussianMixture(0.7).log_ratio(x, z)
    assert ratios.tolist() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(ml.GaussianMixture(-0.7).log_ratio(x, z), ratios)


def test_the_mixture_is_uncorrelated():
    x, z = (v.double() for v in ml.GaussianMixture(0.9).sample(N, seed=4))
    # E[X^2 Z^2] = 1 + 2 rho^2
    assert abs((x * z).mean()) < 4 * math.sqrt((1 + 2 * 0.9**2) / N)


@pytest.mark.parametrize(
    ("pair", "law"),
    [
        (ml.Student(1, 0.9, 2), student(1)),
        (ml.Student(4.5, 0.9, 2), student(4.5)),
        (ml.GaussianMixture(0.9), norm),
    ],
)
def test_marginals_are_as_named(pair, law):
    for column in torch.hstack(pair.sample(N, seed=9)).T:
        assert kstest(column, law.cdf).pvalue > 1e-3
