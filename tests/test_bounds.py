"""The bounds against closed forms, and the inequalities between them."""

import math

import pytest
import torch

from mine_lib import donsker_varadhan, log_mean_exp, nwj


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


T = torch.zeros(2, 3)
BAD = [
    (
        lambda: donsker_varadhan(T, torch.tensor([[0.0], [float("nan")]])),
        "t_product holds 1 NaN or infinite",
    ),
    (lambda: donsker_varadhan(torch.zeros(3, 3), T), r"t_joint has shape \(3, 3\)"),
    (lambda: donsker_varadhan(T, T + math.inf), "t_product holds 6 NaN or infinite"),
    (lambda: donsker_varadhan(T.long(), T), "t_joint has dtype torch.int64"),
    (lambda: log_mean_exp(torch.zeros(2, 0)), r"t has shape \(2, 0\)"),
    (lambda: nwj(T, T, a="e"), "a = 'e'"),
    (lambda: nwj(T, T, a=torch.tensor([1.0, -1.0])), r"a = \[1.0, -1.0\]: must be positive"),
    (lambda: donsker_varadhan([0.0], T), "t_joint is list"),
    (lambda: donsker_varadhan(T, torch.zeros(2, 0)), r"t_product is \(2, 0\)"),
    (lambda: nwj(T, T, a=0.0), "a = 0.0: must be a number"),
    (lambda: nwj(T, T, a=float("nan")), "a = nan"),
    (lambda: nwj(T, T, a=torch.ones(3)), r"a has shape \(3,\): must be \(2,\)"),
    (lambda: nwj(torch.tensor(1.0), T, a=1.0), r"t_joint is \(\)"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
