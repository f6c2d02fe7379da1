"""How accurate estimate_mi is, beside KSG and the other bounds, where the truth is known.

Run by `make bench`: prints tables and writes accuracy.json beside this file. Every estimate sees
the same pairs as the others of its row. Errors are against the truth, in nats. A few samples have a
luck of their own, larger than most differences between estimators: the mean of the true pointwise
information i of the sample is off, too. So estimators are ranked by `apart`, their distance to it.

Each part of the file says with what it was measured; tests/test_benchmarks.py compares that with
the code, and measures some of the rows again.
"""

import argparse
import datetime
import inspect
import json
import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import NormalDist
from time import perf_counter

import numpy as np
import torch
from speed import machine

import mine_lib as ml

HERE = Path(__file__).parent
N, SEEDS = 10_000, 3
FOLDS, NEGATIVES, SHIFTS = 5, 15, 64
MORE_NEGATIVES = 63  # what InfoNCE gains by more candidates
SMALL, SMALL_SEEDS = (200, 500, 1000), 6
RHOS = (0.8, 0.85, 0.9, 0.95, 0.99)
SETTINGS = {
    "n": (1000, 3000, 10_000, 30_000),
    "batch_size": (64, 256, 1024),
    "hidden": ((16, 16, 16), (64, 64), (64, 64, 64), (128, 128, 128)),
    "steps": (300, 1500, 4000),
}
HIGH = {"dim": 20, "information": (2, 6, 10)}
CASES: dict[str, ml.Distribution] = {
    "Gaussian, ρ = 0.9": ml.Gaussian(0.9),
    "cubed Gaussian, ρ = 0.9": ml.Transformed(ml.Gaussian(0.9), x=ml.cube, z=ml.cube),
    **{f"Student t, {dof} degrees": ml.Student(dof, 0.5) for dof in (1, 2, 5)},
    "additive uniform noise": ml.AdditiveUniform(0.1),
    "mixture, ρ = ±0.9": ml.GaussianMixture(0.9),
    "spiral, ρ = 0.9": ml.Transformed(ml.Gaussian(0.9), x=ml.spiral),
    "XOR, 20 distractors": ml.Xor(distractors=20),
    "discrete-continuous": ml.StepsAndRamps(5),
}


def ksg(x: np.ndarray, z: np.ndarray, scored: bool = False) -> float:
    """KSG with three neighbours, of normal scores if asked; one column of few numbers is labels."""
    if x.shape[1] == z.shape[1] == 1 and len(np.unique(x)) <= 20:
        x = x.astype(int)
    return ml.ksg(x, z.astype(float), transform="normal_scores" if scored else "standardise")


