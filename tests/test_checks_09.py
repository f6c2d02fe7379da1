"""The checks of chapter 9: wrong answers are refused in the right words, right ones in any form."""

import hashlib
import math
from collections import UserDict, defaultdict
from fractions import Fraction
from itertools import count

import numpy as np
import pandas as pd
import pytest
import torch

import mine_checks as check
import mine_lib as ml
from mine_checks import chapter_09


def chi2(rho, dim):
    return (1 - rho**2) ** -dim - 1


def kappa(rho, dim):
    return (1 - rho**4) ** -dim - 1


def limit(rho, dim, error):
    return (chi2(rho, dim) + kappa(rho, dim)) / error**2


def root(rho, dim, error):
    return 0.5 + math.sqrt(0.25 + limit(rho, dim, error))


def rows(rho, dim, error):
    return max(2, math.ceil(root(rho, dim, error)))


# The formula


@pytest.mark.parametrize("rho", [0.2, -0.35])
def test_both_parts_of_the_variance_by_quadrature(rho):
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights /= weights.sum()
    x, z = (each.ravel() for each in np.meshgrid(nodes, nodes, indexing="ij"))
    r = np.exp(ml.Gaussian(rho).log_ratio(x, z).double().numpy()).reshape(40, 40)
    product = np.outer(weights, weights)
    joint = product * r
    swapped = ((joint @ r.T) * (r @ joint.T)).sum()  # over x, z, x', z': p p' r(x, z') r(x', z)
    assert joint.sum() == pytest.approx(1, rel=1e-5)
    assert (product * r**2).sum() - 1 == pytest.approx(chi2(rho, 1), rel=1e-4)
    assert swapped - 1 == pytest.approx(kappa(rho, 1), rel=1e-3)
    assert (swapped**3 - 1) == pytest.approx(kappa(rho, 3), rel=1e-3)


def test_the_variance_of_the_mean_by_simulation():
    rho, dim, n, times = 0.3, 2, 4, 60_000
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, times, n, dim))
    z = rho * x + np.sqrt(1 - rho**2) * noise
    left, right = (each.reshape(-1, dim) for each in (np.repeat(x, n, 1), np.tile(z, (1, n, 1))))
    r = np.exp(ml.Gaussian(rho, dim).log_ratio(left, right).double().numpy())
    means = r.reshape(times, n, n)[:, ~np.eye(n, dtype=bool)].mean(1)
    found, of_pairs = means.var() * n * (n - 1), chi2(rho, dim)
    assert found == pytest.approx(of_pairs + kappa(rho, dim), rel=0.02)
    assert found != pytest.approx(of_pairs, rel=0.05)


def test_no_number_of_rows_is_near_a_tie():
    for plan in chapter_09.PLANS:
        n = root(*plan)
        assert 0.05 < n % 1 < 0.95 or n < 1.5
    assert [rows(*plan) for plan in chapter_09.PLANS].count(2) == 2


# rows_for


def by_trying(rho, dim, error):
    return next(n for n in count(2) if n * (n - 1) * error**2 >= chi2(rho, dim) + kappa(rho, dim))


def by_halving(rho, dim, error):
    low, high = 1, 10**6
    while high - low > 1:
        mid = (low + high) // 2
        variance = (chi2(rho, dim) + kappa(rho, dim)) / (mid * (mid - 1))
        low, high = (low, mid) if variance**0.5 <= error else (mid, high)
    return high


def by_information(rho, dim, error):
    mi, swapped = ml.Gaussian(rho, dim).mi, ml.Gaussian(rho**2, dim).mi
    v = (math.expm1(2 * mi) + math.expm1(2 * swapped)) / error**2
    return max(2, math.ceil((1 + math.sqrt(1 + 4 * v)) / 2))


def in_single(rho, dim, error):
    rho, error = np.float32([rho, error])
    v = ((1 - rho**2) ** -dim + (1 - rho**4) ** -dim - 2) / error**2
    return np.maximum(np.ceil(np.float32(0.5) + np.sqrt(np.float32(0.25) + v)), 2)


