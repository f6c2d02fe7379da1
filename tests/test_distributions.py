"""The distributions against closed forms, and against quadrature and sampling they do not use."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.special import i0
from scipy.stats import kstest, multivariate_normal, multivariate_t, norm, uniform
from scipy.stats import t as student

import mine_lib as ml

N = 40_000


def arrays(*tensors):
    return [v.double().numpy() for v in tensors]


def student_log_ratio(x, z, dof, rho):
    x, z = arrays(x, z)
    dim = x.shape[1]
    eye = np.eye(dim)
    shape = np.block([[eye, rho * eye], [rho * eye, eye]])
    joint = multivariate_t(shape=shape, df=dof).logpdf(np.hstack([x, z]))
    marginal = multivariate_t(shape=eye, df=dof)
    return torch.from_numpy(joint - marginal.logpdf(x) - marginal.logpdf(z))


def additive_uniform_density(z, e):
    """Density of z: the share of [z - e, z + e] within [0, 1], over its length."""
    return np.clip(np.minimum(z + e, 1) - np.maximum(z - e, 0), 0, None) / (2 * e)


def additive_uniform_log_ratio(x, z, e):
    x, z = (v[:, 0] for v in arrays(x, z))
    near = np.abs(z - x) < e + 1e-6  # z is rounded to single precision
    log_ratio = -np.log(2 * e) - np.log(additive_uniform_density(z, e))
    return torch.from_numpy(np.where(near, log_ratio, -np.inf))


def steps_and_ramps_density(z, steps):
    """Density of z: the mean over the steps of a uniform density on [step, step + 2]."""
    step = np.arange(steps)
    return ((step <= z) & (z <= step + 2)).mean(-1) / 2


def steps_and_ramps_log_ratio(x, z, steps):
    x, z = arrays(x, z)
    reached = ((x <= z) & (z <= x + 2))[:, 0]
    log_ratio = -np.log(2) - np.log(steps_and_ramps_density(z, steps))
    return torch.from_numpy(np.where(reached, log_ratio, -np.inf))


def unwind(x):
    """The Gaussian whose spiral x is; its angle must be the radius."""
    radius, angle = np.hypot(x[:, 0], x[:, 1]), np.arctan2(x[:, 1], x[:, 0])
    np.testing.assert_allclose(np.exp(1j * radius), np.exp(1j * angle), atol=1e-5)
    return norm.ppf((radius / np.pi - 1) / 3)


# name: (sampler, exact MI, log ratio)
PAIRS = {
    "gaussians": (
        lambda n, seed: ml.correlated_gaussians(n, 0.9, 1, seed),
        -math.log(1 - 0.9**2) / 2,
        lambda x, z: ml.gaussian_log_ratio(x, z, 0.9),
    ),
    "gaussians in three dimensions": (
        lambda n, seed: ml.correlated_gaussians(n, -0.6, 3, seed),
        -3 * math.log(1 - 0.6**2) / 2,
        lambda x, z: ml.gaussian_log_ratio(x, z, -0.6),
    ),
    "circle": (
        lambda n, seed: ml.noisy_circle(n, 0.2, seed),
        ml.circle_mi(0.2),
        lambda x, z: ml.circle_log_ratio(x, z, 0.2),
    ),
    "parabola": (
        lambda n, seed: ml.noisy_parabola(n, 0.2, seed),
        ml.parabola_mi(0.2),
        lambda x, z: ml.parabola_log_ratio(x, z, 0.2),
    ),
    "disk": (ml.disk, ml.disk_mi(), ml.disk_log_ratio),
    "narrow additive uniform": (
        lambda n, seed: ml.additive_uniform(n, 0.1, seed),
        ml.additive_uniform_mi(0.1),
        lambda x, z: additive_uniform_log_ratio(x, z, 0.1),
    ),
    "wide additive uniform": (
        lambda n, seed: ml.additive_uniform(n, 0.8, seed),
        ml.additive_uniform_mi(0.8),
        lambda x, z: additive_uniform_log_ratio(x, z, 0.8),
    ),
    "mixture": (
        lambda n, seed: ml.gaussian_mixture(n, 0.9, seed),
        ml.gaussian_mixture_mi(0.9),
        lambda x, z: ml.gaussian_mixture_log_ratio(x, z, 0.9),
    ),
    "spiral": (
        lambda n, seed: ml.spiral_pairs(n, -0.8, seed),
        ml.gaussian_mi(-0.8),
        lambda x, z: ml.gaussian_log_ratio(unwind(x.double().numpy()), z, -0.8),
    ),
    "steps and ramps": (
        lambda n, seed: ml.steps_and_ramps(n, 5, seed),
        ml.steps_and_ramps_mi(5),
        lambda x, z: steps_and_ramps_log_ratio(x, z, 5),
    ),
}

# Apart: the density ratio of Student's t has no finite variance under the product.
STUDENTS = {
    "Cauchy": (
        lambda n, seed: ml.student_pairs(n, 1, 0.5, 1, seed),
        ml.student_mi(1, 0.5),
        lambda x, z: student_log_ratio(x, z, 1, 0.5),
    ),
    "Student": (
        lambda n, seed: ml.student_pairs(n, 5, 0.0, 1, seed),
        ml.student_mi(5, 0.0),
        lambda x, z: student_log_ratio(x, z, 5, 0.0),
    ),
    "Student in three dimensions": (
        lambda n, seed: ml.student_pairs(n, 2.5, -0.7, 3, seed),
        ml.student_mi(2.5, -0.7, 3),
        lambda x, z: student_log_ratio(x, z, 2.5, -0.7),
    ),
}


@pytest.mark.parametrize("name", PAIRS | STUDENTS)
def test_mean_log_ratio_of_samples_is_the_mi(name):
    sample, mi, log_ratio = (PAIRS | STUDENTS)[name]
    i = log_ratio(*sample(N, 0)).double()
    standard_error = i.std().item() / math.sqrt(N)
    assert i.shape == (N,)
    assert abs(i.mean().item() - mi) < 4 * standard_error


@pytest.mark.parametrize("name", PAIRS)
def test_mean_density_ratio_of_product_samples_is_one(name):
    sample, _, log_ratio = PAIRS[name]
    (x, _), (_, z) = sample(N, 1), sample(N, 2)
    r = log_ratio(x, z).double().exp()
    assert abs(r.mean().item() - 1) < 4 * r.std().item() / math.sqrt(N)


@pytest.mark.parametrize("rho", [0.0, 0.3, -0.8, 0.99])
@pytest.mark.parametrize("dim", [1, 4])
def test_gaussian_mi_is_half_the_log_determinant_ratio(rho, dim):
    eye = np.eye(dim)
    sigma = np.block([[eye, rho * eye], [rho * eye, eye]])
    assert ml.gaussian_mi(rho, dim) == pytest.approx(-np.linalg.slogdet(sigma)[1] / 2, abs=1e-12)


def test_gaussian_mi_of_four_fifths():
    assert ml.gaussian_mi(0.8) == pytest.approx(math.log(5 / 3), abs=1e-15)


def test_gaussian_samples_have_unit_variance_and_the_correlation():
    x, z = (v.double() for v in ml.correlated_gaussians(200_000, 0.7, 2, seed=3))
    moments = torch.cov(torch.cat([x, z], 1).T)
    expected = torch.tensor([[1, 0, 0.7, 0], [0, 1, 0, 0.7], [0.7, 0, 1, 0], [0, 0.7, 0, 1]])
    # The standard error of a sample variance is sqrt(2 / n) = 0.0032, of a covariance less.
    assert (moments - expected).abs().max() < 4 * math.sqrt(2 / 200_000)


def test_gaussian_log_ratio_has_the_variance_and_the_chi2_of_section_1_5():
    rho = 0.6
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = np.outer(weight, weight).ravel() / weight.sum() ** 2
    x, e = (v.ravel() for v in np.meshgrid(node, node))
    i = ml.gaussian_log_ratio(x, rho * x + math.sqrt(1 - rho**2) * e, rho).double().numpy()
    assert (weight * i).sum() == pytest.approx(-math.log(1 - rho**2) / 2, rel=1e-5)
    assert (weight * i**2).sum() - (weight * i).sum() ** 2 == pytest.approx(rho**2, rel=1e-5)
    assert (weight * np.exp(i)).sum() - 1 == pytest.approx(rho**2 / (1 - rho**2), rel=1e-4)


def test_circle_mi_by_two_dimensional_quadrature():
    noise = 0.4
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)

    def marginal(v):
        return np.exp(-((v - np.cos(angle)) ** 2) / (2 * noise**2)).mean() / (
            noise * math.sqrt(2 * math.pi)
        )

    def integrand(z, x):
        square = x**2 + z**2
        joint = math.exp(-(square + 1) / (2 * noise**2)) * i0(math.sqrt(square) / noise**2)
        joint /= 2 * math.pi * noise**2
        return joint * math.log(joint / (marginal(x) * marginal(z)))

    quadrant, _ = dblquad(integrand, 0, 3.2, 0, 3.2, epsabs=1e-6)
    assert ml.circle_mi(noise) == pytest.approx(4 * quadrant, abs=1e-5)


def test_parabola_mi_by_two_dimensional_quadrature():
    noise = 0.4
    grid = (np.arange(400) + 0.5) / 400

    def conditional(z, x):
        return np.exp(-((z - x**2) ** 2) / (2 * noise**2)) / (noise * math.sqrt(2 * math.pi))

    def integrand(z, x):
        return conditional(z, x) * math.log(conditional(z, x) / conditional(z, grid).mean())

    value, _ = dblquad(integrand, 0, 1, lambda x: x**2 - 3.2, lambda x: x**2 + 3.2, epsabs=1e-6)
    assert ml.parabola_mi(noise) == pytest.approx(value, abs=1e-5)


def test_disk_mi_by_two_dimensional_quadrature():
    def integrand(z, x):
        return math.log(math.pi / 4 / math.sqrt((1 - x**2) * (1 - z**2))) / math.pi

    quadrant, _ = dblquad(integrand, 0, 1, 0, lambda x: math.sqrt(1 - x**2), epsabs=1e-6)
    assert ml.disk_mi() == pytest.approx(4 * quadrant, abs=1e-5)


@pytest.mark.parametrize(
    "sample", [ml.noisy_circle, ml.noisy_parabola, lambda n, seed: ml.disk(n, seed)]
)
def test_pairs_are_uncorrelated(sample):
    x, z = sample(N, seed=4)
    correlation = np.corrcoef(x[:, 0], z[:, 0])[0, 1]
    assert abs(correlation) < 4 / math.sqrt(N)


@pytest.mark.parametrize("half_width", [0.02, 0.3, 0.49, 0.5, 0.51, 4.0])
def test_additive_uniform_mi_by_quadrature(half_width):
    def integrand(z):
        density = additive_uniform_density(z, half_width)
        return -density * math.log(density) if density else 0.0

    corners = sorted([half_width, 1 - half_width])
    entropy, _ = quad(integrand, -half_width, 1 + half_width, points=corners)
    expected = entropy - math.log(2 * half_width)
    assert ml.additive_uniform_mi(half_width) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_steps_and_ramps_mi_by_quadrature(steps):
    z = (np.arange(1000 * (steps + 1)) + 0.5) / 1000
    density = steps_and_ramps_density(z[:, None], steps)
    expected = -(density * np.log(density)).sum() / 1000 - math.log(2)
    assert ml.steps_and_ramps_mi(steps) == pytest.approx(expected, abs=1e-12)


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
    assert ml.gaussian_mixture_mi(rho) == pytest.approx(expected, abs=1e-6)


def test_gaussian_mixture_log_ratio_by_hand():
    x, z = np.array([0.0, 1.0, -2.0, 40.0]), np.array([0.0, 1.5, 0.5, 40.0])
    xz = np.stack([x, z], 1)
    joint = [multivariate_normal(cov=[[1, r], [r, 1]]).logpdf(xz) for r in (0.7, -0.7)]
    expected = np.logaddexp(*joint) - math.log(2) - norm.logpdf(xz).sum(1)
    assert ml.gaussian_mixture_log_ratio(x, z, 0.7).tolist() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(
        ml.gaussian_mixture_log_ratio(x, z, -0.7), ml.gaussian_mixture_log_ratio(x, z, 0.7)
    )


def test_student_mi_of_extremes():
    assert ml.student_mi(1e5, 0.5, 3) == pytest.approx(ml.gaussian_mi(0.5, 3), abs=1e-8)
    # Cauchy, by hand: h(X) = log(4 pi) and h(X, Z) = log(2 pi) + 3.
    assert ml.student_mi(1, 0.0) == pytest.approx(math.log(8 * math.pi) - 3, abs=1e-12)


@pytest.mark.parametrize(
    ("columns", "law"),
    [
        (lambda: torch.hstack(ml.student_pairs(N, 1, 0.9, 2, 9)), student(1)),
        (lambda: torch.hstack(ml.student_pairs(N, 4.5, 0.9, 2, 9)), student(4.5)),
        (lambda: torch.hstack(ml.gaussian_mixture(N, 0.9, 9)), norm),
        (lambda: ml.additive_uniform(N, 0.1, 9)[0], uniform),
        (lambda: unwind(ml.spiral_pairs(N, 0.9, 9)[0].double().numpy())[:, None], norm),
        (lambda: ml.spiral_pairs(N, 0.9, 9)[1], norm),
        (lambda: ml.xor_with_distractors(N, 4, 9)[0][:, 2:], norm),
    ],
)
def test_marginals_are_as_named(columns, law):
    for column in np.asarray(columns()).T:
        assert kstest(column, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("sample", "law"),
    [
        (lambda: ml.additive_uniform(N, 0.1, seed=9), uniform(-0.1, 0.2)),
        (lambda: ml.steps_and_ramps(N, 5, seed=9), uniform(0, 2)),
    ],
)
def test_noise_is_uniform_and_independent_of_x(sample, law):
    x, z = (v[:, 0] for v in arrays(*sample()))
    assert kstest(z - x, law.cdf).pvalue > 1e-3
    assert kstest((z - x)[x < np.median(x)], law.cdf).pvalue > 1e-3


def test_the_mixture_is_uncorrelated():
    x, z = arrays(*ml.gaussian_mixture(N, 0.9, seed=4))
    # E[X^2 Z^2] = 1 + 2 rho^2
    assert abs((x * z).mean()) < 4 * math.sqrt((1 + 2 * 0.9**2) / N)


def test_steps_are_equally_likely():
    x = ml.steps_and_ramps(N, 5, seed=4)[0][:, 0]
    share = torch.bincount(x.int(), minlength=5) / N
    assert torch.equal(x, x.round())
    assert (share - 0.2).abs().max() < 4 * math.sqrt(0.2 * 0.8 / N)


def test_small_noise_and_large_noise():
    # As the noise vanishes, h(Z) tends to that of X^2, log 2 + E[log|X|] = log 2 - 1. The noise
    # blurs values of Z below it, whose probability is its square root: hence the tolerance.
    noise = 0.004
    limit = math.log(2) - 1 - math.log(2 * math.pi * math.e * noise**2) / 2
    assert ml.parabola_mi(noise) == pytest.approx(limit, abs=2 * math.sqrt(noise))
    # With much noise, a pair is nearly Gaussian with correlation 0; z carries Var(x^2) = 4/45.
    assert ml.parabola_mi(5.0) == pytest.approx(math.log1p(4 / 45 / 25) / 2, rel=0.01)
    assert 0 < ml.circle_mi(3.0) < 1e-6


def test_discrete_table_by_hand():
    table = [[0.4, 0.1], [0.05, 0.45]]
    by_hand = sum(
        p * math.log(p / (row * column))
        for p, row, column in [
            (0.4, 0.5, 0.45),
            (0.1, 0.5, 0.55),
            (0.05, 0.5, 0.45),
            (0.45, 0.5, 0.55),
        ]
    )
    assert ml.discrete_mi(table) == pytest.approx(by_hand, abs=1e-12)
    ratios = ml.discrete_log_ratio([0, 1], [1, 1], table)
    assert ratios.tolist() == pytest.approx(
        [math.log(0.1 / 0.275), math.log(0.45 / 0.275)], abs=1e-6
    )


def test_tensors_of_any_kind_are_taken():
    table = torch.tensor([[0.4, 0.1], [0.05, 0.45]])  # sums to 1 in single precision only
    assert ml.discrete_mi(table) == pytest.approx(ml.discrete_mi(table.double()), abs=1e-6)
    x = torch.tensor([0.5], requires_grad=True)
    expected = ml.gaussian_log_ratio([0.5], [1.0], 0.5)
    assert ml.gaussian_log_ratio(x, torch.tensor([1.0], dtype=torch.bfloat16), 0.5) == expected


def test_discrete_mi_of_extremes():
    assert ml.discrete_mi(np.full((3, 4), 1 / 12)) == pytest.approx(0, abs=1e-12)
    assert ml.discrete_mi(np.eye(5) / 5) == pytest.approx(math.log(5), abs=1e-12)
    assert ml.discrete_mi(ml.XOR_TABLE) == pytest.approx(math.log(2), abs=1e-12)


def test_discrete_log_ratio_of_an_impossible_cell():
    assert ml.discrete_log_ratio([0], [1], np.eye(2) / 2).item() == -math.inf


def test_discrete_samples_follow_the_table():
    table = np.array([[0.4, 0.1, 0.0], [0.05, 0.25, 0.2]])
    x, z = ml.discrete_pairs(N, table, seed=5)
    share = torch.bincount(3 * x + z, minlength=6) / N
    assert x.dtype == z.dtype == torch.int64
    assert x.shape == z.shape == (N,)
    assert (share - torch.tensor(table.ravel())).abs().max() < 4 * math.sqrt(0.25 / N)


def test_xor_is_the_table_and_each_bit_alone_tells_nothing():
    x, y = ml.xor(N, seed=6)
    assert x.shape == (N, 2)
    assert y.shape == (N, 1)
    assert torch.equal((x.sum(1, keepdim=True) % 2), y)
    assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 4 / math.sqrt(N)
    assert abs(y.mean().item() - 0.5) < 4 * 0.5 / math.sqrt(N)


def test_distractors_are_independent_of_the_xor():
    x, y = ml.xor_with_distractors(N, 4, seed=6)
    assert x.shape == (N, 6)
    assert y.shape == (N, 1)
    assert torch.equal(x[:, :2].sum(1, keepdim=True) % 2, y)
    assert (x[:, :2].mean(0) - 0.5).abs().max() < 4 * 0.5 / math.sqrt(N)
    correlations = torch.corrcoef(torch.hstack([x, y]).T) - torch.eye(7)
    assert correlations.abs().max() < 4 / math.sqrt(N)
    assert ml.xor_with_distractors(5, 0)[0].shape == (5, 2)


SAMPLERS = {name: case[0] for name, case in (PAIRS | STUDENTS).items()} | {
    "XOR with distractors": lambda n, seed: ml.xor_with_distractors(n, 3, seed)
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_seed_repeats_exactly_and_another_differs(name):
    sample = SAMPLERS[name]
    first, again, other = sample(5, 7), sample(5, 7), sample(5, 8)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def test_samples_follow_the_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        double = ml.correlated_gaussians(3, 0.5, seed=0)[0]
    finally:
        torch.set_default_dtype(torch.float32)
    assert double.dtype == torch.float64
    assert torch.equal(double.float(), ml.correlated_gaussians(3, 0.5, seed=0)[0])


NAN = float("nan")
BAD = [
    (lambda: ml.correlated_gaussians(10, 1.0), r"rho = 1.0: .*\(-1, 1\)"),
    (lambda: ml.correlated_gaussians(10, NAN), "rho = nan"),
    (lambda: ml.correlated_gaussians(10, "0.5"), "rho = '0.5'"),
    (lambda: ml.correlated_gaussians(0, 0.5), "n = 0: .* at least 1"),
    (lambda: ml.correlated_gaussians(2.5, 0.5), "n = 2.5"),
    (lambda: ml.correlated_gaussians(10, 0.5, dim=0), "dim = 0"),
    (lambda: ml.gaussian_mi(-1.5), "rho = -1.5"),
    (lambda: ml.gaussian_mi(0.5, dim=-1), "dim = -1"),
    (lambda: ml.gaussian_log_ratio([0.0], [1.0], 2), "rho = 2"),
    (lambda: ml.gaussian_log_ratio([0.0, NAN], [1.0, 1.0], 0.5), r"x holds nan at \[1, 0\]"),
    (lambda: ml.gaussian_log_ratio([0.0], [math.inf], 0.5), "z holds inf"),
    (lambda: ml.gaussian_log_ratio([0.0], [1.0, 2.0], 0.5), "x has 1 rows and z has 2"),
    (lambda: ml.gaussian_log_ratio(np.ones((2, 2)), np.ones((2, 3)), 0.5), "x has shape"),
    (
        lambda: ml.gaussian_log_ratio(np.ones((2, 2, 2)), [1.0, 2.0], 0.5),
        r"x has shape \(2, 2, 2\)",
    ),
    (lambda: ml.gaussian_log_ratio([], [], 0.5), "x has shape"),
    (lambda: ml.discrete_mi([[0.5, 0.6], [-0.1, 0.0]]), r"table holds -0.1 at \[1, 0\]"),
    (lambda: ml.discrete_mi([[0.5, 0.4]]), "table sums to 0.9"),
    (lambda: ml.discrete_mi([[0.5, NAN]]), "table holds nan"),
    (lambda: ml.discrete_mi([0.5, 0.5]), r"table has shape \(2,\)"),
    (lambda: ml.discrete_pairs(0, [[1.0]]), "n = 0"),
    (lambda: ml.discrete_log_ratio([2], [0], np.eye(2) / 2), "x holds 2: has probability zero"),
    (lambda: ml.discrete_log_ratio([0], [0.5], np.eye(2) / 2), "z holds 0.5"),
    (lambda: ml.discrete_log_ratio(*ml.xor(3, 0), ml.XOR_TABLE), r"x has shape \(3, 2\)"),
    (lambda: ml.xor(-1), "n = -1"),
    (lambda: ml.xor(5, seed=-1), "seed = -1"),
    (lambda: ml.disk(5, seed=1.5), "seed = 1.5"),
    (lambda: ml.noisy_circle(0), "n = 0"),
    (lambda: ml.noisy_circle(5, noise=0), r"noise = 0: .*\(0.001, inf\)"),
    (lambda: ml.circle_mi(-1), "noise = -1"),
    (lambda: ml.circle_log_ratio(np.ones((3, 2)), np.ones((3, 1))), r"x has shape \(3, 2\)"),
    (lambda: ml.noisy_parabola(5, noise=NAN), "noise = nan"),
    (lambda: ml.parabola_log_ratio([1.5], [0.0]), "x holds 1.5"),
    (lambda: ml.disk(0), "n = 0"),
    (lambda: ml.disk_log_ratio([0.0], [-1.5]), "z holds -1.5"),
    (lambda: ml.student_pairs(0, 1, 0.5), "n = 0"),
    (lambda: ml.student_pairs(5, 0, 0.5), r"dof = 0: .*\(0, inf\)"),
    (lambda: ml.student_pairs(5, 1, 1), "rho = 1"),
    (lambda: ml.student_pairs(5, 1, 0.5, dim=0), "dim = 0"),
    (lambda: ml.student_pairs(5, 1, 0.5, seed=-1), "seed = -1"),
    (lambda: ml.student_mi(math.inf, 0.5), "dof = inf"),
    (lambda: ml.student_mi(1, NAN), "rho = nan"),
    (lambda: ml.student_mi(1, 0.5, dim=1.5), "dim = 1.5"),
    (lambda: ml.additive_uniform(0, 0.1), "n = 0"),
    (lambda: ml.additive_uniform(5, 0), "half_width = 0"),
    (lambda: ml.additive_uniform_mi(-0.1), r"half_width = -0.1: .*\(0, inf\)"),
    (lambda: ml.gaussian_mixture(0, 0.5), "n = 0"),
    (lambda: ml.gaussian_mixture(5, -1), "rho = -1"),
    (lambda: ml.gaussian_mixture_mi(1.0), "rho = 1.0"),
    (lambda: ml.gaussian_mixture_log_ratio([0.0], [1.0], -1.5), "rho = -1.5"),
    (lambda: ml.gaussian_mixture_log_ratio([NAN], [1.0], 0.5), "x holds nan"),
    (lambda: ml.gaussian_mixture_log_ratio(np.ones((2, 2)), np.ones((2, 2)), 0.5), "x has shape"),
    (lambda: ml.spiral_pairs(0, 0.5), "n = 0"),
    (lambda: ml.spiral_pairs(5, 1.0), "rho = 1.0"),
    (lambda: ml.xor_with_distractors(0, 3), "n = 0"),
    (lambda: ml.xor_with_distractors(5, -1), "distractors = -1: .* at least 0"),
    (lambda: ml.steps_and_ramps(0, 5), "n = 0"),
    (lambda: ml.steps_and_ramps(5, 0), "steps = 0: .* at least 1"),
    (lambda: ml.steps_and_ramps_mi(2.5), "steps = 2.5"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
