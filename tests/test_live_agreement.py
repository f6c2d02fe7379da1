"""The laboratory's JavaScript against mine_lib: same weights and batch, same numbers."""

import numpy as np
import pytest
import torch

import mine_lib as ml

RELATIVE = 1e-5
B, M, WIDTH, STEPS, RATE = 12, 3, 8, 3, 0.01
OBJECTIVES = {
    "vanilla": lambda: ml.MINE(alpha=1),
    "average": lambda: ml.MINE(alpha=0.1),
    "nwj": lambda: ml.nwj,
    "infonce": lambda: ml.infonce,
    "js": lambda: ml.jensen_shannon,
}
# Trains on given batches: the values, the gradient of the first, and the weights at the end.
TRAIN = """({start, batches, objective, inputs, width, b, clip, rate}) => {
  const {network, objectives, training} = mineLive;
  const net = new network.Network(inputs, width);
  net.weights.set(start);
  const goal = objectives.makeObjective(objective, 0.1);
  const adam = new training.Adam(start.length, rate);
  const values = [], logs = [];
  let first = null;
  for (const batch of batches) {
    const rows = Float64Array.from([...batch, ...Array(inputs).fill(0)]);
    const count = batch.length / inputs;
    const t = net.forward(rows, count).slice(0, count), weigh = new Float64Array(count);
    const [[joint, product], [toJoint, toProduct]] = [t, weigh].map(
      (each) => [each.subarray(0, b), each.subarray(b)]);
    values.push(goal.weigh(joint, product, toJoint, toProduct));
    logs.push(goal.logV);
    const gradient = net.backward(rows, weigh, count);
    first ??= [...gradient];
    const norm = Math.hypot(...gradient);
    if (clip && norm > clip) gradient.forEach((each, k) => { gradient[k] = each * clip / norm; });
    adam.climb(net.weights, gradient);
  }
  return {values, logs, gradient: first, weights: [...net.weights]};
}"""


def flat(network, values):
    """Weight and bias of each layer in turn, as the laboratory lays them out."""
    layers = zip(network.weights, network.biases, strict=True)
    return torch.cat([values(each).flatten() for layer in layers for each in layer]).tolist()


def make_batches(x_dim, seed, b=B):
    """Joint and product rows, (1 + m, b, x_dim + 1), the product rows with the same x."""
    rng = np.random.default_rng(seed)
    batches = rng.normal(size=(STEPS, 1 + M, b, x_dim + 1)) * 2
    batches[:, 1:, :, :x_dim] = batches[:, :1, :, :x_dim]
    return torch.from_numpy(batches)


def train_by_torch(network, objective, batches, x_dim, clip):
    adam = torch.optim.Adam(network.parameters(), lr=RATE)
    values, logs, first = [], [], None
    for batch in batches:
        t = network(*batch.flatten(0, 1).split([x_dim, 1], -1)).view(1, 1 + M, -1)
        value = objective(t[:, 0], t[:, 1:])
        adam.zero_grad()
        (-value.sum()).backward()
        first = first or flat(network, lambda each: -each.grad)
        if clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        adam.step()
        values.append(value.item())
        logs.append(objective.v.log().item() if isinstance(objective, ml.MINE) else None)
    return values, logs, first, flat(network, lambda each: each.detach())


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize(("x_dim", "b", "clip"), [(1, 12, 0), (1, 5, 0.3), (2, 7, 0)])
def test_values_gradients_and_steps_of_adam_agree(modules, name, x_dim, b, clip):
    network = ml.StatisticsNetwork(x_dim, 1, (WIDTH, WIDTH), seeds=[b]).double()
    with torch.no_grad():
        network.weights[-1].mul_(4)  # so that e^T is far from one
    batches = make_batches(x_dim, b, b)
    asked = {
        "start": flat(network, lambda each: each.detach()),
        "batches": batches.flatten(1).tolist(),
        "objective": name,
        "inputs": x_dim + 1,
        "width": WIDTH,
        "b": b,
        "clip": clip,
        "rate": RATE,
    }
    found = modules.evaluate(TRAIN, asked)
    values, logs, first, weights = train_by_torch(network, OBJECTIVES[name](), batches, x_dim, clip)
    assert np.abs(first).max() > 0.01
    assert found["values"] == pytest.approx(values, rel=RELATIVE)
    assert found["gradient"] == pytest.approx(first, rel=RELATIVE, abs=1e-12)
    assert found["weights"] == pytest.approx(weights, rel=RELATIVE, abs=1e-12)
    if logs[0] is not None:
        assert found["logs"] == pytest.approx(logs, rel=RELATIVE)