@pytest.mark.parametrize(
    "answer",
    [
        rows,
        by_trying,
        by_halving,
        by_information,
        in_single,
        lambda *plan: float(rows(*plan)),
        lambda *plan: [rows(*plan)],
        lambda *plan: np.int64(rows(*plan)),
        lambda *plan: np.array([[rows(*plan)]]),
        lambda *plan: torch.tensor(rows(*plan)),
        lambda *plan: torch.tensor(float(rows(*plan)), requires_grad=True),
        lambda *plan: Fraction(rows(*plan)),
        lambda rho, dim, error, least=2: max(least, rows(rho, dim, error)),
    ],
)
def test_right_numbers_of_rows_pass(answer, capsys):
    check.rows_for(answer)
    assert "passed" in capsys.readouterr().out


def up(target):
    """A rule's number, rounded up and at least two."""
    return lambda *plan: max(2, math.ceil(target(*plan)))


def of(variance):
    """Rows from another variance of one product pair."""
    return up(lambda r, d, e: 0.5 + math.sqrt(0.25 + max(variance(r, d), 0) / e**2))


def by_shifts(rho, dim, error):
    pairs = chi2(rho, dim) / error**2
    return next(n for n in count(2) if n * ((n - 1) // 2) >= pairs)


def with_joint(rho, dim, error):
    v = chi2(rho, dim) + kappa(rho, dim)
    return next(n for n in count(2) if v / (n * (n - 1)) + dim * rho**2 / n <= error**2)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (of(chi2), "share both rows: their covariance"),
        (of(kappa), "variance of r itself"),
        (of(lambda r, d: 2 * chi2(r, d)), "chi2 counts twice"),
        (of(lambda r, d: chi2(r, d) + 2 * kappa(r, d)), "one swapped partner"),
        (of(lambda r, d: 2 * chi2(r, d) + 2 * kappa(r, d)), "half of the pairs"),
        (of(lambda r, d: chi2(r, d) - kappa(r, d)), "add to the variance"),
        (of(lambda r, d: (chi2(r, d) + 1) * (kappa(r, d) + 1) - 1), "are added"),
        (of(lambda r, d: chi2(r, d) + 1), "comes off"),
        (of(lambda r, d: chi2(r, d) + kappa(r, d) + 1), "comes off"),
        (of(lambda r, d: chi2(r, d) + kappa(r, d) + 2), "comes off"),
        (of(lambda r, d: chi2(r, 1) + kappa(r, d)), "^chi2: that is for one pair of G"),
        (of(lambda r, d: chi2(r, d) + kappa(r, 1)), "swapped pairs: that is for one pair of G"),
        (of(lambda r, d: chi2(r, 1) + kappa(r, 1)), "^that is for one pair of G"),
        (of(lambda r, d: chi2(r, 1)), "^that is for one pair of G"),
        (of(lambda r, d: d * (chi2(r, 1) + kappa(r, 1))), "do not just add up"),
        (of(lambda r, d: d * chi2(r, 1)), "do not just add up"),
        (of(lambda r, d: d * chi2(r, 1) + kappa(r, d)), "do not just add up"),
        (of(lambda r, d: math.expm1(ml.Gaussian(r, d).mi)), "not e.I - 1"),
        (of(lambda r, d: math.expm1(ml.Gaussian(r, d).mi) + kappa(r, d)), "not e.I - 1"),
        (of(lambda r, d: chi2(r, d / 2) + kappa(r, d / 2)), "not e.I - 1"),
        (of(lambda r, d: chi2(r, d) + kappa(r, d / 2)), "swapped pairs: a part of"),
        (of(lambda r, d: chi2(r, d) + chi2(r, d) ** 2), "no power of the factor"),
        (of(lambda r, d: chi2(r, d) + chi2(r, 2 * d)), "no power of the factor"),
        (of(lambda r, d: math.expm1(2 * ml.Gaussian(r, d).mi / math.log(2))), "not with bits"),
        (of(lambda r, d: 2 ** (2 * ml.Gaussian(r, d).mi) - 1 + kappa(r, d)), "not with bits"),
        (lambda *plan: math.ceil(limit(*plan)), "number of product pairs"),
        (lambda *plan: rows(*plan) * (rows(*plan) - 1), "number of product pairs"),
        (up(lambda r, d, e: chi2(r, d) / e**2), "one shift"),
        (by_shifts, "shifts below n/2"),
        (up(lambda r, d, e: 2 * chi2(r, d) / e**2), "without a common row"),
        (up(lambda r, d, e: root(r, d, math.sqrt(e))), "root of the variance: square it"),
        (up(lambda *plan: 0.5 + math.sqrt(0.25 + limit(*plan) ** 0.5)), "variance: square it"),
        (lambda r, d, e: rows(r, d, math.expm1(e)), "not of its logarithm"),
        (lambda r, d, e: rows(r, d, math.log1p(e)), "not of its logarithm"),
        (lambda r, d, e: rows(r, d, e * math.log(2)), "no unit"),
        (lambda r, d, e: rows(r, d, e / math.log(2)), "no unit"),
        (with_joint, "scatter of the joint term"),
        (lambda *plan: max(2, int(root(*plan))), "one row too few: round up"),
        (lambda *plan: int(root(*plan)), "one row too few: round up"),
        (lambda *plan: round(root(*plan)), "and round up"),
        (up(lambda *plan: math.sqrt(limit(*plan))), "no row with itself"),
        (lambda *plan: rows(*plan) + 1, "one row too many"),
        (lambda *plan: math.ceil(root(*plan)), "fewer than two rows"),
        (lambda *plan: 0 if limit(*plan) == 0 else rows(*plan), "fewer than two rows"),
        (
            up(lambda *plan: math.sqrt(limit(*plan)) + 1),
            r"^92 rows .* \(0.3, 6, 0.01\): fewer rows",
        ),
        (lambda *plan: max(3, rows(*plan)), r"^3 rows for .* \(0.0, 4, 0.1\): fewer rows"),
        (lambda *plan: 2 ** math.ceil(math.log2(rows(*plan))), r"^64 rows .* fewer rows would"),
        (lambda *plan: 10, r"^10 rows for rho, dim, error = \(0.5, 1, 0.02\): too few"),
        (
            lambda r, d, e: rows(r, d, e) if r > 0 else rows(0.5, d, e),
            r"\(-0.8, 2, 0.05\): too few",
        ),
        (lambda r, d, e: rows(r, min(d, 3), e), r"\(0.3, 6, 0.01\): too few"),
        (root, r"is whole: 32.1267 for rho, dim, error = \(0.5, 1, 0.02\) is not"),
        (lambda *plan: rows(*plan) + 0.5, "is whole"),
        (lambda *plan: float("inf"), "the answer is inf for"),
        (lambda r, d, e: rows(r, d, e) if r else float("nan"), r"nan for .* \(0.0, 4, 0.1\)"),
        (lambda r, d, e: rows(r, d, e) * (1 if r else 1 / r), "raised ZeroDivisionError: .*0.0, 4"),
        (lambda r, d, e: np.full(d, rows(r, d, e)), "should be one number, got shape"),
        (lambda *plan: None, "forget to return"),
        (lambda *plan: str(rows(*plan)), "got str"),
        (lambda *plan: True, "got bool"),
        (lambda r, d, e: rows(r, d), "rows_for raised TypeError"),
        (lambda r, d: 33, "should take 3 arguments"),
        (33, "rows_for should be a function"),
    ],
)
def test_wrong_numbers_of_rows_are_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.rows_for(answer)


