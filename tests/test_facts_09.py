"""What chapter 9 states, calculated in other ways than it does, at other parameters."""

import ast
import itertools
import math
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter
from scipy.special import gammaln, kve
from scipy.stats import binom, chi2, entropy, kstest, norm

import mine_lib as ml

CHAPTER = Path(__file__).parent.parent / "chapters" / "09_limits.ipynb"
WORLD = dict(
    math=math, np=np, pd=pd, torch=torch, quad=quad, lfilter=lfilter, chi2=chi2, norm=norm, ml=ml
)


@cache
def sources():
    cells = nbformat.read(CHAPTER, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def chapter(*words, **names):
    """All functions of the chapter, and what its cells with these words leave, in our world."""
    parts = [each for source in sources() for each in ast.parse(source).body]
    functions = [each for each in parts if isinstance(each, ast.FunctionDef)]
    world = WORLD | names
    exec(ast.unparse(functions), world)
    for each in words:
        exec(next(source for source in sources() if each in source), world)
    return SimpleNamespace(**world)


# The lottery


def law_of_rows(p, tickets, n):
    """The law of n rows, over all ways to draw tickets from the points of P, and rows of them."""
    law = np.zeros((len(p),) * n)
    for points in itertools.product(range(len(p)), repeat=tickets):
        share = np.bincount(points, minlength=len(p)) / tickets
        law += p[list(points)].prod() * independent(share, n)
    return law


def independent(p, n):
    law = np.ones(())
    for _ in range(n):
        law = np.multiply.outer(law, p)
    return law


@pytest.mark.parametrize(("points", "tickets", "n"), [(4, 5, 2), (7, 4, 2), (3, 6, 3), (3, 4, 4)])
def test_rows_of_a_lottery_are_nearly_rows_of_p(points, tickets, n):
    for p in (
        np.full(points, 1 / points),
        np.random.default_rng(points).dirichlet(np.ones(points)),
    ):
        law = law_of_rows(p, tickets, n)
        assert law.sum() == pytest.approx(1)
        apart = abs(law - independent(p, n)).sum() / 2
        assert 0 < apart <= n * (n - 1) / 2 / tickets
        if n == 2:  # both rows are one ticket, and not merely alike
            assert apart == pytest.approx((1 - p @ p) / tickets)


def test_tickets_tell_the_logarithm_of_their_number_if_none_share_and_only_then():
    rng, shared, apart = np.random.default_rng(9), 0, 0
    for _ in range(600):
        tickets, values = rng.integers(2, 8), rng.integers(2, 40)
        x, z = rng.integers(values, size=(2, tickets))
        table = np.zeros((values, values))
        np.add.at(table, (x, z), 1 / tickets)
        told, most = ml.Discrete(table).mi, math.log(tickets)
        if len(set(x)) == len(set(z)) == tickets:
            apart += 1
            assert told == pytest.approx(most)
        else:
            shared += 1
            assert told < most - 0.01
    assert min(shared, apart) > 100


def test_how_often_a_ticket_comes_twice(capsys):
    n, tickets = 1000, 10**8
    chapter("some ticket twice", n=n, tickets=tickets)
    _, twice, bound = (
        part.split()[-1] for part in capsys.readouterr().out.replace(";", ",").split(",")
    )
    never = gammaln(tickets + 1) - gammaln(tickets - n + 1) - n * math.log(tickets)
    assert float(twice) == pytest.approx(-math.expm1(never), abs=2e-6)
    assert float(bound) == pytest.approx(math.comb(n, 2) / tickets, abs=5e-7)


# The wall


# What a cut critic makes sure


def made_sure(n, low, high, mean, var, e_t, var_e, delta=0.05):
    """eq-9-sure: both means with their empirical Bernstein margins, of chance delta/2 each."""
    log = math.log(2 / (delta / 2))
    means, variances, ranges = np.array([mean, e_t]), np.array([var, var_e]), [high - low, 0]
    ranges[1] = math.exp(high)
    margin = np.sqrt(2 * variances * log / n) + 7 * np.array(ranges) * log / (3 * (n - 1))
    return means[0] - margin[0] - math.log(means[1] + margin[1])


def law(nats, d, points=60_001):
    """Values of i and their chances: A - B has a density with a Bessel function."""
    rho, shape = math.sqrt(1 - math.exp(-2 * nats / d)), d / 2
    y = np.linspace(-600, 600, points + 1)  # none at zero
    log = (shape - 0.5) * np.log(abs(y)) + np.log(kve(shape - 0.5, abs(y) / 2)) - abs(y) / 2
    p = np.exp(log - log.max())
    return nats + rho / 2 * y, p / p.sum()


def moments_of_cut(nats, d, cut):
    i, p = law(nats, d)
    t, q = np.clip(i, -5, cut), p * np.exp(-i)
    e_t = np.exp(t)
    mean, mean_e = p @ t, q @ e_t
    return mean, p @ (t - mean) ** 2, mean_e, q @ (e_t - mean_e) ** 2


@pytest.mark.parametrize(("nats", "d"), [(0.7, 3), (4, 8), (9, 20), (15, 40)])
def test_the_law_of_i(nats, d):
    said = chapter(d=d)
    i, p = said.law_of_i(nats)
    our_i, our_p = law(nats, d)
    assert p @ i == pytest.approx(nats)
    for values, chances in ((i, p), (our_i, our_p)):
        assert chances @ np.exp(-values) == pytest.approx(1, abs=2e-3)
        variance = d * -math.expm1(-2 * nats / d)  # d rho^2
        assert chances @ (values - nats) ** 2 == pytest.approx(variance, rel=2e-3)
    pair = ml.Gaussian(-math.sqrt(-math.expm1(-2 * nats / d)), d)
    drawn = pair.log_ratio(*pair.sample(20_000, seed=d)).numpy()
    away = kstest(drawn, lambda at: np.interp(at, i + (i[1] - i[0]) / 2, p.cumsum())).statistic
    assert away < 1.63 / math.sqrt(20_000)


@pytest.mark.parametrize("cut", [-3, 0.4, 3, 7.7, 25])
@pytest.mark.parametrize(("nats", "d"), [(0.7, 4), (4, 8), (10, 20), (15, 40)])
def test_moments_of_a_cut_critic(nats, d, cut):
    said = chapter(d=d)
    found = said.moments(*said.law_of_i(nats), cut)
    np.testing.assert_allclose(found, moments_of_cut(nats, d, cut), rtol=4e-3, atol=1e-4)


def test_what_is_sure_is_calculated_as_written():
    said, rng = chapter(), np.random.default_rng(3)
    for _ in range(200):
        n, cut, (var, e_t, var_e) = (
            rng.integers(2, 10**5),
            rng.uniform(-4, 20),
            rng.exponential(size=3),
        )
        mean = rng.uniform(-5, cut)
        ours = made_sure(n, -5, cut, mean, var, e_t, var_e)
        assert said.sure(n, cut, mean, var, e_t, var_e) == pytest.approx(ours)
        assert ours < math.log(3 * (n - 1) / 7 / math.log(4 / 0.05))


@pytest.mark.parametrize("n", [2, 40, 1000])
def test_the_best_of_all_samples_does_not_pass_the_cap(n):
    """All T at the cut, and no e^T at all: what no critic has."""
    cap = math.log(3 * (n - 1) / 7 / math.log(4 / 0.05))
    best = [chapter().sure(n, cut, cut, 0, 0, 0) for cut in (-4.999, 0, 3, 30)]
    assert max(best) < cap
    assert best[0] == pytest.approx(cap, abs=0.011)
    assert abs(cap - (math.log(n - 1) - 2.3)) < 0.03


@pytest.mark.parametrize(("nats", "told"), [(2, 1.2), (10, 4.0), (20, 4.4)])
def test_of_how_much_a_thousand_pairs_are_sure(nats, told):
    def lacking(cut):
        return -made_sure(1000, -5, cut, *moments_of_cut(nats, 20, cut))

    most = -minimize_scalar(lacking, bounds=(0, 12), method="bounded").fun
    assert most == pytest.approx(told, abs=0.06)


def test_so_much_is_sure_of_samples():
    """Of eight cuts and 300 samples; without margins half of the values are too large."""
    n, pair, sure = 200, ml.Gaussian(math.sqrt(1 - math.exp(-1)), dim=2), chapter().sure
    x, z = (each.unflatten(0, (300, 2 * n)) for each in pair.sample(600 * n, seed=11))
    i = pair.log_ratio(x[:, :n].flatten(0, 1), z[:, :n].flatten(0, 1)).double().numpy()
    other = (
        pair.log_ratio(x[:, n:].flatten(0, 1), z[:, n:].roll(1, 0).flatten(0, 1)).double().numpy()
    )
    for cut in (-3, -1, 0, 0.5, 1, 1.5, 2.5, 6):
        t = np.clip(i, -5, cut).reshape(300, n)
        e_t = np.exp(np.clip(other, -5, cut)).reshape(300, n)
        mean, _, mean_e, _ = moments_of_cut(1, 2, cut)
        exact = mean - math.log(mean_e)
        assert exact <= 1
        plain = t.mean(1) - np.log(e_t.mean(1))
        assert 0.3 < (plain > exact).mean() < 0.8
        parts = (t.mean(1), t.var(1, ddof=1), e_t.mean(1), e_t.var(1, ddof=1))
        said = np.array([sure(n, cut, *each) for each in zip(*parts, strict=True)])
        assert (said > exact).mean() <= 0.05


@pytest.mark.parametrize("n", [30, 120, 2000])
@pytest.mark.parametrize("high", [0.9, 1])
@pytest.mark.parametrize("hits", [0.1, 0.3, 1, 2.5])
def test_so_much_is_sure_where_a_rare_pair_counts(n, high, hits):
    """T is the cut or -5, so that the chance of a value too large is a sum over two counts."""
    cut, sure = 6.0, chapter().sure
    top, bottom = math.exp(cut), math.exp(-5)
    at = np.arange(n + 1)
    chances = binom.pmf(at, n, high), binom.pmf(at, n, hits / n)
    exact = cut * high - 5 * (1 - high) - math.log(hits / n * (top - bottom) + bottom)
    var = at / n * (1 - at / n) * n / (n - 1)
    wrong = 0.0
    for a, b in itertools.product(*(np.flatnonzero(each > 1e-9) for each in chances)):
        of_t = cut * a / n - 5 * (1 - a / n), var[a] * (cut + 5) ** 2
        of_e = bottom + b / n * (top - bottom), var[b] * (top - bottom) ** 2
        if sure(n, cut, *of_t, *of_e) > exact:
            wrong += chances[0][a] * chances[1][b]
    assert wrong <= 0.05


def test_without_a_cut_twenty_nats_come_out_higher():
    pair = ml.Gaussian(math.sqrt(-math.expm1(-2)), 20)
    x, z = pair.sample(60 * 1000, seed=77)
    parts = (x.unflatten(0, (60, 1000)), z.unflatten(0, (60, 1000)))
    values = [each.double() for each in ml.critic_values(pair.log_ratio, *parts, shifts=10)]
    assert (ml.donsker_varadhan(*values) > 20).double().mean() > 0.9


# The price of a nat


def divergences(p):
    """I, chi^2 and kappa of a table, by their definitions."""
    q = np.outer(p.sum(1), p.sum(0))
    r = p / q
    mixed = p @ r.T  # for x and x' the sum over z of p(x, z) r(x', z)
    return ml.Discrete(p).mi, (q * (r - 1) ** 2).sum(), (mixed * mixed.T).sum() - 1


def random_tables(count):
    rng = np.random.default_rng(90)
    for _ in range(count):
        shape = rng.integers(2, 7, 2)
        p = rng.dirichlet(np.full(shape.prod(), 10 ** rng.uniform(-1, 1))).reshape(shape)
        yield (p + 1e-9) / (p + 1e-9).sum()


def test_the_variance_and_what_it_is_at_least():
    shares = []
    for p in random_tables(400):
        told, chi_squared, kappa = divergences(p)
        least = math.expm1(told)
        assert chi_squared > least - 1e-12
        singular = np.linalg.svd(p / np.sqrt(np.outer(p.sum(1), p.sum(0))), compute_uv=False)
        assert singular[0] == pytest.approx(1)
        assert chi_squared == pytest.approx((singular[1:] ** 2).sum())
        assert kappa == pytest.approx((singular[1:] ** 4).sum())
        assert 0 <= kappa <= chi_squared
        shares.append((least / chi_squared, kappa / chi_squared))
    assert np.max(shares, 0)[0] < 1
    assert (np.max(shares, 0) > 0.85).all()


@pytest.mark.parametrize("k", [2, 3, 5])
def test_blocks_of_one_weight_cost_least(k):
    rng = np.random.default_rng(k)
    p = np.zeros((2 * k, 3 * k))
    for j in range(k):
        of_x, of_z = rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(3))
        p[2 * j : 2 * j + 2, 3 * j : 3 * j + 3] = np.outer(of_x, of_z) / k
    told, chi_squared, kappa = divergences(p)
    assert told == pytest.approx(math.log(k))
    assert (chi_squared, kappa) == pytest.approx((k - 1, k - 1))
    uneven = p * np.where(np.arange(2 * k) < 2, 1.2, 1)[:, None]
    mixed = p + 0.01 * np.outer(p.sum(1), p.sum(0))
    for other in (uneven / uneven.sum(), mixed / mixed.sum()):
        told, chi_squared, _ = divergences(other)
        assert chi_squared > math.expm1(told) * 1.001


