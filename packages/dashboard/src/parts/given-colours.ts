import { useEffect } from 'react';
import { ColourMemory } from './colour-memory.ts';
import { assignColours, type ColourNeed, type Colours } from './version-colours.ts';

/** For as long as the pages are open. */
const memory = new ColourMemory();

/** A version keeps its colour from one look to the next, and from one visit of its application to the next. */
export function useColours(application: string, { shown, recent }: Omit<ColourNeed, 'known'>): Colours {
  const colours = assignColours({ shown, recent, known: memory.of(application) });
  // What is drawn and thrown away again leaves nothing behind.
  useEffect(() => memory.keep(application, { colours, shown }));
  return colours;
}
