"""Training: replicas are alone, gradients are the written formulas, bad input is refused."""

import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import mine_lib as ml
from mine_lib import training
from mine_lib.training import MovingAverage, _epochs, evaluate, train


@pytest.fixture(scope="module")
def pairs():
    return ml.correlated_gaussians(400, 0.8, seed=0)


def run(pairs, **options):
    settings = {"steps": 40, "batch_size": 32, "hidden": (8,), "log_every": 1, "progress": False}
    return train(*pairs, **{**settings, **options})


# Replicas


@pytest.mark.parametrize("variant", ["vanilla", "ema"])
def test_a_replica_is_the_run_of_its_seed_alone(pairs, variant):
    together = run(pairs, variant=variant, seeds=[3, 7, 5])
    alone = run(pairs, variant=variant, seeds=[7])
    # Batched and single matrix products may round differently in the last bit.
    torch.testing.assert_close(together.estimate[:, 1:2], alone.estimate, rtol=0, atol=1e-5)
    # The last bias has no gradient but rounding noise under "vanilla", which Adam blows up.
    *mine, _ = together.network.parameters()
    *theirs, _ = alone.network.parameters()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a[1:2], b, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch_size", [16, 33, 200])
def test_no_bit_depends_on_chunks_or_neighbours(pairs, batch_size):
    options = {"batch_size": batch_size, "hidden": (64, 64), "held_out": pairs, "clip_norm": 1.0}
    whole = run(pairs, seeds=range(7), **options)
    for chunk in (2, 3, 5):
        parts = run(pairs, seeds=range(7), chunk=chunk, **options)
        for name in ("estimate", "gradient_norm", "v", "held_out"):
            assert torch.equal(getattr(whole, name), getattr(parts, name)), (chunk, name)
    fewer = run(pairs, seeds=[5, 2], **options)
    assert torch.equal(fewer.held_out, whole.held_out[:, [5, 2]])


def test_no_bit_of_base_negatives_and_early_stopping_depends_on_chunks(pairs):
    fits = (values[:350].unflatten(0, (7, 50)) for values in pairs)
    options = {
        "base": ml.GaussianCritic(*fits), "negatives": 3, "early_stopping": True, "decay": True,
        "held_out": pairs, "shifts": 4, "variant": "smile",
    }  # fmt: skip
    whole = run(pairs, seeds=range(7), **options)
    for chunk in (2, 3, 5):
        parts = run(pairs, seeds=range(7), chunk=chunk, **options)
        for name in ("estimate", "gradient_norm", "held_out", "kept"):
            assert torch.equal(getattr(whole, name), getattr(parts, name)), (chunk, name)
        for a, b in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
            assert torch.equal(a, b)


def test_memory_of_the_layers_follows_the_chunk_and_not_the_replicas():
    network = ml.StatisticsNetwork(1, 1, (64, 64), replicas=12)

    ml.networks.flatten(network)

    def memory(chunk, rows):
        passes = ml.networks.CriticPass.split(network, chunk, rows)
        return sum({each.data_ptr(): each.numel() for p in passes for each in p.inputs}.values())

    assert memory(4, 100) == 3 * 4 * 100 * 64
    assert memory(2, 100) * 2 == memory(4, 100) == memory(4, 200) / 2


@pytest.mark.parametrize("hidden", [(), (5,), (8, 3, 6)])
def test_a_pass_gives_what_autograd_gives(hidden):
    network = ml.StatisticsNetwork(2, 1, hidden, replicas=5)
    generator = torch.Generator().manual_seed(0)
    x, z = (torch.randn(5, 20, d, generator=generator) for d in (2, 1))
    weights = torch.randn(5, 20, generator=generator)
    values = network(x, z)
    expected = torch.autograd.grad((weights * values).sum(), list(network.parameters()))
    ml.networks.flatten(network)
    for critic in ml.networks.CriticPass.split(network, 2, rows=20):
        part = critic.replicas
        found = critic.forward(torch.cat([x, z], -1)[part])
        torch.testing.assert_close(found, values[part].detach())
        critic.backward(weights[part])
    for parameter, slope in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, slope)


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
@pytest.mark.parametrize("product", training.PRODUCTS)
def test_no_step_mixes_devices(pairs, product, frozen):
    """On the device "meta" torch computes shapes only, but refuses to mix it with the processor."""
    with _Answering(frozen):
        record = run(
            pairs, device="meta", steps=2, product=product, held_out=pairs, clip_norm=1.0,
            seeds=[0, 1],
        )  # fmt: skip
    assert {each.device.type for each in record.network.parameters()} == {"meta"}
    assert record.estimate.device.type == record.frozen_at.device.type == "cpu"


