"""Training: replicas are alone, gradients are the written formulas, records say what happened."""

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import mine_lib as ml
from mine_lib import runs
from mine_lib.batches import PRODUCTS, epochs

OBJECTIVES = {
    "MINE": ml.MINE(alpha=0.2),
    "vanilla": ml.MINE(alpha=1),
    "donsker_varadhan": ml.donsker_varadhan,
    "nwj": ml.nwj,
    "infonce": ml.infonce,
    "jensen_shannon": ml.jensen_shannon,
    "of one's own": lambda t, u: t.tanh().mean(-1) - u.square().mean((-2, -1)),
}


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(400, seed=0)


def run(pairs, **options):
    settings = {"steps": 40, "batch_size": 32, "hidden": (8,), "log_every": 1, "progress": False}
    return ml.train(*pairs, **{**settings, **options})


def first_values(record, pairs, seed, negatives=1):
    """T of the trained critic on the first batch of a seed, (R, b) and (R, m, b)."""
    rows, *partners = next(epochs(400, 32, "shift", seed, negatives))[:, 0]
    x, z = pairs
    t_product = [record.critic(x[rows], z[each]) for each in partners]
    return record.critic(x[rows], z[rows]), torch.stack(t_product, 1)


# Replicas


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_replica_is_the_run_of_its_seed_alone(pairs, name):
    together, alone = (run(pairs, objective=OBJECTIVES[name], seeds=s) for s in ([3, 7, 5], [7]))
    # Batched and single matrix products may round differently in the last bit.
    torch.testing.assert_close(together.estimate[:, 1:2], alone.estimate, rtol=0, atol=1e-5)
    # The last bias has no gradient but rounding noise under "vanilla", which Adam blows up.
    *mine, _ = together.critic.parameters()
    *theirs, _ = alone.critic.parameters()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a[1:2], b, rtol=0, atol=1e-5)


def test_seeds_repeat_exactly_and_differ_from_each_other(pairs):
    first, again = run(pairs, seeds=[1, 2]), run(pairs, seeds=[1, 2])
    assert torch.equal(first.estimate, again.estimate)
    assert not torch.equal(first.estimate[:, 0], first.estimate[:, 1])


def test_data_of_its_own_for_each_replica(pairs):
    other = ml.Gaussian(-0.5).sample(400, seed=1)
    both = [torch.stack(values) for values in zip(pairs, other, strict=True)]
    together = run(both, seeds=[4, 4])
    for k, own in enumerate((pairs, other)):
        alone = run(own, seeds=[4])
        mine = together.estimate[:, k : k + 1]
        torch.testing.assert_close(mine, alone.estimate, atol=1e-5, rtol=0)


def test_data_of_its_own_needs_no_seeds(pairs):
    both = [torch.stack([values, -values]) for values in pairs]
    found, expected = run(both), run(both, seeds=[0, 1])
    assert torch.equal(found.estimate, expected.estimate)


def test_shared_x_may_meet_z_of_each_replica(pairs):
    x, z = pairs
    z = torch.stack([z, -2 * z])
    expected = run((x.expand(2, -1, -1), z), seeds=[0, 1], held_out=(x.expand(2, -1, -1), z))
    found = run((x, z), seeds=[0, 1], held_out=(x, z))
    assert torch.equal(found.held_out, expected.held_out)


def test_a_rate_of_its_own_for_each_replica(pairs):
    rates = [0.3, 1.0, 0.05]
    together = run(pairs, objective=ml.MINE(alpha=rates), seeds=[4, 4, 4])
    for k, alpha in enumerate(rates):
        alone = run(pairs, seeds=[4, 9], objective=ml.MINE(alpha=alpha))
        assert torch.equal(together.estimate[:, k], alone.estimate[:, 0])
        torch.testing.assert_close(together.v[:, k], alone.v[:, 0])


