// The pictures of the laboratory, and what stands beside them: titles, and what their marks mean.

import { Critic, Ratio } from "./maps.js";
import { LogV, Norm, Values, Weights } from "./pictures.js";

const dividesByV = ({ objective }) => ["vanilla", "average", "nwj"].includes(objective);
const ofObjective = (wanted) => ({ objective }) => objective === wanted;

// Name, kind, title, and what its marks mean: a class of live.css (none for a remark), words, and
// for which settings.
export const PICTURES = [
  ["values", Values, "Value of the critic, in nats",
    ["joint", "batches, and the mean of a hundred"], ["product dashed", "new pairs"],
    ["truth", "truth I"], ["ghost", "the run before"],
    ["", "all pairs: means by quadrature, without sampling"],
    ["zone", "compressed scale"],
    ["", "batches: Jensen–Shannon’s value, at most 0, is no estimate of I", ofObjective("js")],
    ["", "batches: InfoNCE’s value stays below log(m + 1), and is no estimate of I beyond it",
      ofObjective("infonce")]],
  ["weights", Weights, "Push back of the last batch",
    ["product dot", "push: how hard a product pair pulls T down"],
    ["joint", "lift: how hard each joint pair pulls T up", ({ objective }) =>
      objective !== "js" && objective !== "infonce"]],
  ["logv", LogV, "The level of eᵀ",
    ["product", "log v: vanilla divides by v, its batch’s own mean of eᵀ", ofObjective("vanilla")],
    ["product", "log v: eᵀ is divided by v, a moving mean", ofObjective("average")],
    ["product", "log of NWJ’s divisor, e", ofObjective("nwj")],
    ["truth dashed", "log of the true mean of eᵀ"],
    ["", "this objective has no v", (settings) => !dividesByV(settings)]],
  ["norm", Norm, "Norm of the gradient",
    ["ink dot", "each step", ({ clip }) => !clip],
    ["ink dot", "each step, before it is clipped", ({ clip }) => clip]],
  ["critic", Critic, "The critic T", ["heat", "−6 to 6 nats, moved to the level of log r"]],
  ["ratio", Ratio, "What it should become: log r", ["heat", "−6 to 6 nats"],
    ["joint dot", "joint"], ["product dot", "product pairs of the last batch"],
    ["outline", "r above the number of product pairs in a batch", ofObjective("vanilla")],
    ["outline", "r above the number of product pairs in a batch, over α", ofObjective("average")],
    ["outline faint", "the same without α: vanilla’s", ofObjective("average")]],
];
