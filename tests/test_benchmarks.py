"""The files that the pages read belong to the code that stands here.

What took an hour is not measured again, but a quick part of it is: the samples, KSG's rows, and a
few estimates. Trained numbers may differ between processors by what is said beside them.
"""

import datetime
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import mine_lib as ml

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import accuracy  # noqa: E402
import speed  # noqa: E402

MEASURED = json.loads((BENCHMARKS / "accuracy.json").read_text("utf-8"))
TIMED = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))
RENEW = "measure it anew: .venv/bin/python benchmarks/accuracy.py --parts "


def rows(part):
    return MEASURED[part]["rows"]


def row(part, **wanted):
    found = [each for each in rows(part) if wanted.items() <= each.items()]
    assert len(found) == 1, f"{part} has {len(found)} rows with {wanted}"
    return found[0]


# What the files say of themselves


@pytest.mark.parametrize("part", [*MEASURED.values(), TIMED], ids=[*MEASURED, "speed"])
def test_says_when_and_where_and_with_which_version(part):
    assert datetime.date.fromisoformat(part["date"]) > datetime.date(2026, 1, 1)
    assert part["machine"]
    assert part["threads"] >= 1
    assert part["torch"]
    minor = part["mine_lib"].split(".")[:2]
    assert minor == version("mine-lib").split(".")[:2], "measured with another version"


def test_holds_every_part():
    assert MEASURED.keys() == accuracy.PARTS.keys()


@pytest.mark.parametrize("name", MEASURED)
def test_was_measured_with_the_present_cases_and_defaults(name):
    now = accuracy.measured_with()
    for key in now.keys() - {"mine_lib"}:
        assert MEASURED[name][key] == now[key], f"{key} has changed since; {RENEW}{name}"


def test_has_a_row_for_each_case():
    cases = [*accuracy.CASES]
    for part in ("non_gaussian", "transforms", "candidates"):
        assert [each["case"] for each in rows(part)] == cases
    one_column = [name for name, pair in accuracy.CASES.items() if pair.x_dim == pair.z_dim == 1]
    wanted = [(name, n) for name in one_column for n in accuracy.SMALL]
    assert [(each["case"], each["n"]) for each in rows("small")] == wanted


@pytest.mark.parametrize("part", ["non_gaussian", "small"])
def test_means_are_those_of_the_errors(part):
    for each in rows(part):
        luck = np.array(each["of_samples"]) - each["truth"]
        for method in each["methods"].values():
            errors = np.array(method["errors"])
            assert method["rms"] == pytest.approx(np.sqrt((errors**2).mean()))
            assert method["apart"] == pytest.approx(np.sqrt(((errors - luck) ** 2).mean()))


def test_counts_of_few_pairs_are_those_of_the_readme():
    """Normal scores make the cubed pairs the Gaussian ones: those cells are not counted twice."""
    for n in accuracy.SMALL:
        once, twice = (
            row("small", case=f"{name}Gaussian, ρ = 0.9", n=n)["methods"] for name in ("", "cubed ")
        )
        for method in ("estimate_mi", "KSG, scores"):
            assert once[method]["errors"] == pytest.approx(twice[method]["errors"], abs=1e-5)
    distinct = [each for each in rows("small") if "cubed" not in each["case"]]
    nearer = {
        by: [
            each["methods"]["KSG, scores"][by] < each["methods"]["estimate_mi"][by]
            for each in distinct
        ]
        for by in ("apart", "rms")
    }
    text = (BENCHMARKS / "README.md").read_text("utf-8")
    assert f"in {sum(nearer['apart'])} of {len(distinct)} cells" in text
    assert f"rms error in {sum(nearer['rms'])} of {len(distinct)}." in text
    ours = [
        (each["case"], each["n"])
        for each, ksg in zip(distinct, nearer["apart"], strict=True)
        if not ksg and "Gaussian" in each["case"]
    ]
    assert ours == [("Gaussian, ρ = 0.9", 500), ("Gaussian, ρ = 0.9", 1000)]


def test_ksg_is_nearer_in_all_seeds_where_the_pages_say_so():
    nearer = set()
    for each in rows("non_gaussian"):
        luck = np.array(each["of_samples"]) - each["truth"]
        ours, ksg = (
            np.abs(np.array(each["methods"][name]["errors"]) - luck)
            for name in ("estimate_mi", "KSG")
        )
        if (ksg < ours).all():
            nearer.add(each["case"].split(",")[0])
    assert nearer == {"additive uniform noise", "mixture", "spiral", "discrete-continuous"}


