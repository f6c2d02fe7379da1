"""The files that the pages read belong to the code that stands here.

What took an hour is not measured again, but a quick part of it is: samples, KSG, and a few
estimates. Trained numbers may differ between processors by what is said beside them.
"""

import datetime
import itertools
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from mine_lib.book.accuracy import by_size, judge, read_forty

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import accuracy  # noqa: E402
import forty  # noqa: E402
import speed  # noqa: E402

MEASURED = json.loads((BENCHMARKS / "accuracy.json").read_text("utf-8"))
TIMED = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))
FORTY = read_forty(BENCHMARKS / "forty.json")
RENEW = "measure it anew: .venv/bin/python benchmarks/accuracy.py"
ROWS = MEASURED["estimates"]["rows"]
PAIR = "pair_low", "pair_high"


def row(**wanted):
    found = [each for each in ROWS if wanted.items() <= each.items()]
    assert len(found) == 1, f"there are {len(found)} rows with {wanted}"
    return found[0]


# What the files say of themselves


@pytest.mark.parametrize(
    "part",
    [*MEASURED.values(), TIMED, *({**FORTY.attrs, **row} for row in FORTY.to_dict("records"))],
)
def test_says_when_and_where_and_with_which_version(part):
    assert datetime.date.fromisoformat(part["date"]) > datetime.date(2026, 1, 1)
    assert part["machine"]
    assert part["torch"]
    minor = part["mine_lib"].split(".")[:2]
    assert minor == version("mine-lib").split(".")[:2], "measured with another version"


@pytest.mark.parametrize("name", MEASURED)
def test_was_measured_with_the_present_defaults(name):
    now = accuracy.measured_with()
    assert MEASURED[name]["settings"] == now["settings"], f"changed since; {RENEW}"


def test_has_a_row_for_each_case_size_and_seed():
    wanted = {(c, n, s) for c in accuracy.CASES for n in accuracy.SIZES for s in accuracy.SEEDS}
    assert {(each["case"], each["n"], each["seed"]) for each in ROWS} == wanted
    assert len(ROWS) == len(wanted)


# What the pages say of them


JUDGED = judge(pd.DataFrame(ROWS))
SIZES = by_size(JUDGED)


def test_about_nine_of_ten_intervals_hold_the_truth_at_every_size():
    """Of 86; the share has an error of three hundredths."""
    assert (SIZES.hold >= 0.87 * SIZES.of).all()
    assert SIZES.hold[5000] >= 0.95 * SIZES.of[5000]
    assert SIZES.hold.sum() >= 0.92 * SIZES.of.sum()


def test_the_sampling_error_alone_holds_the_truth_in_about_half_of_200_rows():
    assert 0.35 < SIZES.alone[200] / SIZES.of[200] < 0.6


def test_most_intervals_are_not_twice_as_wide_as_sampling_alone_needs():
    assert (SIZES.width < 2).all()
    assert (SIZES["nine in ten"] < 3.2).all()


def test_few_misses_are_silent_and_few_warnings_false():
    assert JUDGED.silent.mean() < 0.08
    assert JUDGED.false.sum() < 0.03 * JUDGED.right.sum()


def test_estimates_are_nearer_than_ksg_from_500_rows_on():
    assert (SIZES.ours[500:] < SIZES.ksg[500:]).all()


def test_small_networks_do_about_as_well_on_two_columns():
    some = JUDGED.dropna(subset="pair")
    assert len(some) > 200
    held = [some.truth.between(some[a], some[b]).mean() for a, b in (("low", "high"), PAIR)]
    assert held[1] > held[0] - 0.05
    off = [abs(some[name] - some.of_sample).mean() for name in ("value", "pair")]
    assert off[1] < 1.3 * off[0]


def test_other_bounds_were_measured_on_all_tables():
    rows = MEASURED["rivals"]["rows"]
    measured = {(each["case"], each["n"]) for each in rows}
    assert measured == {*itertools.product(accuracy.CASES, accuracy.SIZES)}
    assert all(math.isfinite(each[name]) for each in rows for name in accuracy.OBJECTIVES)


