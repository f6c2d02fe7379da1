"""The bounds against closed forms, and the inequalities between them."""

import math

import numpy as np
import pytest
import torch

import mine_lib as ml
from mine_lib import donsker_varadhan, infonce, jensen_shannon, log_mean_exp, nwj, smile


def test_log_mean_exp_of_known_values():
    t = torch.tensor([[0.0, math.log(3.0)], [1000.0, 1000.0], [-1000.0, -1000.0]])
    assert log_mean_exp(t).tolist() == pytest.approx([math.log(2), 1000, -1000], rel=1e-6)
    assert log_mean_exp(t, dim=0).shape == (2,)


def test_donsker_varadhan_by_hand():
    t_joint, t_product = torch.tensor([1.0, 2.0]), torch.tensor([0.0, math.log(3.0), math.log(8.0)])
    assert donsker_varadhan(t_joint, t_product).item() == pytest.approx(1.5 - math.log(4), rel=1e-6)


def test_donsker_varadhan_ignores_a_constant_and_nwj_does_not():
    t_joint, t_product = torch.randn(2, 50, generator=torch.manual_seed(0)), torch.randn(2, 70)
    shifted = donsker_varadhan(t_joint + 3, t_product + 3)
    torch.testing.assert_close(shifted, donsker_varadhan(t_joint, t_product))
    difference = nwj(t_joint + 3, t_product + 3, a=2.0) - nwj(t_joint, t_product, a=2.0)
    torch.testing.assert_close(difference, 3 - (math.exp(3) - 1) * t_product.exp().mean(-1) / 2)


def test_nwj_by_hand():
    t_joint, t_product = torch.tensor([1.0, 2.0]), torch.tensor([0.0, math.log(3.0)])
    expected = 1.5 - 2 / math.e - 1 + 1
    assert nwj(t_joint, t_product, a=math.e).item() == pytest.approx(expected, rel=1e-6)


def test_nwj_divides_by_e_unless_told_otherwise():
    t_joint, t_product = torch.randn(2, 3, 40, generator=torch.manual_seed(2))
    assert torch.equal(nwj(t_joint, t_product), nwj(t_joint, t_product, a=math.e))
    assert not torch.equal(nwj(t_joint, t_product), nwj(t_joint, t_product, a=1.0))


def test_nwj_touches_donsker_varadhan_at_the_mean_and_lies_below_elsewhere():
    generator = torch.manual_seed(1)
    t_joint, t_product = torch.randn(3, 40, generator=generator), torch.randn(3, 60)
    best = t_product.exp().mean(-1)
    dv = donsker_varadhan(t_joint, t_product)
    torch.testing.assert_close(nwj(t_joint, t_product, best), dv)
    assert (nwj(t_joint, t_product, 2 * best) < dv - 0.1).all()
    assert (nwj(t_joint, t_product, best / 2) < dv - 0.1).all()


def test_one_value_per_replica_and_any_leading_shape():
    t_joint, t_product = torch.randn(4, 5, 30), torch.randn(4, 5, 20)
    assert donsker_varadhan(t_joint, t_product).shape == (4, 5)
    each = donsker_varadhan(t_joint[2, 3], t_product[2, 3])
    torch.testing.assert_close(donsker_varadhan(t_joint, t_product)[2, 3], each)


def test_gradient_is_the_softmax_of_the_product_values():
    t_product = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
    donsker_varadhan(torch.zeros(2), t_product).backward()
    torch.testing.assert_close(t_product.grad, -torch.softmax(t_product.detach(), 0))


def test_large_values_do_not_overflow():
    t_joint, t_product = torch.tensor([500.0]), torch.tensor([400.0, 400.0])
    assert donsker_varadhan(t_joint, t_product).item() == pytest.approx(100)
    assert nwj(t_joint, t_product, a=math.exp(80)).isneginf()  # the true value is below -1e138


# All bounds

POOLED = [donsker_varadhan, nwj, jensen_shannon, smile]
BOUNDS = [*POOLED, infonce]


