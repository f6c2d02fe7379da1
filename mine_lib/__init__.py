"""The helper package of the book Mutual Information Neural Estimation.

Samples go in one direction: distributions -> network -> bounds -> training -> figures. All
information is in nats.
"""

from mine_lib.bounds import donsker_varadhan, log_mean_exp, nwj
from mine_lib.distributions import (
    XOR_TABLE,
    circle_log_ratio,
    circle_mi,
    correlated_gaussians,
    discrete_log_ratio,
    discrete_mi,
    discrete_pairs,
    disk,
    disk_log_ratio,
    disk_mi,
    gaussian_log_ratio,
    gaussian_mi,
    noisy_circle,
    noisy_parabola,
    parabola_log_ratio,
    parabola_mi,
    xor,
)
from mine_lib.networks import StatisticsNetwork
from mine_lib.statistics import exceeds, mean_interval
from mine_lib.study import study
from mine_lib.training import MovingAverage, TrainingRecord, evaluate, train

__all__ = [
    "XOR_TABLE",
    "MovingAverage",
    "StatisticsNetwork",
    "TrainingRecord",
    "circle_log_ratio",
    "circle_mi",
    "correlated_gaussians",
    "discrete_log_ratio",
    "discrete_mi",
    "discrete_pairs",
    "disk",
    "disk_log_ratio",
    "disk_mi",
    "donsker_varadhan",
    "evaluate",
    "exceeds",
    "gaussian_log_ratio",
    "gaussian_mi",
    "log_mean_exp",
    "mean_interval",
    "noisy_circle",
    "noisy_parabola",
    "nwj",
    "parabola_log_ratio",
    "parabola_mi",
    "study",
    "train",
    "xor",
]