@pytest.mark.parametrize(("points", "arc"), [(400, 41), (500, 99), (300, 7)])
def test_arcs_of_a_circle_cost_less_than_blocks(points, arc):
    """By a table whose bands are arcs, and by the Fourier series of an arc."""
    steps = np.subtract.outer(np.arange(points), np.arange(points)) % points
    told, chi_squared, kappa = divergences((steps < arc) / points / arc)
    assert told == pytest.approx(math.log(points / arc))
    assert chi_squared == pytest.approx(math.expm1(told))
    series = np.sinc(np.arange(1, 100_000) * arc / points)
    assert 2 * (series**2).sum() == pytest.approx(chi_squared, rel=1e-3)
    assert 2 * (series**4).sum() == pytest.approx(kappa, rel=0.02)
    assert kappa < 0.7 * chi_squared


@pytest.mark.parametrize(("shape", "n"), [((2, 3), 2), ((3, 3), 2), ((2, 3), 3), ((2, 2), 4)])
def test_the_variance_over_all_product_pairs(shape, n):
    """By all samples of n pairs that there are."""
    p = np.random.default_rng(n).dirichlet(np.full(math.prod(shape), 0.6)).reshape(shape)
    _, chi_squared, kappa = divergences(p)
    r = p / np.outer(p.sum(1), p.sum(0))
    samples = np.array([*itertools.product(range(p.size), repeat=n)])
    x, z = np.unravel_index(samples, shape)
    chance = p.ravel()[samples].prod(1)
    means = np.mean([r[x[:, j], z[:, k]] for j, k in itertools.permutations(range(n), 2)], axis=0)
    assert chance @ means == pytest.approx(1)
    assert chance @ (means - 1) ** 2 == pytest.approx((chi_squared + kappa) / (n * (n - 1)))


