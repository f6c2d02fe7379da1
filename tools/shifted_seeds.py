"""Shift every seed of a program: what it draws from NumPy and torch is new, and again repeatable.

Call `shift` before anything is drawn. A generator that is handed on, and a seed None, stay.
"""

from collections.abc import Callable

import numpy as np
import torch

APART = 1_000_003  # so that shifted seeds do not meet others


def shift(by: int) -> None:
    """Shift the seeds of NumPy's generators, new and old, of scikit-learn, and of torch."""
    np.random.default_rng = _shifted(np.random.default_rng, by)
    np.random.seed = _shifted(np.random.seed, by)

    class RandomState(np.random.RandomState):  # what scikit-learn makes of a random_state
        def __init__(self, seed: object = None) -> None:
            super().__init__(_other(seed, by))

    class Generator(torch.Generator):  # its method cannot be replaced
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + by * APART)

    first = torch.manual_seed
    np.random.RandomState, torch.Generator = RandomState, Generator
    torch.manual_seed = torch.random.manual_seed = lambda seed: first(int(seed) + by * APART)


def _shifted(function: Callable, by: int) -> Callable:
    """The function, which sees another seed."""
    return lambda seed=None: function(_other(seed, by))


def _other(seed: object, by: int) -> object:
    """Another seed in its place; None and generators stay as they are."""
    if isinstance(seed, np.random.SeedSequence):
        entropy = np.atleast_1d(seed.entropy).tolist()
        return np.random.SeedSequence([*entropy, by * APART], spawn_key=seed.spawn_key)
    if seed is None or not isinstance(seed, int | np.integer | list | tuple | range | np.ndarray):
        return seed
    return [*np.atleast_1d(seed).tolist(), by * APART]
