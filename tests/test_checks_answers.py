"""What the checks of the exercises share: refusing in words what is no answer."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from mine_checks.answers import ask, number, one, refuse, refuse_mistakes, same, untried


@pytest.mark.parametrize("answer", [None, ...])
def test_an_untouched_attempt_is_told_so_and_nothing_else_happens(answer, capsys):
    assert untried(answer, "product_pairs")
    assert "not tried yet: write your product_pairs" in capsys.readouterr().out


def test_a_zero_is_an_answer():
    assert not untried(0, "leak")


@pytest.mark.parametrize(
    "answer",
    [
        [1, 2],
        (1.0, 2.0),
        np.array([1, 2]),
        torch.tensor([1.0, 2.0], requires_grad=True),
        [torch.tensor(1.0, requires_grad=True), 2],
        torch.tensor([1, 2], dtype=torch.bfloat16),
        [Decimal(1), Fraction(2)],
    ],
)
def test_numbers_in_any_form_are_read(answer):
    assert number(answer).dtype == float
    assert same(number(answer), [1, 2])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "forget to return"),
        ("half", "got str"),
        ("0.69", "got str"),
        ([[1], [1, 2]], "should be numbers, got list"),
        (b"1", "got bytes"),
        (True, "got bool"),
        (np.bool_(True), "got bool"),
        (torch.tensor([True]), "got bool"),
        ([1, False], "got bool"),
        ({"a": 1}, "got dict"),
        ({1}, "got set"),
        (np.array(["1"]), "got str"),
        (1j, "got complex"),
        (np.array([1j]), "got complex"),
        (torch.tensor(1j), "got complex|got Tensor"),
        (10**400, "should be numbers"),
        (lambda: 1, "got function"),
    ],
)
def test_what_is_no_number_is_refused_in_words(answer, words):
    with pytest.raises(AssertionError, match=words):
        number(answer)


def test_a_value_in_place_of_a_function_is_refused():
    with pytest.raises(AssertionError, match="slope should be a function, got float"):
        ask(0.3, 1.0, name="slope")


def test_a_function_cannot_change_the_input_of_the_check():
    given = torch.ones(3)
    ask(lambda t: t.zero_(), given)
    assert (given == 1).all()


def test_shape_counts():
    assert not same(number([[1.0]]), 1.0)
    assert same(number(1), 1.0)


@pytest.mark.parametrize(
    "answer", [2, np.float32(2), [2.0], ((2,),), np.full((1, 1), 2), torch.full((1, 1), 2.0)]
)
def test_one_number_may_have_any_shape(answer):
    assert one(answer) == 2


@pytest.mark.parametrize("answer", [[], [1, 2], torch.ones(3)])
def test_several_numbers_are_not_one(answer):
    with pytest.raises(AssertionError, match=r"the slope should be one number, got shape \(\d,\)"):
        one(answer, "the slope")


def test_an_error_of_the_reader_is_put_into_words_and_stays_the_cause():
    with pytest.raises(AssertionError, match=r"raised ZeroDivisionError: .*, for 2$") as said:
        ask(lambda n: 1 / (n - 2), 2, name="slope")
    assert isinstance(said.value.__cause__, ZeroDivisionError)
    with pytest.raises(
        AssertionError, match=r"^slope raised ValueError: .*, for .*shape \(2, 1\), 9 num"
    ):
        ask(lambda z, m: [].remove(z.sum() * m[0]), torch.ones(2, 1), [1] * 9, name="slope")


def test_a_refusal_has_no_cause():
    with pytest.raises(AssertionError, match="no") as said:
        refuse("no")
    assert said.value.__cause__ is None


def test_a_known_mistake_is_named():
    with pytest.raises(AssertionError, match="that is in bits"):
        refuse_mistakes(number(0.1187), [(0.7, "a sum"), (0.1187, "that is in bits")])
    refuse_mistakes(number(0.0823), [(0.1187, "that is in bits")])
    refuse_mistakes(0.119, [(0.1187, "that is in bits")])
    with pytest.raises(AssertionError, match="that is in bits"):
        refuse_mistakes(0.119, [(0.1187, "that is in bits")], rtol=0, atol=6e-4)


def test_a_function_of_other_arguments_is_refused():
    with pytest.raises(AssertionError, match="slope should take 2 arguments"):
        ask(lambda p: p, 1.0, 2.0, name="slope")
    with pytest.raises(AssertionError, match=r"should take 1 argument$"):
        ask(lambda p, q: p, 1.0)
    assert ask(max, 1.0, 2.0) == 2
