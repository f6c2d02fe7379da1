"""self_consistency: right estimators pass, wrong ones fail by name, bad input is refused."""

import numpy as np
import pandas as pd
import pytest

import mine_lib as ml
from mine_lib.estimation.consistency import LAWS

ROWS = 400


@pytest.fixture(scope="module")
def rows():
    return tuple(each.numpy() for each in ml.Gaussian(0.7, 3).sample(ROWS, seed=0))


def plug_in(x, z):
    """The information of a Gaussian with the sample's correlations."""
    joint = np.corrcoef(np.hstack([x, z]).T)
    d = x.shape[1]
    parts = [joint[:d, :d], joint[d:, d:], joint]
    a, b, c = (np.linalg.slogdet(each + 1e-9 * np.eye(len(each)))[1] for each in parts)
    return (a + b - c) / 2


class Estimate:
    """A value with an interval, as estimate_mi gives."""

    def __init__(self, value, error, lacks=0.0):
        self.value, self.error, self.lacks = value, error, lacks

    def __float__(self):
        return float(self.value)

    def interval(self, level):
        return self.value - self.error, self.value + self.error + self.lacks


# Verdicts


def test_a_plug_in_passes(rows):
    found = ml.self_consistency(*rows, plug_in)
    assert [*found] == [*LAWS]
    assert found.failures == []
    assert found["copies"].right == pytest.approx(2 * found["part"].right, rel=0.2)


WRONG = {
    "copies": lambda x, z: min(plug_in(x, z), 0.6),  # a ceiling
    "function": lambda x, z: plug_in(x, z) + 0.3 * z.shape[1] - x.shape[1] * 0.3,
    "part": lambda x, z: 3.0 - z.shape[1],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_estimator_fails_by_name(rows, name):
    found = ml.self_consistency(*rows, WRONG[name])
    assert name in found.failures
    assert not found[name].passes
    assert f"FAILS: {LAWS[name][0]}" in str(found)


def test_ksg_fails_at_copies_of_five_columns():
    x, z = ml.Gaussian(0.7, 5).sample(1000, seed=0)
    assert ml.self_consistency(x, z, ml.ksg).failures == ["copies"]


def test_estimates_bring_their_own_errors(rows):
    """Copies have 6 columns a side, as x has in no other call: 1 against 0.7 + 0.7."""

    def estimator(x, z):
        return Estimate(1.0, 0.3) if x.shape[1] == 6 else Estimate(0.7, 0.1, lacks=0.05)

    answer = ml.self_consistency(*rows, estimator)["copies"]
    half = (0.3**2 + 2 * 0.1**2) ** 0.5
    assert answer.left - answer.right == pytest.approx(-0.4)
    assert (answer.low, answer.high) == pytest.approx((-0.4 - half - 0.1, -0.4 + half))
    assert not answer.passes


def test_what_the_left_side_lacks_moves_the_upper_end(rows):
    def estimator(x, z):
        return Estimate(1.0, 0.1, lacks=0.5 if x.shape[1] == 6 else 0.0) if x.shape[1] == 6 else (
            Estimate(0.7, 0.1)
        )  # fmt: skip

    assert ml.self_consistency(*rows, estimator)["copies"].passes


# What an estimator is handed


def test_copies_are_pairs_of_rows(rows):
    seen = []

    def estimator(x, z):
        seen.append((x, z))
        return 0.0

    ml.self_consistency(*rows, estimator)
    shapes = [(x.shape, z.shape) for x, z in seen[:6]]
    half = ROWS // 2
    assert shapes == [
        ((ROWS, 3), (ROWS, 3)),
        ((ROWS, 3), (ROWS, 1)),
        ((ROWS, 3), (ROWS, 6)),
        ((half, 6), (half, 6)),
        ((half, 3), (half, 3)),
        ((half, 3), (half, 3)),
    ]
    (two, _), (one, _), (other, _) = seen[3:6]
    assert (two == np.hstack([one, other])).all()
    assert len({*map(tuple, np.vstack([one, other]))} & {*map(tuple, rows[0])}) == ROWS


def test_the_function_has_eight_levels_and_keeps_the_order(rows):
    seen = []

    def estimator(x, z):
        seen.append(z)
        return 0.0

    ml.self_consistency(rows[0], rows[1][:, 0], estimator)
    z, coarse, both = (each[:, 0] if each.shape[1] == 1 else each for each in seen[:3])
    assert np.unique(coarse).tolist() == [*range(1, 9)]
    assert (np.diff(coarse[np.argsort(z)]) >= 0).all()
    assert (both == np.stack([z, coarse], 1)).all()


def test_labels_arrive_in_frames_and_two_become_one():
    rng = np.random.default_rng(0)
    label = pd.Series(rng.choice(list("abcd"), 200), name="kind")
    seen = []

    def estimator(x, z):
        seen.append(z)
        return 0.0

    ml.self_consistency(rng.standard_normal(200), label, estimator)
    assert isinstance(seen[0], pd.DataFrame)
    assert seen[1].iloc[:, 0].nunique() == 2
    pairs = pd.DataFrame({"one": seen[0].iloc[:, 0], "other": seen[1].iloc[:, 0]})
    assert len(pairs.drop_duplicates()) == 4


def test_the_seed_decides(rows):
    one, same, other = (ml.self_consistency(*rows, plug_in, seed=s) for s in (1, 1, 2))
    assert str(one) == str(same)
    assert one["copies"].left != other["copies"].left


# Refusals


def test_refuses_few_rows_by_number(rows):
    with pytest.raises(ValueError, match="99 rows: must have at least 100"):
        ml.self_consistency(rows[0][:99], rows[1][:99], plug_in)


def test_refuses_a_level(rows):
    with pytest.raises(ValueError, match="level = 2"):
        ml.self_consistency(*rows, plug_in, level=2)


def test_refuses_what_is_no_number(rows):
    with pytest.raises(TypeError, match="estimator returned str: must return nats"):
        ml.self_consistency(*rows, lambda x, z: "much")


def test_a_part_of_the_rows_that_the_estimator_refuses_is_named(rows):
    def refuses(x, z):
        if len(x) < ROWS:
            raise ValueError("too few")
        return plug_in(x, z)

    with pytest.raises(ValueError, match=r"refused 200 of the rows, with 6 and 6 columns: too few"):
        ml.self_consistency(*rows, refuses)


def test_a_pass_by_a_wide_interval_says_little(rows):
    drawn = np.random.default_rng(0)
    noisy = ml.self_consistency(*rows, lambda x, z: plug_in(x, z) + drawn.normal(0, 3))
    assert all(each.says_little for each in noisy.values() if each.passes)
    assert "passes, but says little" in str(noisy)
    assert not any(each.says_little for each in ml.self_consistency(*rows, plug_in).values())
