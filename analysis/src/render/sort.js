// Makes every table sortable by its column heads: rising, falling, and as it was. Without this script the page says the same.
const place = (cell) => {
  const text = cell.textContent.trim().replace(/[\u2009\u00a0]/g, " ").replace(/\u2212/g, "-");
  const digits = text.replace(/(\d) (?=\d)/g, "$1").match(/^[^\d\-+]{0,2}([-+]?\d*\.?\d+(?:e[-+]?\d+)?)/);
  return { text, number: digits ? Number(digits[1]) : NaN, none: text === "" || text === "\u2013" };
};
const order = (a, b) => {
  if (a.none || b.none) return Number(a.none) - Number(b.none);
  if (Number.isNaN(a.number) || Number.isNaN(b.number)) return a.text.localeCompare(b.text);
  return a.number - b.number;
};
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!table.tHead || !body || 3 > body.rows.length) continue;
  const heads = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: "" }[head.getAttribute("aria-sort")] ?? "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (next) head.setAttribute("aria-sort", next);
      const key = (row) => place(row.cells[Math.min(column, row.cells.length - 1)]);
      const sorted = rows.map((row, index) => ({ row, index, key: key(row) }));
      if (next) {
        sorted.sort((a, b) => {
          const turned = next === "descending" && !a.key.none && !b.key.none;
          return (turned ? order(b.key, a.key) : order(a.key, b.key)) || a.index - b.index;
        });
      }
      body.append(...sorted.map((entry) => entry.row));
    });
  });
}

// What is folded away is printed all the same.
const folded = () => document.querySelectorAll("details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = Array.from(folded());
  opened.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
