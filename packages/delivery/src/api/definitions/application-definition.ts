import { applications } from '../application.ts';
import { checksSchema } from './check-schema.ts';
import { ageColumn, column, countColumn, defineKind, wideColumn } from './definition.ts';
import { hooksSchema } from './hook-schema.ts';
import podTemplate from './pod-template.generated.json' with { type: 'json' };
import {
  applicationName,
  boolean,
  commandOutcome,
  conditions,
  integer,
  list,
  object,
  rules,
  seconds,
  string,
  time,
} from './schema.ts';
import { strategySchema } from './strategy-schema.ts';
import { objectName, route } from './route-schema.ts';
import { containerPort, serviceSchema } from './service-schema.ts';

const healthCheck = object('Asked of every new pod before it takes traffic.', {
  path: string('Path of the request. Default /health.', { pattern: '^/[^#\\s]*$', maxLength: 1_024 }),
  port: containerPort('Number or name of a container port. Default: the first one.'),
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
  { name: string('Its name.', objectName), optional: boolean('It may be absent.') },
  { required: ['name'] },
);

const history = object('What is kept of earlier releases.', {
  limit: integer('Releases that are kept. Default 10.', { minimum: 1, maximum: 100 }),
  rollbackWindowSeconds: seconds('How long a rollback needs no gates. Default 3600.'),
  keepRunningSeconds: seconds(
    'How long the version before keeps its pods at least, from when traffic had moved. Default 0.',
  ),
});

const previewHosts = 'self.strategy.blueGreen.previewHosts';
const withoutPreview = `!has(self.strategy) || !has(self.strategy.blueGreen) || !has(${previewHosts}) || ${previewHosts}.size() == 0`;

const hasRoute = "has(self.route) && (!has(self.route.through) || self.route.through != 'none')";
const isCanary = 'has(self.strategy) && has(self.strategy.canary) && has(self.strategy.canary.steps)';
const steps = 'self.strategy.canary.steps';

const spec = object(
  'What should run, how it is reached, and how it is released.',
  {
    version: string('Name of the version; # or absent: the next whole number.', {
      minLength: 1,
      maxLength: 63,
      pattern: '^(#|[A-Za-z0-9][!-~]*)$',
    }),
    replicas: integer('Pods that serve.', { format: 'int32', minimum: 0, default: 1 }),
    template: { ...podTemplate, description: 'The pods.' },
    workloadRef: object(
      'Where the template is found instead.',
      { kind: string('Deployment.', { enum: ['Deployment'] }), name: string('Its name.', objectName) },
      { required: ['kind', 'name'] },
    ),
    service: serviceSchema,
    route,
    healthCheck,
    environmentFrom: list(
      'Variables that every container gets, for example those of the platform.',
      object(
        'One source.',
        {
          prefix: string('Put before every name.', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 63 }),
          configMapRef: reference,
          secretRef: reference,
        },
        rules(['has(self.configMapRef) != has(self.secretRef)', 'must have exactly one of configMapRef and secretRef']),
      ),
      { maxItems: 32 },
    ),
    configuration: object('How configuration is treated.', {
      live: list('Names of ConfigMaps and Secrets that are not frozen with a version.', string('A name.', objectName), {
        maxItems: 64,
        'x-kubernetes-list-type': 'set',
      }),
    }),
    strategy: strategySchema,
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
      string('Name of an Application.', applicationName),
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
      '!has(self.template) || (has(self.template.spec) && self.template.spec.containers.size() > 0)',
      'template.spec.containers needs at least one container',
    ],
    [
      "!has(self.template) || !has(self.template.spec) || !has(self.template.spec.restartPolicy) || self.template.spec.restartPolicy == 'Always'",
      'template.spec.restartPolicy must be Always: pods of a version run until it is replaced',
    ],
    [
      `!(${isCanary}) || (${hasRoute}) || !${steps}.exists(step, has(step.match) || has(step.mirror))`,
      'match and mirror in strategy.canary.steps need the gateway to tell requests apart: give a route',
    ],
    [
      `!(${isCanary}) || (${hasRoute}) || !has(self.strategy.canary.stickySeconds)`,
      'strategy.canary.stickySeconds needs the gateway to know users again: give a route',
    ],
    [
      `!(${isCanary}) || ${steps}.all(step, !has(step.check) || (has(self.checks) && self.checks.exists(check, check.name == step.check)))`,
      'a step of strategy.canary.steps names a check that spec.checks has not',
    ],
    [
      `!has(self.strategy) || !has(self.strategy.recreate) || !has(self.strategy.recreate.holdSeconds) || self.strategy.recreate.holdSeconds == 0 || (${hasRoute})`,
      'strategy.recreate.holdSeconds: requests wait at the gateway, and nothing comes by it: give a route',
    ],
    [
      "!has(self.route) || (has(self.route.through) && self.route.through in ['gatewayApi', 'ingressNginx', 'istio']) || (!has(self.route.parentRefs) && !has(self.route.propagationSeconds))",
      'route.parentRefs and route.propagationSeconds belong to routers of other projects: set route.through, or remove them',
    ],
    [
      `${withoutPreview} || (${hasRoute})`,
      'strategy.blueGreen.previewHosts are reached through a route: give one in route',
    ],
    [
      `!has(self.strategy) || self.strategy.type != 'rainbow' || (has(self.route) && (!has(self.route.through) || self.route.through == 'gateway'))`,
      'strategy rainbow keeps sessions by the gateway of Slipway: give a route through gateway, or choose another strategy',
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
  sessions: list(
    'Versions that have sessions, the newest first.',
    object('One version.', {
      version: version.version,
      release: string('Its Release.'),
      count: integer('How many it has, to within a tenth; absent while it is not known that there are none.'),
      pods: integer('Pods that are ready for them.'),
    }),
  ),
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
