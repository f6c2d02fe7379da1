"""Variational bounds on D_KL(P || Q), estimated from critic values on joint and product samples.

The bounds hold for exact expectations; a sample value is an estimate (sec-samples in chapter 2).

Each function but `smile` is an objective, (t_joint, t_product) -> nats, that `train` can climb;
`jensen_shannon` and `smile` are no bounds. t_joint, of shape (..., b), holds T on samples of P;
t_product holds T on samples of Q, (..., m, b) for m product pairs beside each joint pair, as
`critic_values` gives them, or (..., m) for m samples in all. Every function returns one value per
leading index, shape (...), one a replica, and keeps gradients. Shapes that do not fit raise
ValueError. NaN gives NaN, for its own replica alone.
"""

import math

import torch
from torch import Tensor

from mine_lib.checks import check_between, check_critic_values


def log_mean_exp(t: Tensor, dim: int = -1) -> Tensor:
    """Log of the mean of e^t along `dim`, without overflow.

    t: shape (..., m). Returns t's shape without `dim`. Raises ValueError if `dim` is empty.
    """
    if t.shape[dim] == 0:
        raise ValueError(f"t has shape {tuple(t.shape)}: must not be empty along dim = {dim}")
    return torch.logsumexp(t, dim) - math.log(t.shape[dim])


def donsker_varadhan(t_joint: Tensor, t_product: Tensor) -> Tensor:
    """Donsker-Varadhan value E_P[T] - log E_Q[e^T], in nats (eq. dv)."""
    t_joint, t_product = check_critic_values(t_joint, t_product)
    return t_joint.mean(-1) - log_mean_exp(t_product)


def nwj(t_joint: Tensor, t_product: Tensor, a: float | Tensor = math.e) -> Tensor:
    """Nguyen-Wainwright-Jordan value E_P[T] - E_Q[e^T]/a - log a + 1 in nats (eq. nwj).

    a: positive number, or tensor of the leading shape (...). Largest at a = E_Q[e^T], where it
    equals the Donsker-Varadhan value. Raises ValueError on unequal shapes or a <= 0.
    """
    t_joint, t_product = check_critic_values(t_joint, t_product)
    log_a = _positive("a", a, t_product).log()
    return t_joint.mean(-1) - (log_mean_exp(t_product) - log_a).exp() - log_a + 1


def infonce(t_joint: Tensor, t_product: Tensor) -> Tensor:
    """InfoNCE value in nats (eq. 7-infonce): telling a joint pair from m pairs with the same x.

    t_joint: (..., b). t_product: (..., m, b), T at (x_j, other z).

    At most log(m + 1), whatever the truth. Raises ValueError on shapes that do not fit.
    """
    check_critic_values(t_joint, t_product)
    if t_product.ndim != t_joint.ndim + 1 or t_product.shape[-1] != t_joint.shape[-1]:
        raise ValueError(
            f"t_product has shape {tuple(t_product.shape)}: must be (..., m, b) beside t_joint of "
            f"shape {tuple(t_joint.shape)}"
        )
    joint = t_joint.unsqueeze(-2)
    advantage = torch.cat([torch.zeros_like(joint), t_product - joint], -2)  # over the partner
    return -log_mean_exp(advantage, -2).mean(-1)


def jensen_shannon(t_joint: Tensor, t_product: Tensor) -> Tensor:
    """E_P[-softplus(-T)] - E_Q[softplus(T)], largest at T = log r (eq. 7-js).

    It equals twice the Jensen-Shannon divergence less 2 log 2 there, in nats; no estimate of MI,
    but an objective whose slopes are bounded.
    """
    t_joint, t_product = check_critic_values(t_joint, t_product)
    return -_softplus(-t_joint).mean(-1) - _softplus(t_product).mean(-1)


def smile(t_joint: Tensor, t_product: Tensor, tau: float = 5.0) -> Tensor:
    """Donsker-Varadhan value with T cut to [-tau, tau] in the product term (eq. 7-smile).

    In nats; no bound. The cut trades variance for bias. It is a way to report what a critic
    trained with `jensen_shannon` found. Raises ValueError unless tau > 0.
    """
    t_joint, t_product = check_critic_values(t_joint, t_product)
    check_between("tau", tau, 0, math.inf)
    return t_joint.mean(-1) - log_mean_exp(t_product.clamp(-tau, tau))


def _softplus(t: Tensor) -> Tensor:
    """log(1 + e^t); torch's own rounds a number otherwise at the end of a tensor than inside."""
    return torch.maximum(t, torch.zeros_like(t)) + torch.log1p(torch.exp(-t.abs()))


def _positive(name: str, value: float | Tensor, t_product: Tensor) -> Tensor:
    """A positive number, or one for each leading index of t_product, as a tensor."""
    if not isinstance(value, Tensor):
        check_between(name, value, 0, math.inf)
    elif not (value > 0).all():
        raise ValueError(f"{name} = {value.tolist()}: must be positive")
    value = torch.as_tensor(value, dtype=t_product.dtype, device=t_product.device)
    if value.ndim and value.shape != t_product.shape[:-1]:
        leading = tuple(t_product.shape[:-1])
        raise ValueError(f"{name} has shape {tuple(value.shape)}: must be {leading}")
    return value