def test_a_non_finite_replica_is_frozen_and_the_others_are_bit_identical(pairs):
    x, z = (values.expand(3, -1, -1).clone() for values in pairs)
    options = {"objective": ml.MINE(alpha=1, stable=False), "seeds": [0, 1, 2]}
    healthy = run((x, z), **options)
    x[1] *= 200  # e^T overflows in this replica alone, after some steps
    z[1] *= 200
    broken = run((x, z), **options)
    step = broken.frozen_at[1].item()
    assert step > 1
    before = run((x, z), steps=step - 1, **options)
    for a, b in zip(before.critic.parameters(), broken.critic.parameters(), strict=True):
        assert torch.equal(a[1], b[1])  # the last finite weights
    assert broken.frozen_at.tolist() == [0, step, 0]
    assert broken.estimate[step - 1 :, 1].isnan().all()
    assert all(parameter.isfinite().all() for parameter in broken.critic.parameters())
    for name in ("estimate", "gradient_norm", "v"):
        mine, theirs = getattr(healthy, name), getattr(broken, name)
        assert torch.equal(mine[:, [0, 2]], theirs[:, [0, 2]])
    for a, b in zip(healthy.critic.parameters(), broken.critic.parameters(), strict=True):
        assert torch.equal(a[[0, 2]], b[[0, 2]])


# Gradients


def gradient_by_formula(network, x, z, partners, v):
    """mean grad T - mean(e^T grad T) / v, with one backward pass per sample."""

    def gradients(x, z):
        rows = []
        for k in range(len(x)):
            value = network(x[k : k + 1], z[k : k + 1]).sum()
            rows.append(
                torch.cat([g.ravel() for g in torch.autograd.grad(value, network.parameters())])
            )
        return torch.stack(rows)

    t_product = network(x, z[partners])[0].detach()
    weights = t_product.exp()[:, None] / v
    return gradients(x, z).mean(0) - (weights * gradients(x, z[partners])).mean(0)


@pytest.mark.parametrize("alpha", [1, 0.3])
def test_first_gradient_is_the_written_formula(pairs, alpha):
    objective = ml.MINE(alpha=alpha)
    record = run(pairs, steps=1, learning_rate=1e-12, seeds=[2], objective=objective)
    rows, partners = next(epochs(400, 32, "shift", 2))[:, 0]
    x, z = (values[rows] for values in pairs)
    partner_of = {row: k for k, row in enumerate(rows)}
    partners = [partner_of[row] for row in partners]
    network = record.critic
    v = (1 - alpha) + alpha * network(x, z[partners]).exp().mean().item()
    assert record.v[0].item() == pytest.approx(v, rel=1e-5)
    expected = gradient_by_formula(network, x, z, partners, v)
    # A run leaves its last gradient in the parameters; the optimizer descends.
    found = torch.cat([-parameter.grad.ravel() for parameter in network.parameters()])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert record.gradient_norm[0].item() == pytest.approx(expected.norm().item(), rel=1e-4)


@pytest.mark.parametrize("negatives", [1, 3])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_first_gradient_and_estimate_are_those_of_the_public_objective(pairs, name, negatives):
    objective = OBJECTIVES[name]
    options = {"steps": 1, "learning_rate": 1e-12, "seeds": [6]}
    record = run(pairs, objective=objective, negatives=negatives, **options)
    found = [parameter.grad.clone() for parameter in record.critic.parameters()]
    record.critic.zero_grad()
    value = (objective[:] if isinstance(objective, ml.MINE) else objective)(
        *first_values(record, pairs, 6, negatives)
    )
    torch.testing.assert_close(record.estimate[0], value.detach(), atol=1e-6, rtol=0)
    (-value.sum()).backward()
    for ours, parameter in zip(found, record.critic.parameters(), strict=True):
        torch.testing.assert_close(ours, parameter.grad, atol=1e-6, rtol=1e-4)
    assert (record.v is None) == (not isinstance(objective, ml.MINE))


def test_clipping_bounds_each_replicas_gradient_but_not_the_recorded_norm(pairs):
    settings = {"steps": 1, "seeds": [0, 1]}
    free, clipped = run(pairs, **settings), run(pairs, clip_norm=1e-3, **settings)
    assert torch.equal(free.gradient_norm, clipped.gradient_norm)
    gradients = [parameter.grad.flatten(1) for parameter in clipped.critic.parameters()]
    assert torch.cat(gradients, 1).norm(dim=1).tolist() == pytest.approx([1e-3, 1e-3], rel=1e-4)


