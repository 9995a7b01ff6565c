/** Somebody who has no mouse: goes from one thing to the next, and sees at each where he is. */
import type { Locator, Page } from 'playwright-core';

/** From one end of the largest page to the other. */
const maximumStops = 120;

export interface ReachOptions {
  /** Against the order of the page. */
  readonly isBackwards?: boolean;
}

export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Stops at everything on the way there. */
  async reach(what: Locator, { isBackwards = false }: ReachOptions = {}): Promise<void> {
    const stops: string[] = [];
    for (let stop = 0; stop < maximumStops; stop += 1) {
      const { name, isIt } = judge(await what.evaluate(look));
      if (isIt) return;
      stops.push(name);
      await this.#page.keyboard.press(isBackwards ? 'Shift+Tab' : 'Tab');
    }
    throw new Error(`no key leads to ${what.toString()}, but to ${stops.join(', ')}`);
  }

  async press(what: Locator, options: ReachOptions & { readonly key?: string } = {}): Promise<void> {
    await this.reach(what, options);
    await this.#page.keyboard.press(options.key ?? 'Enter');
  }

  /** In place of what stands there. */
  async write(what: Locator, text: string): Promise<void> {
    await this.reach(what);
    await this.#page.keyboard.press('ControlOrMeta+a');
    await this.#page.keyboard.insertText(text);
  }

  /** In a choice, by the letters that it begins with. */
  async choose(what: Locator, text: string): Promise<void> {
    await this.reach(what);
    await this.#page.keyboard.type(text);
  }

  /** The name of what has it, and looks so; `nothing` where it is lost. */
  async see(): Promise<string> {
    return judge(await this.#page.locator('body').evaluate(look)).name;
  }
}

interface Sight {
  /** Of what has the keyboard. */
  readonly name: string;
  readonly isIt: boolean;
  readonly fault: string;
}

function judge(sight: Sight): Sight {
  if (sight.fault !== '') throw new Error(`${sight.name} has the keyboard, and ${sight.fault}`);
  return sight;
}

/** As much of the document as is looked at: tests are checked without a browser's types. */
interface PageElement {
  readonly id: string;
  readonly ariaLabel: string | null;
  readonly textContent: string | null;
  readonly ownerDocument: PageDocument;
  closest(selector: string): PageElement | null;
  getBoundingClientRect(): Readonly<Record<'top' | 'bottom' | 'left' | 'right', number>>;
}

interface PageDocument {
  readonly activeElement: PageElement | null;
  readonly body: PageElement;
  readonly defaultView: PageWindow | null;
}

interface PageWindow {
  readonly innerHeight: number;
  readonly innerWidth: number;
  getComputedStyle(element: PageElement): Readonly<Record<'outlineStyle' | 'outlineWidth', string>>;
}

/** In the page. */
function look(wanted: PageElement): Sight {
  const { activeElement: element, body, defaultView } = wanted.ownerDocument;
  if (element === null || element === body || defaultView === null) return { name: 'nothing', isIt: false, fault: '' };
  const isMarked = [element, element.closest('[role=row]') ?? element]
    .map((each) => defaultView.getComputedStyle(each))
    .some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) > 0);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const isInSight = bottom > 0 && top < defaultView.innerHeight && right > 0 && left < defaultView.innerWidth;
  return {
    name: element.ariaLabel ?? (element.id || (element.textContent ?? '').slice(0, 60)),
    isIt: element === wanted,
    fault: !isMarked ? 'is not marked' : !isInSight ? 'is out of sight' : '',
  };
}
