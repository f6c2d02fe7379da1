// What training climbs, as mine_lib has it: the value of a batch in nats, and what each critic
// value weighs in the gradient. joint: T at b pairs of P. product: T at m b pairs of Q, the
// partners of one kind side by side, as (m, b). The weights are written into `toJoint`, `toProduct`.

export function logMeanExp(values, count = values.length) {
  let largest = -Infinity;
  for (let k = 0; k < count; k++) if (values[k] > largest) largest = values[k];
  if (!Number.isFinite(largest)) return largest === -Infinity ? anyNaN(values, count) : largest;
  let sum = 0;
  for (let k = 0; k < count; k++) sum += Math.exp(values[k] - largest);
  return largest + Math.log(sum / count);
}

function anyNaN(values, count) {
  for (let k = 0; k < count; k++) if (Number.isNaN(values[k])) return NaN;
  return -Infinity;
}

function mean(values, count = values.length) {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += values[k];
  return sum / count;
}

export function donskerVaradhan(joint, product) {
  return mean(joint) - logMeanExp(product);
}

function logAddExp(a, b) {
  const high = Math.max(a, b);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
const sigmoid = (t) => 1 / (1 + Math.exp(-t));

// The Donsker-Varadhan value with MINE's gradient; alpha = 1 is vanilla, whose v is the batch mean.
class MovingAverage {
  constructor(alpha) {
    this.alpha = alpha;
    this.logV = 0;
  }

  weigh(joint, product, toJoint, toProduct) {
    const logMean = logMeanExp(product);
    const logV = logAddExp(Math.log1p(-this.alpha) + this.logV, Math.log(this.alpha) + logMean);
    if (Number.isFinite(logV)) this.logV = logV;
    toJoint.fill(1 / joint.length);
    for (let k = 0; k < product.length; k++) {
      toProduct[k] = -Math.exp(product[k] - this.logV) / product.length;
    }
    return mean(joint) - logMean;
  }
}

// Nguyen, Wainwright and Jordan's value with a = e.
class NWJ {
  logV = 1;

  weigh(joint, product, toJoint, toProduct) {
    toJoint.fill(1 / joint.length);
    for (let k = 0; k < product.length; k++) {
      toProduct[k] = -Math.exp(product[k] - 1) / product.length;
    }
    return mean(joint) - Math.exp(logMeanExp(product) - 1);
  }
}

// Telling a joint pair from m pairs with the same x; at most log(m + 1).
class InfoNCE {
  logV = null;

  weigh(joint, product, toJoint, toProduct) {
    const b = joint.length, m = product.length / b;
    let value = 0;
    for (let j = 0; j < b; j++) {
      let highest = 0;
      for (let k = 0; k < m; k++) highest = Math.max(highest, product[k * b + j] - joint[j]);
      let sum = Math.exp(-highest);
      for (let k = 0; k < m; k++) sum += Math.exp(product[k * b + j] - joint[j] - highest);
      value -= (highest + Math.log(sum) - Math.log(m + 1)) / b;
      toJoint[j] = 0;
      for (let k = 0; k < m; k++) {
        const share = Math.exp(product[k * b + j] - joint[j] - highest) / sum / b;
        toProduct[k * b + j] = -share;
        toJoint[j] += share;
      }
    }
    return value;
  }
}

// No estimate of information, but slopes are bounded, and it is largest at T = log r.
class JensenShannon {
  logV = null;

  weigh(joint, product, toJoint, toProduct) {
    let value = 0;
    joint.forEach((t, j) => {
      value -= softplus(-t) / joint.length;
      toJoint[j] = sigmoid(-t) / joint.length;
    });
    product.forEach((t, k) => {
      value -= softplus(t) / product.length;
      toProduct[k] = -sigmoid(t) / product.length;
    });
    return value;
  }
}

export function makeObjective(name, alpha) {
  switch (name) {
    case "vanilla": return new MovingAverage(1);
    case "average": return new MovingAverage(alpha);
    case "nwj": return new NWJ();
    case "infonce": return new InfoNCE();
    case "js": return new JensenShannon();
    default: throw new RangeError(`objective = ${name}: must be vanilla, average, nwj, infonce or js`);
  }
}
