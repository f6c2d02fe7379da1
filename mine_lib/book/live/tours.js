// Five guided tours: a state, two sentences, a question, and an answer to fold away.

export const TOURS = [
  {
    name: "The article’s picture",
    state: "rho=0.99&b=16",
    text:
      "Sixteen pairs a batch, correlation 0.99: each batch divides its push by its own mean of " +
      "eᵀ. The batch values leave the truth behind, and the value on new pairs falls.",
    question:
      "Look at the bars while it happens, and at the outlined corners of log r. Which product " +
      "pair could push back there?",
    answer:
      "Hardly any. 13 in 100 joint pairs lie in the corners and lift T there, with 0.13 a batch on " +
      "average. Only 7 in 100 batches have a product pair there, and such a batch pushes back with " +
      "its softmax weight, at most 1, however high T is: with 0.07 on average. So the corners rise " +
      "without end. One bar that takes all the weight is a batch doing its utmost.",
  },
  {
    name: "The cure",
    state: "rho=0.99&b=16&objective=average",
    text:
      "The same data, network and batches, but eᵀ is divided by a moving average of rate 0.01. " +
      "In grey stands the run before: both values now stay near the truth.",
    question: "What has changed for a batch that hits vanilla’s corners, the fainter outline on log r?",
    answer:
      "It may push back with up to 1/α = 100 instead of 1, since its own mean of eᵀ enters the " +
      "divisor v with weight a hundredth. So a hit makes up for a hundred misses. Of the corners only r > b/α = 1600 " +
      "is left, where 7 joint pairs in 10,000 lie. And the divisor holds the level of T in place: " +
      "where T is too high everywhere, eᵀ/v is above 1 and pushes it down; log v stays near 0.",
  },
  {
    name: "The shuffle that hides it",
    state: "rho=0.99&b=16&pairs=permute",
    text:
      "Vanilla again, but the product pairs come from a random shuffle of the batch, as in many " +
      "programs. A shuffle leaves one row in place on average, and that row is a joint pair.",
    question: "Batch values stay a little below the truth. Is the runaway cured?",
    answer:
      "It is hidden. A joint pair among the product pairs pushes back wherever joint pairs lift, " +
      "and so the value has a cap below the truth, if its means are exact expectations. Batches " +
      "of sixteen can pass it: nothing was learned about the objective. With the shuffle mended " +
      "the same program runs away, and at correlation 0.999 it does so with the shuffle: try it, " +
      "and see batch values far above the truth, 3.11.",
  },
  {
    name: "The lost constant",
    state: "rho=0.99&b=16&objective=average&alpha=0.3",
    text:
      "A moving average of rate 0.3 forgets in three steps. The batch values look right, and log " +
      "v climbs as if it had nowhere to stop.",
    question: "The value does not see a constant added to T. Why does the climb matter?",
    answer:
      "The level alone would not. But it climbs because a rare hit can push back with 1/0.3 = 3 " +
      "at most, which is too little: the outline is r > 53, and joint pairs still lift T there. " +
      "New pairs, and more so all pairs, show what became of the critic.",
  },
  {
    name: "What a held-out value sees",
    state: "rho=0.95&b=16&steps=4000",
    text:
      "Correlation 0.95, vanilla, sixteen pairs a batch, 4,000 steps. The mean of a hundred batches " +
      "swings between 0.7 and 1.8, mostly a little above the truth, 1.16; you might report it.",
    question:
      "Would you? Look at the value of all pairs. And in how many of 100 batches did one product " +
      "pair take over half of the push?",
    answer:
      "All pairs give a value below zero, mostly far below: this critic is worse than a constant. In the end, in 15 to 40 " +
      "of 100 batches one product pair takes over half of the push. A batch " +
      "of sixteen rarely contains the product pairs that would show it. Two thousand new pairs " +
      "contain some, and miss many: their value jumps from look to look and may even lie above " +
      "zero. Another seed shows it so, too.",
  },
];
