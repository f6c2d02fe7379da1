// On a page of the book: fill each element of class "laboratory".

import { watchColours } from "./dom.js";
import { Laboratory } from "./laboratory.js";
import { Push } from "./push.js";

// The whole laboratory's state is the page's address.
function whole(root) {
  const own = location.hash.includes("=") ? location.hash : root.dataset.settings ?? "";
  let written = "", isFilled = false;
  const laboratory = new Laboratory(root, {
    settings: own,
    onSettings: (address) => {
      written = address;
      if (isFilled) history.replaceState(null, "", `#${address}`);
    },
  });
  isFilled = true;
  window.addEventListener("hashchange", () => {
    const asked = location.hash.slice(1);
    if (asked.includes("=") && asked !== written) laboratory.load(asked);
  });
  return laboratory;
}

function fill(root) {
  const { kind = "full", settings, more } = root.dataset;
  if (kind === "push") {
    root.replaceChildren();
    const push = new Push(root);
    watchColours(() => push.forgetColours());
    root.classList.add("lab-ready");
    return push;
  }
  return kind === "full" ? whole(root) : new Laboratory(root, { settings, kind, more });
}

export function fillAll() {
  const filled = [...document.querySelectorAll(".laboratory")].map((root) => fill(root));
  return (window.laboratories = filled);
}
