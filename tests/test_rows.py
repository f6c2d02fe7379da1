"""What rows have in common: copies, an order with a memory, functions of one another."""

import numpy as np
import pytest
from quick import estimate, gaussians, two_series, warned

from mine_lib.estimation import rows
from mine_lib.estimation.columns import features, read_pair

RNG = np.random.default_rng(0)
U, V, NOISE = RNG.standard_normal((3, 1000))
THREE, MORE = RNG.standard_normal((2, 1000, 3))
TEN = RNG.standard_normal((1000, 10))
ANGLE = RNG.uniform(0, 2 * np.pi, 1000)
WALKS = RNG.standard_normal((2, 1000)).cumsum(1)
IS_ZERO = V > 0


def sides(x, z):
    """Columns of both, and the scores of their numbers."""
    pair = read_pair(x, z, 50)
    shown = [features(each, "normal_scores") for each in pair]
    return *pair, tuple(values[:, :count] for values, count in shown)


def copies(x, z):
    return rows.about_copies(*sides(x, z)[:2])


def order(x, z):
    return rows.about_order(sides(x, z)[2])


def functions(x, z):
    return rows.about_functions(*sides(x, z))


# Copies


@pytest.mark.parametrize(
    ("kept", "counted"),
    [
        (np.repeat(np.arange(200), 2), "200 of 400"),
        (np.tile(np.arange(200), 10), "1800 of 2000"),
        (np.r_[:400, :120], "120 of 520"),
        (np.r_[:400, :3], "3 of 403"),
    ],
)
@pytest.mark.parametrize("data", [(U, V), (THREE, np.where(V > 0, "up", "down")), (THREE, MORE)])
def test_copies_of_rows_are_counted(kept, counted, data):
    x, z = (each[kept] for each in data)
    (found,) = copies(x, z)
    assert found.startswith(f"{counted} rows are exact copies of others")


@pytest.mark.parametrize(
    ("x", "z"),
    [
        (U, V),
        (np.r_[U[:400], U[:2]], np.r_[V[:400], V[:2]]),  # two may be chance
        (np.r_[U[:400], U[:120]], V[:520]),  # of one side
        (np.round(U, 1), np.round(U + NOISE, 1)),
        (np.round(U, 2), np.round(U + 0.1 * NOISE, 2)),
        (np.round(THREE, 1), np.round(U, 1)),
        (RNG.integers(0, 5, 1000), RNG.integers(0, 5, 1000)),
        (RNG.integers(0, 5, 1000), V),
        (np.repeat(U[:500], 2), np.repeat(V[:500] > 0, 2)),  # few labels say too little of copies
        (RNG.choice(["a", "b", "c"], 1000), RNG.choice(["d", "e"], 1000)),
        (np.where(IS_ZERO, 0, U), np.where(IS_ZERO, 0, NOISE)),  # fails: no rain is no copy
    ],
)
def test_values_that_repeat_of_themselves_are_no_copies(x, z):
    assert copies(x, z) == []


def test_copies_are_warned_of_unless_groups_hold_them_together():
    kept = np.repeat(np.arange(100), 2)
    x, z = U[kept], V[kept]
    assert warned(estimate(x, z, steps=2), "100 of 200 rows are exact copies")
    assert not warned(estimate(x, z, steps=2, groups=kept), "copies")


@pytest.mark.parametrize(("z", "is_function"), [(V, False), (np.exp(U), True)])
def test_copies_alone_make_no_function(z, is_function):
    kept = np.repeat(np.arange(200), 5)
    found = estimate(U[kept], z[kept], steps=2, groups=kept)
    assert warned(found, "functions of one another") == is_function


# Order


@pytest.mark.parametrize("memory", [0.9, 0.99])
@pytest.mark.parametrize("n", [200, 1000])
def test_neighbours_in_two_series_are_warned_of(n, memory):
    found = [order(*two_series(n, memory, seed)) for seed in range(20)]
    assert all("neighbouring rows resemble each other" in each for (each,) in found)


def test_random_walks_are_warned_of():
    assert order(*WALKS)
    assert order(np.stack([U, WALKS[0]], 1), np.stack([WALKS[1], V], 1))  # one column of two


def test_rows_without_memory_are_not_warned_of():
    assert not any(order(*two_series(n, 0, seed)) for seed in range(50) for n in (100, 400))


LABELS = np.repeat(np.arange(5), 200)


@pytest.mark.parametrize(
    ("x", "z"),
    [
        (np.sort(U), V),
        (np.sort(U), np.sort(V)),
        (np.sort(U), np.sort(V)[::-1]),
        (np.sort(U), np.sort(U) + NOISE),
        (WALKS[0], V),
        (LABELS, LABELS + U),
        (LABELS[::-1], LABELS + U),
        (np.array(["c", "a", "e", "b", "d"])[LABELS], LABELS + U),
    ],
)
def test_neither_sorted_rows_nor_one_series_alone_are_warned_of(x, z):
    assert order(x, z) == []


