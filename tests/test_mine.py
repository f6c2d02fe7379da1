"""MINE: its value, its written gradient and its moving average."""

import math

import pytest
import torch

import mine_lib as ml

R, M, B = 3, 4, 6


def values(seed=0, shape=(R, M, B)):
    """Critic values t_joint (R, b) and t_product of the shape, leaves of a graph."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((shape[0], B), shape)
    return [torch.randn(each, generator=generator).requires_grad_() for each in shapes]


def weights_by_formula(t_joint, t_product, v):
    """1/b and -e^T / (v N), of the shapes of t_joint and t_product."""
    pooled = t_product.detach().flatten(1)
    product = -pooled.exp() / v[:, None] / pooled.shape[1]
    return torch.full_like(t_joint, 1 / t_joint.shape[1]), product.view(t_product.shape)


def mean_of_e(t_product):
    return t_product.detach().flatten(1).exp().mean(1)


# Value and gradient

SHAPES = [(R, M, B), (R, M * B), (R, 1, B), (R, 7)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_value_is_that_of_donsker_varadhan(shape):
    t = values(shape=shape)
    for mine in (ml.MINE(), ml.MINE(alpha=1), ml.MINE(stable=False)):
        for _ in range(3):  # whatever v is
            torch.testing.assert_close(mine(*t), ml.donsker_varadhan(*t))
    with torch.no_grad():
        torch.testing.assert_close(ml.MINE()(*t), ml.donsker_varadhan(*t))
    single = ml.MINE()(t[0][0], t[1][0])
    assert single.shape == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_backward_pass_is_the_written_formula_times_each_replicas_slope(shape):
    t = values(shape=shape)
    slopes = torch.tensor([1.0, -2.0, 0.5])
    mine = ml.MINE(alpha=0.3)
    (slopes * mine(*t)).sum().backward()
    v = 0.7 + 0.3 * mean_of_e(t[1])
    torch.testing.assert_close(mine.v, v)
    for each, weight in zip(t, weights_by_formula(*t, v), strict=True):
        factor = slopes.view(-1, *[1] * (each.ndim - 1))
        torch.testing.assert_close(each.grad, factor * weight)


def test_the_gradient_of_a_parameter_is_mean_grad_less_weighted_mean_grad_over_v():
    generator = torch.Generator().manual_seed(1)
    theta = torch.randn(R, 2, 1, generator=generator).requires_grad_()
    joint, product = (torch.randn(R, n, 2, generator=generator) for n in (B, M * B))
    mine = ml.MINE(alpha=0.2)
    mine((joint @ theta)[..., 0], (product @ theta)[..., 0]).sum().backward()
    e = (product @ theta).detach().exp()  # grad T is the row of features itself
    v = 0.8 + 0.2 * e.mean(1)
    expected = joint.mean(1) - (e * product).mean(1) / v
    torch.testing.assert_close(theta.grad[..., 0], expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_with_rate_one_the_gradient_is_donsker_varadhans_own(shape):
    t, mine = values(shape=shape), ml.MINE(alpha=1)
    for _ in range(3):
        found = torch.autograd.grad(mine(*t).sum(), t)
        expected = torch.autograd.grad(ml.donsker_varadhan(*t).sum(), t)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(mine.v, mean_of_e(t[1]))


def test_the_gradient_is_that_of_nwj_at_a_equal_v():
    t, mine = values(), ml.MINE(alpha=0.2)
    found = torch.autograd.grad(mine(*t).sum(), t)
    expected = torch.autograd.grad(ml.nwj(*t, mine.v).sum(), t)
    torch.testing.assert_close(found, expected)


# The moving average


def test_the_moving_average_by_hand():
    mine, joint = ml.MINE(alpha=0.1), torch.zeros(2)
    assert mine.v is None
    for mean, expected in ((2.0, 0.9 + 0.2), (4.0, 0.9 * 1.1 + 0.4), (0.5, 0.9 * 1.39 + 0.05)):
        mine(joint, torch.full((5,), math.log(mean)).requires_grad_())
        assert mine.v.item() == pytest.approx(expected, rel=1e-5)
    assert not mine.v.requires_grad


def test_a_rate_of_its_own_for_each_replica():
    rates, together = [0.3, 1.0, 0.05], ml.MINE(alpha=[0.3, 1.0, 0.05])
    alone = [ml.MINE(alpha=rate) for rate in rates]
    for seed in range(3):
        t = values(seed)
        found = torch.autograd.grad(together(*t).sum(), t)
        for k, mine in enumerate(alone):
            own = [each.detach()[k : k + 1].requires_grad_() for each in t]
            expected = torch.autograd.grad(mine(*own).sum(), own)
            torch.testing.assert_close([each[k : k + 1] for each in found], [*expected])
            torch.testing.assert_close(together.v[k : k + 1], mine.v)


def test_calls_that_cannot_be_differentiated_leave_v_alone():
    t, mine = values(), ml.MINE()
    mine(*(each.detach() for each in t))
    assert mine.v is None
    mine(*t)
    before = mine.v
    with torch.no_grad():
        mine(*t)
    mine(*(each.detach() for each in t))
    assert torch.equal(mine.v, before)


def test_one_of_the_two_batches_may_carry_gradients_alone():
    for k in (0, 1):
        t = [each.detach() for each in values()]
        t[k].requires_grad_()
        mine = ml.MINE(alpha=0.3)
        mine(*t).sum().backward()
        v = 0.7 + 0.3 * mean_of_e(t[1])
        torch.testing.assert_close(t[k].grad, weights_by_formula(*t, v)[k])


def test_two_calls_before_one_backward_pass_have_each_its_own_gradient():
    first, second, mine = values(0), values(1), ml.MINE(alpha=0.3)
    value = mine(*first) + mine(*second)
    v1 = 0.7 + 0.3 * mean_of_e(first[1])
    v2 = 0.7 * v1 + 0.3 * mean_of_e(second[1])
    torch.testing.assert_close(mine.v, v2)
    value.sum().backward()
    for t, v in ((first, v1), (second, v2)):
        torch.testing.assert_close([each.grad for each in t], [*weights_by_formula(*t, v)])
    torch.testing.assert_close(mine.v, v2)  # a backward pass is no step


def test_v_holds_no_graph_of_earlier_steps():
    theta, mine = torch.ones(()).requires_grad_(), ml.MINE(alpha=0.5)
    for seed in range(3):  # else "backward through the graph a second time"
        t = [theta * each.detach() for each in values(seed)]
        mine(*t).sum().backward()


def test_another_number_of_pairs_is_no_other_shape():
    mine = ml.MINE(alpha=0.5)
    mine(*values(0))
    mine(*values(1, (R, 9)))
    expected = 0.5 * (0.5 + 0.5 * mean_of_e(values(0)[1])) + 0.5 * mean_of_e(values(1, (R, 9))[1])
    torch.testing.assert_close(mine.v, expected)


def test_a_part_begins_anew_with_its_own_rates():
    whole, t = ml.MINE(alpha=[0.1, 0.2, 0.3], stable=False), values()
    whole(*t)
    part, before = whole[1:], whole.v
    assert part.alpha == (0.2, 0.3)
    assert part.stable is False
    assert part.v is None
    part(*(each[1:] for each in t))
    torch.testing.assert_close(part.v, before[1:])
    assert torch.equal(whole.v, before)
    assert ml.MINE(alpha=0.4)[1:].alpha == 0.4


def test_large_values_overflow_unless_stable():
    joint = torch.tensor([500.0, 500.0])
    for stable in (True, False):
        product, mine = torch.tensor([400.0, 400.0]).requires_grad_(), ml.MINE(0.5, stable)
        value = mine(joint, product)
        value.backward()
        assert value.item() == pytest.approx(100 if stable else -math.inf)
        expected = torch.full((2,), -1.0 if stable else -math.inf)
        torch.testing.assert_close(product.grad, expected)


def test_a_mean_that_is_not_finite_leaves_v_alone():
    healthy, broken = torch.tensor([0.0, 1.0]), torch.tensor([0.0, 90.0])
    for alpha in (0.5, 1.0):
        mine, other = (ml.MINE(alpha, stable=False) for _ in range(2))
        for each in (healthy, broken, healthy):
            mine(torch.zeros(2), each.clone().requires_grad_())
        for each in (healthy, healthy):
            other(torch.zeros(2), each.clone().requires_grad_())
        assert torch.equal(mine.v, other.v)


def test_a_second_derivative_is_refused_and_not_wrong():
    theta = torch.ones(()).requires_grad_()
    t_joint, t_product = (theta**2 * each.detach() for each in values())
    with pytest.raises(RuntimeError, match=r"once|twice"):  # noqa: PT012
        value = ml.MINE(alpha=1)(t_joint, t_product).sum()
        (slope,) = torch.autograd.grad(value, theta, create_graph=True)
        slope.backward()


T = torch.zeros(2, 3, requires_grad=True)


def after_another_shape():
    mine = ml.MINE()
    mine(T, T)
    return mine(T[:1], T[:1])


BAD = [
    (after_another_shape, r"leading shape \(1,\): must be that of alpha and of v, \(2,\)"),
    (lambda: ml.MINE([0.1, 0.2, 0.3])(T, T), r"leading shape \(2,\): .* \(3,\)"),
    (lambda: ml.MINE([0.1])(T, T), r"leading shape \(2,\): .* \(1,\)"),
    (lambda: ml.MINE()(T, T[:1]), r"t_product \(1, 3\): must agree"),
    (lambda: ml.MINE()(T.detach(), T.detach()[:1]), r"t_product \(1, 3\): must agree"),
    (lambda: ml.MINE(0), r"alpha = 0: .*\(0, 1\]"),
    (lambda: ml.MINE(1.2), "alpha = 1.2"),
    (lambda: ml.MINE(math.nan), "alpha = nan"),
    (lambda: ml.MINE(None), "alpha = None"),
    (lambda: ml.MINE([0.1, 2.0]), "alpha = 2.0"),
    (lambda: ml.MINE(stable="yes"), "stable = 'yes'"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
