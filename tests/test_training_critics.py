"""Critics and objectives of one's own in training, and what training refuses."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import mine_lib as ml
from mine_lib import runs

R = 3


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(400, seed=0)


def run(pairs, **options):
    settings = {"steps": 40, "batch_size": 32, "log_every": 1, "progress": False}
    return ml.train(*pairs, **{**settings, **options})


class Quadratic(nn.Module):
    """T = a x z - b (x^2 + z^2) + c with a replica axis of its own, the Gaussian log ratio's form.

    change: what is done to T before it is given.
    """

    def __init__(self, change=lambda t: t, replicas=R):
        super().__init__()
        self.ab = nn.Parameter(0.1 * torch.ones(replicas, 2))
        self.c = nn.Parameter(torch.zeros(replicas, 1))
        self.change = change

    def forward(self, x, z):
        a, b = self.ab[:, :1], self.ab[:, 1:]
        x, z = x[..., 0], z[..., 0]
        return self.change(a * x * z - b * (x**2 + z**2) + self.c)


# A critic of one's own


@pytest.mark.parametrize("objective", [ml.MINE(), ml.nwj, ml.infonce, ml.jensen_shannon])
def test_a_module_with_a_replica_axis_of_its_own_learns_the_log_ratio(objective):
    pair = ml.Gaussian(0.8)
    options = {"batch_size": 200, "steps": 400, "learning_rate": 0.03, "decay": True}
    record = run(pair.sample(4000, seed=1), critic=Quadratic(), objective=objective, **options)
    assert isinstance(record.critic, Quadratic)
    found = ml.evaluate(record.critic, *pair.sample(4000, seed=2), shifts=5)
    assert found.shape == (R,)
    assert (found - pair.mi).abs().max() < 0.05  # four standard errors of 4000 pairs
    assert (found[0] != found[1:]).all()  # the same start, but batches of their own


def test_a_number_a_replica_is_a_parameter_too(pairs):
    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = nn.Parameter(torch.zeros(R))

        def forward(self, x, z):
            return self.slope[:, None] * (x * z)[..., 0]

    assert (run(pairs, critic=Line()).critic.slope > 0.01).all()


def test_a_base_of_ones_own_may_be_any_module(pairs):
    base = Quadratic().requires_grad_(False)
    critic = ml.Sum(base, ml.StatisticsNetwork(1, 1, (8,), replicas=R))
    record = run(pairs, critic=critic, held_out=pairs)
    assert torch.equal(ml.evaluate(critic, *pairs), record.held_out[-1])
    assert torch.equal(base.ab, Quadratic().ab)
    assert [each.shape[0] for each in critic.parameters()] == [R] * 6


# A replica that breaks


@pytest.mark.parametrize("where", ["critic", "objective", "value", "gradient"])
def test_nan_of_one_replica_freezes_it_and_leaves_the_others_bit_identical(pairs, where):
    calls = []

    def broken(t):
        calls.append(None)
        nan = torch.tensor([1.0, math.nan, 1.0]).view(-1, *[1] * (t.ndim - 1))
        return t * nan if len(calls) > 10 else t

    def objective(t_joint, t_product):
        value = ml.nwj(t_joint, t_product)
        if where == "value":
            return value + broken(torch.zeros(R))
        if where == "gradient":  # at zero the root is finite and its slope is not
            return value + torch.where(broken(value).isnan(), 0 * value, 1).sqrt() - 1
        return broken(value) if where == "objective" else value

    healthy = run(pairs, critic=Quadratic(), objective=ml.nwj)
    critic = Quadratic(broken) if where == "critic" else Quadratic()
    record = run(pairs, critic=critic, objective=objective)
    assert record.frozen_at.tolist() == [0, 11, 0]
    assert record.estimate[10:, 1].isnan().all()
    for name in ("estimate", "gradient_norm"):
        ours, theirs = (getattr(each, name)[:, [0, 2]] for each in (record, healthy))
        assert torch.equal(ours, theirs)
    before = run(pairs, critic=Quadratic(), objective=ml.nwj, steps=10).critic
    for name, ours in record.critic.named_parameters():
        assert torch.equal(ours[[0, 2]], healthy.critic.get_parameter(name)[[0, 2]])
        assert torch.equal(ours[1], before.get_parameter(name)[1])


def test_a_frozen_replica_keeps_its_best_weights(pairs):
    calls = []

    def broken(t_joint, t_product):
        calls.append(None)
        nan = torch.tensor([1.0, math.nan if len(calls) > 10 else 1.0, 1.0])
        return nan * ml.nwj(t_joint, t_product)

    record = run(pairs, objective=broken, seeds=range(R), held_out=pairs, early_stopping=True)
    assert 0 < record.kept[1] <= 10
    best = record.held_out[:, 1].nan_to_num(-math.inf).max()
    torch.testing.assert_close(ml.evaluate(record.critic, *pairs)[1], best)


# What is refused

X, Z = np.zeros((50, 2)), np.zeros(50)
HOLE = np.array([0.0] * 30 + [math.nan] + [0.0] * 19)
GRAD = torch.zeros(50, 2, requires_grad=True)
LOSS = r"detach it, or use MINE as a loss, -MINE\(\)\(\*critic_values\(critic, x, z\)\).sum\(\)"


def linear(*sizes):
    return nn.Sequential(*(nn.Linear(*each) for each in sizes))


def scalar(t_joint, t_product):
    return ml.nwj(t_joint, t_product).sum()


BEFORE = [
    ((X, HOLE), {}, "z holds nan in row 30"),
    ((X + np.inf, Z), {}, "x holds inf in row 0"),
    ((X, Z[:49]), {}, "x has 50 rows and z has 49"),
    ((X, Z), {"batch_size": 64}, "x has 50 rows: must have at least 64"),
    ((X, Z), {"batch_size": 1}, "batch_size = 1: .* at least 2"),
    ((X, Z), {"product": "roll"}, "product = 'roll': must be one of 'shift', 'permute'"),
    ((X, Z), {"negatives": 8}, "negatives = 8: must be below batch_size = 8"),
    ((X, Z), {"negatives": 0}, "negatives = 0"),
    ((X, Z), {"early_stopping": True}, "held_out = None: .* early stopping"),
    ((X, Z), {"held_out": (X, Z), "shifts": 50}, "shifts = 50: .* 50 rows"),
    ((X, Z), {"held_out": (X, Z), "shifts": [1, 2]}, r"shifts = \[1, 2\]"),
    ((X, Z), {"held_out": (HOLE, Z)}, "held-out x holds nan in row 30"),
    ((X, Z), {"held_out": (X,)}, "held_out has 1 entries"),
    ((X, Z), {"held_out": (X, Z[:49])}, "held-out x has 50 rows and held-out z has 49"),
    ((X, Z), {"steps": 0}, "steps = 0"),
    ((X, Z), {"log_every": 0}, "log_every = 0"),
    ((X, Z), {"learning_rate": -1}, "learning_rate = -1"),
    ((X, Z), {"clip_norm": 0}, "clip_norm = 0"),
    ((X, Z), {"seeds": []}, r"seeds = \[\]: must hold one seed"),
    ((X, Z), {"hidden": (0,)}, "hidden = 0"),
    ((X, Z), {"device": "abacus"}, "device = 'abacus'"),
    ((np.zeros((3, 50, 1)), Z), {"seeds": [0, 1]}, r"x has shape \(3, 50, 1\)"),
    ((GRAD, Z), {}, f"^x carries gradients, which training would cut off: {LOSS}"),
    ((X, GRAD), {}, f"^z carries gradients, .* {LOSS}"),
    ((X, Z), {"held_out": (GRAD, Z)}, "^held-out x carries gradients"),
    ((X, Z), {"objective": "nwj"}, r"objective = 'nwj': must be a function such as MINE\(\)"),
    ((X, Z), {"objective": ml.MINE}, r"objective = .*: must be a function such as MINE\(\)"),
    ((X, Z), {"critic": ml.StatisticsNetwork}, "critic = .* must be a torch.nn.Module"),
    ((X, Z), {"critic": lambda x, z: x[..., 0]}, "critic = .* must be a torch.nn.Module"),
    ((X, Z), {"critic": nn.Identity()}, "critic has no parameters to train"),
    ((X, Z), {"critic": linear((3, 8), (8, 1))}, r"1.weight has shape \(1, 8\): .* \(Stacked"),
    ((X, Z), {"critic": Quadratic(), "seeds": [0, 1]}, "seeds has 2 entries: must have 3, one a"),
    ((X, Z), {"critic": Quadratic(), "hidden": (8,)}, "hidden = .* left out beside a critic"),
    ((X, Z), {"seeds": 3}, "seeds = 3: must hold one seed a replica"),
    ((X, Z), {"seeds": [0, 0.5]}, "seeds = 0.5"),
    ((X, Z), {"decay": "no"}, "decay = 'no'"),
    ((np.array([["a"]] * 50), Z), {}, "x is ndarray: must be numbers"),
]


@pytest.mark.parametrize(("data", "settings", "message"), BEFORE)
def test_bad_input_is_refused_in_one_line_before_training_begins(
    monkeypatch, data, settings, message
):
    monkeypatch.setattr(runs.Run, "step", lambda self: pytest.fail("training began"))
    with pytest.raises(ValueError, match=message) as refusal:
        ml.train(*data, **{"batch_size": 8, **settings})
    assert "\n" not in str(refusal.value)


VALUES = r"must be \(3, 16\), one value a pair and replica \(Stacked gives any module"
WITHIN = [
    (
        {"critic": Quadratic(lambda t: t[..., None])},
        r"the critic gave \(3, 16, 1\): must be \(3, 16\), .* \(t\[..., 0\] drops the last axis\)",
    ),
    ({"critic": Quadratic(lambda t: t[0])}, r"the critic gave \(16,\): " + VALUES),
    ({"critic": Quadratic(lambda t: t[:, 1:])}, r"the critic gave \(3, 15\): " + VALUES),
    ({"critic": Quadratic(lambda t: t.expand(5, -1, -1))}, r"the critic gave \(5, 3, 16\)"),
    ({"critic": Quadratic(lambda t: [*t])}, "the critic gave list: " + VALUES),
    ({"critic": ml.StatisticsNetwork(2, 1)}, r"x and z have 1 \+ 1 columns: the network takes 3"),
    ({"objective": scalar, "seeds": range(3)}, r"the objective gave \(\): must be \(3,\)"),
    (
        {"objective": lambda *t: ml.nwj(*t)[:, None], "seeds": range(3)},
        r"the objective gave \(3, 1\): must be \(3,\), one value a replica",
    ),
    ({"objective": lambda *t: 0.5}, r"the objective gave float: must be \(1,\)"),
    ({"objective": lambda *t: torch.zeros(1)}, "value does not depend on T: there is no gradient"),
    ({"objective": ml.MINE([0.1]), "seeds": [0, 1]}, "alpha"),
    ({"objective": ml.MINE([0.1, 0.2, 0.3]), "seeds": [0, 1]}, "alpha"),
]


@pytest.mark.parametrize(("settings", "message"), WITHIN)
def test_a_critic_or_objective_of_another_shape_is_refused_in_one_line(settings, message):
    with pytest.raises(ValueError, match=message) as refusal:
        ml.train(Z, Z, **{"batch_size": 8, "steps": 2, "progress": False, **settings})
    assert "\n" not in str(refusal.value)