def test_independent_columns_multiply():
    """So a nat more of columns of their own costs at least e times the product pairs."""
    some = [*random_tables(20), np.eye(3) / 3, np.eye(50) / 50]
    for one, other in itertools.pairwise(some):
        told, *parts = divergences(one)
        more, *others = divergences(other)
        both, *found = divergences(np.kron(one, other))
        assert both == pytest.approx(told + more)
        assert np.add(found, 1) == pytest.approx(np.add(parts, 1) * np.add(others, 1))
        assert found[0] >= math.exp(more) * parts[0]
    assert found[0] == pytest.approx(149)  # where e^more gives 50 times 2


@pytest.mark.parametrize(
    ("rho", "d", "nodes"), [(0.4, 1, 80), (-0.25, 1, 60), (0.3, 2, 24), (0.2, 3, 9)]
)
def test_the_variance_of_gaussian_pairs(rho, d, nodes):
    """By a quadrature over x, z, x', z' as by a table of independent pairs of points."""
    at, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    x, z = np.meshgrid(at, at, indexing="ij")
    log_r = norm.logpdf(z, rho * x, math.sqrt(1 - rho**2)) - norm.logpdf(z)
    r = scaled = np.exp(log_r) * np.sqrt(np.outer(weights, weights))
    for _ in range(d - 1):
        scaled = np.kron(scaled, r)
    assert (scaled**2).sum() == pytest.approx((1 - rho**2) ** -d, rel=1e-6)
    assert ((scaled @ scaled.T) ** 2).sum() == pytest.approx((1 - rho**4) ** -d, rel=1e-6)


