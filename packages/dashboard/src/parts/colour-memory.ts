import type { Colours } from './version-colours.ts';

/** Which colours were given, of the applications that were looked at last. */
export class ColourMemory {
  readonly #given = new Map<string, Colours>();

  of(application: string): Colours {
    return this.#given.get(application) ?? none;
  }

  /** Of one with very many versions those stay that are shown, and of the others those that came last. */
  keep(
    application: string,
    { colours, shown }: { readonly colours: Colours; readonly shown: readonly string[] },
  ): void {
    const isShown = ([version]: readonly [string, number]): boolean => shown.includes(version);
    const others = [...colours].filter((given) => !isShown(given));
    this.#given.delete(application);
    this.#given.set(application, new Map([...others.slice(-keptVersions), ...[...colours].filter(isShown)]));
    for (const oldest of this.#given.keys()) {
      if (this.#given.size <= keptApplications) return;
      this.#given.delete(oldest);
    }
  }
}

const none: Colours = new Map();

export const keptApplications = 100;
/** Beside those that are shown. */
export const keptVersions = 100;
