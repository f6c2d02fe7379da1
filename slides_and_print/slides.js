// Starts a deck once its formulas are set; lets each slide's words be as large as there is room for,
// and lets go of a slider after the mouse has moved it, so that the arrows turn the pages again.
const LARGEST = 30, SMALLEST = 19;  // pixels

function fits(words) {
  const edge = words.getBoundingClientRect().right + 1;
  const formulas = [...words.querySelectorAll("mjx-container > mjx-math")];
  const parts = words.parentElement;
  return words.scrollHeight <= words.clientHeight && parts.scrollHeight <= parts.clientHeight
    && formulas.every((each) => each.getBoundingClientRect().right <= edge);
}

function fit(slide) {
  const words = slide.querySelector(".words");
  for (let size = LARGEST; words && size >= SMALLEST; size -= 1) {
    words.style.fontSize = `${size}px`;
    if (fits(words)) break;
  }
}

// A printer lets pictures grow again: it is told their heights.
function keepHeights() {
  for (const picture of document.querySelectorAll(".pictures img")) {
    picture.style.maxHeight = `${picture.offsetHeight}px`;
  }
}

function ready() {
  document.documentElement.classList.add("ready");
}

window.MathJax.startup.promise.then(() => {
  Reveal.on("slidechanged", (event) => fit(event.currentSlide));
  Reveal.on("pdf-ready", () => {
    Reveal.getSlides().forEach(fit);
    keepHeights();
    ready();
  });
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    display: "flex",
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    pdfSeparateFragments: false,
    pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  }).then(() => {
    fit(Reveal.getCurrentSlide());
    if (!/print-pdf/.test(location.search)) ready();
  });
});

for (const slider of document.querySelectorAll("input[type=range]")) {
  slider.addEventListener("pointerup", () => slider.blur());
  slider.addEventListener("keydown", (event) => {
    if (event.key === "Escape") slider.blur();
    event.stopPropagation();
  });
}
