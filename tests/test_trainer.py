"""A trainer stops, is looked at and goes on; the settings of training."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import torch

import mine_lib as ml
from mine_lib import runs

SETTINGS = {"steps": 80, "batch_size": 32, "hidden": (8,), "log_every": 10, "seeds": range(3)}
SERIES = ("step", "estimate", "gradient_norm", "v", "held_out", "frozen_at", "kept")


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(400, seed=0)


@pytest.fixture(scope="module")
def fresh():
    return ml.Gaussian(0.8).sample(300, seed=1)


def run(pairs, **options):
    return ml.train(*pairs, **{**settings(**options), "progress": False})


def settings(**options):
    """The settings, less `hidden` where a critic is given."""
    return {
        k: v for k, v in (SETTINGS | options).items() if k != "hidden" or "critic" not in options
    }


def weights(critic):
    return torch.cat([each.detach().flatten(1) for each in critic.parameters()], 1)


def assert_same(ours, theirs):
    for name in SERIES:
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a is b is None or torch.equal(a, b), name
    assert torch.equal(weights(ours.critic), weights(theirs.critic))


# A run in parts

WAYS = {
    "plain": {},
    "vanilla": {"objective": ml.MINE(alpha=1)},
    "nwj": {"objective": ml.nwj, "negatives": 3},
    "decay": {"decay": True, "clip_norm": 0.1},
    "early stopping": {"early_stopping": True, "learning_rate": 0.03},
}


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_run_in_parts_is_the_run_in_one_to_the_last_bit(pairs, fresh, way, looks):
    few = [values[:64] for values in pairs]
    options = {**SETTINGS, "held_out": fresh, **WAYS[way]}
    whole = run(few, **options)
    trainer = ml.Trainer(*few, **options)
    for steps in (30, 10, None):
        assert trainer.run(steps, progress=False) is trainer
        if looks:
            part = trainer.record()
            assert torch.equal(part.estimate, whole.estimate[: len(part.step)])
            trainer.record()
    assert_same(trainer.record(), whole)
    assert torch.equal(trainer.run(progress=False).record().step, whole.step)  # it is at its end


def test_the_critic_is_live_and_a_record_of_early_stopping_lends_it_its_best_weights(pairs, fresh):
    few = [values[:64] for values in pairs]
    options = {**SETTINGS, "learning_rate": 0.03, "held_out": fresh, "early_stopping": True}
    trainer, other = (ml.Trainer(*few, **options) for _ in range(2))
    start = weights(trainer.critic).clone()
    latest = weights(trainer.run(60, progress=False).critic).clone()
    record = trainer.record()
    assert record.critic is trainer.critic
    best = record.held_out.max(0).values
    assert (record.held_out[-1] < best).any()
    torch.testing.assert_close(ml.evaluate(trainer.critic, *fresh), best)
    assert not torch.equal(weights(trainer.critic), latest)
    assert not torch.equal(start, latest)
    trainer.run(10, progress=False)
    other.run(70, progress=False)
    assert torch.equal(weights(trainer.critic), weights(other.critic))


def test_a_record_before_the_first_step_is_empty(pairs, fresh):
    trainer = ml.Trainer(*pairs, held_out=fresh, early_stopping=True, **SETTINGS)
    start = weights(trainer.critic).clone()
    record = trainer.record()
    assert record.step.shape == (0,)
    assert record.estimate.shape == record.held_out.shape == (0, 3)
    assert record.kept.tolist() == [0, 0, 0]
    assert torch.equal(weights(record.critic), start)
    assert_same(
        trainer.run(progress=False).record(), run(pairs, held_out=fresh, early_stopping=True)
    )


def test_a_run_goes_beyond_its_planned_end_unless_the_rate_has_decayed(pairs):
    longer = ml.Trainer(*pairs, **SETTINGS).run(80, progress=False).run(20, progress=False)
    assert_same(longer.record(), run(pairs, steps=100))
    trainer = ml.Trainer(*pairs, decay=True, **SETTINGS).run(70, progress=False)
    with pytest.raises(ValueError, match="steps = 11: must end by step 80, where decay ends"):
        trainer.run(11, progress=False)
    assert_same(trainer.run(10, progress=False).record(), run(pairs, decay=True))
    with pytest.raises(ValueError, match="steps = 0"):
        trainer.run(0)


def test_what_a_record_says_stays_as_the_run_goes_on(pairs, fresh):
    def bursting(t_joint, t_product):
        value = ml.nwj(t_joint, t_product)
        return torch.where(value > 0.1, torch.inf, value)

    few = [values[:64] for values in pairs]
    options = {"held_out": fresh, "early_stopping": True, "learning_rate": 0.02}
    trainer = ml.Trainer(*few, **settings(objective=bursting, **options))
    record = trainer.run(10, progress=False).record()
    before = {k: v.clone() for k, v in vars(record).items() if isinstance(v, torch.Tensor)}
    last = trainer.run(progress=False).record()
    assert (last.frozen_at > 10).any()
    assert (last.kept > 10).any()
    for name, values in before.items():
        assert torch.equal(getattr(record, name), values), name


def test_an_interrupted_run_goes_on(pairs, monkeypatch):
    step = runs.Run.step

    def interrupted(self):
        if self.done == 30:
            raise KeyboardInterrupt
        step(self)

    trainer = ml.Trainer(*pairs, **SETTINGS)
    with monkeypatch.context() as patch:
        patch.setattr(runs.Run, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trainer.run(progress=False)
    record = trainer.record()
    assert record.interrupted
    assert record.step.tolist() == [10, 20, 30]
    last = trainer.run(progress=False).record()
    assert not last.interrupted
    assert_same(last, run(pairs))


def test_a_run_in_parts_does_not_mind_what_becomes_of_the_gradients(pairs):
    def critic(by_hand):
        network = ml.StatisticsNetwork(1, 1, (8,), replicas=3)
        return network if by_hand else ml.Sum(ml.Sum(network))

    for by_hand in (True, False):
        whole = run(pairs, critic=critic(by_hand), held_out=pairs)
        trainer = ml.Trainer(*pairs, **settings(critic=critic(by_hand), held_out=pairs))
        trainer.run(30, progress=False).critic.zero_grad()
        loss = -ml.MINE()(*ml.critic_values(trainer.critic, *pairs)).sum()
        loss.backward()
        assert_same(trainer.run(progress=False).record(), whole)


def test_two_calls_with_one_objective_do_not_know_of_each_other(pairs):
    mine = ml.MINE(alpha=[0.1, 0.5, 1.0])
    first, second = run(pairs, objective=mine), run(pairs, objective=mine)
    assert_same(first, second)
    assert mine.v is None
    assert mine.alpha == (0.1, 0.5, 1.0)


def test_two_runs_with_one_objective_that_remembers_do_not_meet_in_it(pairs):
    class Falling:
        """A bound that counts less with each call."""

        calls = 0

        def __call__(self, t_joint, t_product):
            self.calls += 1
            return ml.nwj(t_joint, t_product) / self.calls

    objective = Falling()
    assert_same(run(pairs, objective=objective), run(pairs, objective=objective))
    assert objective.calls == 0


def test_a_run_ends_where_something_else_gave_its_critic_other_weights(pairs):
    trainer = ml.Trainer(*pairs, **SETTINGS).run(10, progress=False)
    ml.train(*pairs, critic=trainer.critic, steps=10, progress=False)
    with pytest.raises(RuntimeError, match="the critic got other weights since"):
        trainer.run(10, progress=False)
    moved = ml.Trainer(*pairs, **SETTINGS)
    moved.critic.double()
    with pytest.raises(RuntimeError, match="the critic got other weights since"):
        moved.run(10, progress=False)


def test_a_critic_that_was_trained_can_be_trained_on(pairs):
    critic = run(pairs, steps=40).critic
    before = weights(critic).clone()
    record = run(pairs, steps=40, critic=critic)
    assert record.critic is critic
    assert not torch.equal(weights(critic), before)
    again = ml.evaluate(critic, *pairs)
    assert (again > ml.evaluate(run(pairs, steps=5).critic, *pairs)).all()


# Settings


def test_the_signature_of_train_names_each_setting():
    names = [*inspect.signature(ml.train).parameters]
    assert len(names) <= 21
    assert names == [*inspect.signature(ml.Trainer).parameters, "progress"]
    unexplained = {name for name in names if not re.search(rf"\b{name}\b", ml.Trainer.__doc__)}
    assert unexplained == {"progress"}
    kinds = {each.kind for each in [*inspect.signature(ml.train).parameters.values()][2:]}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(TypeError, match="variant"):
        ml.train(np.zeros(50), np.zeros(50), variant="ema")


def test_arrays_frames_and_lists_are_trained_on_as_tensors_are(pairs, fresh):
    expected = run(pairs, held_out=fresh)
    for make in (np.asarray, pd.DataFrame, lambda v: v[:, 0].tolist(), lambda v: v.double()):
        found = run([make(v) for v in pairs], held_out=tuple(make(v) for v in fresh))
        assert_same(found, expected)