# outcome_codes


def codes(labels, z, learn):
    found = []
    for each in labels[~learn]:
        same = learn & (labels == each)
        found.append(z[same].mean() if same.any() else z[learn].mean())
    return np.array(found)


def by_pandas(labels, z, learn):
    table = pd.DataFrame({"label": labels, "z": z})
    means = table[learn].groupby("label")["z"].mean()
    return table[~learn]["label"].map(means).fillna(table[learn]["z"].mean())


def by_merging(labels, z, learn):
    table = pd.DataFrame({"label": labels, "z": z})
    means = table[learn].groupby("label", as_index=False).mean()
    return table.loc[~learn, ["label"]].merge(means, how="left")["z"].fillna(z[learn].mean())


def by_counting(labels, z, learn):
    total, size = defaultdict(float), defaultdict(int)
    for label, value, is_in in zip(labels, z, learn, strict=True):
        if is_in:
            total[label] += value
            size[label] += 1
    new = sum(total.values()) / sum(size.values())
    pick = [label for label, is_in in zip(labels, learn, strict=True) if not is_in]
    return [float(total[each] / size[each]) if size[each] else float(new) for each in pick]


def by_indicators(labels, z, learn):
    kinds, which = np.unique(labels, return_inverse=True)
    shown = np.eye(len(kinds))[which.ravel()]
    size = shown[learn].sum(0)
    means = np.where(size > 0, shown[learn].T @ z[learn] / np.maximum(size, 1), z[learn].mean())
    return shown[~learn] @ means


