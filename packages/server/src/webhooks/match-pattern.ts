/**
 * Whether a text has the form of a pattern: `*` is any text, `?` any one character, all else itself. At most the product of
 * both lengths in steps, whatever they are: a regular expression from outside could stand still. Pure.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let [at, inPattern] = [0, 0];
  // Where the last star stands, and where what it stands for ends for now.
  let [star, starEnd] = [-1, 0];
  while (at < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      [star, starEnd] = [inPattern, at];
      inPattern += 1;
    } else if (wanted === '?' || wanted === text[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      starEnd += 1;
      [at, inPattern] = [starEnd, star + 1];
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
