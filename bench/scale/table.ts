/** A table of a page: a name, by which the page has it, and its cells. */
export interface Table {
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** As Markdown; Prettier pads the cells. Columns of numbers, behind the first, are aligned to the right. */
export const renderTable = ({ head, rows }: Table): string =>
  [
    head,
    head.map((_, column) => (column > 0 && rows.every((cells) => /^[*$\d]/.test(cells[column] ?? "")) ? "--:" : "---")),
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

const begin = (name: string) => `<!-- ${name}, by npm run bench:scale -->`;
const END = "<!-- end -->";

/** Puts a table in its place on a page. */
export const replaceTable = (page: string, table: Table): string => {
  const [before, rest = ""] = page.split(`${begin(table.name)}\n`);
  if (!rest.includes(END)) throw new Error(`The page has no place for ${table.name}`);
  return `${before}${begin(table.name)}\n\n${renderTable(table)}\n\n${rest.slice(rest.indexOf(END))}`;
};

/** The rows of a table on a page, cells trimmed, without head. */
export const rowsOnPage = (page: string, name: string): string[][] => {
  const [, rest = ""] = page.split(`${begin(name)}\n`);
  const lines = rest.slice(0, rest.indexOf(END)).trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

/** A number with commas between its thousands. */
export const count = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Dollars, to the cent or with two digits that count. */
export const dollars = (value: number): string => `$${value >= 0.1 ? value.toFixed(2) : Number(value.toPrecision(2))}`;

/** A time as people say it. */
export const duration = (ms: number): string => {
  const s = ms / 1000;
  if (s < 120) return `${s.toFixed(s < 10 ? 1 : 0)} s`;
  if (s < 7200) return `${(s / 60).toFixed(0)} min`;
  return s < 48 * 3600 ? `${(s / 3600).toFixed(1)} h` : `${(s / 86_400).toFixed(1)} days`;
};