def in_place(labels, z, learn):
    found = codes(labels, z, learn)
    z[:], learn[:], labels[:] = 0, True, "gone"
    return found


@pytest.mark.parametrize(
    "answer",
    [
        codes,
        by_pandas,
        by_merging,
        by_counting,
        by_indicators,
        in_place,
        lambda *survey: by_pandas(*survey).to_frame(),
        lambda *survey: codes(*survey).tolist(),
        lambda *survey: tuple(codes(*survey)),
        lambda *survey: codes(*survey)[:, None],
        lambda *survey: codes(*survey)[None],
        lambda *survey: codes(*survey).astype("float32"),
        lambda *survey: codes(*survey).astype(object),
        lambda *survey: torch.tensor(codes(*survey), requires_grad=True),
        lambda *survey: list(torch.tensor(codes(*survey))),
        lambda *survey: np.squeeze(codes(*survey)),  # one row: 0-d
    ],
)
def test_right_codes_pass(answer, capsys):
    check.outcome_codes(answer)
    assert "passed" in capsys.readouterr().out


def test_surveys_tell_mistakes_apart():
    for labels, z, learn in chapter_09._surveys()[2:]:
        sizes = len(labels), learn.sum(), (~learn).sum(), len(set(labels)), len(set(labels[learn]))
        assert len({*sizes[:3]}) == 3
        assert not {*sizes[:3]} & {*sizes[3:]}
        assert len(set(z[learn])) < learn.sum()
    new = [set(s[0]) > set(s[0][s[2]]) for s in chapter_09._surveys()]
    assert 2 <= sum(new) < len(new)


def statistic(rule, pick=lambda learn: learn, new=lambda z, learn: z[learn].mean()):
    """Codes by another rule, from other rows, or another code where no row has the label."""

    def answer(labels, z, learn):
        found = []
        for each in labels[~learn]:
            same = pick(learn) & (labels == each)
            found.append(rule(z[same]) if same.any() else new(z, learn))
        return found

    return answer


def filled(new):
    return statistic(np.mean, new=new)


def everything(learn):
    return np.full(len(learn), True)


def one_out(labels, z, learn):
    found = []
    for k in np.flatnonzero(~learn):
        same = labels == labels[k]
        same[k] = False
        found.append(z[same].mean() if same.any() else z.mean())
    return found


def one_out_beside(labels, z, learn):
    found = []
    for k in np.flatnonzero(~learn):
        same = ~learn & (labels == labels[k])
        same[k] = False
        found.append(z[same].mean() if same.any() else z[learn].mean())
    return found


def with_own(labels, z, learn):
    found = []
    for k in np.flatnonzero(~learn):
        same = learn & (labels == labels[k])
        same[k] = True
        found.append(z[same].mean())
    return found


def drawn(weight):
    def answer(labels, z, learn):
        prior = z[learn].mean()
        rule = statistic(lambda each: (each.sum() + weight * prior) / (len(each) + weight))
        return rule(labels, z, learn)

    return answer


def mean_of_labels(labels, z, learn):
    means = pd.Series(z[learn]).groupby(labels[learn]).mean()
    return pd.Series(labels[~learn]).map(means).fillna(means.mean())


def mean_of_codes(labels, z, learn):
    means = pd.Series(z[learn]).groupby(labels[learn]).mean()
    found = pd.Series(labels[~learn]).map(means)
    return found.fillna(found.mean()).fillna(z[learn].mean())


def own_mean(labels, z, learn):
    new = statistic(np.mean, pick=everything)(labels, z, learn)
    found = filled(lambda z, learn: np.nan)(labels, z, learn)
    return np.where(np.isnan(found), new, found)


def by_dict(get):
    def answer(labels, z, learn):
        means = {each: z[learn & (labels == each)].mean() for each in set(labels[learn])}
        return [get(means, each) for each in labels[~learn]]

    return answer


