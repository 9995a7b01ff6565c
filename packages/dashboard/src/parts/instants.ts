/** Where a sentence of the server names a time. Pure. */
const instant = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** Text and times in turn, beginning with text. */
export function splitAtInstants(text: string): readonly string[] {
  return text.split(instant);
}