def mehler(rho, d, power):
    """The sum of these powers of all singular values, which are those of rho, less the first."""
    return (abs(rho) ** (power * np.arange(2000))).sum() ** d - 1


def test_rows_for_one_digit(capsys):
    chapter("product term to 0.1", d=20)
    printed = capsys.readouterr().out
    assert "2,202,547 rows with one shift, 1,486 with all pairs\n" in printed
    rho = math.sqrt(-math.expm1(-0.5))
    parts = mehler(rho, 20, 2), mehler(rho, 20, 4)
    assert f"{parts[0] / 0.1**2:,.0f}" == "2,202,547"
    assert next(n for n in itertools.count(2) if n * (n - 1) >= sum(parts) / 0.1**2) == 1486


@pytest.mark.parametrize(("rho", "dim", "error"), [(0.7, 4, 0.07), (-0.9, 2, 0.3), (0.1, 1, 0.9)])
def test_the_rows_of_the_solution_are_the_least(rho, dim, error):
    n = chapter().rows_for(rho, dim, error)
    variance = mehler(rho, dim, 2) + mehler(rho, dim, 4)
    assert math.sqrt(variance / (n * (n - 1))) <= error
    assert n == 2 or math.sqrt(variance / ((n - 1) * (n - 2))) > error


# The sample hides it


