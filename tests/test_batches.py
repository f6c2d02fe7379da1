"""Batches: epochs of rows, and the joint and product pairs in them."""

import math

import numpy as np
import pytest
import torch

from mine_lib.batches import PRODUCTS, Batches, epochs


def test_a_shifted_batch_has_no_fixed_point_and_a_permuted_one_has_one_on_average():
    kept = {}
    for product in PRODUCTS:
        each = epochs(100, 10, product, seed=0)
        batches = np.concatenate([next(each) for _ in range(400)], axis=1)
        kept[product] = np.equal(*batches).sum(axis=-1)
    assert max(kept["shift"]) == 0
    assert np.mean(kept["permute"]) == pytest.approx(1, abs=4 / math.sqrt(4000))


def test_an_epoch_takes_each_row_once():
    joint, partners = next(epochs(43, 8, "shift", seed=0))
    assert len(set(joint.ravel()) | set(partners.ravel())) == 40
    joint, partners = next(epochs(40, 8, "shift", seed=0))
    assert sorted(joint.ravel()) == list(range(40))
    assert sorted(partners.ravel()) == list(range(40))


def test_negatives_are_the_first_shifts_of_a_batch():
    rows, *partners = next(epochs(40, 8, "shift", seed=0, negatives=3))
    for shift, each in enumerate(partners, 1):
        for k in range(8):
            np.testing.assert_array_equal(each[:, k], rows[:, k - shift])
    assert len(partners) == 3


def test_permuted_negatives_differ_and_stay_in_their_batch():
    rows, first, second = next(epochs(40, 8, "permute", seed=0, negatives=2))
    for partners in (first, second):
        np.testing.assert_array_equal(np.sort(partners), np.sort(rows))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("product", PRODUCTS)
def test_batches_are_the_rows_of_the_epochs_one_after_the_other(product, own):
    """Numbers are their own rows: x is 100 r + row and z the same plus 1000."""
    replicas, seeds = (3 if own else 1), [4, 9, 4]
    x = torch.arange(20.0)[None, :, None] + 100 * torch.arange(replicas)[:, None, None]
    batches = Batches(x, x + 1000, 6, product, 2, seeds)
    streams = [epochs(20, 6, product, seed, 2) for seed in seeds]
    for _ in range(3):
        expected = np.stack([next(each) for each in streams])  # (R, 1 + m, batches, b)
        for k in range(3):
            rows = torch.as_tensor(expected[:, :, k])
            numbers = rows + 100 * own * torch.arange(3)[:, None, None]
            found = batches.next_rows()
            pairs = batches.pairs(found)
            assert pairs.shape == (3, 3, 6, 2)
            assert torch.equal(pairs[..., 0], numbers[:, :1].expand(-1, 3, -1).float())
            assert torch.equal(pairs[..., 1], numbers + 1000.0)
            assert torch.equal(batches.pairs(found[:, 1:]), pairs[1:])
