import { applications, routeProviders } from '../application.ts';
import { checksSchema } from './check-schema.ts';
import { ageColumn, column, countColumn, defineKind, wideColumn } from './definition.ts';
import { hooksSchema } from './hook-schema.ts';
import podTemplate from './pod-template.generated.json' with { type: 'json' };
import {
  boolean,
  commandOutcome,
  conditions,
  integer,
  intOrString,
  list,
  object,
  rules,
  seconds,
  string,
  stringMap,
  time,
} from './schema.ts';
import { condition, parentReferences, propagation } from './split-definition.ts';
import serviceSpec from './service-spec.generated.json' with { type: 'json' };

/** What this version can carry out. A later one adds a name here with the file that does it. */
export const supportedStrategies = ['rolling', 'recreate', 'blueGreen', 'canary'] as const;

const hosts = { maxItems: 64, 'x-kubernetes-list-type': 'set' };
const hostLabel = '[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?';
const host = string('A host.', {
  maxLength: 253,
  ...rules([
    `self.matches('^([*][.])?${hostLabel}([.]${hostLabel})*$')`,
    'must be the name of a host, such as shop.example.org or *.example.org, without scheme, port or path',
  ]),
});

const amount = rules([
  "type(self) == int ? self >= 0 : self.matches('^[0-9]+%$')",
  'must be a number of pods or a percentage such as "25%"',
]);

function isZero(field: string): string {
  return `has(self.${field}) && (type(self.${field}) == int ? self.${field} == 0 : self.${field} == '0%')`;
}

/** Parameters of one strategy under another would be ignored, and their author would not know. */
function parametersOf(type: string): readonly [rule: string, message: string] {
  return [
    `!has(self.${type}) || self.type == '${type}'`,
    `${type} has parameters of the strategy ${type}: remove it, or set type to ${type}`,
  ];
}

const canaryStep = object(
  'One step: exactly one of its fields.',
  {
    setWeight: integer('Share of the traffic that the new version gets, in percent.', { minimum: 0, maximum: 100 }),
    pause: object('Go on after a time, or when a person resumes it.', {
      seconds: seconds('How long. Absent: until a person resumes it.'),
    }),
    check: string('Go on when the check of this name in spec.checks has passed.', { minLength: 1, maxLength: 63 }),
    setReplicas: intOrString(
      'At least so many pods of the new version from here on: a number, or a percentage of replicas rounded up.',
    ),
    match: object('From here on these requests go to the new version, whatever its weight. Empty: none any more.', {
      headers: list('Conditions on headers, all of which hold.', condition, { maxItems: 16 }),
      cookies: list('Conditions on cookies, all of which hold.', condition, { maxItems: 16 }),
    }),
    mirror: object(
      'From here on the new version gets a copy of requests, whose answers nobody gets.',
      { percent: integer('Of how many. 0: of none any more.', { minimum: 0, maximum: 100 }) },
      { required: ['percent'] },
    ),
  },
  { minProperties: 1, maxProperties: 1 },
);

const canary = object(
  'Of strategy canary: traffic moves in steps.',
  {
    steps: list('In order; after the last one all traffic moves.', canaryStep, { minItems: 1, maxItems: 64 }),
    stickySeconds: seconds(
      'How long a user keeps a version, by a cookie of the gateway; he never moves back as the weight grows. Absent: each request for itself.',
    ),
    approximate: boolean(
      'Inside the cluster a share is one of pods. True: take the nearest share, however far it is from the weight.',
    ),
  },
  { required: ['steps'] },
);

