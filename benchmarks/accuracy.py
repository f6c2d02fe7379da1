"""How accurate estimate_mi is, beside KSG and the other bounds, where the truth is known.

Run by `make bench`: prints tables and writes accuracy.json beside this file. Every estimate sees
the same pairs as the others of its row; errors are against the truth, in nats.
"""

import argparse
import datetime
import json
import math
from collections.abc import Callable
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


def cross_fitted(objective: Callable, x: np.ndarray, z: np.ndarray) -> float:
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
        batch_size=64 if many else 256, negatives=NEGATIVES if many else 1, learning_rate=5e-3,
        decay=True, progress=False,
    ).critic  # fmt: skip
    with torch.no_grad():
        values = ml.critic_values(critic, *parts, shifts=NEGATIVES if many else SHIFTS)
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


def non_gaussian() -> list[dict]:
    """A row for each case: mean error, error in units of the standard error, and seconds."""
    rows = []
    for name, pair in CASES.items():
        truth = pair.mi
        row = {"case": name, "truth": truth, "methods": {}}
        found = {method: [] for method in ("estimate_mi", *METHODS)}
        for seed in range(SEEDS):
            x, z = (np.asarray(each, dtype=float) for each in pair.sample(N, seed))
            estimate, took = timed(ours, x, z)
            found["estimate_mi"].append((float(estimate), took))
            row.setdefault("standard_errors", []).append(estimate.standard_error)
            for method, run in METHODS.items():
                found[method].append(timed(run, x, z))
        for method, pairs in found.items():
            errors = [value - truth for value, _ in pairs]
            row["methods"][method] = {
                "errors": errors,
                "rms": math.sqrt(np.mean(np.square(errors))),
                "seconds": float(np.median([took for _, took in pairs])),
            }
        rows.append(row)
        print(f"{name:24} true {truth:.4f} se {np.mean(row['standard_errors']):.4f}", *(
            f"{method} {truth + np.mean(each['errors']):.3f} (rms error {each['rms']:.3f}, "
            f"{each['seconds']:.1f} s)"
            for method, each in row["methods"].items()), flush=True)  # fmt: skip
    return rows


def transforms() -> list[dict]:
    """The cases above with standardised columns instead of normal scores."""
    rows = []
    for name, pair in CASES.items():
        estimates = [ours(*pair.sample(N, seed), transform="standardise") for seed in range(SEEDS)]
        errors = [float(each) - pair.mi for each in estimates]
        rows.append({
            "case": name, "errors": errors, "rms": math.sqrt(np.mean(np.square(errors))),
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
        rms = math.sqrt(np.mean(np.square(apart)))
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
    for part in (times, gaussian, high_dimension, non_gaussian, transforms, coverage, settings)
}


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
        "threads": options.threads, "torch": torch.__version__, "n": N, "seeds": SEEDS,
    }  # fmt: skip
    for name in options.parts:
        results[name] = {**measured, "rows": PARTS[name]()}
        path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
