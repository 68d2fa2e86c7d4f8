"use strict";
// A header's button sorts its table's rows, a second click the other way round.
const number = (text) => {
  const found = /-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?/i.exec(text);
  return found ? Number(found[0].replaceAll(",", "")) : Number.NaN;
};
const compare = (column, isNumber, sign) => (one, other) => {
  const [a, b] = [one, other].map((row) => row.cells[column]?.textContent ?? "");
  if (!isNumber) return sign * a.localeCompare(b);
  const [x, y] = [number(a), number(b)];
  // What was not measured stands at the end.
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
  return sign * (x - y);
};
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const header = button.parentElement;
    const table = header.closest("table");
    const isDescending = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    const isNumber = header.classList.contains("n");
    const order = compare(header.cellIndex, isNumber, isDescending ? -1 : 1);
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  });
}
