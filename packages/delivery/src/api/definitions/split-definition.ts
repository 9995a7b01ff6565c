import { foreignRouters, splits } from '@slipway/kube/split';
import { ageColumn, column, defineKind } from './definition.ts';
import {
  boolean,
  integer,
  intOrString,
  list,
  object,
  type Schema,
  seconds,
  string,
  stringMap,
  time,
} from './schema.ts';

const backend = object(
  'A Service and its share.',
  {
    service: string('Name of a Service in the same namespace.'),
    port: intOrString('Number or name of its port.'),
    version: string('The version that answers there.'),
    weight: integer('Percent of the requests. With 0 it only finishes what it has.', { minimum: 0, maximum: 100 }),
  },
  { required: ['service', 'port', 'version', 'weight'] },
);

export const condition = object(
  'Neither exact nor prefix: it is there, with any value.',
  {
    name: string('Name of a header, in any case, or of a cookie.', { minLength: 1, maxLength: 256 }),
    exact: string('The whole value.', { maxLength: 4096 }),
    prefix: string('How the value begins.', { maxLength: 4096 }),
  },
  // One of exact and prefix at most.
  { required: ['name'], maxProperties: 2 },
);

const match = object(
  'Requests that fulfil every condition go to one backend.',
  {
    headers: list('Conditions on headers.', condition, { maxItems: 16 }),
    cookies: list('Conditions on cookies.', condition, { maxItems: 16 }),
    service: string('Which backend, by its Service.'),
  },
  { required: ['service'] },
);

const cookie = string('Name of the cookie.', { minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_-]+$' });

/** In which something is alive: none has no meaning. */
const lifetime = (description: string): Schema => integer(description, { minimum: 1, maximum: 31_536_000 });

const special = {
  matches: list('In their order; the first that fits decides.', match, { maxItems: 16 }),
  mirror: object(
    'Where a copy of the requests goes.',
    {
      service: string('Name of a Service in the same namespace.'),
      port: intOrString('Number or name of its port.'),
      version: string('The version that answers there.'),
      percent: integer('Of the requests.', { minimum: 1, maximum: 100 }),
    },
    { required: ['service', 'port', 'version', 'percent'] },
  ),
  hold: object(
    'Requests wait while no backend can take them.',
    { seconds: seconds('How long one waits at most.') },
    { required: ['seconds'] },
  ),
  sticky: object(
    'A user stays with a version while the weights allow.',
    { cookie, seconds: lifetime('How long the cookie lives.') },
    { required: ['cookie', 'seconds'] },
  ),
  sessions: object(
    'A session stays with its version, also without weight.',
    {
      cookie,
      idleSeconds: lifetime('Without a request for so long a session is over.'),
      secretName: string('Name of the Secret whose key signs the cookie.'),
    },
    { required: ['cookie', 'idleSeconds', 'secretName'] },
  ),
};

const rule = object(
  'Requests for one of the hosts under one of the paths go to the backends by weight.',
  {
    hosts: list('Hosts. Empty: every host.', string('A host.')),
    paths: list('Path prefixes by whole elements. Empty: /.', string('A path.')),
    backends: list('Where the requests go.', backend),
    redirectWww: boolean('Redirect between the host with www and the one without.'),
    compression: boolean('Compress answers where the client takes it.'),
    responseHeaders: stringMap('Headers that are set on every answer.'),
    tls: object('The certificate.', { secretName: string('Name of its Secret.') }, { required: ['secretName'] }),
    ...special,
  },
  { required: ['hosts', 'paths', 'backends'] },
);

const instance = object(
  'One gateway instance.',
  {
    name: string('The instance, and its Lease.'),
    observedGeneration: integer('The generation by which every new request is answered.'),
    inForceSince: time('Since when.'),
    backends: list(
      'What is open.',
      object('One backend.', {
        service: string('The Service.'),
        version: string('The version.'),
        openConnections: integer('Connections.'),
        openRequests: integer('Requests.'),
        sessions: integer('Sessions, where the rule has them; absent while it is not known that there are none.'),
      }),
    ),
    traffic: list(
      'What was counted, while delivery asks for it.',
      object('One version.', {
        version: string('The version.'),
        requests: integer('Requests since the instance started.'),
        serverErrors: integer('Of those, answered with 5xx.'),
        durations: list('Requests by how long they took.', integer('Up to one bound, from 1 ms to 10 s and beyond.'), {
          maxItems: 64,
        }),
      }),
    ),
    conflicts: list('Why a part of a rule is not served.', string('A sentence.')),
    unservedRules: list('Rules of which nothing is served.', integer('The index of one.')),
  },
  { required: ['name', 'observedGeneration', 'inForceSince'] },
);

export const parentReferences = list(
  'Gateways that take the requests in, for the routers of other projects that know them.',
  object(
    'One Gateway.',
    {
      name: string('Its name.', { minLength: 1, maxLength: 253 }),
      namespace: string('Its namespace. Default: that of the Application.', { minLength: 1, maxLength: 63 }),
      sectionName: string('One of its listeners. Absent: every one that lets the route in.', {
        minLength: 1,
        maxLength: 253,
      }),
      port: integer('The port of its listeners. Absent: every one.', { format: 'int32', minimum: 1, maximum: 65_535 }),
    },
    { required: ['name'] },
  ),
  { maxItems: 32 },
);

export const propagation = integer(
  'How long a router of another project may take to follow what it has accepted. Default 10.',
  { minimum: 0, maximum: 3_600 },
);

export const splitDefinition = defineKind({
  type: splits,
  singular: 'split',
  description: 'How the traffic of an Application is divided: written by delivery, put into force by every gateway.',
  spec: object(
    'What should be in force.',
    {
      application: string('Name of the Application.'),
      rules: list('The longest matching path wins.', rule),
      drainSeconds: seconds('How long open requests of a backend without weight may take to end.'),
      through: string('Who carries the requests. Absent: the gateways of Slipway.', { enum: foreignRouters }),
      alsoThrough: list(
        'Who carries them too, because clients may still come that way.',
        object(
          'One that carried them alone.',
          {
            name: string('Its name.', { enum: ['gateway', ...foreignRouters] }),
            parentRefs: parentReferences,
            propagationSeconds: propagation,
          },
          { required: ['name'] },
        ),
        { maxItems: foreignRouters.length },
      ),
      parentRefs: parentReferences,
      propagationSeconds: propagation,
    },
    { required: ['application', 'rules'] },
  ),
  status: object('What is in force.', {
    instances: list('One entry a gateway instance.', instance, {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  }),
  columns: [
    column('Application', '.spec.application', 'The Application.'),
    // Of several values Kubernetes shows the first one in a column.
    column('Hosts', '.spec.rules[0].hosts', 'Hosts that are routed.'),
    column('Version', '.spec.rules[0].backends[0].version', 'The first version that may get traffic.'),
    column('Weight', '.spec.rules[0].backends[0].weight', 'Percent of the requests that it gets.'),
    column('Other', '.spec.rules[0].backends[1].version', 'The second version that may get traffic.'),
    column('Other Weight', '.spec.rules[0].backends[1].weight', 'Percent of the requests that it gets.'),
    ageColumn,
  ],
});