def ratios(nats, seed, rows=100, d=20):
    """r of all product pairs of some rows."""
    pair = ml.Gaussian(math.sqrt(-math.expm1(-2 * nats / d)), d)
    x, z = pair.sample(rows, seed)
    j, k = np.nonzero(~np.eye(rows, dtype=bool))
    return pair.log_ratio(x[j], z[k]).double().exp().numpy()


def test_ratios_of_all_pairs_are_calculated_as_elsewhere():
    said = chapter(d=5).log_r_of_all_pairs(2, 30, 4)
    np.testing.assert_allclose(np.exp(said), ratios(2, 4, rows=30, d=5), rtol=1e-4)


@pytest.mark.parametrize(
    ("nats", "too_high", "within"), [(2, 0, 0.05), (10, 1.1, 0.35), (20, 12, 1)]
)
def test_how_much_the_mean_of_r_lacks(nats, too_high, within):
    means = [ratios(nats, seed).mean() for seed in range(1000, 1080)]
    assert -math.log(np.median(means)) == pytest.approx(too_high, abs=within)


# Twisted pairs


def twist(z):
    angle = 2 * (z**2).sum(-1)
    cos, sin = angle.cos(), angle.sin()
    x, y = z.unbind(-1)
    return torch.stack([cos * x - sin * y, sin * x + cos * y], -1)


def test_a_twist_is_undone_and_keeps_areas():
    x, z = ml.Gaussian(0.8, dim=2).sample(300, seed=6)
    kept, turned = chapter().twisted(300, 6)
    assert torch.equal(kept, x)
    torch.testing.assert_close(turned, twist(z), rtol=1e-3, atol=1e-4)
    back = twist(turned.double() * torch.tensor([1, -1])) * torch.tensor([1, -1])
    torch.testing.assert_close(back, z.double(), rtol=1e-3, atol=1e-4)
    free = z.double().requires_grad_()
    rows = [torch.autograd.grad(twist(free)[:, k].sum(), free)[0] for k in range(2)]
    slopes = torch.stack(rows, 1)
    torch.testing.assert_close(torch.linalg.det(slopes), torch.ones(300).double())
    assert (slopes - torch.eye(2)).abs().max() > 5
    assert ml.Gaussian(0.8, dim=2).mi == pytest.approx(1.02, abs=0.005)


# Laws that need no truth