def cross_fitted(
    objective: Callable, x: np.ndarray, z: np.ndarray, negatives: int = NEGATIVES
) -> float:
    """Another bound, with the normal scores, layers and number of folds of estimate_mi.

    One network a fold, 1500 steps (estimate_mi: 1406), all rows of the other folds, no Gaussian
    part, no early stopping. n must be a multiple of the folds.
    """
    order = np.random.default_rng(0).permutation(len(x))
    scores = [torch.as_tensor(ml.normal_scores(each)[order]).float() for each in (x, z)]
    parts = [torch.stack(each.split(len(x) // FOLDS)) for each in scores]
    rest = [
        torch.stack([torch.cat([*part[:k], *part[k + 1 :]]) for k in range(FOLDS)])
        for part in parts
    ]
    many = objective is ml.infonce
    critic = ml.train(
        *rest, objective=objective, seeds=range(FOLDS), hidden=(64, 64, 64), steps=1500,
        batch_size=64 if many else 256, negatives=negatives if many else 1, learning_rate=5e-3,
        decay=True, progress=False,
    ).critic  # fmt: skip
    with torch.no_grad():
        values = ml.critic_values(critic, *parts, shifts=negatives if many else SHIFTS)
    report = ml.smile if objective is ml.jensen_shannon else objective
    return float(report(*values).mean())


METHODS: dict[str, Callable] = {
    "KSG": ksg,
    "KSG, scores": lambda x, z: ksg(x, z, scored=True),
    "InfoNCE": lambda x, z: cross_fitted(ml.infonce, x, z),
    "NWJ": lambda x, z: cross_fitted(ml.nwj, x, z),
    "SMILE": lambda x, z: cross_fitted(ml.jensen_shannon, x, z),
}


def timed(run: Callable, *arguments: object, **options: object) -> tuple[object, float]:
    """A result and its wall time in seconds."""
    start = perf_counter()
    return run(*arguments, **options), perf_counter() - start


def ours(x: object, z: object, **options: object) -> ml.MIEstimate:
    """The estimate with all defaults but those given."""
    return ml.estimate_mi(x, z, progress=False, **options)


def root_mean_square(values: object) -> float:
    """The root of the mean square."""
    return math.sqrt(np.mean(np.square(values)))


def of_sample(pair: ml.Distribution, x: object, z: object) -> float:
    """Mean of the true pointwise information of the sample."""
    return float(pair.log_ratio(x, z).double().mean())


def against(values: list[float], truth: float, samples: list[float]) -> dict:
    """Errors against the truth, and the distance to what the samples themselves say."""
    return {
        "errors": [value - truth for value in values],
        "rms": root_mean_square(np.subtract(values, truth)),
        "apart": root_mean_square(np.subtract(values, samples)),
    }


def non_gaussian() -> list[dict]:
    """A row for each case: errors, distance to the samples' mean i, and seconds."""
    rows = []
    for name, pair in CASES.items():
        truth = pair.mi
        row = {"case": name, "truth": truth, "of_samples": [], "methods": {}}
        found = {method: [] for method in ("estimate_mi", *METHODS)}
        for seed in range(SEEDS):
            x, z = pair.sample(N, seed)
            row["of_samples"].append(of_sample(pair, x, z))
            x, z = (np.asarray(each, dtype=float) for each in (x, z))
            estimate, took = timed(ours, x, z)
            found["estimate_mi"].append((float(estimate), took))
            row.setdefault("standard_errors", []).append(estimate.standard_error)
            for method, run in METHODS.items():
                found[method].append(timed(run, x, z))
        for method, pairs in found.items():
            row["methods"][method] = {
                **against([value for value, _ in pairs], truth, row["of_samples"]),
                "seconds": float(np.median([took for _, took in pairs])),
            }
        rows.append(row)
        print(f"{name:24} true {truth:.4f} se {np.mean(row['standard_errors']):.4f}", *(
            f"{method} {truth + np.mean(each['errors']):.3f} (rms error {each['rms']:.3f}, "
            f"apart {each['apart']:.4f}, {each['seconds']:.1f} s)"
            for method, each in row["methods"].items()), flush=True)  # fmt: skip
    return rows


def transforms() -> list[dict]:
    """The cases above with standardised columns instead of normal scores."""
    rows = []
    for name, pair in CASES.items():
        estimates = [ours(*pair.sample(N, seed), transform="standardise") for seed in range(SEEDS)]
        errors = [float(each) - pair.mi for each in estimates]
        rows.append({
            "case": name, "errors": errors, "rms": root_mean_square(errors),
            "warned": sum(bool(each.warnings) for each in estimates),
        })  # fmt: skip
        print(f"{name}, standardised: rms {rows[-1]['rms']:.3f}, warned {rows[-1]['warned']} of "
              f"{SEEDS}", flush=True)  # fmt: skip
    return rows


def gaussian() -> list[dict]:
    """Distance to the same sample's Gaussian plug-in, one dimension."""
    rows = []
    for rho in RHOS:
        apart, times = [], []
        for seed in range(SEEDS):
            x, z = ml.Gaussian(rho).sample(N, seed)
            estimate, took = timed(ours, x, z)
            apart.append(float(estimate) - plug_in(x, z)[0])
            times.append(took)
        rms = root_mean_square(apart)
        rows.append({"rho": rho, "apart": apart, "rms": rms, "seconds": float(np.median(times))})
        print(f"rho {rho}: rms distance to plug-in {rms:.4f}, {np.median(times):.1f} s", flush=True)
    return rows


def high_dimension() -> list[dict]:
    """Twenty dimensions, with and without the Gaussian part."""
    rows = []
    for information in HIGH["information"]:
        rho = math.sqrt(-math.expm1(-2 * information / HIGH["dim"]))
        for with_part in (True, False):
            values, times = [], []
            for seed in range(SEEDS):
                x, z = ml.Gaussian(rho, HIGH["dim"]).sample(N, seed)
                estimate, took = timed(ours, x, z, gaussian_part=with_part)
                values.append(float(estimate))
                times.append(took)
            bias = np.mean(values) / information - 1
            rows.append(
                {"truth": information, "gaussian_part": with_part, "values": values,
                 "bias": bias, "seconds": float(np.median(times))}
            )  # fmt: skip
            print(f"d = 20, true {information}, Gaussian part {with_part}: {np.round(values, 3)}, "
                  f"bias {bias:+.1%}, {np.median(times):.0f} s", flush=True)  # fmt: skip
    return rows


def coverage() -> list[dict]:
    """How often the 95 % interval holds the truth; beside it the plug-in's, on Gaussian pairs."""
    rows = []
    cases = {
        **{f"Gaussian, ρ = {rho}": (ml.Gaussian(rho), N, 100) for rho in (0.8, 0.95, 0.99)},
        "independent": (ml.Gaussian(0.0), N, 50),
        "mixture, n = 2000": (ml.GaussianMixture(0.9), 2000, 50),
    }
    for name, (pair, n, runs) in cases.items():
        truth = pair.mi
        samples = [pair.sample(n, 1000 + run) for run in range(runs)]
        estimates = [ours(*each) for each in samples]
        intervals = [each.interval() for each in estimates]
        row = {
            "case": name, "truth": truth, "runs": runs,
            "inside": sum(low <= truth <= high for low, high in intervals),
            "values": [float(each) for each in estimates],
            "errors": [each.standard_error for each in estimates],
            "warned": sum(bool(each.warnings) for each in estimates),
        }  # fmt: skip
        if name.startswith("Gaussian"):
            row["plug_in_inside"] = sum(plug_in_holds(*each, truth) for each in samples)
        rows.append(row)
        print(f"{name}: {row['inside']} of {runs} intervals hold the truth, mean error "
              f"{np.mean(row['values']) - truth:+.4f}, sd {np.std(row['values'], ddof=1):.4f}, "
              f"mean standard error {np.mean(row['errors']):.4f}, plug-in "
              f"{row.get('plug_in_inside')}", flush=True)  # fmt: skip
    return rows


def plug_in(x: torch.Tensor, z: torch.Tensor) -> tuple[float, float]:
    """Gaussian plug-in estimate from the sample correlation, and its standard error."""
    correlation = np.corrcoef(x[:, 0], z[:, 0])[0, 1]
    return -math.log1p(-(correlation**2)) / 2, abs(correlation) / math.sqrt(len(x))


def plug_in_holds(x: torch.Tensor, z: torch.Tensor, truth: float) -> bool:
    """Whether the plug-in's 95 % interval holds the truth."""
    value, error = plug_in(x, z)
    return bool(abs(value - truth) <= NormalDist().inv_cdf(0.975) * error)


def settings() -> list[dict]:
    """One setting varied at a time, on the spiral: how far below the mean of the true i."""
    rows, pair = [], CASES["spiral, ρ = 0.9"]
    for varied, values in SETTINGS.items():
        for value in values:
            options = {} if varied == "n" else {varied: value}
            shortfalls, errors, times = [], [], []
            for seed in range(SEEDS):
                x, z = pair.sample(value if varied == "n" else N, seed)
                exact = float(pair.log_ratio(x, z).mean())
                estimate, took = timed(ours, x, z, **options)
                shortfalls.append(exact - float(estimate))
                errors.append(estimate.standard_error)
                times.append(took)
            rows.append(
                {"varied": varied, "value": value, "shortfalls": shortfalls,
                 "shortfall": float(np.mean(shortfalls)), "standard_error": float(np.mean(errors)),
                 "seconds": float(np.median(times))}
            )  # fmt: skip
            print(f"{varied} = {value}: shortfall {np.mean(shortfalls):.4f}, "
                  f"{np.median(times):.0f} s", flush=True)  # fmt: skip
    return rows


def candidates() -> list[dict]:
    """How far InfoNCE lies below the samples' mean i, by the number of candidates.

    With log r for the critic, which no training can improve on, and once trained.
    """
    rows = []
    for name, pair in CASES.items():
        row = {"case": name, "best_critic": {}}
        for m in (NEGATIVES, MORE_NEGATIVES):
            apart = []
            for seed in range(SEEDS):
                x, z = pair.sample(N, seed)
                parts = zip(*(each.double().split(N // FOLDS) for each in (x, z)), strict=True)
                values = [ml.critic_values(pair.log_ratio, *part, m) for part in parts]
                found = float(torch.stack([ml.infonce(*each) for each in values]).mean())
                apart.append(found - of_sample(pair, x, z))
            row["best_critic"][str(m)] = float(np.mean(apart))
        rows.append(row)
        print(f"{name}: InfoNCE of log r less the mean i {row['best_critic']}", flush=True)
    pair, apart = CASES[rows[0]["case"]], []
    for seed in range(SEEDS):
        x, z = pair.sample(N, seed)
        found = cross_fitted(ml.infonce, np.asarray(x), np.asarray(z), MORE_NEGATIVES)
        apart.append(found - of_sample(pair, x, z))
    rows[0]["trained"] = {str(MORE_NEGATIVES): float(np.mean(apart))}
    print(f"{rows[0]['case']}, trained: {rows[0]['trained']}", flush=True)
    return rows


def small() -> list[dict]:
    """A few hundred pairs, one column each: estimate_mi beside KSG."""
    rows = []
    for name, pair in CASES.items():
        if pair.x_dim == pair.z_dim == 1:
            rows += [small_row(name, n, range(SMALL_SEEDS)) for n in SMALL]
    return rows


def small_row(name: str, n: int, seeds: range) -> dict:
    """One case with n pairs."""
    pair, samples = CASES[name], []
    found = {"estimate_mi": [], "KSG, scores": []}
    for seed in seeds:
        x, z = pair.sample(n, 500 + seed)
        samples.append(of_sample(pair, x, z))
        x, z = (np.asarray(each, dtype=float) for each in (x, z))
        found["estimate_mi"].append(float(ours(x, z)))
        found["KSG, scores"].append(ksg(x, z, scored=True))
    methods = {method: against(values, pair.mi, samples) for method, values in found.items()}
    print(f"{name}, n = {n}: rms error", {m: round(v["rms"], 3) for m, v in methods.items()},
          "apart", {m: round(v["apart"], 3) for m, v in methods.items()}, flush=True)  # fmt: skip
    return {"case": name, "n": n, "truth": pair.mi, "of_samples": samples, "methods": methods}


def times() -> list[dict]:
    """Seconds of each method, one column and many, on a machine that does nothing else."""
    rows = []
    for name in ("Gaussian, ρ = 0.9", "XOR, 20 distractors"):
        x, z = (np.asarray(each, dtype=float) for each in CASES[name].sample(N, 0))
        runs = {"estimate_mi": ours, **METHODS}
        seconds = {
            method: float(np.median([timed(run, x, z)[1] for _ in range(3)]))
            for method, run in runs.items()
        }
        rows.append({"case": name, "seconds": seconds})
        print(name, {method: round(took, 1) for method, took in seconds.items()}, flush=True)
    return rows


PARTS = {
    part.__name__: part
    for part in (
        times, gaussian, high_dimension, non_gaussian, candidates, small, transforms, coverage,
        settings,
    )
}  # fmt: skip


def measured_with() -> dict:
    """What the numbers depend on, beside the samples: version, sizes, defaults of estimate_mi."""
    defaults = inspect.signature(ml.estimate_mi).parameters.values()
    return {
        "mine_lib": version("mine-lib"),
        "n": N, "seeds": SEEDS, "folds": FOLDS, "negatives": NEGATIVES, "shifts": SHIFTS,
        "cases": {name: repr(pair) for name, pair in CASES.items()},
        "defaults": {
            each.name: each.default if each.default is None else str(each.default)
            for each in defaults
            if each.default is not each.empty and each.name not in ("progress", "device")
        },
    }  # fmt: skip


def main() -> None:
    """Measure, print, write; parts that were not asked for stay as they are in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    path = HERE / "accuracy.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    measured = {
        "date": datetime.date.today().isoformat(), "machine": machine(),
        "threads": options.threads, "torch": torch.__version__, **measured_with(),
    }  # fmt: skip
    for name in options.parts:
        results[name] = {**measured, "rows": PARTS[name]()}
        path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
