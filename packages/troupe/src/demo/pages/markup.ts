const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text safe inside HTML and SVG, attributes included; control characters that XML forbids are dropped. */
export function escapeMarkup(text: string): string {
  return [...text]
    .filter((character) => character >= " " || character === "\n" || character === "\t")
    .map((character) => entities[character] ?? character)
    .join("");
}
