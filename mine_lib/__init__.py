"""The helper package of the book Mutual Information Neural Estimation.

`estimate_mi` is what one calls with data of one's own; `MINE` is an objective for `train`, and a
loss for loops of one's own. Samples go in one direction: distributions -> batches -> critics ->
bounds -> training -> evaluation -> estimation. All information is in nats.
"""

from mine_lib.bounds import (
    donsker_varadhan,
    infonce,
    jensen_shannon,
    log_mean_exp,
    nwj,
    smile,
)
from mine_lib.critics import Stacked, StatisticsNetwork, Sum, critic_values
from mine_lib.distributions import (
    AdditiveUniform,
    Bijection,
    Circle,
    Discrete,
    Disk,
    Distribution,
    Gaussian,
    GaussianMixture,
    Parabola,
    StepsAndRamps,
    Student,
    Transformed,
    Xor,
    cube,
    spiral,
)
from mine_lib.estimation import (
    GaussianCritic,
    MIEstimate,
    PairEstimates,
    SelfConsistency,
    estimate_mi,
    estimate_pairs,
    ksg,
    normal_scores,
    self_consistency,
)
from mine_lib.evaluation import evaluate
from mine_lib.mine import MINE
from mine_lib.runs import TrainingRecord
from mine_lib.statistics import exceeds, mean_interval
from mine_lib.study import study
from mine_lib.training import Trainer, train

__all__ = [
    "MINE",
    "AdditiveUniform",
    "Bijection",
    "Circle",
    "Discrete",
    "Disk",
    "Distribution",
    "Gaussian",
    "GaussianCritic",
    "GaussianMixture",
    "MIEstimate",
    "PairEstimates",
    "Parabola",
    "SelfConsistency",
    "Stacked",
    "StatisticsNetwork",
    "StepsAndRamps",
    "Student",
    "Sum",
    "Trainer",
    "TrainingRecord",
    "Transformed",
    "Xor",
    "critic_values",
    "cube",
    "donsker_varadhan",
    "estimate_mi",
    "estimate_pairs",
    "evaluate",
    "exceeds",
    "infonce",
    "jensen_shannon",
    "ksg",
    "log_mean_exp",
    "mean_interval",
    "normal_scores",
    "nwj",
    "self_consistency",
    "smile",
    "spiral",
    "study",
    "train",
]