@pytest.mark.parametrize("bound", POOLED)
@pytest.mark.parametrize("leading", [(), (3,), (4, 5)])
def test_m_product_pairs_a_row_and_all_of_them_pooled_are_the_same(bound, leading):
    generator = torch.Generator().manual_seed(3)
    t_joint = torch.randn(*leading, 8, generator=generator)
    t_product = torch.randn(*leading, 5, 8, generator=generator)
    value = bound(t_joint, t_product)
    assert value.shape == leading
    assert torch.equal(value, bound(t_joint, t_product.flatten(-2)))


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", ["joint", "product"])
@pytest.mark.parametrize("bound", BOUNDS)
def test_a_broken_value_reaches_its_own_replica_alone(bound, at, broken):
    generator = torch.Generator().manual_seed(4)
    whole = [torch.randn(3, *shape, generator=generator) for shape in ((8,), (5, 8))]
    parts = [each.clone() for each in whole]
    parts[at == "product"][1].view(-1)[2] = broken
    values, slopes = [], []
    for t in (whole, parts):
        t = [each.requires_grad_() for each in t]
        values.append(bound(*t))
        slopes.append(torch.autograd.grad(values[-1].sum(), t))
    others = [0, 2]
    assert torch.equal(values[0][others], values[1][others])
    for a, b in zip(*slopes, strict=True):
        assert torch.equal(a[others], b[others])
    assert values[0][1].isfinite()
    if math.isnan(broken):
        assert values[1][1].isnan()
    else:
        assert not torch.equal(values[0][1], values[1][1])


@pytest.mark.parametrize("bound", BOUNDS)
def test_each_bound_is_an_objective_that_training_climbs(bound):
    x, z = ml.Gaussian(0.9).sample(300, seed=0)
    options = {"steps": 60, "batch_size": 50, "learning_rate": 0.01, "negatives": 3}
    record = ml.train(x, z, objective=bound, seeds=[0, 1], progress=False, **options)
    start = ml.StatisticsNetwork(1, 1, replicas=2)
    before, after = (bound(*ml.critic_values(c, x, z, 3)) for c in (start, record.critic))
    assert (after > before + 0.1).all()


# Other objectives (section 7.4)


def test_infonce_by_hand():
    t_joint = torch.tensor([0.0, math.log(3.0)])
    t_product = torch.tensor([[0.0, math.log(2.0)], [math.log(4.0), 0.0]])  # m = 2 at each of two
    expected = (math.log(3 * 1 / (1 + 1 + 4)) + math.log(3 * 3 / (3 + 2 + 1))) / 2
    assert infonce(t_joint, t_product).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("m", [1, 3, 31])
def test_infonce_ends_at_log_m_plus_one(m):
    generator = torch.Generator().manual_seed(m)
    t_joint = 10 * torch.randn(50, 20, generator=generator)
    t_product = 10 * torch.randn(50, m, 20, generator=generator)
    ceiling = math.log(m + 1)
    assert (infonce(t_joint, t_product) <= ceiling + 1e-5).all()  # rounding of 20 summands
    top = infonce(t_joint + 1000, t_product)
    torch.testing.assert_close(top, torch.full((50,), ceiling), rtol=0, atol=1e-4)


def test_infonce_ignores_what_only_x_adds():
    generator = torch.Generator().manual_seed(0)
    t_joint, of_x = torch.randn(2, 4, 20, generator=generator)
    t_product = torch.randn(4, 5, 20, generator=generator)
    shifted = infonce(t_joint + of_x, t_product + of_x[:, None])
    torch.testing.assert_close(shifted, infonce(t_joint, t_product))


def test_jensen_shannon_by_hand():
    t_joint, t_product = torch.tensor([0.0, math.log(3.0)]), torch.tensor([math.log(7.0), 0.0])
    expected = (math.log(1 / 2) + math.log(3 / 4)) / 2 + (math.log(1 / 8) + math.log(1 / 2)) / 2
    assert jensen_shannon(t_joint, t_product).item() == pytest.approx(expected, rel=1e-6)


def jensen_shannon_of_gaussians(rho):
    """2 JS - 2 log 2 = E_P log p/(p + q) + E_Q log q/(p + q) on a grid."""
    axis = np.linspace(-8, 8, 801)
    x, z = (each.ravel() for each in np.meshgrid(axis, axis))
    log_r = ml.Gaussian(rho).log_ratio(x, z).double().numpy()
    q = np.exp(-(x**2 + z**2) / 2) / (2 * np.pi) * (axis[1] - axis[0]) ** 2
    p = q * np.exp(log_r)
    return p @ -np.logaddexp(0, -log_r) + q @ -np.logaddexp(0, log_r)