const strategy = object(
  'How a release moves from the stable version to the new one. In force from the next release.',
  {
    type: string('The strategy.', { enum: supportedStrategies }),
    rolling: object(
      'Of strategy rolling: pods change a few at a time; both versions serve meanwhile.',
      {
        maxSurge: intOrString('Pods above replicas: a number, or a percentage rounded up. Default 25%.', amount),
        maxUnavailable: intOrString(
          'Pods that may be missing: a number, or a percentage rounded down. Default 0.',
          amount,
        ),
      },
      rules([
        `!(${isZero('maxSurge')} && ${isZero('maxUnavailable')})`,
        'maxSurge and maxUnavailable are both 0, so no pod could ever change',
      ]),
    ),
    blueGreen: object('Of strategy blueGreen: full size beside the stable version, then all traffic at once.', {
      autoPromote: boolean('False: wait for a person to promote. Default true.'),
      promoteAfterSeconds: seconds('Seconds between passed gates and promotion. Default 0.'),
      previewHosts: list('Hosts under which the new version is reached before its promotion.', host, hosts),
      previewReplicas: integer('Pods of the new version until it is promoted. Default: replicas.', { minimum: 1 }),
    }),
    recreate: object('Of strategy recreate: the old version stops before the new one starts.', {
      holdSeconds: seconds(
        'How long one request from outside waits at the gateway while nobody serves, before it is answered 503. Default 0.',
      ),
    }),
    canary,
  },
  { required: ['type'], ...rules(...supportedStrategies.map(parametersOf)) },
);

const route = object('How it is reached from outside. Absent: inside the cluster only.', {
  hosts: list('Hosts, such as shop.example.org or *.example.org. Empty: every host.', host, hosts),
  paths: list('Path prefixes by whole elements. Empty: /.', string('A path.', { pattern: '^/' }), hosts),
  redirectWww: boolean('Redirect from the host without www to the one with it, or the other way round.'),
  compression: boolean('Compress answers where the client takes it.'),
  responseHeaders: stringMap('Headers that are set on every answer.', { maxProperties: 32 }),
  tls: object(
    'The certificate for the hosts.',
    { secretName: string('Name of a Secret of type kubernetes.io/tls.') },
    { required: ['secretName'] },
  ),
  through: string('What carries the traffic. Default gateway.', { enum: routeProviders }),
  parentRefs: parentReferences,
  propagationSeconds: propagation,
});

const healthCheck = object('Asked of every new pod before it takes traffic.', {
  path: string('Path of the request. Default /health.', { pattern: '^/' }),
  port: intOrString('Number or name of a container port. Default: the first one.'),
  type: string('simple: any 2xx is healthy; probe: the JSON {"healthy": true}. Default simple.', {
    enum: ['simple', 'probe'],
  }),
  timeoutSeconds: integer('Within which every pod must say that it is healthy. Default 60.', {
    minimum: 1,
    maximum: 86_400,
  }),
  ignore: boolean('Ask and record, but go on whatever the answer is.'),
});

const reference = object(
  'The object.',
  { name: string('Its name.', { minLength: 1 }), optional: boolean('It may be absent.') },
  { required: ['name'] },
);

const history = object('What is kept of earlier releases.', {
  limit: integer('Releases that are kept. Default 10.', { minimum: 1, maximum: 100 }),
  rollbackWindowSeconds: seconds('How long a rollback needs no gates. Default 3600.'),
  keepRunningSeconds: seconds('How long the version before keeps its pods after the guard. Default 0.'),
});

const previewHosts = 'self.strategy.blueGreen.previewHosts';
const withoutPreview = `!has(self.strategy) || !has(self.strategy.blueGreen) || !has(${previewHosts}) || ${previewHosts}.size() == 0`;

