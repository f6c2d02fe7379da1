// Random numbers that a seed repeats: the generator sfc32, and what is made of it.

// Spread the bits of a whole number (the last rounds of MurmurHash3).
function mix(bits) {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

// A generator; streams of one seed have nothing to do with each other.
export class Random {
  constructor(seed, stream = 0) {
    this.a = mix(seed + 0x9e3779b9);
    this.b = mix(stream + 0x7f4a7c15);
    this.c = mix(this.a ^ Math.imul(this.b, 0x165667b1));
    this.counter = 1;
    this.spare = null;
    for (let k = 0; k < 20; k++) this.bits();
  }

  bits() {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  // Uniform in [0, 1), of 53 bits.
  uniform() {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  // Standard Gaussian, two at a time (Box and Muller).
  normal() {
    if (this.spare !== null) {
      const spare = this.spare;
      this.spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  // Put the first `count` numbers of an array in random order, in place.
  shuffle(numbers, count = numbers.length) {
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor(this.uniform() * (last + 1));
      const kept = numbers[last];
      numbers[last] = numbers[other];
      numbers[other] = kept;
    }
    return numbers;
  }
}
