"use strict";

// The catalogue's controls: rows that fit stay, the count follows, headings sort.
function catalogue(root) {
  const form = root.querySelector("form");
  const body = root.querySelector("tbody");
  const rows = [...body.rows];
  const found = root.querySelector(".found");
  const value = (name) => form.querySelector(`[data-filter="${name}"]`).value;

  function fits(row) {
    const data = row.dataset;
    const words = value("words").toLowerCase().split(/\s+/).filter(Boolean);
    const year = Number(data.year);
    return (
      words.every((word) => data.words.includes(word)) &&
      (!value("domain") || data.domain === value("domain")) &&
      ["lecture", "dataset"].every(
        (key) => !value(key) || data[key].split("|").includes(value(key)),
      ) &&
      year >= Number(value("first") || 0) &&
      year <= Number(value("last") || 9999)
    );
  }

  function filter() {
    let count = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      count += !row.hidden;
    }
    found.textContent = `${count} architecture${count === 1 ? "" : "s"}`;
    const set = [...form.querySelectorAll("[data-filter]")]
      .filter((control) => control.value !== control.defaultValue && control.value)
      .map((c) => `${c.dataset.filter}=${encodeURIComponent(c.value)}`);
    history.replaceState(null, "", set.length ? `#${set.join("&")}` : " ");
  }

  for (const pair of location.hash.slice(1).split("&")) {
    const [name, text] = pair.split("=");
    const control = form.querySelector(`[data-filter="${CSS.escape(name)}"]`);
    if (control && text) control.value = decodeURIComponent(text);
  }
  for (const kind of ["input", "change"]) form.addEventListener(kind, filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  root.querySelectorAll("th").forEach((heading, column) => {
    let sign = 1;
    heading.addEventListener("click", () => {
      const key = (row) => {
        const cell = row.cells[column];
        return "number" in heading.dataset ? Number(cell.dataset.order) : cell.textContent;
      };
      rows.sort((a, b) => {
        const [one, other] = [key(a), key(b)];
        return sign * (one > other ? 1 : one < other ? -1 : 0);
      });
      sign = -sign;
      body.append(...rows);
    });
  });
  if (location.hash.length > 1) filter();
}

// The chart's tooltip, beside the pointer or the focused disc.
function chart(root) {
  const tip = root.querySelector(".tip");
  const show = (event) => {
    const text = event.target.dataset && event.target.dataset.tip;
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const frame = root.getBoundingClientRect();
    const disc = event.target.getBoundingClientRect();
    const left = Math.max(0, Math.min(disc.left - frame.left, frame.width - 260));
    tip.style.left = `${root.scrollLeft + left}px`;
    tip.style.top = `${disc.bottom - frame.top + 6}px`;
  };
  root.addEventListener("pointerover", show);
  root.addEventListener("focusin", show);
  root.addEventListener("pointerleave", () => (tip.hidden = true));
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".catalogue").forEach(catalogue);
  document.querySelectorAll(".chart").forEach(chart);
});
