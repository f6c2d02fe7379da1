"""Early stopping: the critic that training ends with is the best that was logged."""

import math

import pytest
import torch

import mine_lib as ml
from mine_lib import runs

LEARNS = {"steps": 150, "learning_rate": 0.02, "seeds": range(4)}


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(400, seed=0)


@pytest.fixture(scope="module")
def fresh():
    return ml.Gaussian(0.8).sample(300, seed=1)


def run(pairs, **options):
    return ml.train(*pairs, **{"batch_size": 32, "steps": 80, "progress": False, **options})


@pytest.fixture(scope="module")
def overfitted(pairs, fresh):
    """A run on 64 pairs that at first learns and then unlearns."""
    critic = ml.StatisticsNetwork(1, 1, (8,), replicas=4, starts_at_zero=True)
    few = [values[:64] for values in pairs]
    return run(few, critic=critic, held_out=fresh, early_stopping=True, **LEARNS)


def test_early_stopping_keeps_the_best_logged_step(overfitted, fresh):
    best = overfitted.held_out.max(0)
    assert (best.values > overfitted.held_out[-1] + 0.02).any()  # else the last would be the best
    assert (best.values > 0.1).all()  # the value at the start is 0
    assert overfitted.kept.tolist() == overfitted.step[best.indices].tolist()
    found = ml.evaluate(overfitted.critic, *fresh)
    torch.testing.assert_close(found, best.values, atol=1e-6, rtol=0)


def test_a_sum_that_starts_at_zero_starts_as_its_base(pairs):
    base = ml.Gaussian(0.8).log_ratio
    network = ml.StatisticsNetwork(1, 1, (8,), starts_at_zero=True)

    def truth(x, z):
        return torch.stack([base(*each) for each in zip(x, z, strict=True)])

    options = {"steps": 1, "learning_rate": 1e-12, "held_out": pairs, "seeds": [0]}
    record = run(pairs, critic=ml.Sum(truth, network), early_stopping=True, **options)
    assert network(*pairs).abs().max() < 1e-6
    expected = ml.evaluate(base, *pairs)
    torch.testing.assert_close(record.held_out[0, 0], expected, atol=1e-5, rtol=0)


def test_early_stopping_keeps_the_start_if_nothing_was_better(pairs):
    held_out = ml.Gaussian(0.8).sample(3000, seed=1)
    base = ml.GaussianCritic(*(values[None].expand(6, -1, -1) for values in held_out))
    network = ml.StatisticsNetwork(1, 1, (8,), replicas=6, starts_at_zero=True)
    record = run(
        [values[:32] for values in pairs], critic=ml.Sum(base, network), held_out=held_out,
        early_stopping=True, steps=30, log_every=5, learning_rate=0.01, seeds=range(6),
    )  # fmt: skip
    start = ml.evaluate(base, *held_out)
    is_start = record.kept == 0
    assert 0 < is_start.sum() < 6
    assert (record.held_out <= start)[:, is_start].all()
    assert not network(*pairs)[is_start].any()  # to the last bit: it was never trained
    best = torch.maximum(start, record.held_out.max(0).values)
    torch.testing.assert_close(ml.evaluate(record.critic, *held_out), best, atol=1e-5, rtol=0)


def test_without_early_stopping_the_last_step_stays(pairs):
    record = run(pairs, held_out=pairs)
    assert record.kept is None
    assert torch.equal(ml.evaluate(record.critic, *pairs), record.held_out[-1])


def test_an_interrupted_run_keeps_its_best_step_too(overfitted, pairs, fresh, monkeypatch):
    step = runs.Run.step

    def interrupted(self):
        if self.done == 124:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(runs.Run, "step", interrupted)
    critic = ml.StatisticsNetwork(1, 1, (8,), replicas=4, starts_at_zero=True)
    few = [values[:64] for values in pairs]
    record = run(few, critic=critic, held_out=fresh, early_stopping=True, **LEARNS)
    assert record.interrupted
    assert not overfitted.interrupted
    best = overfitted.held_out[:12].max(0).values  # the steps before 125
    torch.testing.assert_close(ml.evaluate(record.critic, *fresh), best, atol=1e-6, rtol=0)


