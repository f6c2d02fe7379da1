"""What a fixed critic says on pairs: its Donsker-Varadhan value, and how far to trust it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from torch import Tensor, nn

from mine_lib.bounds import log_mean_exp
from mine_lib.checks import check_pairs_of_rows, check_shifts, check_values
from mine_lib.critics import Critic
from mine_lib.statistics import grouped_error
from mine_lib.threads import WIDTH, paced, worth

# The product term of `assess`
FIRST_SHIFTS, LEAST_SHIFTS = 64, 8
FIRST_PAIRS = 2**20
MOST_PAIRS = 2**23
PAIRS_AT_ONCE = 2**13
PRODUCT_SHARE = 0.2  # of the standard error, aimed at for the product term's own error


def evaluate(critic: Critic, x: ArrayLike, z: ArrayLike, shifts: int = 1) -> Tensor:
    """Donsker-Varadhan value in nats of all pairs, shape (R,), without gradients.

    critic: any; a module is put into evaluation mode meanwhile; one without a replica axis has a
    value of shape (). x, z: (n, d) or (R, n, d), on its device. shifts: the product term is a
    mean over so many cyclic shifts of z, spread evenly over those below n/2 if there are enough
    (uncorrelated at the optimum, eq. 3-shifts), else over all n - 1.

    Raises ValueError unless 1 <= shifts < n, on unequal lengths, and on a critic that does not give
    one value a pair.
    """
    x, z = check_pairs_of_rows(x, z)
    rows = x.shape[-2]
    check_shifts(shifts, rows)
    below_half = (rows - 1) // 2
    largest = below_half if shifts <= below_half else rows - 1
    offsets = np.linspace(1, largest, shifts).round().astype(int)
    with torch.no_grad(), _evaluation_mode(critic):
        joint = check_values(critic(x, z), rows)
        means: list[Tensor] = []
        with closing(paced(0, shifts, worth(joint.numel() * WIDTH, joint.numel() // rows))) as ends:
            for end in ends:
                some = offsets[len(means) : end]
                means += [log_mean_exp(critic(x, z.roll(int(s), -2))) for s in some]
        return joint.mean(-1) - log_mean_exp(torch.stack(means, -1))


@contextmanager
def _evaluation_mode(critic: Critic) -> Iterator[None]:
    """Without dropout and batch statistics, if the critic is a module that has them."""
    modes = [(m, m.training) for m in critic.modules()] if isinstance(critic, nn.Module) else []
    for module, _ in modes[:1]:
        module.eval()
    try:
        yield
    finally:
        for module, mode in modes:  # the whole before its parts
            module.train(mode)


@dataclass(frozen=True)
class Assessment:
    """Value of a critic on some pairs, in nats, with errors.

    error: standard error of the value; product_error: the part that more shifts would remove.
    pointwise: learned pointwise information of each pair, (n,); its mean is the value.
    """

    value: float
    error: float
    product_error: float
    pointwise: np.ndarray


class Partners:
    """Which rows give their z to the x of n rows, in the product pairs of a fold.

    groups: (n,), those of a group side by side, for the shifts in random order; by default each row
    is its own.
    seed: of the order in which shifts are taken.

    A shift moves by whole groups: row r of a group meets row r + s of another, modulo its size. So
    no row meets one of its own group, and without groups the shifts are the cyclic ones.
    """

    def __init__(self, n: int, seed: int, groups: np.ndarray | None = None) -> None:
        groups = np.arange(n) if groups is None else groups
        self.first = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        self.sizes = np.diff(self.first, append=n)
        self.group = np.repeat(np.arange(len(self.first)), self.sizes)
        self.rank = np.arange(n) - self.first[self.group]
        shifts = np.arange(1, len(self.first))
        if not len(shifts):
            raise ValueError("groups: a fold holds one group alone, which can meet no other")
        self.shifts = np.random.default_rng([seed, 3]).permutation(shifts)

    def __len__(self) -> int:
        """Count the different shifts."""
        return len(self.shifts) * int(self.sizes.max())

    def __getitem__(self, some: slice) -> np.ndarray:
        """Partners for some of the shifts, (shifts, n)."""
        numbers = np.arange(len(self))[some, None]
        offset, which = np.divmod(numbers, len(self.shifts))
        group = (self.group + self.shifts[which]) % len(self.first)
        return self.first[group] + (self.rank + offset) % self.sizes[group]

    def permuted(self, times: int, rng: np.random.Generator) -> np.ndarray:
        """Partners after random permutations of whole groups, (times, n); itself is one of them.

        Row r of a group meets row r of another, so that what has an order keeps it; in a smaller
        group it starts again.
        """
        orders = rng.permuted(np.tile(np.arange(len(self.first)), (times, 1)), axis=1)
        group = orders[:, self.group]
        return self.first[group] + self.rank % self.sizes[group]


@torch.no_grad()
def assess(critic: Critic, x: Tensor, z: Tensor, partners: Partners) -> Assessment:
    """Donsker-Varadhan value with enough shifts for the product term, and its error (eq. 7-error).

    critic: (x, z) -> (n,). x, z: (n, d). partners: of the rows; errors count their groups.
    """
    rows = len(x)
    t = critic(x, z).cpu().double().numpy()
    most = min(len(partners), max(LEAST_SHIFTS, MOST_PAIRS // rows))
    t_product = np.empty((0, rows))
    shifts = shifts_for(rows, FIRST_PAIRS, LEAST_SHIFTS, min(FIRST_SHIFTS, most))
    while True:
        more = product_values(critic, x, z, partners[len(t_product) : shifts])
        t_product = np.concatenate([t_product, more])
        found = influence(t, t_product, partners)
        aim = PRODUCT_SHARE * found.error
        if shifts == most or found.product_error <= aim:
            return found
        shifts = min(most, math.ceil(1.1 * shifts * (found.product_error / aim) ** 2))


@torch.no_grad()
def product_values(critic: Critic, x: Tensor, z: Tensor, partners: np.ndarray) -> np.ndarray:
    """T at x_i and the z of its partners, (shifts, n), for partners (shifts, n)."""
    rows, values = len(x), []
    parts = np.array_split(
        partners, min(len(partners), math.ceil(partners.size / PAIRS_AT_ONCE)) or 1
    )
    with closing(paced(0, len(parts), worth(PAIRS_AT_ONCE * WIDTH, len(parts)))) as ends:
        for end in ends:
            for some in parts[len(values) : end]:
                t = critic(x.repeat(len(some), 1), z[torch.from_numpy(some.ravel()).to(z.device)])
                values.append(t.cpu().double().numpy().reshape(-1, rows))
    return np.concatenate(values)


def shifts_for(rows: int, pairs: int, least: int, most: int) -> int:
    """How many shifts of so many rows make about so many pairs, within limits."""
    return min(max(pairs // rows, least), most)


def influence(t: np.ndarray, t_product: np.ndarray, partners: Partners) -> Assessment:
    """Value, and standard error from the influence of each row, summed by groups (eq. 7-error).

    t: (n,) at the joint pairs. t_product: (shifts, n), of the first shifts of `partners`. With few
    shifts the noise of the product term counts more than once: the error is then rather too large.
    """
    shifts, rows = t_product.shape
    log_mean = logsumexp(t_product) - math.log(t_product.size)
    with np.errstate(under="ignore"):
        ratio = np.exp(t_product - log_mean)
    by_z = np.bincount(partners[:shifts].ravel(), ratio.ravel(), rows) / shifts
    influences = t - ratio.mean(0) - by_z
    sampling = grouped_error(influences, partners.group)
    left_out = 1 - shifts / len(partners)
    product_error = ratio.mean(1).std(ddof=1) * math.sqrt(left_out / shifts) if left_out else 0.0
    error = math.hypot(sampling, product_error)
    return Assessment(t.mean() - log_mean, error, product_error, t - log_mean)
