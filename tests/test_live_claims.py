"""What the five tours say, over eight seeds each, in the browser that the reader has."""

import numpy as np
import pytest

import mine_lib as ml

SEEDS = 8
# Runs a tour's state for each seed: what its pictures show at the end.
RUN = """({k, seeds}) => {
  const {settings: s, tours, training} = mineLive;
  const {settings} = s.parse(tours.TOURS[k].state);
  const found = [];
  for (let seed = 0; seed < seeds; seed++) {
    const trainer = new training.Trainer(s.forTraining({...settings, seed}));
    trainer.look = () => {};  // until the end: the path does not depend on who looks
    while (trainer.done < settings.steps && trainer.step());
    delete trainer.look;
    trainer.look();
    const values = [...trainer.value.values.slice(0, trainer.done)];
    const largest = trainer.largest.values.slice(trainer.done - 1000, trainer.done);
    found.push({values, held_out: trainer.heldOut.last, exact: trainer.exact.last,
      log_v: trainer.logV.last, alone: largest.filter((each) => each > 0.5).length / 1000});
  }
  return found;
}"""


def play(modules, k):
    """Batch values (seeds, steps), and the numbers at the end, (seeds,) each."""
    found = modules.evaluate(RUN, {"k": k, "seeds": SEEDS})
    names = ("held_out", "exact", "log_v", "alone")
    values = np.array([each["values"] for each in found])
    return values, {name: np.array([each[name] for each in found]) for name in names}


def last(values):
    return values[:, -500:].mean(1)