# Measured again


@pytest.mark.parametrize("name", accuracy.CASES)
def test_samples_and_truth_are_the_same(name):
    pair, stored = accuracy.CASES[name], row("non_gaussian", case=name)
    assert pair.mi == pytest.approx(stored["truth"], abs=1e-6)
    for seed, mean in enumerate(stored["of_samples"]):
        found = accuracy.of_sample(pair, *pair.sample(accuracy.N, seed))
        assert found == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize("name", [name for name in accuracy.CASES if "XOR" not in name])
@pytest.mark.parametrize("scored", [False, True])
def test_ksg(name, scored):
    """No training: only the order of sums may differ."""
    pair, stored = accuracy.CASES[name], row("non_gaussian", case=name)
    x, z = (np.asarray(each, dtype=float) for each in pair.sample(accuracy.N, 0))
    found = accuracy.ksg(x, z, scored) - pair.mi
    error = stored["methods"]["KSG, scores" if scored else "KSG"]["errors"][0]
    assert found == pytest.approx(error, abs=2e-4)


@pytest.mark.parametrize(
    ("name", "n", "tolerance"),
    [
        ("Student t, 2 degrees", 200, 0.03),
        ("mixture, ρ = ±0.9", 1000, 0.02),
    ],
)
def test_small_samples(name, n, tolerance):
    """Trained: see benchmarks/README.md for how far processors differ."""
    stored = row("small", case=name, n=n)
    found = accuracy.small_row(name, n, range(1))
    for method, far in (("estimate_mi", tolerance), ("KSG, scores", 2e-4)):
        error = found["methods"][method]["errors"][0]
        assert error == pytest.approx(stored["methods"][method]["errors"][0], abs=far)


def test_ten_thousand_gaussian_pairs():
    rho = accuracy.RHOS[0]
    x, z = ml.Gaussian(rho).sample(accuracy.N, 0)
    apart = float(accuracy.ours(x, z)) - accuracy.plug_in(x, z)[0]
    assert apart == pytest.approx(row("gaussian", rho=rho)["apart"][0], abs=0.003)


def test_candidates():
    """InfoNCE of log r: how far it lies low is a mean over samples."""
    stored = row("candidates", case="Gaussian, ρ = 0.9")["best_critic"]
    pair = accuracy.CASES["Gaussian, ρ = 0.9"]
    x, z = (each.double()[:2000] for each in pair.sample(accuracy.N, 0))
    for m in (accuracy.NEGATIVES, accuracy.MORE_NEGATIVES):
        found = float(ml.infonce(*ml.critic_values(pair.log_ratio, x, z, m)))
        assert found - accuracy.of_sample(pair, x, z) == pytest.approx(stored[str(m)], abs=0.015)


# Speed: nothing is timed here, since other work may share the machine


def test_speeds_are_plausible():
    assert [each["batch_size"] for each in TIMED["speed"]] == [*speed.BATCH_SIZES]
    for each in TIMED["speed"]:
        low, high = each["ratio_range"]
        assert low <= each["ratio"] <= high
        rate = each["network_steps_per_second"] / each["plain_steps_per_second"]
        assert rate == pytest.approx(each["ratio"], rel=0.2)
        assert 0 < each["share_of_sgemm"] < 1
        flops = each["network_steps_per_second"] * speed.operations(each["batch_size"])
        share = flops / each["sgemm_gflops"] / 1e9
        assert share == pytest.approx(each["share_of_sgemm"], rel=0.2)
    rates = [each["network_steps_per_second"] for each in TIMED["speed"]]
    assert rates == sorted(rates, reverse=True)


def test_costs_and_memory_are_plausible():
    found = {name: [] for name in speed.COST}
    for each in TIMED["cost"]:
        found[each["varied"]].append(each[each["varied"]])
        assert 1 < each["microseconds"] < 1e4
    assert found == {name: [*values] for name, values in speed.COST.items()}
    sizes = [(each["replicas"], each["batch_size"]) for each in TIMED["memory"]]
    assert sizes == [*speed.MEMORY]
    assert all(each["mebibytes"] > 0 for each in TIMED["memory"])
    assert (TIMED["width"], TIMED["replicas"]) == (speed.WIDTH, speed.REPLICAS)