def test_a_start_without_a_value_is_worse_than_any(pairs, fresh):
    calls = []

    def missing_at_first(x, z):
        calls.append(len(x))
        return torch.full(x.shape[:-1], math.nan if len(calls) <= 2 else 0.0)

    network = ml.StatisticsNetwork(1, 1, replicas=2)
    critic = ml.Sum(network, missing_at_first)
    record = run(pairs, critic=critic, held_out=fresh, early_stopping=True)
    assert (record.kept > 0).all()


# A moving average of the weights


def averaged(pairs, fresh, **options):
    critic = ml.StatisticsNetwork(1, 1, (8,), replicas=2, starts_at_zero=True)
    settings = {"early_stopping": True, "averaging": 0.1, "learning_rate": 0.05, "log_every": 5}
    options = {"critic": critic, "held_out": fresh, "batch_size": 32, **settings, **options}
    return ml.Trainer(*pairs, **options)


def weights(critic):
    return [each.detach().clone() for each in critic.parameters()]


def test_the_weights_kept_and_judged_are_the_moving_average(pairs, fresh):
    trainer = averaged(pairs, fresh, log_every=1)
    averages = [weights(trainer.critic)]
    for _ in range(30):
        trainer.run(1, progress=False)
        parts = zip(averages[-1], weights(trainer.critic), strict=True)
        averages.append([0.1 * old + 0.9 * new for old, new in parts])
    record = trainer.record()
    best = record.held_out.max(0)
    assert record.kept.tolist() == record.step[best.indices].tolist()
    for replica, step in enumerate(record.kept.tolist()):
        for found, average in zip(weights(record.critic), averages[step], strict=True):
            torch.testing.assert_close(found[replica], average[replica], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(ml.evaluate(record.critic, *fresh), best.values, atol=1e-6, rtol=0)


def test_an_average_over_many_steps_is_not_held_up_by_the_start(pairs, fresh):
    # The start alone would count 0.9 after a hundred steps that each count 0.001.
    record = averaged(pairs, fresh, averaging=0.999).run(100, progress=False).record()
    assert (record.held_out[-1] > 0.3).all()  # of 0.51
    assert (record.held_out[0] < record.held_out[-1]).all()


def test_averaging_changes_what_is_judged_and_not_the_training(pairs, fresh):
    records = [
        averaged(pairs, fresh, averaging=rate).run(20, progress=False).record()
        for rate in (None, 0.9)
    ]
    assert torch.equal(records[0].estimate, records[1].estimate)
    assert torch.equal(records[0].gradient_norm, records[1].gradient_norm)
    assert not torch.equal(records[0].held_out, records[1].held_out)


def test_a_run_goes_on_unharmed_after_its_averages_were_looked_at(pairs, fresh):
    whole, looked_at = (averaged(pairs, fresh, averaging=0.9) for _ in range(2))
    for _ in range(4):
        looked_at.run(10, progress=False).record()
    found, expected = looked_at.record(), whole.run(40, progress=False).record()
    for name in ("estimate", "gradient_norm", "held_out", "kept"):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name
    for a, b in zip(weights(found.critic), weights(expected.critic), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("averaging", [0, 1, -0.5, math.nan, "0.9"])
def test_an_averaging_outside_zero_and_one_is_refused(averaging, pairs, fresh):
    with pytest.raises(ValueError, match=rf"averaging = {averaging!r}: must be a number in \(0, 1"):
        averaged(pairs, fresh, averaging=averaging)


def test_averaging_without_early_stopping_is_refused(pairs, fresh):
    with pytest.raises(ValueError, match=r"averaging = 0\.9: must be None unless early_stopping"):
        averaged(pairs, fresh, averaging=0.9, early_stopping=False)
