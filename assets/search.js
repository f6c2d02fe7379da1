// Shows below each page that Sphinx's search found the piece of its text where a word stands, and
// puts terms of the glossary first. Loaded on the search page alone, after page-texts.js
// (tools/excerpts.py).
"use strict";

(() => {
  const BEFORE = 80;
  const LENGTH = 240;

  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // The words asked for as they stand, else their stems, which the index knows them by.
  const patterns = (query) => {
    const words = query.toLowerCase().split(/[^\p{L}\p{N}_-]+/u).filter(Boolean);
    const stems = words.map((word) => word.slice(0, Math.max(4, word.length - 3)));
    return [words, stems].map(
      (list) => new RegExp(`(?<![\\p{L}\\p{N}])(?:${list.map(escaped).join("|")})`, "giu"),
    );
  };

  const firstMatch = (sections, pattern) => {
    for (const [anchor, title, text] of sections) {
      const place = text.search(pattern);
      if (place >= 0) return { anchor, title, text, place };
    }
    return null;
  };

  const excerpt = (text, place) => {
    let start = Math.max(0, place - BEFORE);
    if (start) start = text.indexOf(" ", start) + 1;
    let end = Math.min(text.length, start + LENGTH);
    if (end < text.length) end = text.lastIndexOf(" ", end);
    return (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
  };

  const withMarks = (text, pattern) => {
    const paragraph = document.createElement("p");
    paragraph.className = "context";
    let done = 0;
    for (const match of text.matchAll(pattern)) {
      paragraph.append(text.slice(done, match.index));
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      paragraph.append(mark);
      done = match.index + match[0].length;
    }
    paragraph.append(text.slice(done));
    return paragraph;
  };

  // Of the index, the entries that are terms of the glossary: name and [file, anchor].
  const terms = () =>
    Object.entries(Search._index.indexentries).flatMap(([name, places]) =>
      places.filter(([, id]) => id.startsWith("term-")).map((place) => [name, place]),
    );

  // Sphinx takes an entry of the index only if half of it is asked for; here a word's beginning does.
  const withTerms = (results, query) => {
    const wanted = query.toLowerCase().trim();
    const begins = new RegExp(`(?<![\\p{L}\\p{N}])${escaped(wanted)}`, "u");
    const { docnames, titles, filenames } = Search._index;
    const found = wanted.length < 3 ? [] : terms().filter(([name]) => begins.test(name));
    const hits = found.map(([name, [file, id]]) => {
      const score = 100 + (100 * wanted.length) / name.length;
      return [docnames[file], titles[file], `#${id}`, null, Math.round(score), filenames[file]];
    });
    hits.sort((a, b) => a[4] - b[4]);
    const glossary = new Set(hits.map(([page]) => page));
    const isHit = (page, anchor) => hits.some((hit) => hit[0] === page && hit[2] === anchor);
    const others = results.filter(
      ([page, , anchor]) => !isHit(page, anchor) && (anchor || !glossary.has(page)),
    );
    return [...others, ...hits]; // the best stands last
  };

  // Sphinx marks the words on whatever page is opened next, and shows a button that hides the marks.
  // Here only a page that was found has them.
  const MARKED = "sphinx_highlight_terms";

  let extended = false;

  const extend = () => {
    if (extended || typeof Search === "undefined" || !Search._performSearch) return;
    extended = true;
    const perform = Search._performSearch;
    Search._performSearch = (query, ...rest) => {
      const words = localStorage.getItem(MARKED);
      localStorage.removeItem(MARKED);
      const mark = (event) => event.target.closest("a") && localStorage.setItem(MARKED, words);
      for (const click of ["click", "auxclick"]) Search.output.addEventListener(click, mark);
      return withTerms(perform(query, ...rest), query);
    };
  };

  // A term as the glossary writes it, and its definition, up to the next term's name.
  const definition = (anchor, text) => {
    const after = (name) => new RegExp(`(?:^|(?<=[.…)] ))${escaped(name)} `, "iu");
    const [own] = terms().find(([, [, id]]) => id === anchor);
    const place = Math.max(0, text.search(after(own)));
    const rest = text.slice(place + own.length + 1);
    const ends = terms().map(([name]) => rest.search(after(name))).filter((end) => end > 0);
    const told = rest.slice(0, Math.min(...ends, rest.length)).replace(/^…\W*\s/u, "");
    return [text.slice(place, place + own.length), told.trim()];
  };

  const explain = (item, [exact, stems]) => {
    const link = item.querySelector("a");
    if (item.dataset.explained || !link) return;
    item.dataset.explained = "yes";
    const [file, anchor] = link.getAttribute("href").split("#");
    const page = window.PAGE_TEXTS[file.replace(/\.html$/, "")];
    if (!page || item.querySelector(":scope > span")) return; // an entry of the index, which says what it is
    const [title, sections] = page;
    if (anchor?.startsWith("term-")) {
      const text = sections.map(([, , each]) => each).join(" ");
      const [name, told] = definition(anchor, text);
      link.textContent = `${title}: ${name}`;
      item.append(withMarks(excerpt(`${name}: ${told}`, 0), exact));
      return;
    }
    const own = sections.find(([id]) => id === anchor);
    if (own && own !== sections[0]) link.textContent = `${title}: ${own[1]}`;
    const places = own && anchor ? [own] : sections;
    const found = firstMatch(places, exact) || firstMatch(places, stems);
    const [, , opening] = own || sections.find(([, , text]) => text) || [null, null, ""];
    if (found && !anchor && found.anchor !== sections[0][0]) {
      link.href += `#${found.anchor}`;
      link.textContent = `${title}: ${found.title}`;
    }
    const text = found ? excerpt(found.text, found.place) : excerpt(opening, 0);
    item.append(withMarks(text, firstMatch(places, exact) ? exact : stems));
  };

  const start = () => {
    const results = document.getElementById("search-results");
    const query = new URLSearchParams(location.search).get("q");
    if (!results || !query || !window.PAGE_TEXTS) return;
    const wanted = patterns(query);
    const all = () => results.querySelectorAll("ul.search > li").forEach((li) => explain(li, wanted));
    // Search, when it is loaded, puts its heading here, before its index comes.
    const changed = () => {
      extend();
      all();
    };
    new MutationObserver(changed).observe(results, { childList: true, subtree: true });
    changed();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
