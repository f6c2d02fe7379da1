"""Critics of labels, normalised over all labels (eq. 7-labels)."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from quick import estimate

from mine_lib.estimation.columns import read_columns
from mine_lib.estimation.labels import labels_alone, strata_of
from mine_lib.evaluation import Partners, assess

RNG = np.random.default_rng(0)
KINDS = np.array(["red", "green", "blue"])[RNG.integers(0, 3, 60).clip(0, 2)]
NUMBERS = RNG.standard_normal(60)
SIDES = {"labels": read_columns("z", KINDS), "numbers": read_columns("x", NUMBERS)}
VIEWS = {
    "labels": torch.from_numpy(np.stack([each == KINDS for each in np.unique(KINDS)], 1) * 2.0 - 1),
    "numbers": torch.from_numpy(NUMBERS[:, None]),
}


def critic(numbers, labels):
    """Wild on purpose: far from normalised."""
    return 3 * numbers[:, 0] * labels[:, 0] + labels[:, 1] - numbers[:, 0] ** 2


def by_hand(number, label):
    """T less the logarithm of its mean exponential over labels, with their shares."""
    total = 0
    for other in np.unique(KINDS):
        row = VIEWS["labels"][np.flatnonzero(other == KINDS)[0]][None]
        share = (other == KINDS).mean()
        total += share * math.exp(critic(torch.tensor([[number]]), row).item())
    row = VIEWS["labels"][np.flatnonzero(label == KINDS)[0]][None]
    return critic(torch.tensor([[number]]), row).item() - math.log(total)


def found_in(order):
    return labels_alone([SIDES[each] for each in order], [VIEWS[each] for each in order])


def asked_in(order):
    """The critic with its sides in this order."""
    return critic if order[0] == "numbers" else lambda labels, numbers: critic(numbers, labels)


ORDERS = pytest.mark.parametrize("order", [("numbers", "labels"), ("labels", "numbers")])
ROWS = np.array([5, 17, 3, 40])


@ORDERS
def test_each_number_s_mean_over_labels_is_one(order):
    found = found_in(order)
    assert found.is_x == (order[0] == "labels")
    t = found.normalised(asked_in(order), *(VIEWS[each][ROWS] for each in order))
    assert t.shape == (3, 4)
    for label, each in zip(np.unique(KINDS), t, strict=True):
        np.testing.assert_allclose(each, [by_hand(NUMBERS[row], label) for row in ROWS])


@ORDERS
def test_value_and_error_are_those_of_all_product_pairs(order):
    """Of rows with each label in its exact share, as folds have it."""
    rows = np.concatenate([np.flatnonzero(each == KINDS)[:9] for each in np.unique(KINDS)])
    shares = np.log(np.full(3, 1 / 3))
    found = replace(found_in(order), log_share=shares)
    sides = [VIEWS[each][rows] for each in order]
    t = found.normalised(asked_in(order), *sides)[found.codes[rows]]  # of each with each
    part = found.assess(asked_in(order), *sides, rows, None)
    ratio, joint = np.exp(t), np.diag(t)
    assert np.log(ratio.mean()) == pytest.approx(0, abs=1e-9)
    assert part.value == pytest.approx(joint.mean())
    influence = joint - ratio.mean(0) - ratio.mean(1)
    assert part.error == pytest.approx(influence.std(ddof=1) / np.sqrt(27))
    np.testing.assert_allclose(part.pointwise, joint)
    grouped = found.assess(asked_in(order), *sides, rows, np.arange(27) // 3)
    assert grouped.value == part.value
    assert grouped.error != part.error


@ORDERS
def test_means_with_partners_are_those_of_the_pairs(order):
    found = found_in(order)
    sides = [VIEWS[each][ROWS] for each in order]
    partners = np.array([[0, 1, 2, 3], [2, 0, 1, 3]])
    means = found.means(asked_in(order), *sides, ROWS, partners)
    for mean, some in zip(means, partners, strict=True):
        pairs = zip(ROWS, ROWS[some], strict=True)  # x of a row with z of its partner
        if order[0] == "labels":
            pairs = [(b, a) for a, b in pairs]
        assert mean == pytest.approx(np.mean([by_hand(NUMBERS[a], KINDS[b]) for a, b in pairs]))


def test_no_value_exceeds_what_the_label_can_tell():
    t = found_in(("numbers", "labels")).normalised(critic, VIEWS["numbers"], VIEWS["labels"])
    most = -np.log([(each == KINDS).mean() for each in np.unique(KINDS)])
    assert (t <= most[:, None] + 1e-12).all()
    assert t.max() > 0


def test_the_value_does_not_fall():
    """Jensen's inequality, here for independent labels."""
    pairs = [VIEWS[each] for each in ("numbers", "labels")]
    before = assess(critic, *pairs, Partners(60, 0)).value
    after = found_in(("numbers", "labels")).assess(critic, *pairs, np.arange(60), None).value
    assert before < -1
    assert after > before + 0.1


def test_labels_of_z_come_first_and_numbers_have_none():
    labels, numbers = read_columns("x", KINDS), read_columns("z", NUMBERS)
    view = VIEWS["labels"]
    assert not labels_alone((labels, labels), (view, view)).is_x
    assert labels_alone((numbers, numbers), (view, view)) is None


@pytest.mark.parametrize(("columns", "is_there"), [(2, True), (3, False)])
def test_more_than_256_different_rows_are_too_many(columns, is_there):
    side = read_columns("z", np.indices((8,) * 3).reshape(3, -1)[:columns].T)
    view = torch.as_tensor(side.labels)
    assert (labels_alone((side, side), (view, view)) is not None) == is_there
    assert (strata_of(side) is not None) == is_there


def test_a_rare_label_does_not_ruin_the_value():
    """Twenty rows of 4000, four standard deviations away; rare pairs of a label and a number that
    it cannot have would cost more than a nat."""
    is_rare = np.arange(4000) < 20
    x = np.random.default_rng(1).standard_normal(4000) + 4 * is_rare
    settings = {"steps": 600, "learning_rate": 0.02, "hidden": (32, 32)}
    for pair in ((x, is_rare), (is_rare, x)):
        assert estimate(*pair, **settings).value > -0.05
