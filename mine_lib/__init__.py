"""The helper package of the book Mutual Information Neural Estimation.

`estimate_mi` is what one calls with data of one's own. Below it, samples go in one direction:
distributions or columns -> networks -> bounds -> training -> estimation -> figures. All information
is in nats.
"""

from mine_lib.bounds import (
    donsker_varadhan,
    infonce,
    jensen_shannon,
    log_mean_exp,
    nwj,
    smile,
)
from mine_lib.columns import normal_scores
from mine_lib.distributions import (
    XOR_TABLE,
    additive_uniform,
    additive_uniform_mi,
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
    gaussian_mixture,
    gaussian_mixture_log_ratio,
    gaussian_mixture_mi,
    noisy_circle,
    noisy_parabola,
    parabola_log_ratio,
    parabola_mi,
    spiral_pairs,
    steps_and_ramps,
    steps_and_ramps_mi,
    student_mi,
    student_pairs,
    xor,
    xor_with_distractors,
)
from mine_lib.estimation import MIEstimate, estimate_mi
from mine_lib.gaussian import GaussianCritic
from mine_lib.networks import StatisticsNetwork
from mine_lib.statistics import exceeds, mean_interval
from mine_lib.study import study
from mine_lib.training import MovingAverage, TrainingRecord, evaluate, train

__all__ = [
    "XOR_TABLE",
    "GaussianCritic",
    "MIEstimate",
    "MovingAverage",
    "StatisticsNetwork",
    "TrainingRecord",
    "additive_uniform",
    "additive_uniform_mi",
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
    "estimate_mi",
    "evaluate",
    "exceeds",
    "gaussian_log_ratio",
    "gaussian_mi",
    "gaussian_mixture",
    "gaussian_mixture_log_ratio",
    "gaussian_mixture_mi",
    "infonce",
    "jensen_shannon",
    "log_mean_exp",
    "mean_interval",
    "noisy_circle",
    "noisy_parabola",
    "normal_scores",
    "nwj",
    "parabola_log_ratio",
    "parabola_mi",
    "smile",
    "spiral_pairs",
    "steps_and_ramps",
    "steps_and_ramps_mi",
    "student_mi",
    "student_pairs",
    "study",
    "train",
    "xor",
    "xor_with_distractors",
]