def test_jensen_shannon_of_the_log_ratio_is_the_divergence_and_that_of_others_lies_below():
    pair = ml.Gaussian(0.8)
    t_joint, t_product = ml.critic_values(pair.log_ratio, *pair.sample(200_000, seed=0))
    found = jensen_shannon(t_joint, t_product).item()
    # Standard deviations of the terms are 0.36 and 0.45, so four standard errors are 0.005.
    assert found == pytest.approx(jensen_shannon_of_gaussians(pair.rho), abs=0.005)
    for change in (lambda t: t + 1, lambda t: t - 1, lambda t: 2 * t, lambda t: t / 2):
        assert jensen_shannon(change(t_joint), change(t_product)).item() < found - 0.01


def test_smile_by_hand():
    t_joint, t_product = torch.tensor([9.0, 2.0]), torch.tensor([7.0, -8.0, 0.0])
    cut = (math.exp(3) + math.exp(-3) + 1) / 3  # the joint term is not cut
    assert smile(t_joint, t_product, tau=3).item() == pytest.approx(5.5 - math.log(cut), rel=1e-6)


def test_smile_is_donsker_varadhan_unless_a_value_exceeds_tau():
    generator = torch.Generator().manual_seed(0)
    t_joint, t_product = 10 * torch.rand(2, 6, 40, generator=generator) - 5
    assert torch.equal(smile(t_joint, t_product), donsker_varadhan(t_joint, t_product))
    lower = smile(t_joint, t_product, tau=1.0)
    assert (lower > donsker_varadhan(t_joint, t_product) + 1).all()


def test_other_objectives_keep_the_leading_shape():
    t_joint, t_product = torch.zeros(4, 5, 30), torch.zeros(4, 5, 7, 30)
    assert infonce(t_joint, t_product).shape == (4, 5)
    for bound in (jensen_shannon, smile):
        assert bound(t_joint, t_product[:, :, 0, :20]).shape == (4, 5)


T = torch.zeros(2, 3)
BAD = [
    (lambda: donsker_varadhan(torch.zeros(3, 3), T), r"t_joint has shape \(3, 3\)"),
    (lambda: donsker_varadhan(T, torch.zeros(3, 4, 3)), r"t_product \(3, 4, 3\): must agree"),
    (lambda: donsker_varadhan(T, torch.zeros(2, 4, 3, 1)), r"t_product \(2, 4, 3, 1\)"),
    (lambda: donsker_varadhan(T.long(), T), "t_joint has dtype torch.int64"),
    (lambda: log_mean_exp(torch.zeros(2, 0)), r"t has shape \(2, 0\)"),
    (lambda: nwj(T, T, a="e"), "a = 'e'"),
    (lambda: nwj(T, T, a=torch.tensor([1.0, -1.0])), r"a = \[1.0, -1.0\]: must be positive"),
    (lambda: donsker_varadhan([0.0], T), "t_joint is list"),
    (lambda: donsker_varadhan(T, torch.zeros(2, 0)), r"t_product is \(2, 0\)"),
    (lambda: nwj(T, T, a=0.0), "a = 0.0: must be a number"),
    (lambda: nwj(T, T, a=float("nan")), "a = nan"),
    (lambda: nwj(T, T, a=torch.ones(3)), r"a has shape \(3,\): must be \(2,\)"),
    (lambda: nwj(T, torch.zeros(2, 4, 3), a=torch.ones(2, 4)), r"must be \(2,\)"),
    (lambda: nwj(torch.tensor(1.0), T, a=1.0), r"t_joint is \(\)"),
    (lambda: infonce(T, T), r"t_product has shape \(2, 3\): must be \(..., m, b\)"),
    (lambda: infonce(T, torch.zeros(2, 4, 5)), r"t_product has shape \(2, 4, 5\)"),
    (lambda: infonce(T, torch.zeros(5, 4, 3)), r"t_joint has shape \(2, 3\)"),
    (lambda: jensen_shannon(T, T[:1]), r"t_product \(1, 3\)"),
    (lambda: smile(T[:1], T), r"t_joint has shape \(1, 3\)"),
    (lambda: smile(T, T, tau=0), "tau = 0: must be a number"),
    (lambda: smile(T, T, tau=-1.0), "tau = -1.0"),
    (lambda: smile(T, T, tau=math.nan), "tau = nan"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
