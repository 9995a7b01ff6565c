/** Where the version that is released can be seen before anybody else gets it. Pure. */
import { carriersOf, type Split } from '@slipway/kube/split';
import Type, { type Static } from 'typebox';

export const PreviewSchema = Type.Object(
  {
    version: Type.String(),
    urls: Type.Array(Type.String(), { description: 'Of its hosts.' }),
  },
  { description: 'Hosts that lead to the version that is released; absent: none does.' },
);
export type Preview = Static<typeof PreviewSchema>;

/** `gatewayPort`: where our own gateway takes plain requests, if that is not the usual port. */
export function findPreview(split: Split | undefined, gatewayPort?: number): Preview | undefined {
  // The first rule is that of the users.
  const rule = split?.spec.rules[1];
  const version = rule?.backends[0]?.version;
  if (split === undefined || rule === undefined || version === undefined) return undefined;
  const scheme = rule.tls === undefined ? 'http' : 'https';
  const isOurs = carriersOf(split.spec).every((carrier) => carrier === 'gateway');
  const port = gatewayPort === undefined || scheme === 'https' || !isOurs ? '' : `:${gatewayPort}`;
  const [path = '/'] = rule.paths;
  return { version, urls: rule.hosts.map((host) => new URL(`${scheme}://${host}${port}${path}`).href) };
}