@pytest.mark.parametrize("variant", ["nwj", "infonce", "smile"])
def test_no_step_of_other_objectives_mixes_devices(pairs, variant):
    with _Answering(False):
        run(pairs, device="meta", steps=2, variant=variant, negatives=3, decay=True, seeds=[0, 1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_finds_what_the_processor_finds(pairs):
    here, there = (run(pairs, device=device, seeds=[0, 1]) for device in ("cpu", "cuda"))
    torch.testing.assert_close(there.estimate, here.estimate, atol=1e-3, rtol=0)


def test_seeds_repeat_exactly_and_differ_from_each_other(pairs):
    first, again = run(pairs, seeds=[1, 2]), run(pairs, seeds=[1, 2])
    assert torch.equal(first.estimate, again.estimate)
    assert not torch.equal(first.estimate[:, 0], first.estimate[:, 1])


def test_data_of_its_own_for_each_replica(pairs):
    other = ml.correlated_gaussians(400, -0.5, seed=1)
    both = [torch.stack(values) for values in zip(pairs, other, strict=True)]
    together = run(both, seeds=[4, 4])
    for k, own in enumerate((pairs, other)):
        alone = run(own, seeds=[4])
        torch.testing.assert_close(
            together.estimate[:, k : k + 1], alone.estimate, atol=1e-5, rtol=0
        )


def test_a_non_finite_replica_is_frozen_and_the_others_are_bit_identical(pairs):
    x, z = (values.expand(3, -1, -1).clone() for values in pairs)
    healthy = run((x, z), variant="vanilla", stable=False, seeds=[0, 1, 2])
    x[1] *= 200  # e^T overflows in this replica alone, after some steps
    z[1] *= 200
    broken = run((x, z), variant="vanilla", stable=False, seeds=[0, 1, 2])
    step = broken.frozen_at[1].item()
    assert step > 1
    before = run((x, z), variant="vanilla", stable=False, seeds=[0, 1, 2], steps=step - 1)
    for a, b in zip(before.network.parameters(), broken.network.parameters(), strict=True):
        assert torch.equal(a[1], b[1])  # the last finite weights
    assert broken.frozen_at.tolist() == [0, step, 0]
    assert broken.estimate[step - 1 :, 1].isnan().all()
    assert all(parameter.isfinite().all() for parameter in broken.network.parameters())
    for name in ("estimate", "gradient_norm", "v"):
        mine, theirs = getattr(healthy, name), getattr(broken, name)
        assert torch.equal(mine[:, [0, 2]], theirs[:, [0, 2]])
    for a, b in zip(healthy.network.parameters(), broken.network.parameters(), strict=True):
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
    weights = t_product.exp()[:, None] / (t_product.exp().mean() if v is None else v)
    return gradients(x, z).mean(0) - (weights * gradients(x, z[partners])).mean(0)


@pytest.mark.parametrize(("options", "v"), [({"variant": "vanilla"}, None), ({"alpha": 0.3}, 0.3)])
def test_first_gradient_is_the_written_formula(pairs, options, v):
    record = run(pairs, steps=1, learning_rate=1e-12, seeds=[2], **options)
    rows, partners = next(_epochs(400, 32, "shift", 2))[:, 0]
    x, z = (values[rows] for values in pairs)
    partner_of = {row: k for k, row in enumerate(rows)}
    partners = [partner_of[row] for row in partners]
    network = record.network
    if v is not None:
        v = (1 - v) + v * network(x, z[partners]).exp().mean().item()
        assert record.v[0].item() == pytest.approx(v, rel=1e-5)
    expected = gradient_by_formula(network, x, z, partners, v)
    # training._Run leaves its last gradient in the parameters
    found = torch.cat([-parameter.grad.ravel() for parameter in network.parameters()])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert record.gradient_norm[0].item() == pytest.approx(expected.norm().item(), rel=1e-4)


def test_ema_gradient_is_that_of_nwj_at_a_equal_v(pairs):
    record = run(pairs, steps=1, alpha=0.2, learning_rate=1e-12, seeds=[6])
    found = [parameter.grad.clone() for parameter in record.network.parameters()]
    rows, partners = next(_epochs(400, 32, "shift", 6))[:, 0]
    (x, z), network = pairs, record.network
    network.zero_grad()
    bound = ml.nwj(network(x[rows], z[rows]), network(x[rows], z[partners]), record.v[0])
    (-bound.sum()).backward()
    for ours, parameter in zip(found, network.parameters(), strict=True):
        torch.testing.assert_close(ours, parameter.grad, atol=1e-6, rtol=1e-4)


OBJECTIVES = {
    "vanilla": lambda t, product, v: ml.donsker_varadhan(t, product.flatten(1)),
    "ema": lambda t, product, v: ml.nwj(t, product.flatten(1), v),
    "nwj": lambda t, product, v: ml.nwj(t, product.flatten(1), math.e),
    "infonce": lambda t, product, v: ml.infonce(t, product),
    "smile": lambda t, product, v: ml.jensen_shannon(t, product.flatten(1)),
}


@pytest.mark.parametrize("negatives", [1, 3])
@pytest.mark.parametrize("variant", training.VARIANTS)
def test_first_gradient_is_that_of_the_public_bound(pairs, variant, negatives):
    record = run(
        pairs, variant=variant, negatives=negatives, steps=1, alpha=0.2, learning_rate=1e-12,
        seeds=[6],
    )  # fmt: skip
    found = [parameter.grad.clone() for parameter in record.network.parameters()]
    rows, *partners = next(_epochs(400, 32, "shift", 6, negatives))[:, 0]
    (x, z), network = pairs, record.network
    network.zero_grad()
    t_joint = network(x[rows], z[rows])
    t_product = torch.stack([network(x[rows], z[each]) for each in partners], 1)  # (R, m, b)
    (-OBJECTIVES[variant](t_joint, t_product, record.v[0]).sum()).backward()
    for ours, parameter in zip(found, network.parameters(), strict=True):
        torch.testing.assert_close(ours, parameter.grad, atol=1e-6, rtol=1e-4)


def test_the_estimate_takes_in_all_negatives(pairs):
    record = run(pairs, steps=1, learning_rate=1e-12, negatives=3)
    rows, *partners = next(_epochs(400, 32, "shift", 0, 3))[:, 0]
    x, z = pairs
    t_product = [record.network(x[rows], z[each]) for each in partners]
    expected = ml.donsker_varadhan(record.network(x[rows], z[rows]), torch.cat(t_product, 1))
    torch.testing.assert_close(record.estimate[0], expected.detach(), atol=1e-6, rtol=0)


def test_moving_average_by_hand():
    average = MovingAverage(0.1)
    means = [2.0, 4.0]
    found = [average.update(torch.tensor([math.log(mean)])).exp().item() for mean in means]
    assert found == pytest.approx([0.9 + 0.2, 0.9 * 1.1 + 0.4], rel=1e-5)
    corrected = MovingAverage(0.1, bias_corrected=True)
    found = [corrected.update(torch.tensor([math.log(mean)])).exp().item() for mean in means]
    assert found == pytest.approx([2.0, (0.09 * 2 + 0.1 * 4) / 0.19], rel=1e-5)
    assert MovingAverage(1.0).update(torch.tensor([1.5])).item() == pytest.approx(1.5)


# Batches and evaluation


def test_a_rate_of_its_own_for_each_replica(pairs):
    together = run(pairs, alpha=[0.3, 1.0, 0.05], seeds=[4, 4, 4], chunk=2)
    for k, options in enumerate([{"alpha": 0.3}, {"variant": "vanilla"}, {"alpha": 0.05}]):
        alone = run(pairs, seeds=[4, 9], **options)
        assert torch.equal(together.estimate[:, k], alone.estimate[:, 0])


def test_a_shifted_batch_has_no_fixed_point_and_a_permuted_one_has_one_on_average():
    kept = {}
    for product in training.PRODUCTS:
        epochs = _epochs(100, 10, product, seed=0)
        batches = np.concatenate([next(epochs) for _ in range(400)], axis=1)
        kept[product] = np.equal(*batches).sum(axis=-1)
    assert max(kept["shift"]) == 0
    assert np.mean(kept["permute"]) == pytest.approx(1, abs=4 / math.sqrt(4000))


def test_an_epoch_takes_each_row_once():
    joint, partners = next(_epochs(43, 8, "shift", seed=0))
    assert len(set(joint.ravel()) | set(partners.ravel())) == 40
    joint, partners = next(_epochs(40, 8, "shift", seed=0))
    assert sorted(joint.ravel()) == list(range(40))
    assert sorted(partners.ravel()) == list(range(40))


def test_negatives_are_the_first_shifts_of_a_batch():
    rows, *partners = next(_epochs(40, 8, "shift", seed=0, negatives=3))
    for shift, each in enumerate(partners, 1):
        for k in range(8):
            np.testing.assert_array_equal(each[:, k], rows[:, k - shift])
    assert len(partners) == 3


def test_permuted_negatives_differ_and_stay_in_their_batch():
    rows, first, second = next(_epochs(40, 8, "permute", seed=0, negatives=2))
    for partners in (first, second):
        np.testing.assert_array_equal(np.sort(partners), np.sort(rows))
    assert not np.array_equal(first, second)


def test_evaluate_takes_all_shifted_pairs(pairs):
    network = run(pairs, seeds=[0, 1]).network
    x, z = (values[:20] for values in pairs)
    with torch.no_grad():
        t = network(x.repeat_interleave(20, 0), z.repeat(20, 1)).view(2, 20, 20)
    off_diagonal = ~torch.eye(20, dtype=torch.bool)
    joint = t.diagonal(dim1=1, dim2=2).mean(-1)
    expected = joint - t[:, off_diagonal].exp().mean(-1).log()
    torch.testing.assert_close(evaluate(network, x, z, shifts=19), expected)


def test_held_out_values_take_the_shifts_asked_for(pairs):
    record = run(pairs, held_out=pairs, shifts=5)
    assert torch.equal(record.held_out[-1], evaluate(record.network, *pairs, shifts=5))
    assert not torch.equal(record.held_out[-1], evaluate(record.network, *pairs))


@pytest.mark.parametrize("decay", [True, False])
def test_decay_is_half_a_cosine(pairs, decay):
    rates = []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    run(pairs, steps=20, optimizer=Watched, learning_rate=0.1, decay=decay)
    cosine = [0.05 * (1 + math.cos(math.pi * k / 20)) for k in range(20)]
    assert rates == pytest.approx(cosine if decay else [0.1] * 20)


# Base and early stopping


def truth(x, z, replicas=slice(None)):
    """The true log ratio of `pairs` as a base."""
    return torch.stack([ml.gaussian_log_ratio(*each, 0.8) for each in zip(x, z, strict=True)])


def held_out_value(record, held_out, base=None):
    x, z = (values.expand(record.network.replicas, -1, -1) for values in held_out)
    critic = record.network if base is None else lambda x, z: record.network(x, z) + base(x, z)
    return evaluate(critic, x, z)


@pytest.fixture(scope="module")
def overfitted(pairs):
    """A run on 64 pairs that at first learns and then unlearns, and its held-out pairs."""
    few = [values[:64] for values in pairs]
    held_out = ml.correlated_gaussians(300, 0.8, seed=1)
    options = {"steps": 150, "log_every": 10, "learning_rate": 0.02, "seeds": range(4)}
    return run(few, held_out=held_out, early_stopping=True, **options), held_out


def test_with_early_stopping_the_critic_starts_as_the_base(pairs):
    options = {"steps": 1, "learning_rate": 1e-12, "base": truth, "held_out": pairs}
    record = run(pairs, early_stopping=True, **options)
    assert record.network(*pairs).abs().max() < 1e-6
    rows, partners = next(_epochs(400, 32, "shift", 0))[:, 0]
    x, z = pairs
    t_joint, t_product = (ml.gaussian_log_ratio(x[rows], z[w], 0.8) for w in (rows, partners))
    expected = ml.donsker_varadhan(t_joint, t_product)
    torch.testing.assert_close(record.estimate[0, 0], expected, atol=1e-5, rtol=0)
    base_value = evaluate(lambda x, z: truth(x[None], z[None]), *pairs)
    torch.testing.assert_close(record.held_out[0], base_value, atol=1e-5, rtol=0)
    assert run(pairs, **options).network(*pairs).abs().max() > 0.01


def test_early_stopping_keeps_the_best_logged_step(overfitted):
    record, held_out = overfitted
    best = record.held_out.max(0)
    assert (best.values > record.held_out[-1] + 0.02).any()  # else the last would be the best
    assert (best.values > 0.1).all()  # the value at the start is 0
    assert record.kept.tolist() == record.step[best.indices].tolist()
    torch.testing.assert_close(held_out_value(record, held_out), best.values, atol=1e-6, rtol=0)


def test_early_stopping_keeps_the_start_if_nothing_was_better(pairs):
    held_out = ml.correlated_gaussians(3000, 0.8, seed=1)
    record = run(
        [values[:32] for values in pairs], early_stopping=True, base=truth, held_out=held_out,
        steps=30, log_every=5, learning_rate=0.01, seeds=range(6),
    )  # fmt: skip
    start = evaluate(lambda x, z: truth(x[None], z[None]), *held_out)
    is_start = record.kept == 0
    assert 0 < is_start.sum() < 6
    assert (record.held_out[:, is_start] <= start).all()
    assert not record.network(*pairs)[is_start].any()  # to the last bit: it was never trained
    best = torch.maximum(start, record.held_out.max(0).values)
    found = held_out_value(record, held_out, truth)
    torch.testing.assert_close(found, best, atol=1e-5, rtol=0)
    assert (found >= start - 1e-5).all()


def test_without_early_stopping_the_last_step_stays(pairs):
    record = run(pairs, held_out=pairs)
    assert record.kept is None
    assert torch.equal(held_out_value(record, pairs), record.held_out[-1])


def test_an_interrupted_run_keeps_its_best_step_too(overfitted, pairs, monkeypatch):
    step = training._Run.step

    def interrupted(self, number):
        if number == 125:
            raise KeyboardInterrupt
        step(self, number)

    whole, held_out = overfitted
    monkeypatch.setattr(training._Run, "step", interrupted)
    options = {"steps": 150, "log_every": 10, "learning_rate": 0.02, "seeds": range(4)}
    few = [values[:64] for values in pairs]
    record = run(few, held_out=held_out, early_stopping=True, **options)
    assert record.interrupted
    assert not whole.interrupted
    best = whole.held_out[:12].max(0).values  # the steps before 125
    torch.testing.assert_close(held_out_value(record, held_out), best, atol=1e-6, rtol=0)


# What it learns


def test_it_finds_the_information_on_held_out_pairs():
    sample, fresh = (ml.correlated_gaussians(4000, 0.8, seed=seed) for seed in (1, 2))
    record = train(*sample, steps=600, seeds=range(4), held_out=fresh, progress=False)
    # The standard error of 4000 pairs is 0.8 / sqrt(4000) = 0.013; the fit costs about as much.
    assert (record.held_out[-1] - ml.gaussian_mi(0.8)).abs().max() < 0.06
    independent = ml.correlated_gaussians(4000, 0.0, seed=3)
    control = train(*independent, steps=600, seeds=range(4), held_out=independent, progress=False)
    assert control.held_out[-1].abs().max() < 0.06


# The record


def test_record_has_a_row_for_each_logged_step(pairs):
    record = run(pairs, steps=25, log_every=10, seeds=[0, 1], held_out=pairs)
    assert record.step.tolist() == [10, 20, 25]
    for values in (record.estimate, record.gradient_norm, record.v, record.held_out):
        assert values.shape == (3, 2)
    assert run(pairs).held_out is None


def test_an_interrupt_returns_the_record_so_far(pairs, monkeypatch):
    step = training._Run.step

    def interrupted(self, number):
        if number == 8:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(training._Run, "step", interrupted)
    assert run(pairs, steps=20).step.tolist() == list(range(1, 8))


def test_an_interrupt_before_the_first_row_gives_an_empty_record(pairs, monkeypatch):
    def interrupted(self, number):
        raise KeyboardInterrupt

    monkeypatch.setattr(training._Run, "step", interrupted)
    record = run(pairs, seeds=[0, 1, 2], held_out=pairs)
    assert record.step.shape == (0,)
    assert record.estimate.shape == record.held_out.shape == (0, 3)


def test_clipping_bounds_each_replicas_gradient_but_not_the_recorded_norm(pairs):
    settings = {"steps": 1, "seeds": [0, 1]}
    free, clipped = run(pairs, **settings), run(pairs, clip_norm=1e-3, **settings)
    assert torch.equal(free.gradient_norm, clipped.gradient_norm)
    gradients = [parameter.grad.flatten(1) for parameter in clipped.network.parameters()]
    assert torch.cat(gradients, 1).norm(dim=1).tolist() == pytest.approx([1e-3, 1e-3], rel=1e-4)


def test_another_optimizer_takes_its_own_step(pairs):
    record = run(pairs, steps=1, optimizer=torch.optim.SGD, learning_rate=0.5)
    start = ml.StatisticsNetwork(1, 1, (8,))
    for before, after in zip(start.parameters(), record.network.parameters(), strict=True):
        torch.testing.assert_close(after, before - 0.5 * after.grad)


def test_bias_corrected_average_starts_at_the_first_batch_mean(pairs):
    corrected = run(pairs, steps=1, alpha=0.01, bias_corrected=True)
    vanilla = run(pairs, steps=1, variant="vanilla")
    torch.testing.assert_close(corrected.v, vanilla.v)


NAN = float("nan")
X, Z = np.zeros((50, 2)), np.zeros(50)
HOLE = np.array([0.0] * 30 + [NAN] + [0.0] * 19)


def too_late(*_, **__):
    """An optimizer for calls that must be refused before training begins."""
    pytest.fail("training began")


BAD = [
    (lambda: train(X, HOLE, batch_size=8), "z holds nan in row 30"),
    (lambda: train(X + np.inf, Z, batch_size=8), "x holds inf in row 0"),
    (lambda: train(X, Z[:49], batch_size=8), "x has 50 rows and z has 49"),
    (lambda: train(X, Z, batch_size=64), "x has 50 rows: must have at least 64"),
    (lambda: train(X, Z, batch_size=1), "batch_size = 1: .* at least 2"),
    (lambda: train(X, Z, batch_size=8, variant="mine"), "variant = 'mine': .*'vanilla', 'ema'"),
    (lambda: train(X, Z, batch_size=8, product="roll"), "product = 'roll'"),
    (lambda: train(X, Z, batch_size=8, negatives=8), "negatives = 8: must be below batch_size = 8"),
    (lambda: train(X, Z, batch_size=8, negatives=0), "negatives = 0"),
    (lambda: train(X, Z, batch_size=8, early_stopping=True), "held_out = None: .* early stopping"),
    (
        lambda: train(X, Z, batch_size=8, held_out=(X, Z), shifts=50, optimizer=too_late),
        "shifts = 50: .* 50 rows",
    ),
    (lambda: train(X, Z, batch_size=8, alpha=0), r"alpha = 0: .*\(0, 1\]"),
    (lambda: train(X, Z, batch_size=8, alpha=1.2), "alpha = 1.2"),
    (lambda: train(X, Z, batch_size=8, alpha=[0.1, 2.0], seeds=[0, 1]), "alpha = 2.0"),
    (lambda: train(X, Z, batch_size=8, alpha=[0.1], seeds=[0, 1]), "alpha has 1 .* must have 2"),
    (lambda: train(X, Z, batch_size=8, steps=0), "steps = 0"),
    (lambda: train(X, Z, batch_size=8, log_every=0), "log_every = 0"),
    (lambda: train(X, Z, batch_size=8, learning_rate=-1), "learning_rate = -1"),
    (lambda: train(X, Z, batch_size=8, clip_norm=0), "clip_norm = 0"),
    (lambda: train(X, Z, batch_size=8, seeds=[]), "seeds is empty"),
    (lambda: train(X, Z, batch_size=8, hidden=(0,)), "hidden = 0"),
    (lambda: train(X, Z, batch_size=8, held_out=(HOLE, Z)), "held-out x holds nan in row 30"),
    (lambda: train(X, Z, batch_size=8, chunk=1), "chunk = 1: .* at least 2"),
    (lambda: train(X, Z, batch_size=8, held_out=(X,)), "held_out has 1 entries"),
    (lambda: train(np.zeros((3, 50, 1)), Z, batch_size=8), r"x has shape \(3, 50, 1\)"),
    (lambda: ml.StatisticsNetwork(1, 1, replicas=2, seeds=[0]), "seeds has 1 entries"),
    (lambda: ml.StatisticsNetwork(0, 1), "x_dim = 0"),
    (lambda: evaluate(ml.StatisticsNetwork(2, 1), X, Z, shifts=50), "shifts = 50"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
