import { errorAt, type SourceLine } from '../build-error.ts';

export interface Flag {
  readonly name: string;
  readonly value: string;
}

/** What a flag does here: it is followed, it changes nothing that could be seen, or it is ignored for a reason. */
type Effect = 'followed' | 'harmless' | { readonly ignored: string };

const owner: Effect = { ignored: 'files belong to whoever builds' };
const effects: Readonly<Record<string, Readonly<Record<string, Effect>>>> = {
  ADD: { chmod: 'followed', chown: owner, link: 'harmless' },
  COPY: { chmod: 'followed', chown: owner, from: 'followed', link: 'harmless' },
  FROM: { platform: { ignored: 'images are built for this machine' } },
  // The instruction is ignored as a whole.
  HEALTHCHECK: {
    interval: 'harmless',
    retries: 'harmless',
    'start-interval': 'harmless',
    'start-period': 'harmless',
    timeout: 'harmless',
  },
  RUN: {},
};

export function takesFlags(keyword: string): boolean {
  return keyword in effects;
}

/** `--from=builder --chmod=755 rest`. */
export function splitFlags(text: string): { readonly flags: readonly Flag[]; readonly remaining: string } {
  const flags: Flag[] = [];
  let remaining = text;
  for (;;) {
    const match = /^--([a-z-]+)(?:=(\S*))?\s*/.exec(remaining);
    if (match === null) return { flags, remaining };
    flags.push({ name: match[1] ?? '', value: match[2] ?? '' });
    remaining = remaining.slice(match[0].length);
  }
}

/** What must be said of flags that are ignored. One that is not known is an error: it was meant to change something. */
export function checkFlags(keyword: string, flags: readonly Flag[], at: SourceLine): readonly string[] {
  return flags.flatMap((flag) => {
    const effect = keyword === 'RUN' ? effectOfRun(flag) : effects[keyword]?.[flag.name];
    if (effect === undefined) throw errorAt(at, describeUnknown(keyword, flag));
    return typeof effect === 'string' ? [] : [`--${flag.name} is ignored: ${effect.ignored}`];
  });
}

/** A cache that begins empty only makes a step faster; any other mount brings files that the step needs. */
function effectOfRun({ name, value }: Flag): Effect | undefined {
  const settings = value.split(',');
  const isEmptyCache = settings.includes('type=cache') && !settings.some((setting) => setting.startsWith('from='));
  return name === 'mount' && isEmptyCache ? { ignored: 'nothing but layers is kept from build to build' } : undefined;
}

function describeUnknown(keyword: string, { name, value }: Flag): string {
  const known = keyword === 'RUN' ? ['mount=type=cache'] : Object.keys(effects[keyword] ?? {});
  const flag = value === '' ? `--${name}` : `--${name}=${value}`;
  return `${keyword} ${flag} is not supported; supported are ${known.map((each) => `--${each}`).join(', ')}`;
}
