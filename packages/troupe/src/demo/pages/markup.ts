const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text safe inside HTML and SVG, attributes included; control characters, which XML forbids, are dropped. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, (character) => (character === "\n" || character === "\t" ? character : ""))
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
