"""MINE: the Donsker-Varadhan value, climbed with a moving average (sec-5-rule in chapter 5).

The plain gradient of the value divides by the batch mean of e^T, and is biased (sec-4-ratio in
chapter 4). MINE divides by a moving average v of these means instead. Value and gradient are not
derivative and antiderivative of each other, so both stand here, side by side.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from mine_lib.bounds import log_mean_exp
from mine_lib.checks import check_choice, check_critic_values, check_part, check_rate


class MINE:
    """Donsker-Varadhan value whose gradient is MINE's (eq. 5-gradient).

    Called with t_joint (..., b) and t_product, (..., m, b) or (..., m), it returns the value of the
    batch in nats, one per leading index; its backward pass gives the gradient of
    E_P[T] - E_Q[e^T]/v with v held fixed. Each call that may be differentiated is a step of
    v <- (1 - alpha) v + alpha mean(e^T), from v = 1; one under `torch.no_grad()` leaves v alone.

    alpha: rate in (0, 1], or a sequence of rates, one a replica; 1 is vanilla MINE, where v is the
    batch mean. stable: take logs of means of e^T by logsumexp; otherwise e^T may overflow.
    v: the moving average, of the leading shape (...); None before the first step. A batch mean that
    is not finite leaves it alone. Its log is kept in T's type: in single precision rates below some
    1e-5 stand still near their goal.

    As a loss: `loss = -mine(*critic_values(critic, encoder(x), z)).sum()` (maximise information).
    Raises ValueError on rates out of range and on shapes that do not fit, also those of v.
    """

    def __init__(self, alpha: float | Sequence[float] = 0.01, stable: bool = True) -> None:
        is_one = np.ndim(alpha) == 0
        rates = [alpha] if is_one else np.asarray(alpha).tolist()
        if not rates:
            raise ValueError("alpha is empty: must be a rate, or hold one for each replica")
        rates = tuple(check_rate("alpha", each) for each in rates)
        self.alpha: float | tuple[float, ...] = rates[0] if is_one else rates
        self.stable = bool(check_choice("stable", stable, (False, True)))
        rate = torch.tensor(self.alpha, dtype=torch.float64)
        self._log_rates = torch.log1p(-rate), rate.log()  # of what is kept and of what is new
        self._log_v: Tensor | None = None

    def __repr__(self) -> str:
        return f"MINE(alpha={self.alpha}, stable={self.stable})"

    def __getitem__(self, part: slice) -> "MINE":
        """A new one for some of the replicas, from v = 1."""
        check_part(part)
        return MINE(self.alpha if isinstance(self.alpha, float) else self.alpha[part], self.stable)

    @property
    def v(self) -> Tensor | None:
        """The moving average of e^T, shape (...)."""
        return None if self._log_v is None else self._log_v.exp()

    def __call__(self, t_joint: Tensor, t_product: Tensor) -> Tensor:
        """Value in nats, shape (...); differentiable once."""
        _, pooled = check_critic_values(t_joint, t_product)
        if torch.is_grad_enabled() and (t_joint.requires_grad or t_product.requires_grad):
            return _Weighed.apply(t_joint, t_product, self.weigh)
        return t_joint.mean(-1) - self._log_mean(pooled)

    def weigh(self, t_joint: Tensor, t_product: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take a step; return the value and what each critic value weighs in the gradient.

        The weights, of the shapes of t_joint and t_product, are 1/b and -e^T / (v m b).
        """
        _, pooled = check_critic_values(t_joint, t_product)
        log_mean = self._log_mean(pooled)
        log_v = self._step(log_mean)
        log_v = log_v.view(log_v.shape + (1,) * (t_product.ndim - log_v.ndim))
        weight = (t_product - log_v).exp()  # e^T / v
        for size in t_product.shape[t_joint.ndim - 1 :]:
            weight = weight / size if size > 1 else weight
        joint = torch.full_like(t_joint, 1 / t_joint.shape[-1])
        return t_joint.mean(-1) - log_mean, joint, -weight

    def _log_mean(self, t: Tensor) -> Tensor:
        return log_mean_exp(t) if self.stable else t.exp().mean(-1).log()

    def _step(self, log_mean: Tensor) -> Tensor:
        """Take the log of a batch mean, (...), into log v, and return it."""
        self._log_rates = log_keep, log_rate = [each.to(log_mean) for each in self._log_rates]
        log_v = torch.zeros_like(log_mean) if self._log_v is None else self._log_v
        if log_v.shape != log_mean.shape or log_rate.shape not in ((), log_mean.shape):
            raise ValueError(
                f"t_joint has leading shape {tuple(log_mean.shape)}: must be that of alpha and of "
                f"v, {tuple(log_rate.shape or log_v.shape)}"
            )
        # torch.logaddexp rounds a number otherwise if it stands beside many.
        terms = torch.stack([log_keep + log_v, log_rate + log_mean])
        new = terms.logsumexp(0).detach()
        self._log_v = torch.where(new.abs() < math.inf, new, log_v)
        return self._log_v


class _Weighed(torch.autograd.Function):
    """A value whose derivative by each critic value is the weight that comes with it."""

    @staticmethod
    def forward(ctx: FunctionCtx, t_joint: Tensor, t_product: Tensor, weigh: Callable) -> Tensor:
        value, *weights = weigh(t_joint, t_product)
        ctx.save_for_backward(*weights)
        return value

    @staticmethod
    def backward(ctx: FunctionCtx, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        if torch.is_grad_enabled():  # create_graph=True; v, in the weights, would count as constant
            raise RuntimeError("MINE's gradient can be taken once: it is not that of a function")
        joint, product = ctx.saved_tensors
        slope = slope[..., None]
        more = slope if product.ndim == joint.ndim else slope[..., None]
        return slope * joint, more * product, None
