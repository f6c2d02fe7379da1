"""What every distribution promises, tested over one list of them."""

import copy
import dataclasses
import inspect
import math
import pickle
from typing import NamedTuple

import numpy as np
import pytest
import torch

import mine_lib as ml
from mine_lib.distributions import Bijection, Distribution

N = 40_000
NAN = float("nan")
TABLE = [[0.375, 0.125, 0.0], [0.0625, 0.25, 0.1875]]


def stretch(values):
    """Three times the values and a tenth, which single precision cannot hold exactly."""
    return 3 * values + 0.1


def shrink(values):
    return (values - 0.1) / 3


def reverse(values):
    return values[:, ::-1]


AFFINE = Bijection(stretch, shrink)
REVERSED = Bijection(reverse, reverse)


class Listed(NamedTuple):
    """A distribution, and why its density ratio has no finite variance under the product."""

    pair: Distribution
    heavy: str = ""


POWERS = "under the product, the squared ratio falls off too slowly for a mean"
LISTED = [
    Listed(ml.Gaussian(0.9)),
    Listed(ml.Gaussian(0.0)),
    Listed(ml.Gaussian(-0.6, 3)),
    Listed(ml.Student(1, 0.5), POWERS),
    Listed(ml.Student(5, 0.0), POWERS),
    Listed(ml.Student(2.5, -0.7, 3), POWERS),
    Listed(ml.GaussianMixture(0.9)),
    Listed(ml.GaussianMixture(-0.4)),
    Listed(ml.Discrete(TABLE)),
    Listed(ml.Discrete(np.eye(4) / 4)),
    Listed(ml.Xor()),
    Listed(ml.Xor(distractors=3)),
    Listed(ml.StepsAndRamps(1)),
    Listed(ml.StepsAndRamps(2)),
    Listed(ml.StepsAndRamps(5)),
    Listed(ml.Circle(0.2)),
    Listed(ml.Circle()),
    Listed(ml.Parabola(0.2)),
    Listed(ml.Parabola()),
    Listed(ml.Disk()),
    Listed(ml.AdditiveUniform(0.1)),
    Listed(ml.AdditiveUniform(0.5)),
    Listed(ml.AdditiveUniform(0.8)),
    Listed(ml.Transformed(ml.Gaussian(-0.8), x=ml.spiral)),
    Listed(ml.Transformed(ml.GaussianMixture(0.9), x=ml.cube, z=ml.spiral)),
    Listed(ml.Transformed(ml.Student(1, 0.5), z=ml.cube), POWERS),
    Listed(ml.Transformed(ml.Gaussian(0.6, 2), x=REVERSED, z=REVERSED)),
    Listed(ml.Transformed(ml.Discrete(TABLE), x=ml.cube, z=AFFINE)),
    Listed(ml.Transformed(ml.Xor(2), x=AFFINE, z=AFFINE)),
    Listed(ml.Transformed(ml.StepsAndRamps(5), x=AFFINE, z=AFFINE)),
    Listed(ml.Transformed(ml.Disk(), x=AFFINE, z=AFFINE)),
    Listed(ml.Transformed(ml.AdditiveUniform(0.1), x=AFFINE, z=AFFINE)),
    Listed(ml.Transformed(ml.Transformed(ml.Parabola(0.2), x=AFFINE), x=ml.cube)),
]
PAIRS = [listed.pair for listed in LISTED]
LIGHT = [listed.pair for listed in LISTED if not listed.heavy]
every_pair = pytest.mark.parametrize("pair", PAIRS, ids=repr)


@pytest.fixture
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_every_distribution_is_listed():
    exported = {
        each for each in vars(ml).values() if inspect.isclass(each) and not inspect.isabstract(each)
    }
    families = {each for each in exported if issubclass(each, Distribution)}
    assert families
    assert families == {type(pair) for pair in PAIRS}


@every_pair
def test_mean_log_ratio_of_samples_is_the_mi(pair):
    i = pair.log_ratio(*pair.sample(N, 0)).double()
    standard_error = i.std().item() / math.sqrt(N)
    assert i.shape == (N,)
    assert abs(i.mean().item() - pair.mi) < 4 * standard_error + 1e-7  # single precision


@pytest.mark.parametrize("pair", LIGHT, ids=repr)
def test_mean_density_ratio_of_product_samples_is_one(pair):
    (x, _), (_, z) = pair.sample(N, 1), pair.sample(N, 2)
    r = pair.log_ratio(x, z).double().exp()
    assert abs(r.mean().item() - 1) < 4 * r.std().item() / math.sqrt(N) + 1e-7


@every_pair
def test_a_seed_repeats_exactly_and_another_differs(pair):
    first, again, other = pair.sample(8, 7), pair.sample(8, np.int64(7)), pair.sample(8, 8)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@every_pair
def test_without_a_seed_samples_differ(pair):
    first, other = (torch.hstack(pair.sample(100)) for _ in range(2))
    assert not torch.equal(first, other)


@every_pair
def test_shapes_are_those_promised(pair):
    for n in (1, 6):
        x, z = pair.sample(n, seed=0)
        if isinstance(pair, ml.Discrete):
            assert x.shape == z.shape == (n,)
        else:
            assert x.shape == (n, pair.x_dim)
            assert z.shape == (n, pair.z_dim)
        assert pair.log_ratio(x, z).shape == (n,)


