import { keep, readKept } from '../platform/browser.ts';
import { Store } from '../state/store.ts';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const name = 'slipway-theme';
const kept = readKept(name);
export const theme = new Store<Theme>(themes.find((each) => each === kept) ?? 'auto');

/** Before anything is drawn. */
export function applyTheme(): void {
  const chosen = theme.read();
  if (chosen === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

export function chooseTheme(chosen: Theme): void {
  theme.set(chosen);
  keep(name, chosen);
  applyTheme();
}
