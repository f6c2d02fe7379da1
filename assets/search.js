// Shows below each page that Sphinx's search found the piece of its text where a word stands.
// Loaded on the search page alone, after page-texts.js (tools/excerpts.py).
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

  const explain = (item, [exact, stems]) => {
    const link = item.querySelector("a");
    if (item.dataset.explained || !link) return;
    item.dataset.explained = "yes";
    const [file, anchor] = link.getAttribute("href").split("#");
    const page = window.PAGE_TEXTS[file.replace(/\.html$/, "")];
    if (!page || item.querySelector(":scope > span")) return; // an entry of the index, which says what it is
    const [title, sections] = page;
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
    new MutationObserver(all).observe(results, { childList: true, subtree: true });
    all();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