# The forty public tasks: nothing is measured again, since their samples want another package


def test_forty_tasks_have_two_samples_each():
    assert FORTY.task.nunique() == 40
    assert not FORTY.duplicated(["task", "seed"]).any()
    assert all({*seeds} == {*forty.SEEDS} for _, seeds in FORTY.groupby("task").seed)
    assert FORTY.attrs["n"] == forty.ROWS
    assert (FORTY.groupby("task").truth.nunique() == 1).all()
    numbers = FORTY[["truth", "value", "error", "low", "high", "KSG", "plug-in"]]
    assert numbers.map(math.isfinite).all(axis=None)
    assert (FORTY.low <= FORTY.value).all()
    assert (FORTY.value <= FORTY.high).all()


def test_forty_tasks_were_measured_with_the_present_defaults():
    renew = "measure it anew: see benchmarks/README.md"
    assert FORTY.attrs["settings"] == accuracy.measured_with()["settings"], f"changed; {renew}"


def test_what_others_have_printed_of_the_forty_tasks_has_a_source():
    assert FORTY.attrs["published"] == forty.PUBLISHED
    assert FORTY.attrs["source"] == forty.SOURCE


def test_what_benchmarks_readme_says_of_the_forty_tasks():
    text = (BENCHMARKS / "README.md").read_text("utf-8").split("# Forty public tasks")[1]
    means = FORTY.groupby("task")[["truth", "value", "KSG", "plug-in"]].mean()
    off = means.sub(means.truth, axis=0)
    for name, key in (
        ("`estimate_mi`", "value"),
        ("Gaussian plug-in", "plug-in"),
        ("KSG, three neighbours", "KSG"),
    ):
        assert f"| {name} | {abs(off[key]).mean():.3f} |".replace(" 0.", " .") in text
    held = FORTY.truth.between(FORTY.low, FORTY.high)
    assert f"{held.sum()} of {len(FORTY)} intervals hold the truth" in text
    far = off.value[abs(off.value) > 0.05].sort_values()
    assert f"{len(off) - len(far)} of {len(off)} tasks lie within .05 nats" in text
    assert all(each.startswith("spiral") for each in far.index)
    assert f"by {-far.iloc[-1]:.2f} to {-far.iloc[0]:.2f}.".replace(" 0.", " .") in text
    assert not FORTY.warnings.str.len().any()
    missed = FORTY[~FORTY.truth.between(FORTY.low, FORTY.high)].task.str.startswith("spiral")
    assert (len(missed), missed.sum()) == (6, 5)
    assert "of the six that do not, five are of spirals" in text


# Measured again


@pytest.mark.parametrize("name", accuracy.CASES)
def test_samples_and_truth_are_the_same(name):
    x, z, exact = accuracy.sample(name, 200, accuracy.SEEDS[0])
    stored = row(case=name, n=200, seed=accuracy.SEEDS[0])
    assert exact == pytest.approx(stored["of_sample"], abs=1e-5)
    ksg = accuracy.neighbours(x, z)  # no training: only the order of sums may differ
    assert ksg == (stored["ksg"] and pytest.approx(stored["ksg"], abs=2e-3))


@pytest.mark.parametrize("name", ["Gaussian, ρ = 0.9", "ratings 1 to 5", "3 factors in 10 + 10"])
def test_estimates(name):
    """Trained: processors differ in the last digits, and early stopping may take another step."""
    stored, found = row(case=name, n=200, seed=30), accuracy.measure(name, 200, 30)
    for key in ("value", "low", "high"):
        assert found[key] == pytest.approx(stored[key], abs=stored["error"])
    assert found["error"] == pytest.approx(stored["error"], rel=0.3)


def test_other_bounds_find_most_of_the_information():
    found = accuracy.rival("Gaussian, ρ = 0.9", 500, 0)
    for name in accuracy.OBJECTIVES:
        assert found[name] == pytest.approx(found["of_sample"], abs=0.25)


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
