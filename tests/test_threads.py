"""Threads: as many as work is worth, one where processors are busy, and no bit depends on them."""

from contextlib import closing
from itertools import pairwise

import pytest
import torch

import mine_lib as ml
from mine_lib import threads
from mine_lib.threads import FIRST_ALONE, LONGEST_ALONE, PAYS, paced, worth


@pytest.fixture(autouse=True)
def four(monkeypatch):
    """Torch may take four threads here, and nothing has kept them waiting yet."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    monkeypatch.setattr(threads, "_alone_until", 0.0)
    monkeypatch.setattr(threads, "_alone_for", FIRST_ALONE)
    yield
    torch.set_num_threads(before)


class Clock:
    """Time that passes when a test says so, and the share of it that the processors worked."""

    def __init__(self, monkeypatch):
        self.wall = self.used = 100.0
        monkeypatch.setattr(threads, "perf_counter", lambda: self.wall)
        monkeypatch.setattr(threads, "process_time", lambda: self.used)

    def work(self, seconds, busy):
        self.wall += seconds
        self.used += seconds * busy


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def blocks(clock, end, number, seconds, busy):
    """Ends of blocks and threads in each, where an item takes `seconds`."""
    found, done = [], 0
    for until in paced(0, end, number):
        now = torch.get_num_threads()
        found.append((until, now))
        clock.work((until - done) * seconds, busy(now))
        done = until
    return found


# How many


def test_work_is_worth_a_thread_for_each_so_many_numbers():
    found = [worth(int(numbers * PAYS), 10) for numbers in (0, 0.5, 1, 1.9, 2, 3.5, 4, 100)]
    assert found == [1, 1, 1, 1, 2, 3, 4, 4]  # at most torch's four
    assert worth(100 * PAYS, 3) == 3
    assert worth(100 * PAYS, 0) == 1
    torch.set_num_threads(2)
    assert worth(100 * PAYS, 10) == 2


# Pace


@pytest.mark.parametrize("seconds", [1e-6, 1e-3, 0.04, 0.5])
@pytest.mark.parametrize("start", [0, 7])
def test_blocks_cover_all_items_once(clock, start, seconds):
    ends, done = [start], start
    for until in paced(start, 200, 2):
        clock.work((until - done) * seconds, 2)
        done = until
        ends.append(until)
    assert ends[-1] == 200
    assert all(a < b for a, b in pairwise(ends))


def test_a_block_takes_about_a_tenth_of_a_second(clock):
    sizes = [b - a for (a, _), (b, _) in pairwise(blocks(clock, 2000, 2, 0.001, lambda now: now))]
    assert len(sizes) > 15
    assert all(100 <= size <= 101 for size in sizes[1:-1])  # a rounding up
    assert sizes[0] <= 30  # it grows by no more than ten times


def test_nothing_to_do_is_no_block():
    assert [*paced(5, 5, 2)] == []
    assert torch.get_num_threads() == 4


def test_the_callers_number_is_given_back(clock):
    assert {now for _, now in blocks(clock, 50, 3, 0.01, lambda now: now)} == {3}
    assert torch.get_num_threads() == 4
    with pytest.raises(ZeroDivisionError), closing(paced(0, 50, 3)) as ends:  # noqa: PT012
        for _ in ends:
            assert torch.get_num_threads() == 3
            raise ZeroDivisionError
    assert torch.get_num_threads() == 4
    with closing(paced(0, 50, 1)) as ends:
        next(ends)
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4


def test_one_thread_takes_over_where_several_wait(clock):
    found = blocks(clock, 500, 2, 0.01, lambda now: 0.7 * now)
    assert [now for _, now in found[:4]] == [2, 2, 1, 1]  # the first is not judged


@pytest.mark.parametrize(("number", "busy"), [(2, 0.9), (3, 0.85), (1, 0.1)])
def test_several_stay_where_they_work_and_one_stays_anyhow(clock, number, busy):
    found = blocks(clock, 500, number, 0.01, lambda now: busy * now)
    assert {now for _, now in found} == {number}


def test_what_one_piece_of_work_learned_holds_for_the_next_and_not_for_ever(clock):
    blocks(clock, 20, 2, 0.01, lambda now: 0.5)
    assert {now for _, now in blocks(clock, 20, 2, 0.01, lambda now: now)} == {1}
    clock.work(FIRST_ALONE, 0)
    assert {now for _, now in blocks(clock, 20, 2, 0.01, lambda now: now)} == {2}


def test_several_are_tried_again_later_and_stay_if_processors_are_free(clock):
    began = clock.wall

    def busy(now):  # another program takes the processors for fifteen seconds
        return now if clock.wall - began > 15 or now == 1 else 0.5

    tries, done, before = [], 0, 1
    for until in paced(0, 6000, 2):
        now = torch.get_num_threads()
        if now > before:
            tries.append((clock.wall - began, until - done))
        clock.work((until - done) * 0.01, busy(now))
        done, before = until, now
    waits = [after - before for (before, _), (after, _) in pairwise(tries)]
    expected = [FIRST_ALONE * 2**k for k in range(5)]  # 15.5 seconds in all
    assert waits == pytest.approx(expected, abs=0.4)
    assert {size for _, size in tries} == {threads.TRIAL}
    assert before == 2  # and so to the end


def test_trials_that_fail_grow_rare_and_one_that_works_starts_anew(clock):
    blocks(clock, 20_000, 2, 0.01, lambda now: 0.5 * now)
    assert threads._alone_for == LONGEST_ALONE
    clock.work(LONGEST_ALONE, 0)
    blocks(clock, 20, 2, 0.01, lambda now: now)
    assert threads._alone_for == FIRST_ALONE


# In the package


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(2000, seed=0)


def test_training_and_evaluation_give_torchs_number_back(pairs, monkeypatch):
    monkeypatch.setattr(threads, "LEAST_USE", 0)
    seen = []

    def critic(x, z):
        seen.append(torch.get_num_threads())
        return torch.stack([x[..., 0] * z[..., 0]] * 3)

    ml.evaluate(critic, *pairs, shifts=3)
    assert seen[1:] == [3, 3, 3]  # a thread each of three replicas with 2000 pairs
    assert torch.get_num_threads() == 4
    options = {"seeds": range(3), "steps": 5, "progress": False}
    ml.train(*pairs, **options)
    assert torch.get_num_threads() == 4

    def broken(t_joint, t_product):
        raise KeyError

    with pytest.raises(KeyError):
        ml.train(*pairs, objective=broken, **options)
    assert torch.get_num_threads() == 4
    with pytest.raises(ValueError, match="the critic gave"):
        ml.evaluate(lambda x, z: x, *pairs)
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize(
    ("replicas", "batch_size", "hidden"), [(10, 256, (64, 64, 64)), (5, 33, (17, 50))]
)
@pytest.mark.parametrize("objective", [ml.MINE(), ml.nwj, ml.infonce, ml.jensen_shannon])
def test_no_bit_depends_on_the_number_of_threads(
    monkeypatch, pairs, objective, replicas, batch_size, hidden
):
    monkeypatch.setattr(threads, "PAYS", 1)  # else small work has one thread, whatever there are
    monkeypatch.setattr(threads, "LEAST_USE", 0)
    records = []
    for number in (1, 2, 3):
        torch.set_num_threads(number)
        options = {"seeds": range(replicas), "batch_size": batch_size, "hidden": hidden}
        trainer = ml.Trainer(
            *pairs, objective=objective, held_out=pairs, shifts=3, log_every=2, clip_norm=1.0,
            **options,
        )  # fmt: skip
        assert trainer._threads == (number if len(set(hidden)) == 1 else 1)
        records.append(trainer.run(6, progress=False).record())
    for other in records[1:]:
        for name in ("estimate", "gradient_norm", "held_out"):
            assert torch.equal(getattr(records[0], name), getattr(other, name)), name
        for a, b in zip(records[0].critic.parameters(), other.critic.parameters(), strict=True):
            assert torch.equal(a, b)


def test_no_bit_of_an_estimate_depends_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(threads, "PAYS", 1)
    monkeypatch.setattr(threads, "LEAST_USE", 0)
    found = []
    for number in (1, 3):
        torch.set_num_threads(number)
        x, z = ml.Gaussian(0.8).sample(1500, seed=0)
        options = {"restarts": 1, "steps": 60, "batch_size": 128, "progress": False}
        found.append(ml.estimate_mi(x, z, **options))
    assert found[0].value == found[1].value
    assert (found[0].pointwise == found[1].pointwise).all()