def slightly(labels, z, learn):
    return codes(labels, z, learn) + 1e-3 * z[~learn]


def all_rows(labels, z, learn):
    n = len(z)
    return codes(np.r_[labels, labels], np.r_[z, z], np.r_[learn, np.full(n, False)])[-n:]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (statistic(np.mean, pick=everything), "own outcome is in its code"),
        (with_own, "own outcome is in its code"),
        (one_out, "leave-one-out leaks, too"),
        (one_out_beside, "leave-one-out leaks, too"),
        (statistic(np.mean, pick=np.invert), "the wrong way round"),
        (lambda labels, z, learn: codes(labels, z, ~learn), "not for those in it"),
        (all_rows, "not for all rows"),
        (lambda *s: np.resize(codes(*s), len(s[0])), "not for all rows"),
        (lambda labels, z, learn: [0.5] * len(set(labels)), "not for each label"),
        (lambda labels, z, learn: codes(labels, z, learn)[:-3], r"shape \(1,\) for 9 rows, 5 of"),
        (lambda labels, z, learn: z[learn].mean(), r"shape \(\) for 9 rows, 5 of them"),
        (statistic(np.sum), "not the sum"),
        (statistic(len), "not how frequent"),
        (lambda labels, z, learn: statistic(len)(labels, z, learn) / learn.sum(), "how frequent"),
        (statistic(len, pick=everything), "not how frequent"),
        (statistic(np.median), "not the median"),
        (statistic(np.max), "not the largest"),
        (statistic(np.min), "not the least"),
        (statistic(lambda z: z[0]), "outcome of one row"),
        (statistic(lambda z: z[-1]), "outcome of one row"),
        (statistic(np.std), "not the spread"),
        (statistic(lambda z: np.mean([*set(z)])), "equal outcomes count each time"),
        (lambda labels, z, learn: statistic(np.sum)(labels, z / learn.sum(), learn), "divide by"),
        (lambda labels, z, learn: z[~learn], "outcomes themselves"),
        (lambda labels, z, learn: np.full((~learn).sum(), z[learn].mean()), "one code for all"),
        (lambda labels, z, learn: np.full((~learn).sum(), z.mean()), "one code for all"),
        (lambda *s: codes(*s) - s[1][s[2]].mean(), "not less that of all rows"),
        (drawn(1), "not drawn towards"),
        (drawn(10), "not drawn towards"),
        (
            lambda labels, z, learn: np.unique(labels, return_inverse=True)[1].ravel()[~learn],
            "only numbered",
        ),
        (lambda *s: np.sort(codes(*s)), "keep the order"),
        (lambda *s: codes(*s)[::-1], "keep the order"),
        (lambda *s: codes(*s)[np.argsort(s[0][~s[2]], kind="stable")], "keep the order"),
        (filled(lambda z, learn: np.nan), "gets no code"),
        (by_dict(lambda means, each: means.get(each)), "gets no code"),
        (by_dict(lambda means, each: means.get(each, 0)), "gets zero"),
        (by_dict(lambda means, each: means[each]), "KeyError for fir: no row in learn has"),
        (filled(lambda z, learn: z.mean()), "mean of all rows, not of those in learn"),
        (filled(lambda z, learn: z[~learn].mean()), "gets outcomes outside learn"),
        (own_mean, "gets outcomes outside learn"),
        (mean_of_labels, "the mean of means"),
        (mean_of_codes, "the mean of codes"),
        (filled(lambda z, learn: np.median(z[learn])), "gets the median"),
        (filled(lambda z, learn: z[learn].sum()), "gets the sum"),
        (
            filled(lambda z, learn: np.unique(z[learn]).mean()),
            "label .*: equal outcomes count each",
        ),
        (slightly, "changes with outcomes outside learn"),
        (lambda *s: codes(*s) * (1 + (s[1].max() > 90)), "changes with outcomes outside learn"),
        (lambda *s: codes(*s) + s[1].std(), "changes with outcomes outside learn"),
        (
            lambda *s: codes(*s) + 1e-2,
            "wrong code for fir, a label not in learn, where there are 9",
        ),
        (filled(lambda z, learn: z[learn].max()), "wrong code for fir, a label not in learn"),
        (lambda *s: codes(np.char.lower(s[0]), *s[1:]), "a label in learn, where there are 17"),
        (lambda *s: codes(s[0].astype("U3"), *s[1:]), "a label in learn, where there are 17"),
        (lambda *s: codes(*s) if len(s[0]) < 50 else [0.0] * (~s[2]).sum(), "there are 60 rows"),
        (lambda *s: codes(*s) * np.inf, "a code is -?inf"),
        (lambda *s: np.log(-1 - codes(*s) ** 2), "a code is nan"),
        (lambda *s: None, "forget to return"),
        (lambda *s: list(s[0][~s[2]]), "got str"),
        (lambda *s: s[2][~s[2]], "got bool"),
        (lambda *s: dict(zip(s[0], s[1], strict=True)), "got dict"),
        (lambda *s: s[1][99], "outcome_codes raised IndexError"),
        (lambda *s: {}["key"], "outcome_codes raised KeyError: 'key'"),
        (lambda labels, z: z, "should take 3 arguments"),
        ([1.0, 2.0], "outcome_codes should be a function"),
    ],
)
def test_wrong_codes_are_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.outcome_codes(answer)


