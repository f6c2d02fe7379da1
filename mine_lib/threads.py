"""How many threads torch uses for a piece of work, chosen by its size and by what they bring.

Torch's threads meet at the end of every operation, thousands of times a second. Small operations
end before the threads have met; and where something else keeps the processors busy, all wait for
the slowest each time, up to a hundred times longer than one thread alone would take.
"""

import math
from collections.abc import Iterator
from time import perf_counter, process_time

import torch

PAYS = 2**14  # numbers that an operation writes, for each thread; below, a second brings under 10 %
WIDTH = 64  # of a layer, where the critic is not known
SECONDS = 0.1  # that a block takes
LEAST_USE = 0.8  # of the time of several threads must be processor time, or they wait for others
FIRST_ALONE, LONGEST_ALONE = 0.5, 16.0  # seconds with one thread, before several are tried again
TRIAL = 3  # items of a first block with several, which is not judged: it may hold up itself
_alone_until = 0.0  # by perf_counter, for all work of this process
_alone_for = FIRST_ALONE  # doubles with each trial that fails


def worth(numbers: int, most: int) -> int:
    """Threads that operations which write so many numbers are worth, at most `most` or torch's."""
    return max(1, min(torch.get_num_threads(), most, numbers // PAYS))


def paced(start: int, end: int, threads: int) -> Iterator[int]:
    """Cut work on items start to end into blocks, and yield the end of each before it is done.

    A block takes about a tenth of a second. Torch has so many threads in it, or one for some time
    after a block in which they waited for processors that others keep busy. At the end, or when the
    iterator is closed, the caller's number is given back.
    """
    global _alone_until, _alone_for
    before, size, is_warm = torch.get_num_threads(), TRIAL, False
    try:
        while start < end:
            began, used = perf_counter(), process_time()
            is_alone = threads == 1 or began < _alone_until
            is_trial = not (is_alone or is_warm)
            until = min(start + (min(size, TRIAL) if is_trial else size), end)
            torch.set_num_threads(1 if is_alone else threads)
            yield until
            took, used = max(perf_counter() - began, 1e-6), process_time() - used
            size, start = math.ceil((until - start) * min(SECONDS / took, 10)), until
            if is_warm and not is_alone:
                is_held_up = used < LEAST_USE * threads * took
                _alone_until = perf_counter() + _alone_for * is_held_up
                _alone_for = min(2 * _alone_for, LONGEST_ALONE) if is_held_up else FIRST_ALONE
            is_warm = not is_alone
    finally:
        torch.set_num_threads(before)