@pytest.mark.parametrize("decay", [True, False])
def test_decay_is_half_a_cosine(pairs, monkeypatch, decay):
    rates = []

    class Watched(torch.optim.Adam):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    run(pairs, steps=20, learning_rate=0.1, decay=decay)
    cosine = [0.05 * (1 + math.cos(math.pi * k / 20)) for k in range(20)]
    assert rates == pytest.approx(cosine if decay else [0.1] * 20)


# What it learns


def test_it_finds_the_information_on_held_out_pairs():
    pair = ml.Gaussian(0.8)
    sample, fresh = (pair.sample(4000, seed=seed) for seed in (1, 2))
    options = {"steps": 600, "seeds": range(4), "progress": False}
    record = ml.train(*sample, held_out=fresh, **options)
    # The standard error of 4000 pairs is 0.8 / sqrt(4000) = 0.013; the fit costs about as much.
    assert (record.held_out[-1] - pair.mi).abs().max() < 0.06
    independent = ml.Gaussian(0.0).sample(4000, seed=3)
    control = ml.train(*independent, held_out=independent, **options)
    assert control.held_out[-1].abs().max() < 0.06


# The record


def test_record_has_a_row_for_each_logged_step(pairs):
    record = run(pairs, steps=25, log_every=10, seeds=[0, 1], held_out=pairs)
    assert record.step.tolist() == [10, 20, 25]
    for values in (record.estimate, record.gradient_norm, record.v, record.held_out):
        assert values.shape == (3, 2)
    assert run(pairs).held_out is None


def test_held_out_values_take_the_shifts_asked_for(pairs):
    record = run(pairs, held_out=pairs, shifts=5)
    assert torch.equal(record.held_out[-1], ml.evaluate(record.critic, *pairs, shifts=5))
    assert not torch.equal(record.held_out[-1], ml.evaluate(record.critic, *pairs))


@pytest.mark.parametrize(("last", "logged"), [(7, 7), (0, 0)])
def test_an_interrupt_returns_the_record_so_far(pairs, monkeypatch, last, logged):
    step = runs.Run.step

    def interrupted(self):
        if self.done == last:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(runs.Run, "step", interrupted)
    record = run(pairs, steps=20, seeds=[0, 1, 2], held_out=pairs)
    assert record.interrupted
    assert record.step.tolist() == list(range(1, logged + 1))
    assert record.estimate.shape == record.held_out.shape == (logged, 3)


# Devices


class _Answering(TorchDispatchMode):
    """Lets tensors without numbers be asked "is any of these true", and be brought back."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = options or {}
        is_meta = getattr(arguments[0], "is_meta", False) if arguments else False
        if function is torch.ops.aten._local_scalar_dense.default and is_meta:
            return self.answer
        if function is torch.ops.aten._to_copy.default and is_meta and options.get("device"):
            return torch.zeros(arguments[0].shape, dtype=arguments[0].dtype)
        return function(*arguments, **options)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("product", PRODUCTS)
def test_no_step_mixes_devices(pairs, product, frozen):
    """On the device "meta" torch computes shapes only, but refuses to mix it with the processor."""
    with _Answering(frozen):
        record = run(
            pairs, device="meta", steps=2, product=product, held_out=pairs, clip_norm=1.0,
            seeds=[0, 1],
        )  # fmt: skip
    assert {each.device.type for each in record.critic.parameters()} == {"meta"}
    assert record.estimate.device.type == record.frozen_at.device.type == "cpu"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_no_step_of_other_objectives_mixes_devices(pairs, name):
    options = {"negatives": 3, "decay": True, "seeds": [0, 1]}
    with _Answering(False):
        run(pairs, device="meta", steps=2, objective=OBJECTIVES[name], **options)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_finds_what_the_processor_finds(pairs):
    here, there = (run(pairs, device=device, seeds=[0, 1]) for device in ("cpu", "cuda"))
    torch.testing.assert_close(there.estimate, here.estimate, atol=1e-3, rtol=0)
