/** Where a registry is asked, and whom it may name to ask for a token. Pure. */

/** Of Docker Hub the name is not the address: https://distribution.github.io/distribution/spec/api/ */
const dockerHub = { name: 'docker.io', host: 'registry-1.docker.io', tokens: 'auth.docker.io' } as const;

export interface RegistryPlace {
  /** `https://registry.example.org:5000/v2/acme/shop` */
  readonly base: string;
  /** `acme/shop` */
  readonly path: string;
  /** Who may be asked for tokens, and be told who asks: `https://HOST[:PORT]`. */
  readonly tokenOrigins: readonly string[];
}

/** `repository`: as `normalizeRepository` writes it. */
export function placeOfRepository(repository: string): RegistryPlace {
  const slash = repository.indexOf('/');
  const [name, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  if (name === dockerHub.name)
    return {
      base: `https://${dockerHub.host}/v2/${path}`,
      path,
      tokenOrigins: [`https://${dockerHub.tokens}`, `https://${dockerHub.host}`],
    };
  // As Docker does: on the own machine nobody is on the way.
  const { origin } = new URL(`${isLoopback(name) ? 'http' : 'https'}://${name}`);
  return { base: `${origin}/v2/${path}`, path, tokenOrigins: [origin] };
}

function isLoopback(name: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3})(?::\d+)?$/.test(name);
}

export interface Challenge {
  readonly realm: string;
  readonly service?: string | undefined;
}

/** https://distribution.github.io/distribution/spec/auth/token/. Undefined for another way to show who one is. */
export function parseChallenge(header: string): Challenge | undefined {
  const [, scheme = '', words = ''] = /^\s*(\S+)\s+(.*)$/s.exec(header.slice(0, maximumChallenge)) ?? [];
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const named = new Map(
    [...words.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  const realm = named.get('realm');
  return realm === undefined ? undefined : { realm, service: named.get('service') };
}

const maximumChallenge = 4_096;

/**
 * Where a token for reading is had. Undefined where the registry names a place that is not its own: whoever answers in its
 * name does not send the server about, nor its credentials.
 */
export function tokenAddress(challenge: Challenge, { path, tokenOrigins }: RegistryPlace): URL | undefined {
  if (!URL.canParse(challenge.realm)) return undefined;
  const url = new URL(challenge.realm);
  if (!tokenOrigins.includes(url.origin) || url.username !== '' || url.password !== '') return undefined;
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  url.searchParams.set('scope', `repository:${path}:pull`);
  return url;
}
