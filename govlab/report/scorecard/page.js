"use strict";
// Sorting and filtering of tables: without this script they stand in their own order, complete.
const FEW = 6; // rows that are seen at a glance need no filter
for (const table of document.querySelectorAll("table[data-sort]")) {
  const body = table.tBodies[0], rows = [...body.rows];
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  const key = (row, at) => {
    const cell = row.cells[at];
    return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key || "NaN");
  };
  const order = (a, b) => {
    if (typeof a === "string") return a.localeCompare(b, "en");
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return a - b;
  };
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const unknown = (row) => Number.isNaN(key(row, at)) ? 1 : 0;
      const sorted = [...rows].sort((a, b) =>
        unknown(a) - unknown(b) || (down ? -1 : 1) * order(key(a, at), key(b, at)));
      body.append(...sorted);
      told.textContent = `sorted by ${head.textContent}, ${down ? "descending" : "ascending"}`;
    });
  });
  const label = document.createElement("label"), input = document.createElement("input");
  input.type = "search";
  label.append("Show rows with ", input);
  label.hidden = rows.length < FEW;
  const line = document.createElement("p");
  line.className = "filter";
  line.append(label, told);
  (table.closest(".scroll") || table).before(line);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.replaceAll("\u00a0", " ").toLowerCase().includes(wanted);
    told.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows shown`;
  });
}
