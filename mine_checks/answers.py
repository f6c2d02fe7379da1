"""What all checks share: asking a reader's function, and comparing what it says.

A check is a function of the reader's answer. It returns quietly after `untried`, raises
AssertionError with one sentence that names the mistake, or prints PASSED.
"""

from collections.abc import Callable, Iterable, Sized
from inspect import signature
from numbers import Number
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
    """Return a number, list, array or tensor as an array of doubles; refuse anything else.

    Text and truth values are no numbers, though NumPy would make some of them.
    """
    if answer is None:
        refuse(f"{what} is None: did you forget to return it?")
    kind = type(answer).__name__
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu()
        answer = (answer.double() if answer.is_floating_point() else answer).numpy()
    if isinstance(answer, list | tuple):
        if any(each is None for each in answer):
            refuse(f"an entry of {what} is None")
        answer = [number(each, what) for each in answer]
    try:
        array = np.asarray(answer)
        if array.dtype.kind in "iufO":
            return array.astype(float)
    except (TypeError, ValueError, OverflowError):
        refuse(f"{what} should be numbers, got {kind}")
    refuse(f"{what} should be numbers, got {array.dtype.name if array.ndim else kind}")


def one(answer: object, what: str = "the answer") -> float:
    """Return the number that an answer is, in any shape, such as 1, [1] or [[1]]."""
    values = number(answer, what)
    if values.size != 1:
        refuse(f"{what} should be one number, got shape {values.shape}")
    return values.item()


def ask(f: object, *inputs: Any, name: str = "your function") -> np.ndarray:
    """Call the reader's function on copies of the inputs and return its answer as an array.

    An error that it raises is put into words, and stays the cause of the refusal.
    """
    if not callable(f):
        refuse(f"{name} should be a function, got {type(f).__name__}: pass it without calling it")
    if not _takes(f, len(inputs)):
        refuse(f"{name} should take {len(inputs)} argument{'s' * (len(inputs) > 1)}")
    try:
        answer = f(*map(_copy, inputs))
    except Exception as error:
        why = ": ".join(filter(None, [type(error).__name__, str(error)]))
        shown = ", ".join(map(_shown, inputs))
        raise AssertionError(f"{name} raised {why}, for {shown}") from error
    return number(answer, f"what {name} returns")


def same(answer: object, right: object, rtol: float = 1e-4, atol: float = 1e-8) -> bool:
    """Whether an answer has the right shape and agrees with the right values."""
    answer, right = number(answer), number(right)
    return answer.shape == right.shape and bool(np.allclose(answer, right, rtol=rtol, atol=atol))


def refuse_mistakes(
    answer: object,
    mistakes: Iterable[tuple[object, str]],
    rtol: float = 1e-4,
    atol: float = 1e-8,
) -> None:
    """Refuse an answer that equals one of the known wrong ones, in the words beside it."""
    for wrong, message in mistakes:
        if same(answer, wrong, rtol, atol):
            refuse(message)


def judge_count(
    answer: object, least: float, most: float, mistakes: Iterable[tuple[float, str]], hint: str
) -> None:
    """Check a number of pairs, which lies from least to most; the hint follows "too few: "."""
    if untried(answer, "number of pairs"):
        return
    found = one(answer, "the number of pairs")
    if not np.isfinite(found):
        refuse("the number of pairs should be finite")
    if least <= found <= most:
        return passed()
    refuse_mistakes(found, mistakes, rtol=2e-3)
    if found <= 0:
        refuse("a number of pairs is positive")
    refuse(f"too {'few' if found < least else 'many'}: {hint}")


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


def _shown(value: Any) -> str:
    """An input in a few words."""
    if isinstance(value, torch.Tensor | np.ndarray) and value.ndim != 1:
        return f"an input of shape {tuple(value.shape)}"
    if isinstance(value, Sized) and len(value) > 8:
        return f"{len(value)} numbers"
    if isinstance(value, torch.Tensor | np.ndarray):
        return str(value.tolist())
    return str(value) if isinstance(value, Number | list) else f"a {type(value).__name__}"
