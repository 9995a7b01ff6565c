/** Where the version that is released can be seen before anybody else gets it. Pure. */
import type { Release } from '@slipway/delivery/api/release';
import { carriersOf, type Split, type SplitRule } from '@slipway/kube/split';
import Type, { type Static } from 'typebox';

export const PreviewSchema = Type.Object(
  {
    version: Type.String(),
    urls: Type.Array(Type.String(), { description: 'Of its hosts.' }),
  },
  {
    description:
      'Hosts that lead to the version that is released; absent: none does, or it is not known where they are listened for.',
  },
);
export type Preview = Static<typeof PreviewSchema>;

/** Where our own gateway listens. */
export interface GatewayPorts {
  readonly plain: number;
  /** Absent: nowhere. */
  readonly tls?: number | undefined;
}

const usualPorts = { plain: 80, tls: 443 };

export interface Previewed {
  readonly split: Split | undefined;
  /** Of the Application of the Split. */
  readonly releases: readonly Release[];
  /** Absent: the usual ones. */
  readonly ports?: GatewayPorts | undefined;
}

export function findPreview({ split, releases, ports = usualPorts }: Previewed): Preview | undefined {
  if (split === undefined) return undefined;
  const isOurs = carriersOf(split.spec).every((carrier) => carrier === 'gateway');
  // Where somebody else carries the requests, our ports are nobody's.
  const known = isOurs ? ports : usualPorts;
  const [preview] = split.spec.rules.flatMap((rule) => previewOf(rule, releases, known) ?? []);
  return preview;
}

/** The hosts are those that the release itself names, and lead to no other version. */
function previewOf(rule: SplitRule, releases: readonly Release[], ports: GatewayPorts): Preview | undefined {
  const version = rule.backends[0]?.version;
  const release = releases.find(({ spec }) => spec.version === version);
  const hosts = new Set(release?.spec.strategy.blueGreen?.previewHosts);
  const origins = rule.hosts.flatMap((host) => (hosts.has(host) ? (originOf(host, rule, ports) ?? []) : []));
  const [path = '/'] = rule.paths;
  if (version === undefined || origins.length === 0) return undefined;
  return { version, urls: origins.map((origin) => new URL(`${origin}${path}`).href) };
}

function originOf(host: string, { tls }: SplitRule, ports: GatewayPorts): string | undefined {
  const port = tls === undefined ? ports.plain : ports.tls;
  return port === undefined ? undefined : `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}