def highest(values):
    """The largest mean of a hundred successive batches of each run."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return (sums[:, 100:] - sums[:, :-100]).max(1) / 100


def test_the_articles_picture_runs_away(modules):
    truth = ml.Gaussian(0.99).mi
    values, end = play(modules, 0)
    assert (highest(values) > 2 * truth + 1).all()  # chapter 4's mark of a runaway
    assert ml.exceeds(last(values), 2 * truth)
    assert (end["held_out"] < -10).all()
    assert (end["alone"] > 0.9).all()


def test_the_cure_stays(modules):
    truth = ml.Gaussian(0.99).mi
    values, end = play(modules, 1)
    assert (highest(values) < 2 * truth + 1).all()
    assert (np.abs(end["exact"] - truth) < 0.4).all()
    assert np.median(np.abs(end["exact"] - truth)) < 0.1
    assert (np.abs(end["held_out"] - truth) < 0.5).all()
    assert (np.abs(end["log_v"]) < 1.5).all()


def test_the_shuffle_caps_the_batch_values_below_the_truth(modules):
    truth = ml.Gaussian(0.99).mi
    values, end = play(modules, 2)
    assert ml.exceeds(truth, last(values))
    assert (values[:, 1500:].mean(1) < truth).all()
    assert (highest(values) < 2 * truth).all()
    assert (end["alone"] < 0.9).all()


def test_at_correlation_0999_batch_values_pass_the_truth_under_the_shuffle(modules):
    asked = {"k": "rho=0.999&b=16&pairs=permute", "seeds": 4}
    found = modules.evaluate(RUN.replace("tours.TOURS[k].state", "k"), asked)
    values = np.array([each["values"] for each in found])
    assert (last(values) > 2 * ml.Gaussian(0.999).mi).all()


def test_the_constant_is_lost_while_batch_values_look_right(modules):
    truth = ml.Gaussian(0.99).mi
    values, end = play(modules, 3)
    assert (np.abs(last(values) - truth) < 0.5).all()
    assert (end["log_v"] > 50).all()
    assert (end["exact"] < end["held_out"]).all()
    assert (end["exact"] < 0).all()


def test_all_pairs_are_below_zero_where_batch_values_are_a_little_high(modules):
    truth = ml.Gaussian(0.95).mi
    values, end = play(modules, 4)
    assert 0 < np.median(last(values) - truth) < 0.6
    assert (last(values) < 2 * truth + 1).all()
    assert (end["held_out"] < 0).sum() >= 5  # the others' new pairs miss what all pairs show
    assert (end["held_out"] > 0).any()
    assert (end["exact"] < np.minimum(end["held_out"], 0)).all()
    assert ((end["alone"] > 0.15) & (end["alone"] < 0.4)).all()
    sums = np.cumsum(values, axis=1)
    means = (sums[:, 100:] - sums[:, :-100])[:, -1500:] / 100
    assert means.min() > 0.7
    assert means.max() < 1.9


# What the page and its answers say in numbers


@pytest.mark.parametrize(
    ("rho", "b", "alpha", "lift", "push"),
    [
        (0.99, 16, 1, 0.13, 0.071),
        (0.9, 16, 1, 0.026, 0.014),
        (0.9, 128, 1, 0.0019, 0.0011),
        (0.99, 16, 0.01, 0.00065, 0.00034),
    ],
)
def test_lift_and_push_back_that_the_answers_name(modules, rho, b, alpha, lift, push):
    asked = f"() => mineLive.data.makeData('gaussian', {rho}).shares({b / alpha})"
    under_p, under_q = modules.evaluate(asked)
    hits = 1 - (1 - under_q) ** b
    assert float(f"{under_p:.2g}") == lift
    assert float(f"{hits / alpha:.2g}") == push


EXACT = """({b, seeds, steps}) => {
  const {settings: s, training} = mineLive, found = [];
  for (let seed = 0; seed < seeds; seed++) {
    const settings = {...s.parse(`rho=0.9&b=${b}`).settings, seed};
    const trainer = new training.Trainer(s.forTraining(settings));
    trainer.look = () => {};
    while (trainer.done < steps) trainer.step();
    delete trainer.look;
    trainer.look();
    found.push(trainer.exact.last);
  }
  return found;
}"""


def test_at_correlation_09_a_batch_of_128_looks_safe_and_one_of_16_does_not(modules):
    truth = ml.Gaussian(0.9).mi
    small = modules.evaluate(EXACT, {"b": 16, "seeds": 5, "steps": 6000})
    large = modules.evaluate(EXACT, {"b": 128, "seeds": 3, "steps": 2000})
    assert np.max(np.abs(np.array(large) - truth)) < 0.1
    assert np.median(small) < 0


def test_what_is_left_over_at_128_pairs_is_a_fifteenth(modules):
    left = []
    for b in (16, 128):
        under_p, under_q = modules.evaluate(f"mineLive.data.makeData('gaussian', 0.9).shares({b})")
        left.append(under_p - (1 - (1 - under_q) ** b))
    assert 12 < left[0] / left[1] < 18


HITS = """({rho, b, m, pairs, batches}) => {
  const {data, maps, random, training} = mineLive, gaussian = data.makeData("gaussian", rho);
  const stream = (k) => new random.Random(3, k), settings = {b, m, pairs};
  const rows = gaussian.sample(stream(0), 200000);
  const made = new training.Batches(gaussian, rows, settings, stream(1), stream(2));
  let hits = 0;
  for (let n = 0; n < batches; n++) {
    const values = made.next();
    for (let k = b; k < b * (1 + m); k++) {
      if (gaussian.logRatio(values, 2 * k) > Math.log(b * m)) { hits += 1; break; }
    }
  }
  return [hits / batches, maps.chanceOfHit(settings, ...gaussian.shares(b * m))];
}"""


@pytest.mark.parametrize("pairs", ["shift", "permute", "fresh"])
@pytest.mark.parametrize(("rho", "b", "m"), [(0.99, 16, 1), (0.999, 16, 1), (0.99, 16, 3)])
def test_the_chance_of_a_product_pair_in_the_set_is_that_of_batches(modules, rho, b, m, pairs):
    batches = 60_000
    asked = {"rho": rho, "b": b, "m": m, "pairs": pairs, "batches": batches}
    counted, told = modules.evaluate(HITS, asked)
    error = (counted * (1 - counted) / batches) ** 0.5
    assert abs(told - counted) < 4 * error + (0 if pairs == "fresh" else 0.03 * counted)


@pytest.mark.parametrize("b", [2, 1024])
def test_the_chance_under_a_shuffle_is_a_chance_where_all_rows_are_in_the_set(modules, b):
    asked = f"mineLive.maps.chanceOfHit({{pairs: 'permute', b: {b}, m: 1}}, 1, 1e-9)"
    one_left_in_place = 0.5 if b == 2 else 1 - 2.718281828**-1
    assert modules.evaluate(asked) == pytest.approx(one_left_in_place, rel=1e-4)
