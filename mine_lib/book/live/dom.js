// Elements of a page, and what the reader prefers.

let count = 0;

// A name that no other element of the page has.
export function unique(name) {
  count += 1;
  return `laboratory-${name}-${count}`;
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A list of choices under a label.
export function select(label, options, chosen, listen) {
  const id = unique("select");
  const field = make("select", { id, onchange: () => listen(field.value) },
    ...Object.entries(options).map(([value, text]) => make("option", { value }, text)));
  field.value = chosen;
  return { field, whole: make("div", { class: "lab-field" }, make("label", { for: id }, label), field) };
}

// A slider over a list of values, with the value's text beside its label.
export function slider(label, texts, start, listen) {
  const id = unique("slider"), shown = make("span", { class: "lab-value" });
  const field = make("input", {
    id, type: "range", min: 0, max: texts.length - 1, autocomplete: "off",
    oninput: () => {
      tell();
      listen(Number(field.value));
    },
  });
  const tell = () => {
    shown.textContent = texts[field.value];
    field.setAttribute("aria-valuetext", texts[field.value]);
  };
  field.value = start;
  tell();
  const name = make("div", { class: "lab-name" }, make("label", { for: id }, label), shown);
  return { field, whole: make("div", { class: "lab-field" }, name, field) };
}

export function prefersCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Call back when the page turns dark or light, or is printed; returns a function that ends this.
export function watchColours(callback) {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  const printing = matchMedia("print");
  printing.addEventListener("change", callback);
  window.addEventListener("beforeprint", callback);
  window.addEventListener("afterprint", callback);
  return () => {
    observer.disconnect();
    printing.removeEventListener("change", callback);
    window.removeEventListener("beforeprint", callback);
    window.removeEventListener("afterprint", callback);
  };
}
