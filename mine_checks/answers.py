"""What all checks share: asking a reader's function, and comparing what it says.

A check is a function of the reader's answer. It returns quietly after `untried`, raises
AssertionError with one sentence that names the mistake, or prints PASSED.
"""

from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any, NoReturn

import numpy as np
import torch

PASSED = "all checks passed"


def untried(answer: object, name: str) -> bool:
    """Say that the exercise has not been tried, if the answer is None or an ellipsis."""
    if answer is None or answer is ...:
        print(f"not tried yet: write your {name}, then run this cell again")
        return True
    return False


def refuse(message: str) -> NoReturn:
    """Fail the check with one sentence."""
    raise AssertionError(message) from None


def number(answer: object, what: str = "the answer") -> np.ndarray:
    """Return a number, list, array or tensor as an array of doubles; refuse anything else."""
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu().numpy()
    if answer is None:
        refuse(f"{what} is None: did you forget to return it?")
    if isinstance(answer, str):
        refuse(f"{what} should be numbers, got str")
    if isinstance(answer, list | tuple):
        answer = [number(each, what) for each in answer]
    try:
        return np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        refuse(f"{what} should be numbers, got {type(answer).__name__}")


def ask(f: object, *inputs: Any, name: str = "your function") -> np.ndarray:
    """Call the reader's function on copies of the inputs and return its answer as an array."""
    if not callable(f):
        refuse(f"{name} should be a function, got {type(f).__name__}: pass it without calling it")
    if not _takes(f, len(inputs)):
        refuse(f"{name} should take {len(inputs)} argument{'s' * (len(inputs) > 1)}")
    return number(f(*map(_copy, inputs)), f"what {name} returns")


def same(answer: np.ndarray, right: object, rtol: float = 1e-4, atol: float = 1e-8) -> bool:
    """Whether an answer has the right shape and agrees with the right values."""
    right = number(right)
    return answer.shape == right.shape and bool(np.allclose(answer, right, rtol=rtol, atol=atol))


def refuse_mistakes(
    answer: np.ndarray, mistakes: Iterable[tuple[object, str]], rtol: float = 1e-4
) -> None:
    """Refuse an answer that equals one of the known wrong ones, in the words beside it."""
    for wrong, message in mistakes:
        if same(answer, wrong, rtol):
            refuse(message)


def passed() -> None:
    """Say so."""
    print(PASSED)


def _takes(f: Callable, count: int) -> bool:
    """Whether a function can be called with so many arguments, as far as it says."""
    try:
        signature(f).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # of a builtin that does not say
        return True
    return True


def _copy(value: Any) -> Any:
    """A copy, so that a function which writes into its input cannot change the check's."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return value.copy() if hasattr(value, "copy") else value
