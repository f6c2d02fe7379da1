"""Cross-fitting: rows to train on, to validate on and to test on (sec-7-how in chapter 7)."""

import numpy as np

from mine_lib.checks import check_count

VALIDATION = 0.1  # of a training part, for early stopping
LEAST_VALIDATION, VALIDATION_SHIFTS = 20, 20
EPOCHS, LEAST_STEPS, MOST_STEPS = 50, 600, 3000


class Plan:
    """Which rows are trained on, validated on and tested on, in each fold.

    test: rows of each fold. train, validate: rows (folds * restarts, ...) of the networks, those of
    a fold side by side; each restart holds back other rows of its training part for validation.
    """

    def __init__(self, n: int, folds: int, restarts: int, seed: int) -> None:
        check_count("restarts", restarts)
        rng = np.random.default_rng(
            [check_count("seed", seed, 0), 2]
        )  # not the streams of weights and batches
        order = rng.permutation(n)
        self.restarts = restarts
        self.test = np.array_split(order, folds)
        rest = n - len(self.test[0])  # the first fold is the largest
        held_back = max(round(VALIDATION * rest), min(LEAST_VALIDATION, rest // 4))
        rows = [
            rng.permutation(np.setdiff1d(order, fold))[:rest]
            for fold in self.test
            for _ in range(restarts)
        ]
        self.validate, self.train = np.split(np.stack(rows), [held_back], 1)
        self.largest_batch = self.train.shape[1] // 2
        self.validation_shifts = min(VALIDATION_SHIFTS, held_back - 1)
        self.seeds = [seed * len(rows) + k for k in range(len(rows))]

    def steps(self, batch_size: int) -> int:
        """Steps of fifty epochs, within limits."""
        return int(np.clip(EPOCHS * self.train.shape[1] // batch_size, LEAST_STEPS, MOST_STEPS))
