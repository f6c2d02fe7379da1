// Pairs of known information, as mine_lib.distributions has them. A row holds x, then z, which has
// one column. `nodes` are points with weights that make means under Q, and with log r under P;
// `view` is the plane in which a picture shows the critic.

const LEAST = -1e3; // log r where a pair is impossible: low enough, and finite

function lattice(low, high, count) {
  return Float64Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
}

// Complementary error function, to 1.2e-7 of itself (Chebyshev's fit in Numerical Recipes).
function erfc(x) {
  const t = 2 / (2 + Math.abs(x));
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
  ];
  const value = t * Math.exp(-x * x + fit.reduceRight((sum, each) => each + t * sum, 0));
  return x < 0 ? 2 - value : value;
}

// Nodes from points (x, z) with unnormalised log weights under Q.
function makeNodes(rows, logWeights, inputs, logRatio) {
  const count = logWeights.length;
  const highest = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logWeights.reduce((sum, each) => sum + Math.exp(each - highest), 0);
  const logQ = logWeights.map((each) => each - highest - Math.log(total));
  const logR = Float64Array.from({ length: count }, (_, k) => logRatio(rows, k * inputs));
  const share = logQ.map((each, k) => Math.exp(each + logR[k]));
  const sum = share.reduce((a, b) => a + b, 0);
  return { rows, count, logQ, logR, p: share.map((each) => each / sum) };
}

class Data {
  inputs = 2;

  // Rows of a data set, drawn with a generator.
  sample(random, count) {
    const rows = new Float64Array(count * this.inputs);
    for (let k = 0; k < count; k++) this.draw(random, rows, k * this.inputs);
    return rows;
  }

  // Chance of r > level under P, and under Q.
  shares(level) {
    const { logQ, logR, p } = (this.kept ??= this.nodes());
    let underP = 0, underQ = 0;
    logR.forEach((each, k) => {
      if (each <= Math.log(level)) return;
      underP += p[k];
      underQ += Math.exp(logQ[k]);
    });
    return [underP, underQ];
  }

  // Points of a picture, from the upper left, row by row, and log r there.
  grid(size) {
    const { x: [left, right], z: [low, high], rest = [] } = this.view;
    const rows = new Float64Array(size * size * this.inputs);
    const logR = new Float64Array(size * size);
    for (let k = 0; k < size * size; k++) {
      const at = k * this.inputs;
      rows[at] = left + ((right - left) * ((k % size) + 0.5)) / size;
      rows[at + 1] = high - ((high - low) * (Math.floor(k / size) + 0.5)) / size;
      rest.forEach((value, j) => (rows[at + 2 + j] = value));
      logR[k] = this.logRatio(rows, at);
    }
    return { rows, logR, size };
  }
}

// Standard Gaussian x and z of correlation rho; rho = 0 makes them independent.
class Gaussian extends Data {
  view = { x: [-3.2, 3.2], z: [-3.2, 3.2], across: "x", up: "z" };

  constructor(rho) {
    super();
    this.rho = rho;
    this.information = -Math.log1p(-rho * rho) / 2;
  }

  draw(random, rows, at) {
    rows[at] = random.normal();
    rows[at + 1] = this.rho * rows[at] + Math.sqrt(1 - this.rho * this.rho) * random.normal();
  }

  logRatio(rows, at) {
    const x = rows[at], z = rows[at + 1], rho = this.rho;
    const form = (rho * rho * (x * x + z * z) - 2 * rho * x * z) / (2 * (1 - rho * rho));
    return this.information - form;
  }

  // Dense across the ridge, which is thin, and even along it.
  nodes() {
    const scale = Math.sqrt(1 - Math.abs(this.rho)), reach = Math.asinh(7 / scale);
    const across = lattice(-reach, reach, 41), along = lattice(-7, 7, 41);
    const rows = new Float64Array(across.length * along.length * 2);
    const logWeights = new Float64Array(across.length * along.length);
    along.forEach((u, i) => across.forEach((s, j) => {
      const w = scale * Math.sinh(s), k = i * across.length + j;
      rows[2 * k] = (u + w) / Math.SQRT2;
      rows[2 * k + 1] = ((this.rho < 0 ? -1 : 1) * (u - w)) / Math.SQRT2;
      logWeights[k] = -(u * u + w * w) / 2 + Math.log(Math.cosh(s));
    }));
    return makeNodes(rows, logWeights, 2, (...each) => this.logRatio(...each));
  }

  // With xi along the ridge and eta across it, log r = I + |rho| (xi^2 - eta^2) / 2.
  shares(level) {
    const rho = Math.abs(this.rho), excess = Math.log(level) - this.information;
    if (!rho) return level < 1 ? [1, 1] : [0, 0];
    return [[1, 1], [1 + rho, 1 - rho]].map(([precisionAlong, precisionAcross]) => {
      const room = Math.max(1, 81 / precisionAlong - (2 * excess) / rho); // beyond, erfc is 0
      const reach = Math.sqrt(Math.min(64 / precisionAcross, room)), count = 2001;
      let sum = 0;
      for (const eta of lattice(-reach, reach, count)) {
        const least = Math.max(0, eta * eta + (2 * excess) / rho);
        const weight = Math.exp((-eta * eta * precisionAcross) / 2);
        sum += weight * erfc(Math.sqrt((least * precisionAlong) / 2));
      }
      return (sum * Math.sqrt(precisionAcross / (2 * Math.PI)) * 2 * reach) / (count - 1);
    });
  }
}

