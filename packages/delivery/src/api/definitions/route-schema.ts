/** `spec.route`. */
import { routeProviders } from '../application.ts';
import { host, hosts } from './host-schema.ts';
import { boolean, integer, list, object, string, stringMap } from './schema.ts';
import { parentReferences, propagation } from './split-definition.ts';

/** Of an object of most kinds. */
export const objectName = { minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$' };

export const route = object('How it is reached from outside. Absent: inside the cluster only.', {
  hosts: list('Hosts, such as shop.example.org or *.example.org. Empty: every host.', host, hosts),
  paths: list(
    'Path prefixes by whole elements. Empty: /.',
    string('A path.', { pattern: '^/[^?#\\s]*$', maxLength: 1_024 }),
    hosts,
  ),
  redirectWww: boolean('Redirect from the host without www to the one with it, or the other way round.'),
  compression: boolean('Compress answers where the client takes it.'),
  responseHeaders: stringMap('Headers that are set on every answer.', { maxProperties: 32 }),
  tls: object(
    'The certificate for the hosts.',
    { secretName: string('Name of a Secret of type kubernetes.io/tls.', objectName) },
    { required: ['secretName'] },
  ),
  through: string('What carries the traffic. Default gateway.', { enum: routeProviders }),
  parentRefs: parentReferences,
  propagationSeconds: propagation,
  handoverSeconds: integer(
    'How long the router before carries requests too, once another one has the route in force. Default 300.',
    { minimum: 0, maximum: 604_800 },
  ),
});
