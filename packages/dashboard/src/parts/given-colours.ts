import { assignColours, type ColourNeed, type Colours } from './version-colours.ts';

/** Of each application, for as long as the pages are open: a version keeps its colour from one look to the next. */
const given = new Map<string, Colours>();

/** Undefined colours are those of versions that nobody shows. */
export function coloursOf(application: string, need: Omit<ColourNeed, 'known'>): Colours {
  const colours = assignColours({ ...need, known: given.get(application) ?? new Map() });
  given.set(application, colours);
  return colours;
}