const spec = object(
  'What should run, how it is reached, and how it is released.',
  {
    version: string('Name of the version; # or absent: the next whole number.', { minLength: 1, maxLength: 63 }),
    replicas: integer('Pods that serve.', { format: 'int32', minimum: 0, default: 1 }),
    template: { ...podTemplate, description: 'The pods.' },
    workloadRef: object(
      'Where the template is found instead.',
      { kind: string('Deployment.', { enum: ['Deployment'] }), name: string('Its name.', { minLength: 1 }) },
      { required: ['kind', 'name'] },
    ),
    service: { ...serviceSpec, description: 'The Service of the same name: any field of a Service but its selector.' },
    route,
    healthCheck,
    environmentFrom: list(
      'Variables that every container gets, for example those of the platform.',
      object('One source.', {
        prefix: string('Put before every name.'),
        configMapRef: reference,
        secretRef: reference,
      }),
      { maxItems: 32 },
    ),
    configuration: object('How configuration is treated.', {
      live: list('Names of ConfigMaps and Secrets that are not frozen with a version.', string('A name.'), {
        maxItems: 64,
        'x-kubernetes-list-type': 'set',
      }),
    }),
    strategy,
    checks: checksSchema,
    hooks: hooksSchema,
    guardSeconds: seconds('How long the version before stands by after all traffic has moved. Default 300.'),
    progressDeadlineSeconds: integer('A release without progress for so long is rolled back. Default 600.', {
      minimum: 1,
      maximum: 31_536_000,
    }),
    drainSeconds: seconds('How long open requests of a pod that has left may take to end. Default 30.'),
    keepFailedSeconds: seconds('How long the pods of a failed version are kept for a look. Default 30.'),
    history,
    deletionPolicy: string('Orphan: everything keeps running when the Application is deleted. Default Delete.', {
      enum: ['Delete', 'Orphan'],
    }),
    paused: boolean('Stops steps and new releases; never scaling, nor the way back.'),
    dependsOn: list(
      'Applications of the namespace: what they ask for has all traffic before a new version of this one takes any.',
      string('Name of an Application.', { minLength: 1, maxLength: 40 }),
      { maxItems: 32, 'x-kubernetes-list-type': 'set' },
    ),
  },
  rules(
    ['has(self.template) != has(self.workloadRef)', 'exactly one of template and workloadRef says what should run'],
    [
      `!has(self.route) || (has(self.service) && has(self.service.ports) && self.service.ports.size() > 0)`,
      'a route needs a Service with a port: give one in service.ports',
    ],
    [
      `${withoutPreview} || (has(self.route) && (!has(self.route.through) || self.route.through != 'none'))`,
      'strategy.blueGreen.previewHosts are reached through a route: give one in route',
    ],
    [
      `${withoutPreview} || !has(self.route) || !has(self.route.hosts) || ${previewHosts}.all(host, !(host in self.route.hosts))`,
      'strategy.blueGreen.previewHosts and route.hosts have a host in common: a preview needs hosts of its own',
    ],
  ),
);

const version = {
  version: string('The version.'),
  hash: string('Of its template and configuration.'),
};

const status = object('What is.', {
  observedGeneration: integer('The generation that this status is about.'),
  serving: object('The version that serves users.', { ...version, release: string('Its Release.') }),
  candidate: string('The Release that is under way.'),
  lastNumber: integer('The highest number given to a version without a name.'),
  refused: list(
    'Versions that were rolled back; not tried again until spec changes or a person says retry.',
    object('One version.', {
      ...version,
      by: string('Who refused it.'),
      at: time('When.'),
      reason: string('Why.'),
      generation: integer('Generation that asked for it.'),
      attempt: string('Hash of all that was asked for: refused as long as spec asks for the same.'),
      lifted: boolean('Spec has asked for something else since, or a person took the refusal back.'),
    }),
  ),
  commands: list('What people asked while there was no release.', commandOutcome, { maxItems: 5 }),
  settling: object('A configuration that has changed and may change further.', {
    hash: string('Of the configuration.'),
    since: time('When it was first seen.'),
  }),
  replicas: integer('Pods of the version with most traffic.'),
  readyReplicas: integer('Ready pods of the version with most traffic.'),
  selector: string('Selects the pods of the version with most traffic.'),
  phase: string('Phase of the newest Release.'),
  waitingFor: string('What is waited for.'),
  conditions,
});

export const applicationDefinition = defineKind({
  type: applications,
  singular: 'application',
  shortNames: ['app', 'apps'],
  description: 'What should run, how it is reached, and how a new version of it becomes live.',
  spec,
  status,
  rules: rules(
    [
      "self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
      'metadata.name must be a DNS-1035 label of at most 40 characters, because Services are named after it',
    ],
    [
      '!has(self.spec.dependsOn) || !(self.metadata.name in self.spec.dependsOn)',
      'spec.dependsOn names the Application itself, which cannot wait for itself: remove it',
    ],
  ),
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  },
  columns: [
    column('Serving', '.status.serving.version', 'The version that serves users.'),
    column('Release', '.status.candidate', 'The release that is under way.'),
    column('Phase', '.status.phase', 'Phase of the newest release.'),
    countColumn('Desired', '.spec.replicas', 'Pods that should serve.'),
    countColumn('Ready', '.status.readyReplicas', 'Ready pods of the serving version.'),
    wideColumn('Waiting For', '.status.waitingFor', 'What is waited for.'),
    ageColumn,
  ],
});