def test_groups_silence_the_warning_of_an_order():
    x, z = two_series(200, 0.95)
    assert warned(estimate(x, z, steps=2), "neighbouring rows")
    assert not warned(estimate(x, z, steps=2, groups=np.arange(200) // 10), "neighbouring rows")


# Functions

DETERMINED = [
    (U, U),
    (U, -U),
    (U, U**3),
    (U[:400], U[:400] ** 3),
    (U, np.sin(3 * U)),
    (np.sin(3 * U), U),
    (np.stack([U, NOISE], 1), U**2),
    (U**2, np.stack([U, NOISE], 1)),
    (np.arange(100), -np.arange(100)),  # few rows, but perfectly correlated
    (np.stack([np.cos(ANGLE), np.sin(ANGLE)], 1), ANGLE),
    (THREE, THREE.sum(1)),
    (THREE.prod(1), THREE),
    (THREE, np.square(THREE).sum(1)),
    (TEN, TEN.sum(1)),
    (np.exp(TEN), np.exp(TEN).sum(1)),
    (THREE[:, :2], THREE[:, :2]),
    (THREE[:, :2], THREE[:, :2] @ [[0.6, 0.8], [-0.8, 0.6]]),
]
EQUAL = [
    (U, np.where(RNG.random(1000) < 0.3, U, V)),
    (U, np.where(V > 0, U, -U)),
    (THREE, THREE.max(1)),
    (np.stack([U, V], 1), np.stack([NOISE, np.where(np.arange(1000) < 30, V, U**2)], 1)),
]


@pytest.mark.parametrize(("x", "z"), DETERMINED)
def test_functions_are_seen(x, z):
    assert functions(x, z) == ["x and z look like functions of one another: I may be infinite"]


@pytest.mark.parametrize(("x", "z"), EQUAL)
def test_a_share_of_equal_values_is_seen(x, z):
    (found,) = functions(x, z)
    assert found.endswith("of the rows a column of x equals one of z: I is infinite")


@pytest.mark.parametrize(
    ("x", "z"),
    [
        gaussians(rho=0.99),
        gaussians(rho=0.999),
        (U, U**2 + 0.3 * NOISE),
        (U, np.sin(3 * U) + 0.1 * NOISE),
        (U, V),
        (np.sign(U), V),
        (np.where(U > 0, "up", "down"), U),
        (np.round(U), np.round(U)),
        (np.round(U, 1), np.round(U + NOISE, 1)),
        (RNG.standard_normal((200, 120)), RNG.standard_normal((200, 90))),  # of any such sample
        (np.stack([U, V], 1), np.stack([NOISE, U + V], 1) + 0.5 * RNG.standard_normal((1000, 2))),
        (THREE, THREE.sum(1) + 0.5 * NOISE),
        (THREE, THREE.prod(1) + 0.3 * NOISE),
        (TEN, TEN.sum(1) + 0.1 * NOISE),
        (np.where(IS_ZERO, 0, U), np.where(IS_ZERO, 0, NOISE)),  # fails: ties at zero have a mass
    ],
)
def test_no_functions_are_seen_where_there_are_none(x, z):
    assert functions(x, z) == []


@pytest.mark.parametrize("n", [400, 1000])
@pytest.mark.parametrize("rho", [0.0, 0.9, 0.99])
def test_functions_are_not_seen_by_chance(n, rho):
    found = [functions(*gaussians(n, rho, seed=seed)) for seed in range(40)]
    assert not any(found)


# Fails: I is 0.83 to 2.0 nats. In d + d dimensions an estimate from neighbours still grows.
@pytest.mark.parametrize(("rho", "dim"), [(0.9, 2), (0.9, 3), (0.7, 4), (0.8, 4)])
def test_gaussians_of_several_columns_are_no_functions(rho, dim):
    found = [functions(*gaussians(400, rho, seed, dim)) for seed in range(6)]
    assert not any(found)


# Fails with three columns: I is 0.5 log(1 + 1 / 0.2^2) = 1.6 nats and 2.3 nats.
@pytest.mark.parametrize(("columns", "noise"), [(2, 0.2), (3, 0.2), (3, 0.1)])
def test_totals_with_noise_are_no_functions(columns, noise):
    total = THREE[:400, :columns].sum(1) / np.sqrt(columns)
    assert functions(THREE[:400, :columns], total + noise * NOISE[:400]) == []


def test_nearness_is_looked_at_from_400_rows():
    few, many = (functions(U[:n], np.sin(3 * U[:n])) for n in (399, 400))
    assert not few
    assert many


@pytest.mark.parametrize("share", [0.45, 0.49])
def test_ties_are_not_taken_for_functions(share):
    draws = np.random.default_rng(0).standard_normal((40, 2, 400))
    is_tied = np.arange(400) < share * 400
    assert not any(functions(np.where(is_tied, 0, u), v) for u, v in draws)


# The last fails: neighbours are too few to resolve it.
@pytest.mark.parametrize("f", [lambda u: np.sin(3 * u), np.square, lambda u: np.sin(20 * u)])
def test_functions_are_not_missed_by_chance(f):
    draws = np.random.default_rng(0).standard_normal((40, 400))
    assert all(functions(u, f(u)) for u in draws)


@pytest.mark.parametrize(("x", "z"), [DETERMINED[5], EQUAL[0]])
def test_infinite_information_cannot_be_estimated(x, z):
    found = estimate(x, z, steps=2)
    (reason,) = functions(x, z)
    assert found.unusable == reason
    assert found.warnings == [reason]
    assert str(found).startswith("cannot be estimated from these 1000 rows (the value is ")


def test_labels_that_equal_each_other_can_be_estimated():
    for values in (LABELS, np.where(U > 0, "up", "down")):
        assert estimate(values, values, steps=2).unusable is None