def test_initial_weights_are_as_wide_as_those_of_the_library(modules):
    drawn = modules.evaluate(
        "() => { const {network, random} = mineLive;"
        "return new network.Network(2, 64, new random.Random(1)).parts.map((each) => [...each]); }"
    )
    library = ml.StatisticsNetwork(1, 1, (64, 64), seeds=[0])
    parts = [each for pair in zip(library.weights, library.biases, strict=True) for each in pair]
    for ours, theirs, inputs in zip(drawn, parts, (2, 2, 64, 64, 64, 64), strict=True):
        assert len(ours) == theirs.numel()
        assert np.abs(ours).max() <= inputs**-0.5
    for ours, inputs in ((drawn[2], 64), (drawn[0], 2)):
        spread = inputs**-0.5 / 3**0.5
        assert np.std(ours) == pytest.approx(spread, rel=0.15)


# Data


DATA = {
    "gaussian": (0.9, ml.Gaussian(0.9)),
    "independent": (0.9, ml.Gaussian(0.0)),
    "circle": (0, ml.Circle(noise=0.1)),
}
POINTS = """({name, rho}) => {
  const data = mineLive.data.makeData(name, rho);
  const rows = data.sample(new mineLive.random.Random(3), 400), at = [];
  for (let k = 0; k < 400; k++) at.push(data.logRatio(rows, k * data.inputs));
  return {rows: [...rows], log_ratio: at, information: data.information, shares: data.shares(3)};
}"""


@pytest.mark.parametrize("name", DATA)
def test_log_ratio_and_information_are_those_of_the_library(modules, name):
    rho, pair = DATA[name]
    found = modules.evaluate(POINTS, {"name": name, "rho": rho})
    x, z = np.reshape(found["rows"], (-1, 2)).T
    expected = pair.log_ratio(torch.from_numpy(x), torch.from_numpy(z)).double().numpy()
    assert found["log_ratio"] == pytest.approx(expected, rel=RELATIVE, abs=1e-5)
    assert found["information"] == pytest.approx(pair.mi, rel=RELATIVE, abs=1e-12)


@pytest.mark.parametrize("name", DATA)
def test_samples_have_the_moments_of_the_library(modules, name):
    rho, pair = DATA[name]
    rows = np.reshape(modules.evaluate(POINTS, {"name": name, "rho": rho})["rows"], (-1, 2))
    drawn = np.hstack([each.numpy() for each in pair.sample(100_000, seed=0)])
    for power in (1, 2):
        there, here = drawn**power, rows**power
        error = there.std(0) / len(rows) ** 0.5
        assert (np.abs(here.mean(0) - there.mean(0)) < 4 * error).all()
    product = drawn.prod(1)
    error = product.std() / len(rows) ** 0.5
    assert abs(rows.prod(1).mean() - product.mean()) < 4 * error


def test_xor_has_one_bit(modules):
    found = modules.evaluate(POINTS, {"name": "xor", "rho": 0})
    x, y, z = np.reshape(found["rows"], (-1, 3)).T
    assert (z == ((x > 0.5) != (y > 0.5))).all()
    assert found["log_ratio"] == pytest.approx([np.log(2)] * 400)
    assert found["information"] == pytest.approx(np.log(2))


