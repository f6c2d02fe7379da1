"""Checks of chapter 9: rows that suffice, codes that do not leak, and estimators that must fail."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from itertools import count

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried
from mine_lib.estimation.consistency import LAWS, Answer, SelfConsistency, self_consistency

Rule = Callable[[float, int, float], float]  # of rho, dim and error
Survey = tuple[np.ndarray, np.ndarray, np.ndarray]  # labels, z, learn
Rows = tuple[np.ndarray, np.ndarray]  # x, z
Tries = dict[str, list[SelfConsistency]]  # for each estimator one on each pair
# rho, dim, error: n(n - 1) is never close to the limit, and n^2 tells another n for some
PLANS = [
    (0.5, 1, 0.02),
    (-0.8, 2, 0.05),
    (0.3, 6, 0.01),
    (0.9, 3, 0.1),
    (0.85, 1, 0.02),
    (0.6, 10, 0.25),
    (0.95, 3, 0.5),
    (0.0, 4, 0.1),
    (0.2, 1, 0.8),
]
# correlations, seed: the first column of z tells most, as in each column alike some faults hide
PAIRS = [((0.9, 0.7), 1), ((0.9, 0.7), 2), ((0.9, 0.7, 0.7), 3)]
ROWS = 400
WIDE = 0.1, 0.5  # nats: a difference that an interval hides, and half of a wide interval


def rows_for(f: object) -> None:
    """Check a function of rho, dim and error: the least rows whose product pairs suffice."""
    if untried(f, "rows_for"):
        return
    found, right = np.array([_count(f, plan) for plan in PLANS]), _at_plans(_rows)
    if not (found == right).all():
        _refuse_rows(found, right)
    passed()


def _count(f: object, plan: tuple[float, int, float]) -> int:
    """A whole number of rows, or a refusal."""
    with np.errstate(all="ignore"):
        found = one(ask(f, *plan, name="rows_for"), "what rows_for returns")
    where = f"for rho, dim, error = {plan}"
    if not np.isfinite(found):
        refuse(f"the answer is {found} {where}")
    if abs(found - round(found)) > 1e-6:
        refuse(f"a number of rows is whole: {found:.6g} {where} is not")
    return round(found)


def _at_plans(rule: Rule) -> np.ndarray:
    return np.array([rule(*plan) for plan in PLANS])


def _chi2(rho: float, dim: int) -> float:
    """Variance of r under the product."""
    return (1 - rho**2) ** -dim - 1


def _kappa(rho: float, dim: int) -> float:
    """Covariance of r at two pairs that swap the halves of two rows."""
    return (1 - rho**4) ** -dim - 1


def _limit(rho: float, dim: int, error: float) -> float:
    """What n(n - 1) must reach."""
    return (_chi2(rho, dim) + _kappa(rho, dim)) / error**2


def _rows(rho: float, dim: int, error: float) -> int:
    return max(2, math.ceil(_unrounded(rho, dim, error)))


def _unrounded(rho: float, dim: int, error: float) -> float:
    return 0.5 + math.sqrt(0.25 + _limit(rho, dim, error))


def _refuse_rows(found: np.ndarray, right: np.ndarray) -> None:
    """Name the mistake; where two rows suffice, wrong rules differ in how they are cut off."""
    many = right > 2
    if (found == right)[many].all() and (found < 2).any():
        refuse("fewer than two rows have no product pair, even where the error is no matter")
    for wrong, message in _wrong_counts():
        if (found == _at_plans(wrong))[many].all():
            refuse(message)
    for wrong, message in _wrong_rules():
        off = (found - _at_plans(wrong))[many]
        if (off >= -1).all() and (off <= 2.5).all():  # however it is rounded
            refuse(message)
    k = int((found != right).argmax())
    what = f"{found[k]:.0f} rows for rho, dim, error = {PLANS[k]}"
    if found[k] > right[k]:
        refuse(f"{what}: fewer rows would do")
    refuse(f"{what}: too few, the error would be larger")


def _wrong_counts() -> list[tuple[Rule, str]]:
    """Numbers that are off by little."""
    return [
        (lambda *plan: _rows(*plan) - 1, "one row too few: round up, not down"),
        (lambda *plan: _rows(*plan) + 1, "one row too many: the least number is asked for"),
        (
            lambda *plan: math.ceil(math.sqrt(_limit(*plan))),
            "n rows make fewer than n^2 product pairs, no row with itself; and round up",
        ),
        (
            lambda *plan: _rows(*plan) * (_rows(*plan) - 1),
            "that is the number of product pairs: how many rows make so many?",
        ),
        (_rows_of_shifts, "shifts below n/2 give half of the product pairs: all of them count"),
    ]


def _rows_of_shifts(rho: float, dim: int, error: float) -> int:
    """Rows for the shifts below n/2, none of which swaps another's rows."""
    pairs = _chi2(rho, dim) / error**2
    return next(n for n in count(max(2, int(math.sqrt(pairs)))) if n * ((n - 1) // 2) >= pairs)


def _wrong_rules() -> Iterator[tuple[Rule, str]]:
    """Rules that are off by more, up to rounding."""
    for variance, message in [*_wrong_sums(), *_wrong_dimensions(), *_wrong_powers()]:
        yield (lambda r, d, e, v=variance: math.sqrt(v(r, d)) / e), message
    yield _limit, "that is the number of product pairs: how many rows make so many?"
    yield (lambda r, d, e: _chi2(r, d) / e**2), "that is for one shift: take all product pairs"
    apart = "that is for pairs without a common row: all product pairs count, that share one too"
    yield (lambda r, d, e: 2 * _chi2(r, d) / e**2), apart
    squares = "the error is the root of the variance: square it"
    yield (lambda r, d, e: math.sqrt(_limit(r, d, e) * e)), squares
    yield (lambda r, d, e: _limit(r, d, e) ** 0.25), squares
    logarithm = "the error is that of the mean of r itself, not of its logarithm"
    yield (lambda r, d, e: math.sqrt(_limit(r, d, math.expm1(e)))), logarithm
    yield (lambda r, d, e: math.sqrt(_limit(r, d, math.log1p(e)))), logarithm
    for unit in (math.log(2), 1 / math.log(2)):
        yield (lambda r, d, e, u=unit: math.sqrt(_limit(r, d, e * u))), "the mean of r has no unit"
    joint = "that adds the scatter of the joint term: the mean of r alone is asked for"
    yield (lambda r, d, e: _with_joint(r, d, e, _limit(r, d, e))), joint
    yield (lambda r, d, e: _with_joint(r, d, e, _chi2(r, d) / e**2)), joint


def _with_joint(rho: float, dim: int, error: float, limit: float) -> float:
    """About the n of limit / n^2 + dim rho^2 / (n error^2) = 1."""
    half = dim * rho**2 / error**2 / 2
    return half + math.sqrt(half**2 + limit)


def _wrong_sums() -> list[tuple[Callable[[float, int], float], str]]:
    """Variances of wrong parts."""
    one_off = "r has the mean one, whose square comes off"
    return [
        (_chi2, "the pairs (j, l) and (l, j) share both rows: their covariance is missing"),
        (_kappa, "the variance of r itself is missing"),
        (
            lambda r, d: 2 * _chi2(r, d),
            "chi2 counts twice, or half of the pairs: swapped pairs add less, all n(n - 1) count",
        ),
        (lambda r, d: _chi2(r, d) + 2 * _kappa(r, d), "each pair has one swapped partner, not two"),
        (lambda r, d: 2 * _chi2(r, d) + 2 * _kappa(r, d), "half of the pairs: all n(n - 1) count"),
        (lambda r, d: _chi2(r, d) - _kappa(r, d), "swapped pairs add to the variance"),
        (lambda r, d: (1 + _chi2(r, d)) * (1 + _kappa(r, d)) - 1, "both parts are added"),
        (lambda r, d: _chi2(r, d) + 1, one_off),
        (lambda r, d: _chi2(r, d) + _kappa(r, d) + 1, one_off),
        (lambda r, d: _chi2(r, d) + _kappa(r, d) + 2, one_off),
    ]


def _wrong_dimensions() -> list[tuple[Callable[[float, int], float], str]]:
    """Variances of one pair of Gaussians, or of the sum of dim."""
    single = "that is for one pair of Gaussians: r is a product over dim of them"
    added = "r is a product over the pairs of Gaussians: the parts for each do not just add up"
    return [
        (lambda r, d: _chi2(r, 1) + _kappa(r, d), f"chi2: {single}"),
        (lambda r, d: _chi2(r, d) + _kappa(r, 1), f"swapped pairs: {single}"),
        (lambda r, d: _chi2(r, 1) + _kappa(r, 1), single),
        (lambda r, d: _chi2(r, 1), single),
        (lambda r, d: d * _chi2(r, 1) + d * _kappa(r, 1), added),
        (lambda r, d: d * _chi2(r, 1) + _kappa(r, d), added),
        (lambda r, d: _chi2(r, d) + d * _kappa(r, 1), added),
        (lambda r, d: d * _chi2(r, 1), added),
    ]


def _wrong_powers() -> Iterator[tuple[Callable[[float, int], float], str]]:
    """Variances with another exponent."""
    first = "chi2 is not e^I - 1: r is squared there"
    yield (lambda r, d: _chi2(r, d / 2)), first
    yield (lambda r, d: _chi2(r, d / 2) + _kappa(r, d)), first
    yield (lambda r, d: _chi2(r, d / 2) + _kappa(r, d / 2)), first
    yield (
        (lambda r, d: _chi2(r, d) + _kappa(r, d / 2)),
        "swapped pairs: a part of their exponent is missing",
    )
    other = "swapped pairs: their part is no power of the factor in chi2"
    yield (lambda r, d: _chi2(r, d) + _chi2(r, d) ** 2), other
    yield (lambda r, d: _chi2(r, d) + _chi2(r, 2 * d)), other
    for unit in (math.log(2), 1 / math.log(2)):
        bits = "e goes with nats, not with bits"
        yield (lambda r, d, u=unit: _chi2(r, d * u)), bits
        yield (lambda r, d, u=unit: _chi2(r, d * u) + _kappa(r, d)), bits
        yield (lambda r, d, u=unit: _chi2(r, d * u) + _kappa(r, d * u)), bits


def outcome_codes(f: object) -> None:
    """Check a function of labels, z and learn: codes of the rows outside learn, from those in it.

    The arrays have one entry a row: strings, outcomes, and whether codes are learned from it.
    """
    if untried(f, "outcome_codes"):
        return
    surveys = _surveys()
    found = np.concatenate([_ask_codes(f, each) for each in surveys])
    moved = np.concatenate([_ask_codes(f, _moved(each)) for each in surveys])
    is_right = same(found, _over(surveys, _codes))
    if not is_right:
        _refuse_codes(found, surveys)
    if not np.allclose(moved, found):
        refuse("a code changes with outcomes outside learn: it may depend on none of them")
    if not is_right:
        _refuse_rest(found, surveys)
    passed()


def _surveys() -> list[Survey]:
    """Rows that differ in number and place, with labels that no row in learn has, and rare ones."""
    rng = np.random.default_rng(9)
    trees = np.array(["oak", "ash", "Oak", "oak tree", "fir", "yew"])
    surveys = [
        (
            np.array(["oak", "ash", "oak", "oak", "fir", "ash", "oak", "ash", "oak"]),
            np.array([1.0, 4.0, 1.0, 7.0, 2.0, 9.0, 2.5, -3.0, 5.5]),
            np.array([1, 1, 1, 1, 0, 1, 0, 0, 0]) > 0,
        ),
        (np.array(["elm", "ash", "elm"]), np.array([5.0, -1.0, 2.0]), np.array([1, 1, 0]) > 0),
    ]
    for n, kinds, share in ((17, 4, 0.6), (60, 6, 0.4), (45, 5, 0.8)):
        which = rng.integers(0, kinds, n) * rng.integers(0, 2, n)  # the first is frequent
        z = np.round(2 * rng.exponential(1 + which)) / 2 - 1
        is_new = (which == kinds - 1) & (kinds > 4)
        surveys.append((trees[which], z, (rng.random(n) < share) & ~is_new))
    return surveys


def _moved(survey: Survey) -> Survey:
    """The same rows with other outcomes outside learn."""
    labels, z, learn = survey
    return labels, np.where(learn, z, 100 + z[::-1] ** 2), learn


def _over(surveys: Iterable[Survey], rule: Callable[[Survey], np.ndarray]) -> np.ndarray:
    """The codes of all surveys in a row; what comes of no row at all is not a number."""
    with np.errstate(all="ignore"):
        return np.concatenate([rule(each) for each in surveys])


def _ask_codes(f: object, survey: Survey) -> np.ndarray:
    """One code for each row to be coded, or a refusal."""
    labels, _, learn = survey
    try:
        found = ask(_with_gaps(f), *survey, name="outcome_codes")
    except AssertionError as refused:
        cause = refused.__cause__
        if isinstance(cause, KeyError) and cause.args and cause.args[0] in labels.tolist():
            refuse(f"it raised KeyError for {cause.args[0]}: no row in learn has this label")
        raise
    where = f"{len(learn)} rows, {learn.sum()} of them in learn"
    if found.size == (~learn).sum():
        return found.ravel()
    if found.size == len(learn):
        refuse("codes for the rows outside learn alone, not for all rows")
    if found.size == learn.sum():
        refuse("codes for the rows outside learn, not for those in it")
    if found.size in (len(set(labels)), len(set(labels[learn]))):
        refuse("one code for each row outside learn, not for each label")
    refuse(f"the answer has shape {found.shape} for {where}: one code for each row outside learn")


def _with_gaps(f: object) -> object:
    """The function with NaN in the place of None, as in [codes.get(label) for label in labels]."""
    if not callable(f):
        return f

    @wraps(f)
    def asked(*survey: np.ndarray) -> object:
        found = f(*survey)
        if isinstance(found, list | tuple):
            return [math.nan if each is None else each for each in found]
        return found

    return asked


def _of_label(
    survey: Survey, rows: np.ndarray, rule: Callable[[np.ndarray], float] = np.mean
) -> np.ndarray:
    """For each row to be coded what `rows` of its label have; not a number if there are none."""
    labels, z, learn = survey
    shares = [z[rows & (labels == each)] for each in labels[~learn]]
    return np.array([rule(each) if each.size else math.nan for each in shares])


def _learned(survey: Survey, rule: Callable[[np.ndarray], float] = np.mean) -> np.ndarray:
    return _of_label(survey, survey[2], rule)


def _all(survey: Survey) -> np.ndarray:
    return np.full(len(survey[2]), True)


def _codes(survey: Survey) -> np.ndarray:
    """The right ones."""
    return _filled(_learned(survey), survey[1][survey[2]].mean())


def _filled(codes: np.ndarray, value: object) -> np.ndarray:
    return np.where(np.isnan(codes), value, codes)


def _refuse_codes(found: np.ndarray, surveys: list[Survey]) -> None:
    """Name the mistake: at labels that were learned, else at the others."""
    right, learned = _over(surveys, _codes), ~np.isnan(_over(surveys, _learned))
    if same(found[learned], right[learned]):
        if not np.isfinite(found[~learned]).all():
            refuse("a label that no row in learn has gets no code: what is known of its rows?")
        mistakes = [(_over(surveys, wrong)[~learned], what) for wrong, what in _wrong_gaps()]
        refuse_mistakes(found[~learned], mistakes)
        return
    for wrong, what in _wrong_codes():
        values = _over(surveys, wrong)
        told = learned & np.isfinite(values)
        refuse_mistakes(found[told], [(values[told], what)])
    if not np.isfinite(found).all():
        refuse(f"a code is {found[~np.isfinite(found)][0]}")


def _refuse_rest(found: np.ndarray, surveys: list[Survey]) -> None:
    """Say where it is wrong."""
    ends = np.cumsum([(~learn).sum() for *_, learn in surveys])[:-1]
    pairs = list(zip(np.split(found, ends), map(_codes, surveys), surveys, strict=True))
    if all(same(np.sort(codes), np.sort(right)) for codes, right, _ in pairs):
        refuse("the right codes in another order: keep the order of the rows")
    for codes, right, (labels, _, learn) in pairs:
        wrong = ~np.isclose(codes, right)
        if wrong.any():
            label = labels[~learn][wrong.argmax()]
            what = "a label in learn" if label in labels[learn] else "a label not in learn"
            refuse(f"wrong code for {label}, {what}, where there are {len(learn)} rows")


def _wrong_codes() -> Iterator[tuple[Callable[[Survey], np.ndarray], str]]:
    """Wrong codes of labels that were learned, and what is wrong with them."""
    own = "a row's own outcome is in its code: learn from the rows in learn alone"
    yield (lambda s: _of_label(s, _all(s))), own
    yield (lambda s: (_learned(s, np.sum) + s[1][~s[2]]) / (_learned(s, len) + 1)), own
    yield (lambda s: s[1][~s[2]]), "these are the outcomes themselves, not codes"
    one_out = "leave-one-out leaks, too: within a label its code tells a row's outcome"
    yield (lambda s: _one_out(s, _all(s))), one_out
    yield (lambda s: _one_out(s, ~s[2])), one_out
    turned = "learn is the wrong way round: codes come from its rows, and are for the others"
    yield (lambda s: _of_label(s, ~s[2])), turned
    yield from _wrong_statistics()
    everything = "one code for all labels: take the mean for each"
    yield (lambda s: np.full((~s[2]).sum(), s[1][s[2]].mean())), everything
    yield (lambda s: np.full((~s[2]).sum(), s[1].mean())), everything
    yield (lambda s: _learned(s) - s[1][s[2]].mean()), "the mean itself, not less that of all rows"
    for weight in (1, 2, 5, 10, 20):
        yield (
            lambda s, w=weight: (
                (_learned(s, np.sum) + w * s[1][s[2]].mean()) / (_learned(s, len) + w)
            ),
            "the plain mean for each label, not drawn towards that of all rows",
        )


def _one_out(survey: Survey, rows: np.ndarray) -> np.ndarray:
    """The mean outcome of the other rows with the label."""
    total, size = (_of_label(survey, rows, rule) for rule in (np.sum, len))
    return np.where(size > 1, (total - survey[1][~survey[2]]) / (size - 1), math.nan)


def _wrong_statistics() -> Iterator[tuple[Callable[[Survey], np.ndarray], str]]:
    """Something else than the mean of the right rows."""
    yield (lambda s: _learned(s, np.sum)), "the mean for each label, not the sum"
    counted = "the mean outcome for each label, not how frequent it is"
    yield (lambda s: _learned(s, len)), counted
    yield (lambda s: _learned(s, len) / s[2].sum()), counted
    yield (lambda s: _of_label(s, _all(s), len)), counted
    yield (lambda s: _of_label(s, _all(s), len) / len(s[2])), counted
    yield (lambda s: _learned(s, np.median)), "the mean for each label, not the median"
    yield (lambda s: _learned(s, np.max)), "the mean for each label, not the largest outcome"
    yield (lambda s: _learned(s, np.min)), "the mean for each label, not the least outcome"
    one = "the mean for each label, not the outcome of one row"
    yield (lambda s: _learned(s, lambda z: z[0])), one
    yield (lambda s: _learned(s, lambda z: z[-1])), one
    spread = "the mean for each label, not the spread"
    yield (lambda s: _learned(s, np.std)), spread
    yield (lambda s: _learned(s, np.var)), spread
    yield (lambda s: _learned(s, lambda z: np.unique(z).mean())), "equal outcomes count each time"
    share = "divide by the number of rows in learn with the label"
    yield (lambda s: _learned(s, np.sum) / _of_label(s, _all(s), len)), share
    yield (lambda s: _learned(s, np.sum) / s[2].sum()), share
    yield (
        (lambda s: np.unique(s[0], return_inverse=True)[1].ravel()[~s[2]]),
        "the labels are only numbered: take the mean outcome for each",
    )


def _wrong_gaps() -> list[tuple[Callable[[Survey], np.ndarray], str]]:
    """Wrong codes of labels that no row in learn has, those of the others being right."""

    def gap(value: Callable[[Survey], object]) -> Callable[[Survey], np.ndarray]:
        return lambda s: _filled(_learned(s), value(s))

    new = "a label that no row in learn has"
    own = f"{new} gets outcomes outside learn, its own among them"
    return [
        (gap(lambda s: 0), f"{new} gets zero: is that a likely outcome?"),
        (
            gap(lambda s: s[1].mean()),
            f"{new} gets the mean of all rows, not of those in learn",
        ),
        (gap(lambda s: s[1][~s[2]].mean()), own),
        (gap(lambda s: _of_label(s, _all(s))), own),
        (gap(lambda s: s[1][~s[2]]), own),
        (gap(_of_labels), f"{new} gets the mean of means: each row in learn counts alike"),
        (gap(lambda s: np.nanmean(_learned(s))), f"{new} gets the mean of codes, not of outcomes"),
        (gap(lambda s: np.median(s[1][s[2]])), f"{new} gets the median, not the mean"),
        (gap(lambda s: np.unique(s[1][s[2]]).mean()), f"{new}: equal outcomes count each time"),
        (gap(lambda s: s[1][s[2]].sum()), f"{new} gets the sum, not the mean"),
    ]


def _of_labels(survey: Survey) -> float:
    """The mean of the labels' means in learn."""
    labels, z, learn = survey
    return np.mean([z[learn & (labels == each)].mean() for each in set(labels[learn])])


def failing(estimators: object) -> None:
    """Check a dict of functions (x, z) -> nats, each to fail the law that is its key.

    The keys are those of `mine_lib.self_consistency`, which tries them.
    """
    if untried(estimators, "three estimators"):
        return
    if not isinstance(estimators, Mapping):
        refuse(f"the answer should be a dict of three functions, got {type(estimators).__name__}")
    if estimators and not _tried(estimators):
        untried(None, "three estimators")
        return
    _judge_names(estimators)
    pairs = [_rows_of(*each) for each in PAIRS]
    tries: Tries = {}
    for name in LAWS:
        asked = _asked(estimators[name], name, pairs[0])
        tries[name] = [self_consistency(*each, asked) for each in pairs]
        _refuse_chance(name, tries[name][0], self_consistency(*pairs[0], asked))
    for name in LAWS:
        if name not in _failures(tries[name]):
            _refuse_pass(name, tries)
    passed()


def _tried(estimators: Mapping) -> list[object]:
    """The keys that have a value."""
    return [key for key, each in estimators.items() if each is not None and each is not ...]


def _judge_names(estimators: Mapping) -> None:
    known = ", ".join(LAWS)
    unknown = [str(each) for each in estimators if each not in LAWS]
    if unknown:
        refuse(f"no law is named {', '.join(unknown)}: the keys are {known}")
    missing = [each for each in LAWS if each not in _tried(estimators)]
    if missing:
        refuse(f"there is no estimator for {', '.join(missing)}: the keys are {known}")


def _rows_of(correlations: tuple[float, ...], seed: int) -> Rows:
    """Gaussian pairs, a correlation a column."""
    rho = np.array(correlations)
    x, noise = np.random.default_rng(seed).standard_normal((2, ROWS, len(rho)))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


def _asked(f: object, name: str, rows: Rows) -> Callable[[np.ndarray, np.ndarray], object]:
    """The estimator, refused in words where it gives no number; an estimate keeps its interval."""
    name = f"the estimator for {name}"
    ask(f, *rows, name=name)

    def asked(x: np.ndarray, z: np.ndarray) -> object:
        raw = []
        found = ask(lambda *pair: raw.append(f(*pair)) or raw[0], x, z, name=name)
        value = one(found, f"what {name} returns")
        if not np.isfinite(value):
            refuse(f"{name} returns {value} for x of shape {x.shape} and z of shape {z.shape}")
        return raw[0] if hasattr(raw[0], "interval") else value

    return asked


def _refuse_chance(name: str, first: SelfConsistency, again: SelfConsistency) -> None:
    """Refuse an estimator that says something else of the same rows when asked again."""
    for said, then in ((first[each].left, again[each].left) for each in LAWS):
        if not same(said, then, rtol=1e-6):
            refuse(
                f"the estimator for {name} says {said:.3g} nats, and then {then:.3g} of the same"
                " rows: leave chance out of it, or fix its seed"
            )


def _failures(tries: list[SelfConsistency]) -> list[str]:
    """Names of the laws that fail in all tries."""
    return [each for each in LAWS if all(each in found.failures for found in tries)]


def _refuse_pass(name: str, tries: Tries) -> None:
    """Say that an estimator passes, what it fails instead, and whether it only scatters."""
    fails = _failures(tries[name])
    for other in fails:
        if name in _failures(tries[other]):
            refuse(f"the estimators for {name} and {other} have changed places")
    answers = [found[name] for found in tries[name]]
    k = next(k for k, each in enumerate(answers) if each.passes)
    answer, columns = answers[k], len(PAIRS[k][0])
    told = (
        f"the estimator for {name} passes on {ROWS} rows of {columns} columns: {answer.law}:"
        f" {answer.left:.2f} and {answer.right:.2f} nats"
    )
    if _is_wide(answer):
        refuse(
            f"{told}, but the interval for the difference is wide, {answer.low:.2f} to"
            f" {answer.high:.2f}: noise fails no law, a fault that is the same on all rows does"
        )
    refuse(f"{told}; what it fails is {' and '.join(fails)}" if fails else told)


def _is_wide(answer: Answer) -> bool:
    off = answer.left - answer.right
    off = abs(off) if answer.equal else off
    return off > WIDE[0] or (answer.high - answer.low) / 2 > WIDE[1]