# failing


def plug_in(x, z):
    """The information of a Gaussian with the sample's correlations."""
    joint, d = np.corrcoef(np.hstack([x, z]).T), x.shape[1]
    log_dets = (np.linalg.slogdet(each)[1] for each in (joint[:d, :d], joint[d:, d:], joint))
    a, b, c = log_dets
    return (a + b - c) / 2


def capped(x, z):
    return min(ml.ksg(x, z), 0.5)


def rewarded(x, z):
    return plug_in(x, z) + 0.1 * z.shape[1]


def shared(x, z):
    return plug_in(x, z) / z.shape[1]


RIGHT = {"part": shared, "function": rewarded, "copies": capped}


def but(**changes):
    return RIGHT | changes


class Estimate:
    """A value with an interval, as estimate_mi gives."""

    def __init__(self, value, error):
        self.value, self.error = value, error

    def __float__(self):
        return float(self.value)

    def interval(self, level):
        return self.value - self.error, self.value + self.error


class Bounded:
    """An estimator that is an object."""

    def __init__(self, most):
        self.most = most

    def __call__(self, x, z):
        return min(plug_in(x, z), self.most)


def in_torch(x, z):
    return torch.tensor(shared(x, z), requires_grad=True)


def spoiling(x, z):
    found = shared(x, z)
    x[:], z[:] = 0, 0
    return found


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        dict(reversed(RIGHT.items())),
        UserDict(RIGHT),
        but(part=lambda x, z: -plug_in(x, z)),
        but(part=lambda x, z: 3.0 - z.shape[1]),
        but(part=lambda x, z: plug_in(x, z) / z.shape[1] ** 2),
        but(part=lambda x, z: plug_in(x, z) - 0.6 * z.shape[1]),
        but(part=lambda x, z: ml.ksg(x, z) / z.shape[1]),
        but(part=in_torch, function=lambda x, z: [rewarded(x, z)]),
        but(part=spoiling, function=lambda x, z: np.float32(rewarded(x, z))),
        but(function=shared, copies=shared),  # it fails all three
        but(copies=ml.ksg),
        but(copies=Bounded(1.0)),
        but(copies=lambda x, z: np.array([[min(plug_in(x, z), 0.3)]])),
        but(copies=lambda x, z: Estimate(min(plug_in(x, z), 0.5), 0.1)),
    ],
)
def test_failing_estimators_pass(answer, capsys):
    check.failing(answer)
    assert "passed" in capsys.readouterr().out


def test_an_honest_estimator_passes_every_law_of_the_rows():
    for each in chapter_09.PAIRS:
        assert ml.self_consistency(*chapter_09._rows_of(*each), plug_in).failures == []


def noise(x, z):
    """One and the same for the same rows, and another for others."""
    seed = hashlib.sha256(np.hstack([x, z]).tobytes()).digest()[:4]
    return np.random.default_rng([*seed]).standard_normal()


def random(x, z):
    return rewarded(x, z) + 0.1 * np.random.default_rng().standard_normal()


def counting():
    calls = count()
    return lambda x, z: float(next(calls))


