"use strict";
// A header's button sorts its table's rows, a second click the other way round.
const units = {
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const digits = String.raw`-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?`;
// Such as `1,200`, `1.350 s ± 0.111 s`, `1600 ± 200 ms` and `12/512 MB`: what counts is the first number, in its unit.
const figure = new RegExp(`(${digits})(?:\\s*±\\s*${digits})?\\s*([A-Za-zµ]*)`, "i");
const number = (text) => {
  const [, found, unit] = figure.exec(text) ?? [];
  return found === undefined ? Number.NaN : Number(found.replaceAll(",", "")) * (units[unit] ?? 1);
};
const compare = (column, isNumber, sign) => (one, other) => {
  const [a, b] = [one, other].map((row) => row.cells[column]?.textContent ?? "");
  if (!isNumber) return sign * a.localeCompare(b, "en", { numeric: true });
  const [x, y] = [number(a), number(b)];
  // What was not measured stands at the end.
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
  return sign * (x - y);
};
// One for all, so that it also works for tables that come later.
document.addEventListener("click", (event) => {
  const header = event.target.closest("th button")?.parentElement;
  if (!header) return;
  const table = header.closest("table");
  const isDescending = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
  const isNumber = header.classList.contains("n");
  const order = compare(header.cellIndex, isNumber, isDescending ? -1 : 1);
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
});
