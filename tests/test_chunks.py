"""Chunks of replicas: what is in them, what memory they take, and that no bit depends on them."""

import pytest
import torch

import mine_lib as ml
from mine_lib import passes
from mine_lib.passes import flatten, passes_of, split_replicas


def test_replicas_split_into_chunks_of_two_or_more():
    for replicas in range(1, 40):
        for chunk in range(1, 45):
            parts = split_replicas(replicas, chunk)
            assert [k for part in parts for k in range(replicas)[part]] == [*range(replicas)]
            sizes = [part.stop - part.start for part in parts]
            assert max(sizes) - min(sizes) <= 1
            assert min(sizes) >= min(2, replicas)
            assert max(sizes) <= max(chunk, 3)  # an odd number holds one chunk of three


def test_memory_of_the_layers_follows_the_chunk_and_not_the_replicas(monkeypatch):
    network = ml.StatisticsNetwork(1, 1, (64, 64), replicas=12)
    flatten(network)

    def memory(chunk, rows):
        monkeypatch.setattr(passes, "CACHED", chunk * rows * 64 * 4)
        works, _ = passes_of(network, rows, 1)
        assert len(works) == 12 // chunk
        return sum({each.data_ptr(): each.numel() for p in works for each in p.inputs}.values())

    assert memory(4, 100) == 3 * 4 * 100 * 64
    assert memory(2, 100) * 2 == memory(4, 100) == memory(4, 200) / 2


def settings(name, pairs):
    if name == "plain":
        return {"clip_norm": 1.0}
    if name == "rates":
        return {"objective": ml.MINE(alpha=[1, 0.3, 0.05, 1, 0.2, 0.01, 0.5])}
    if name == "infonce":
        return {"objective": ml.infonce, "negatives": 3}
    fits = (values[:350].unflatten(0, (7, 50)) for values in pairs)
    network = ml.StatisticsNetwork(1, 1, replicas=7, starts_at_zero=True)
    return {
        "critic": ml.Sum(ml.GaussianCritic(*fits), network), "negatives": 3, "shifts": 4,
        "early_stopping": True, "decay": True, "objective": ml.jensen_shannon,
    }  # fmt: skip


@pytest.mark.parametrize("batch_size", [16, 33])
@pytest.mark.parametrize("name", ["plain", "rates", "infonce", "base and early stopping"])
def test_no_bit_depends_on_chunks(monkeypatch, name, batch_size):
    pairs = ml.Gaussian(0.8).sample(400, seed=0)

    def run(chunks):
        options = {"batch_size": batch_size, "steps": 30, "log_every": 1, "held_out": pairs}
        options |= settings(name, pairs)
        size = batch_size * (1 + options.get("negatives", 1)) * 64 * 4
        monkeypatch.setattr(passes, "CACHED", -(-7 // chunks) * size)
        trainer = ml.Trainer(*pairs, seeds=range(7), **options)
        assert len(trainer._run.passes) == chunks
        return trainer.run(progress=False).record()

    whole = run(1)
    for chunks in (2, 3):
        parts = run(chunks)
        for series in ("estimate", "gradient_norm", "v", "held_out", "kept"):
            ours, theirs = getattr(whole, series), getattr(parts, series)
            assert ours is theirs is None or torch.equal(ours, theirs), (chunks, series)
        for a, b in zip(whole.critic.parameters(), parts.critic.parameters(), strict=True):
            assert torch.equal(a, b)


def test_no_bit_depends_on_neighbours():
    pairs = ml.Gaussian(0.8).sample(400, seed=0)
    options = {"steps": 30, "batch_size": 33, "log_every": 1, "held_out": pairs, "progress": False}
    whole, fewer = (ml.train(*pairs, seeds=seeds, **options) for seeds in (range(7), [5, 2]))
    assert torch.equal(fewer.held_out, whole.held_out[:, [5, 2]])
    assert torch.equal(fewer.gradient_norm, whole.gradient_norm[:, [5, 2]])