// x uniform on the unit square; z says whether exactly one coordinate is above one half.
class Square extends Data {
  inputs = 3;
  information = Math.LN2;
  view = { x: [0, 1], z: [0, 1], rest: [1], across: "x₁", up: "x₂, where z = 1" };

  draw(random, rows, at) {
    rows[at] = random.uniform();
    rows[at + 1] = random.uniform();
    rows[at + 2] = rows[at] > 0.5 !== rows[at + 1] > 0.5 ? 1 : 0;
  }

  logRatio(rows, at) {
    return rows[at] > 0.5 !== rows[at + 1] > 0.5 === rows[at + 2] > 0.5 ? Math.LN2 : LEAST;
  }

  nodes() {
    const side = 28, rows = new Float64Array(side * side * 6);
    for (let k = 0; k < 2 * side * side; k++) {
      const cell = k >> 1;
      rows[3 * k] = ((cell % side) + 0.5) / side;
      rows[3 * k + 1] = (Math.floor(cell / side) + 0.5) / side;
      rows[3 * k + 2] = k % 2;
    }
    const even = new Float64Array(2 * side * side);
    return makeNodes(rows, even, 3, (...each) => this.logRatio(...each));
  }
}

// Points of the unit circle plus Gaussian noise.
class Circle extends Data {
  noise = 0.1;
  view = { x: [-1.4, 1.4], z: [-1.4, 1.4], across: "x", up: "z" };

  constructor() {
    super();
    const count = 132; // of equally spaced angles, exact once smeared
    this.centres = Float64Array.from({ length: count }, (_, k) =>
      Math.cos(((k + 0.5) * Math.PI) / count));
    this.logScale = Math.log(this.noise * Math.sqrt(2 * Math.PI));
    this.information = this.meanLogRatio();
  }

  draw(random, rows, at) {
    const angle = 2 * Math.PI * random.uniform();
    rows[at] = Math.cos(angle) + this.noise * random.normal();
    rows[at + 1] = Math.sin(angle) + this.noise * random.normal();
  }

  logRatio(rows, at) {
    const x = rows[at], z = rows[at + 1];
    return this.logJoint(Math.hypot(x, z)) - this.logMarginal(x) - this.logMarginal(z);
  }

  logMarginal(value) {
    let nearest = Infinity;
    for (const each of this.centres) nearest = Math.min(nearest, Math.abs(value - each));
    const scale = 2 * this.noise * this.noise;
    let sum = 0;
    for (const each of this.centres) {
      sum += Math.exp((nearest * nearest - (value - each) * (value - each)) / scale);
    }
    return Math.log(sum / this.centres.length) - (nearest * nearest) / scale - this.logScale;
  }

  // Log joint density at a radius; the Bessel function is a mean over angles.
  logJoint(radius) {
    const pull = radius / (this.noise * this.noise), count = 96;
    let bessel = 0;
    for (let k = 0; k < count; k++) {
      bessel += Math.exp(pull * (Math.cos(((k + 0.5) * Math.PI) / count) - 1)) / count;
    }
    const off = radius - 1;
    return Math.log(bessel) - (off * off) / (2 * this.noise * this.noise) - 2 * this.logScale;
  }

  // The mean of log r under P: over radii, and by symmetry over an eighth of the angles.
  meanLogRatio() {
    const angles = lattice(0, Math.PI / 4, 41), radii = lattice(0.3, 1.7, 141);
    let sum = 0, total = 0;
    for (const radius of radii) {
      const density = radius * Math.exp(this.logJoint(radius));
      angles.forEach((angle, k) => {
        const weight = density * (k === 0 || k === 40 ? 0.5 : 1);
        const point = [radius * Math.cos(angle), radius * Math.sin(angle)];
        sum += weight * this.logRatio(point, 0);
        total += weight;
      });
    }
    return sum / total;
  }

  nodes() {
    const side = 45, ticks = lattice(-1.5, 1.5, side), rows = new Float64Array(side * side * 2);
    const density = ticks.map((each) => this.logMarginal(each));
    const logWeights = new Float64Array(side * side);
    for (let k = 0; k < side * side; k++) {
      const i = Math.floor(k / side), j = k % side;
      rows[2 * k] = ticks[i];
      rows[2 * k + 1] = ticks[j];
      logWeights[k] = density[i] + density[j];
    }
    return makeNodes(rows, logWeights, 2, (...each) => this.logRatio(...each));
  }
}

export function makeData(name, rho) {
  switch (name) {
    case "gaussian": return new Gaussian(rho);
    case "independent": return new Gaussian(0);
    case "xor": return new Square();
    case "circle": return new Circle();
    default: throw new RangeError(`data = ${name}: must be gaussian, xor, circle or independent`);
  }
}
