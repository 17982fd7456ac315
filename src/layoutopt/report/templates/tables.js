// Sorting, finding, and the way from a mark on the map to its row in a table.
(function () {
  "use strict";
  const FOUND = document.body.dataset.found || "{n} rows found";

  function value(row, column) {
    const cell = row.cells[column];
    const given = cell.dataset.sort;
    if (given === undefined) return cell.textContent.trim();
    if (given === "") return null;
    const number = Number(given);
    return Number.isNaN(number) ? given : number;
  }

  // What is not known goes last in both directions.
  function order(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
  }

  function sort(table, heading) {
    const rising = heading.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => ({ row, key: value(row, heading.cellIndex) }));
    rows.sort((a, b) => order(a.key, b.key, rising ? 1 : -1));
    body.append(...rows.map((entry) => entry.row));
  }

  function find(input) {
    const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const table = document.getElementById(input.dataset.table);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLocaleLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    const note = document.getElementById(input.dataset.table + "-shown");
    if (note) note.textContent = words.length ? FOUND.replace("{n}", shown) : "";
  }

  function reveal() {
    if (location.hash.includes("/")) return; // the address of a sheet
    const row = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || !row.hidden) return;
    const input = document.querySelector('[data-table="' + row.closest("table").id + '"]');
    input.value = "";
    find(input);
    row.scrollIntoView();
  }

  // On the document, so that tables of a sheet sort too, which are put in later.
  document.addEventListener("click", (event) => {
    const heading = event.target.closest("table.sortable > thead th");
    if (heading && heading.querySelector("button")) sort(heading.closest("table"), heading);
  });
  document.querySelectorAll("input.find").forEach((input) => input.addEventListener("input", () => find(input)));
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
})();
