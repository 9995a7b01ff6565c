/** Which colour each version of an application has, wherever it is drawn. Pure. */

/** In `tokens.css`: `--version-0` and so on. */
export const colourCount = 5;

export type Colours = ReadonlyMap<string, number>;

export interface ColourNeed {
  /** As they were given before: who has one keeps it. */
  readonly known: Colours;
  /** Versions that are drawn beside each other: no two of them look alike, as long as there are colours enough. */
  readonly shown: readonly string[];
  /** Versions that may come back, newest first: their colours are taken last. */
  readonly recent: readonly string[];
}

const takenNow = 100;

/** `assignColours({known: {}, shown: ['1', '2'], recent: []})` gives each one that its name asks for, or the next one. */
export function assignColours({ known, shown, recent }: ColourNeed): Colours {
  const colours = new Map(known);
  for (const [place, version] of shown.entries()) {
    const own = colours.get(version);
    const before = shown.slice(0, place).map((each) => colours.get(each));
    if (own !== undefined && !(before.includes(own) && shown.length <= colourCount)) continue;
    const price = (colour: number): number =>
      shown.filter((each) => each !== version && colours.get(each) === colour).length * takenNow +
      recent.filter((each) => each !== version && colours.get(each) === colour).length;
    const wanted = hash(version);
    const offered = Array.from({ length: colourCount }, (_, index) => (wanted + index) % colourCount);
    colours.set(
      version,
      offered.reduce((best, each) => (price(each) < price(best) ? each : best)),
    );
  }
  return colours;
}

/** So that a version has the same colour tomorrow too. */
function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7) % colourCount;
}

/** Of one that was given none, a class that no version has. */
export function colourClass(colour: number | undefined): string {
  return `colour-${colour ?? 'none'}`;
}
