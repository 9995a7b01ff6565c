import type { Environment } from '@marcbachmann/cel-js';
import { CelEvaluationError } from './types.ts';

/** Taken apart as text, because a parser for browsers would mend what Go refuses. */
class Address {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor({ scheme = '', host = '', path = '', query = '' }: Readonly<Record<string, string | undefined>>) {
    this.scheme = scheme.toLowerCase();
    this.host = host;
    this.path = path;
    this.query = query;
  }

  get hostname(): string {
    return /^\[(.*)\]/.exec(this.host)?.[1] ?? this.host.replace(/:\d*$/, '');
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[.*\]/, ''))?.[1] ?? '';
  }
}

/** An address with a scheme, or a path from the root. */
const pattern =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?:\/\/(?:[^@/?#\s]*@)?(?<host>(?:\[[0-9A-Fa-f:.%]+\]|[^:/?#[\]@\s]*)(?::\d*)?))?)?(?<path>\/[^?\s]*|)(?:\?(?<query>\S*))?$/;

export function addUrls(environment: Environment): void {
  environment
    .registerType('Url', Address)
    .registerOperator('Url == Url', (a: Address, b: Address) =>
      [a.scheme === b.scheme, a.host === b.host, a.path === b.path, a.query === b.query].every(Boolean),
    )
    .registerFunction('url(string): Url', (text: string) => {
      const address = parse(text);
      if (address === undefined) throw new CelEvaluationError(`URL parse error during conversion from string: ${text}`);
      return address;
    })
    .registerFunction('isURL(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('Url.getScheme(): string', ({ scheme }: Address) => scheme)
    .registerFunction('Url.getHost(): string', ({ host }: Address) => host)
    .registerFunction('Url.getHostname(): string', ({ hostname }: Address) => hostname)
    .registerFunction('Url.getPort(): string', ({ port }: Address) => port)
    .registerFunction('Url.getEscapedPath(): string', ({ path }: Address) => encodeURI(decode(path)))
    .registerFunction('Url.getQuery(): map<string, list<string>>', ({ query }: Address) => queryOf(query));
}

function parse(text: string): Address | undefined {
  const groups = pattern.exec(text)?.groups;
  const isAddress = groups !== undefined && ((groups['scheme'] ?? '') !== '' || (groups['path'] ?? '') !== '');
  return isAddress ? new Address(groups) : undefined;
}

/** A path that is escaped already stays as it is. */
function decode(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    // A lone percent sign: it is text, and is escaped with the rest.
    return path;
  }
}

function queryOf(query: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
}