@pytest.mark.parametrize(("rho", "level"), [(0.99, 16), (0.9, 16), (0.9, 3), (-0.8, 2), (0.5, 0.5)])
def test_shares_of_a_level_are_those_of_samples(modules, rho, level):
    asked = f"() => mineLive.data.makeData('gaussian', {rho}).shares({level})"
    under_p, under_q = modules.evaluate(asked)
    pair, n = ml.Gaussian(rho), 400_000
    x, z = pair.sample(n, seed=0)
    for share, other in ((under_p, z), (under_q, pair.sample(n, seed=1)[1])):
        counted = (pair.log_ratio(x, other) > np.log(level)).double().mean().item()
        assert abs(counted - share) < 4 * (share * (1 - share) / n) ** 0.5


# Batches and what is measured


BATCHES = """(pairs) => {
  const {training, data, random} = mineLive;
  const gaussian = data.makeData("gaussian", 0.5), stream = (k) => new random.Random(5, k);
  const rows = gaussian.sample(stream(0), 12), settings = {b: 4, m: 2, pairs};
  const batches = new training.Batches(gaussian, rows, settings, stream(1), stream(2));
  return {rows: [...rows], batches: [0, 1, 2, 3].map(() => [...batches.next().slice(0, 24)])};
}"""


@pytest.fixture(scope="module", params=["shift", "permute", "fresh"])
def drawn(request, modules):
    found = modules.evaluate(BATCHES, request.param)
    batches = np.reshape(found["batches"], (4, 3, 4, 2))  # batch, joint or partner, row, column
    return request.param, np.reshape(found["rows"], (12, 2)), batches


def test_an_epoch_takes_each_row_once_and_partners_keep_x(drawn):
    _, rows, batches = drawn
    epoch = batches[:3, 0].reshape(-1, 2)
    assert sorted(map(tuple, epoch)) == sorted(map(tuple, rows))
    assert (batches[:, 1:, :, 0] == batches[:, :1, :, 0]).all()


def test_partners_are_shifted_shuffled_or_fresh(drawn):
    pairs, rows, batches = drawn
    for joint, *partners in batches[..., 1]:
        for k, each in enumerate(partners, 1):
            if pairs == "shift":
                assert (each == np.roll(joint, k)).all()
            elif pairs == "permute":
                assert sorted(each) == sorted(joint)
            else:
                assert not set(each) & set(rows[:, 1])


RUN = """(settings) => {
  const {settings: s, training} = mineLive;
  const trainer = new training.Trainer(s.forTraining(s.parse(settings).settings));
  while (trainer.done < 100) trainer.step();
  const {rows, count} = trainer.nodes;
  return {weights: [...trainer.network.weights], new_rows: [...trainer.newRows],
    held_out: trainer.heldOut.last, exact: trainer.exact.last, log_mean: trainer.logMean.last};
}"""


def test_held_out_and_exact_values_are_those_of_the_library(modules):
    found = modules.evaluate(RUN, "rho=0.8&b=32")
    critic = ml.StatisticsNetwork(1, 1, (32, 32)).double()
    parts = torch.tensor(found["weights"], dtype=torch.float64)
    layers = [each for pair in zip(critic.weights, critic.biases, strict=True) for each in pair]
    with torch.no_grad():
        for each, part in zip(layers, parts.split([e.numel() for e in layers]), strict=True):
            each.copy_(part.view_as(each))
        rows = torch.tensor(found["new_rows"], dtype=torch.float64).view(-1, 2)
        t = ml.critic_values(critic, rows[:, :1], rows[:, 1:], shifts=[1999, 1500])
        assert found["held_out"] == pytest.approx(ml.donsker_varadhan(*t).item(), rel=RELATIVE)
        x, z = (each.double() for each in ml.Gaussian(0.8).sample(300_000, seed=0))
        joint, product = ml.critic_values(critic, x, z)
        powers = product[0].exp()
        error = (powers.std() / powers.mean() / len(x) ** 0.5).item()
        assert abs(found["log_mean"] - powers.mean().log().item()) < 5 * error
        value = joint.mean().item() - found["log_mean"]
        assert abs(found["exact"] - value) < 5 * joint.std().item() / len(x) ** 0.5 + 1e-3