def only_for_one_column(x, z):
    return 9.0 if z.shape[1] == 1 and x.shape[1] == 2 else plug_in(x, z)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (but(part=plug_in), "for part passes on 400 rows of 2 columns: a part of z .* nats$"),
        (but(function=plug_in), "for function passes .* nothing new: 1.* and 1.* nats$"),
        (but(copies=plug_in), "for copies passes .* sum of both: 2.* and 2.* nats$"),
        (but(function=ml.ksg), "for function passes .* what it fails is copies$"),
        (but(part=rewarded), "for part passes .* what it fails is function$"),
        (but(part=lambda x, z: 0.0), "for part passes .* 0.00 and 0.00 nats"),
        (but(copies=lambda x, z: 0.0), "for copies passes"),
        (but(copies=lambda x, z: 0.3 * plug_in(x, z)), "for copies passes"),
        (
            but(part=capped, copies=lambda x, z: -plug_in(x, z)),
            "part and copies have changed places",
        ),
        (but(part=rewarded, function=shared), "part and function have changed places"),
        (but(function=capped, copies=rewarded), "function and copies have changed places"),
        (
            {"part": rewarded, "function": capped, "copies": lambda x, z: -plug_in(x, z)},
            "for part passes .* what it fails is function",
        ),
        (but(part=only_for_one_column), "for part passes on 400 rows of 3 columns"),
        (but(function=noise), "for function passes .* interval .* is wide, .* noise fails no"),
        (but(copies=noise), "for copies passes .* noise fails no law"),
        (but(copies=lambda x, z: capped(x, z) + noise(x, z)), "noise fails no law"),
        (but(copies=lambda x, z: Estimate(capped(x, z), 5)), "for copies passes .* noise"),
        (but(part=lambda x, z: Estimate(shared(x, z), 5)), "for part passes .* noise fails no"),
        (but(part=lambda x, z: Estimate(plug_in(x, z), 5)), "for part passes .* noise fails no"),
        (but(function=random), "for function says .* nats, and then .* of the same rows: leave"),
        (but(copies=counting()), "for copies says .* of the same rows"),
        (but(part=lambda x, z: np.nan), r"for part returns nan for x of shape \(400, 2\) and"),
        (but(copies=lambda x, z: np.log(x.shape[1] < 4)), "returns -inf for x of shape .200, 4."),
        (but(copies=lambda x, z: x[:, 0]), r"for copies returns should be one number, .*\(400,\)"),
        (but(copies=lambda x, z: None), "for copies returns is None: did you forget"),
        (but(copies=lambda x, z: "much"), "for copies returns should be numbers, got str"),
        (but(copies=lambda x, z: x.mean() > 0), "got bool"),
        (but(copies=lambda x, z: x[300, 0]), r"raised IndexError: .* shape \(200, 4\)"),
        (but(part=lambda x, z: x @ z), "for part raised ValueError"),
        (but(part=lambda x: 0.0), "for part should take 2 arguments"),
        (but(part=0.5), "for part should be a function, got float: pass it without"),
        (but(part=np.zeros(3)), "for part should be a function, got ndarray"),
        (but(part=None), "no estimator for part: the keys are part, function, copies"),
        ({"part": shared, "function": rewarded}, "no estimator for copies"),
        ({"part": shared}, "no estimator for function, copies"),
        ({}, "no estimator for part, function, copies"),
        (but(copy=capped), "no law is named copy: the keys are part, function, copies"),
        ({"Part": shared, 2: rewarded, "copies": capped}, "no law is named Part, 2"),
        ([shared, rewarded, capped], "a dict of three functions, got list"),
        (capped, "a dict of three functions, got function"),
        ("part", "a dict of three functions, got str"),
    ],
)
def test_what_does_not_fail_is_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.failing(answer)


# All


@pytest.mark.parametrize("name", ["rows_for", "outcome_codes", "failing"])
@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_attempt_says_so(name, untouched, capsys):
    getattr(check, name)(untouched)
    told = "three estimators" if name == "failing" else name
    assert f"not tried yet: write your {told}, then run" in capsys.readouterr().out


def test_three_blanks_are_not_tried(capsys):
    check.failing({"part": None, "function": ..., "copies": None})
    assert "not tried yet" in capsys.readouterr().out