def test_three_laws_hold_in_tables():
    rng, lost = np.random.default_rng(5), []
    tables = [*random_tables(60)]
    for p, other in itertools.pairwise(tables):
        told = ml.Discrete(p).mi
        merge = np.eye(3)[rng.integers(3, size=p.shape[1])]  # f(z), one of three
        lost.append(told - ml.Discrete(p @ merge).mi)
        beside = (p[:, :, None] * merge).reshape(len(p), -1)  # z and f(z)
        assert ml.Discrete(beside).mi == pytest.approx(told)
        both = ml.Discrete(np.kron(p, other)).mi
        assert both == pytest.approx(told + ml.Discrete(other).mi)
    assert min(lost) > -1e-12
    assert max(lost) > 0.1


def test_who_always_says_zero_passes():
    rows = ml.Gaussian(0.8, dim=2).sample(200, seed=0)
    assert not ml.self_consistency(*rows, lambda x, z: 0.0).failures


# The museum


def test_the_truth_of_the_selected():
    """2 H(X) - H(X, Z), of which the second has a closed form, and by a draw with exact i."""
    said = chapter("share = norm.sf").rooms["selected"][2]
    far = 1 / math.sqrt(2)  # where (x + z) / sqrt(2) is cut
    share = norm.sf(far)
    both = math.log(2 * math.pi * share) + 1 + far * norm.pdf(far) / share / 2
    step = 0.01
    u = norm.pdf(far + step * np.arange(900)) / share
    u[0] /= 2  # by the trapezoid rule
    density = np.convolve(u, norm.pdf(step * np.arange(-900, 901))) * step  # of x sqrt(2)
    assert density.sum() * step == pytest.approx(1, abs=1e-4)
    one = entropy(density) + math.log(step * far)
    assert said == pytest.approx(2 * one - both, abs=1e-4)

    drawn = np.random.default_rng(8).standard_normal((2, 1_000_000))
    x, z = drawn[:, drawn.sum(0) > 1]
    i = math.log(share) - norm.logsf(1 - x) - norm.logsf(1 - z)
    assert said == pytest.approx(i.mean(), abs=4 * i.std() / math.sqrt(len(i)))


@pytest.mark.parametrize(("nats", "d", "batch"), [(14, 30, 60), (12, 40, 400)])
def test_one_row_that_stays_pulls_to_the_logarithm_of_the_batch(nats, d, batch):
    pair, stays = ml.Gaussian(math.sqrt(-math.expm1(-2 * nats / d)), d), []
    x, z = (each.double() for each in pair.sample(batch, seed=2))
    t, rng = pair.log_ratio(x, z), np.random.default_rng(2)
    for k in range(batch):
        others = np.delete(np.arange(batch), k)
        order, turned = np.arange(batch), rng.permutation(others)
        order[turned] = np.roll(turned, 1)
        values = pair.log_ratio(x, z[order])
        stays.append(ml.donsker_varadhan(t, values).item())
    assert np.median(stays) == pytest.approx(math.log(batch), abs=1.2)
    assert ml.donsker_varadhan(t, pair.log_ratio(x, z.roll(1, 0))).item() > nats - 2


def test_a_code_without_ones_own_row_tells_it_the_other_way_round():
    rng = np.random.default_rng(4)
    for income in (rng.standard_normal(5), rng.exponential(size=12)):
        code = [np.delete(income, k).mean() for k in range(len(income))]
        assert np.corrcoef(income, code)[0, 1] == pytest.approx(-1)


def test_one_triple_of_filled_rows_in_eight_lies_on_a_line():
    x, z, missing = chapter().filled(7)
    triples = np.random.default_rng(0).integers(600, size=(40_000, 3))
    triples = triples[[len(set(each)) == 3 for each in triples.tolist()]]

    def on_a_line(x, z):
        (ax, bx, cx), (az, bz, cz) = x[triples].T, z[triples].T
        return (abs((bx - ax) * (cz - az) - (cx - ax) * (bz - az)) < 1e-12).mean()

    assert on_a_line(x, z) == pytest.approx(1 / 8, abs=0.01)
    assert on_a_line(np.random.default_rng(7).standard_normal((2, 600))[0], z) < 1e-3
    assert missing.mean() == 0.5
