"use strict";
const rows = [...document.querySelectorAll(".row")];
const now = document.querySelector(".now");
let current = -1;

const all = (selector, row) => document.querySelectorAll(`${selector}[data-row="${row.dataset.row}"]`);

// Shows the row in the panel beside the timeline: what, where, and the source around it.
function show(row) {
  const { step, thread, what, spot, inside, line } = row.dataset;
  now.querySelector(".what").textContent = what;
  now.querySelector(".who").textContent = `step ${step} · ${thread}`;
  now.querySelector(".at").textContent = inside ? `${spot} in ${inside}` : spot;
  document.querySelectorAll(".file.shown, pre .current").forEach((e) => e.classList.remove("shown", "current", "bad"));
  const source = document.getElementById(line);
  if (!source) return;
  source.closest(".file").classList.add("shown");
  source.classList.add("current");
  source.classList.toggle("bad", /\b(block|panic|refused|missed|stale)\b/.test(row.getAttribute("class")));
  const files = document.querySelector(".files");
  files.scrollTop = source.offsetTop - files.offsetTop - files.clientHeight / 2;
}

function select(index, scroll) {
  current = Math.max(0, Math.min(rows.length - 1, index));
  document.querySelectorAll(".timeline .current").forEach((e) => e.classList.remove("current"));
  const row = rows[current];
  all(".timeline .row", row).forEach((e) => e.classList.add("current"));
  all(".timeline .stripe", row).forEach((e) => e.classList.add("current"));
  if (scroll) row.scrollIntoView({ block: "nearest" });
  show(row);
}

const keys = {
  ArrowDown: () => current + 1, j: () => current + 1,
  ArrowUp: () => current - 1, k: () => current - 1,
  Home: () => 0, End: () => rows.length - 1,
};

if (rows.length > 0) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    select(keys[event.key](), true);
  });
  rows.forEach((row, index) => {
    row.addEventListener("click", () => select(index));
    row.addEventListener("mouseenter", () => show(row));
    row.addEventListener("mouseleave", () => show(rows[current]));
  });
  const first = Number(document.querySelector("main").dataset.first);
  select(rows.findIndex((row) => Number(row.dataset.step) === first));
}