@every_pair
def test_tensors_follow_the_default_dtype(pair, double_precision):
    sample = pair.sample(6, seed=0)
    ratio = pair.log_ratio(*sample)
    assert ratio.dtype == torch.float64
    torch.set_default_dtype(torch.float32)
    single = pair.sample(6, seed=0)
    for a, b in zip(sample, single, strict=True):
        whole = isinstance(pair, ml.Discrete)
        assert (a.dtype, b.dtype) == ((torch.int64,) * 2 if whole else (torch.float64, torch.float))
        assert torch.equal(a.to(b.dtype), b)
    assert torch.equal(ratio.float(), pair.log_ratio(*sample))
    assert pair.log_ratio(*single).tolist() == pytest.approx(ratio.tolist(), rel=1e-4, abs=1e-4)


@every_pair
def test_objects_are_frozen(pair):
    for name in [field.name for field in dataclasses.fields(pair)] + ["mi", "x_dim", "anything"]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(pair, name, 1)


@every_pair
def test_objects_of_equal_parameters_are_equal(pair):
    fields = {field.name: getattr(pair, field.name) for field in dataclasses.fields(pair)}
    again = type(pair)(**fields)
    assert isinstance(pair.mi, float)
    assert again == pair  # though one has computed its mi already
    assert hash(again) == hash(pair)
    assert PAIRS.count(pair) == 1
    assert pickle.loads(pickle.dumps(pair)) == copy.deepcopy(pair) == pair
    if not isinstance(pair, ml.Transformed):
        assert eval(repr(pair), vars(ml).copy()) == pair


def test_objects_show_their_parameters():
    assert repr(ml.Student(2, np.float32(0.5))) == "Student(dof=2.0, rho=0.5, dim=1)"
    assert repr(ml.Transformed(ml.Disk(), z=ml.cube)) == (
        "Transformed(pair=Disk(), x=None, z=Bijection(cubed, cbrt))"
    )


def test_a_table_does_not_change_with_the_array_that_it_was_made_of():
    table = np.full((2, 2), 0.25)
    pair = ml.Discrete(table)
    table[:] = [[0.5, 0], [0, 0.5]]
    assert pair == ml.Discrete(np.full((2, 2), 0.25)) != ml.Discrete(table)
    assert pair.mi == pytest.approx(0, abs=1e-12)


@every_pair
@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3", None])
def test_bad_n_is_refused(pair, n):
    with pytest.raises(ValueError, match=f"n = {n!r}: must be a whole number, at least 1"):
        pair.sample(n, 0)


@every_pair
@pytest.mark.parametrize("seed", [-1, 1.5, False, "3"])
def test_bad_seeds_are_refused(pair, seed):
    with pytest.raises(ValueError, match=f"seed = {seed!r}: must be a whole number, at least 0"):
        pair.sample(5, seed)


@every_pair
def test_points_are_refused(pair):
    x, z = (v.double().reshape(5, -1) for v in pair.sample(5, 0))
    for broken, shown in ((NAN, "nan"), (math.inf, "inf"), (-math.inf, "-inf")):
        for name, place in (("x", 0), ("z", 1)):
            points = [x.clone(), z.clone()]
            points[place][3, 0] = broken
            with pytest.raises(ValueError, match=rf"{name} holds {shown} at \[3, 0\]"):
                pair.log_ratio(*points)
    with pytest.raises(ValueError, match="x has 4 rows and z has 5"):
        pair.log_ratio(x[:4], z)
    one_column = r"must be \(n,\) or \(n, 1\)"
    for name, place, dim in (("x", 0, pair.x_dim), ("z", 1, pair.z_dim)):
        points = [x, z]
        points[place] = torch.hstack([points[place], torch.ones(5, 1)])
        wanted = one_column if dim == 1 else rf"must be \(n, {dim}\)"
        with pytest.raises(ValueError, match=rf"{name} has shape \(5, {dim + 1}\): {wanted}"):
            pair.log_ratio(*points)
    with pytest.raises(ValueError, match=r"x has shape \(5, 1, 1\)"):
        pair.log_ratio(np.ones((5, 1, 1)), z)
    with pytest.raises(ValueError, match="x has shape"):
        pair.log_ratio([], [])


@every_pair
def test_with_a_replica_axis_it_is_a_critic(pair):
    x, z = (v.double().reshape(6, -1) for v in pair.sample(6, 0))
    expected = pair.log_ratio(x, z).view(2, 3)
    assert torch.equal(pair.log_ratio(x.view(2, 3, -1), z.view(2, 3, -1)), expected)


@pytest.mark.parametrize("name", ["x", "z"])
def test_gradients_are_refused_and_not_cut_off(name):
    points = {"x": torch.zeros(3), "z": torch.zeros(3)}
    points[name].requires_grad_()
    with pytest.raises(ValueError, match=f"{name} carries gradients, .* detach it"):
        ml.Gaussian(0.5).log_ratio(**points)


@every_pair
def test_a_single_column_may_be_flat(pair):
    x, z = (v.reshape(5, -1) for v in pair.sample(5, 0))
    flat = [v[:, 0] if v.shape[1] == 1 else v for v in (x, z)]
    assert torch.equal(pair.log_ratio(*flat), pair.log_ratio(x, z))
    assert torch.equal(pair.log_ratio(*(v.tolist() for v in flat)), pair.log_ratio(x, z))
