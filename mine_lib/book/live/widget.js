// In JupyterLab: the front end of mine_lib.book.live.Laboratory, an anywidget.

import { Laboratory } from "./laboratory.js";

const finite = (numbers) => Object.fromEntries(Object.entries(numbers).map(([name, value]) =>
  [name, typeof value === "number" && !Number.isFinite(value) ? null : value]));

export function render({ model, el }) {
  el.classList.add("laboratory");
  let known = model.get("settings");
  const send = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const laboratory = new Laboratory(el, {
    settings: known,
    kind: model.get("kind"),
    onReport: (numbers) => send(finite(numbers)),
    onSettings: (address) => {
      if (address === known) return;
      known = address;
      send({ settings: address });
    },
  });
  const load = () => {
    const asked = model.get("settings");
    if (asked === known) return;
    known = asked;
    laboratory.load(asked);
  };
  model.on("change:settings", load);
  const obey = () => (model.get("wanted") ? laboratory.run() : laboratory.pause());
  model.on("change:wanted", obey);
  return () => {
    model.off("change:settings", load);
    model.off("change:wanted", obey);
    laboratory.destroy();
  };
}
