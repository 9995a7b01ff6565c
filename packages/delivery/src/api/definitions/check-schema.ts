import { checkTimes, gatewayMetrics, noDataPolicies } from '../check.ts';
import { gateOutcomes } from '../gate-outcome.ts';
import { boolean, integer, list, object, record, string, stringMap, time, type Schema } from './schema.ts';

const maximumChecks = 16;

const secretRef = object(
  'A Secret in the same namespace with token, or with username and password; its ca.crt is trusted. Read when needed.',
  { name: string('Its name.', { pattern: '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$', maxLength: 253 }) },
  { required: ['name'] },
);

const placeholders = '{{namespace}} {{application}} {{version}} {{stable}} {{service}}';

const prometheus = object(
  'An instant query of a Prometheus.',
  {
    address: string('Where its API is served, such as https://prometheus.example.org.', {
      pattern: '^https?://',
      maxLength: 512,
    }),
    query: string(`Must come to one series or a scalar. In strings it may hold ${placeholders}.`, {
      minLength: 1,
      maxLength: 4_096,
    }),
    insecure: boolean('Take any certificate, and send credentials without TLS too.'),
    secretRef,
  },
  { required: ['address', 'query'] },
);

const gateway = object(
  'What the gateways count of the requests since the last measurement.',
  {
    metric: string(
      'rate: requests a second; errors: the share answered with 5xx, from 0 to 1; duration: seconds at the quantile.',
      { enum: gatewayMetrics },
    ),
    quantile: { type: 'number', description: 'Of duration. Default 0.99.', minimum: 0, maximum: 1 },
  },
  { required: ['metric'] },
);

const web = object(
  'A number out of the JSON that an HTTP server answers with.',
  {
    url: string(`Asked with GET. It may hold ${placeholders}.`, { pattern: '^https?://', maxLength: 2_048 }),
    jsonPath: string("Leads to the number, such as $.data.items[0]['error.rate'].", { minLength: 1, maxLength: 512 }),
    headers: stringMap('Headers of the request.', { maxProperties: 16 }),
    secretRef,
  },
  { required: ['url', 'jsonPath'] },
);

const check = object(
  'One metric.',
  {
    name: string('Unique in the Application; steps of a strategy name the check by it.', {
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      maxLength: 63,
    }),
    provider: object(
      'Who is asked: exactly one.',
      { prometheus, gateway, web },
      { minProperties: 1, maxProperties: 1 },
    ),
    baseline: boolean('Ask the same of the stable version: baseline in successWhen. Default false.'),
    successWhen: string('CEL over value, baseline and samples; true: passed. For example value < 0.05.', {
      minLength: 1,
      maxLength: 1_024,
    }),
    interval: string('From the end of one measurement to the next, such as 30s or 1m30s. Default 30s.', {
      pattern: '^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$',
      minLength: 2,
    }),
    count: integer('Measurements that a release waits for. Default 1.', { minimum: 1, maximum: 1_000 }),
    failureLimit: integer('Failures that are allowed: one more fails the check. Default 0.', {
      minimum: 0,
      maximum: 999,
    }),
    errorLimit: integer('Errors that are allowed: one more ends the check as error. Default 4.', {
      minimum: 0,
      maximum: 999,
    }),
    minSamples: integer('With fewer a measurement is inconclusive, and measuring goes on. Default 0.', {
      minimum: 0,
      maximum: 1_000_000_000,
    }),
    onNoData: string(
      'wait: measure again; pass, fail: a measurement without data counts so. The guard always waits. Default wait.',
      { enum: noDataPolicies },
    ),
    when: list('During what it is watched. Default: both.', string('A time.', { enum: checkTimes }), {
      minItems: 1,
      maxItems: checkTimes.length,
      'x-kubernetes-list-type': 'set',
    }),
  },
  { required: ['name', 'provider', 'successWhen'] },
);

/** `spec.checks` of an Application. */
export const checksSchema: Schema = list('Metrics that are watched during a release and by its guard.', check, {
  maxItems: maximumChecks,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});

/** `spec.checks` of a Release. */
export const copiedChecksSchema: Schema = list('Metrics that are watched.', record('One metric.'), {
  maxItems: maximumChecks,
});

const measurement = object('One look.', {
  number: integer('Counted from 1.'),
  outcome: string('How it ended.', { enum: gateOutcomes }),
  value: string('What was measured of the new version.'),
  baseline: string('What was measured of the stable version.'),
  samples: integer('What it rests on.'),
  startedAt: time('When it began.'),
  finishedAt: time('When it ended.'),
  reason: string('Why it has not passed, and what the source warned of.'),
});

const total = (description: string) => integer(description);

const run = object('One run of a check.', {
  name: string('The check.'),
  during: string('During what it is watched.', { enum: checkTimes }),
  step: string('The step that waits for it.'),
  attempt: integer('The attempt.'),
  startedAt: time('When it began.'),
  endedAt: time('When it ended.'),
  outcome: string('How it ended; absent while it runs.', { enum: gateOutcomes }),
  message: string('What was found.'),
  patienceSeconds: integer('How long it goes on without a measurement that counts.'),
  fruitlessSeconds: integer('How long it has done so.'),
  totals: object('Measurements by their outcome.', {
    passed: total('Passed.'),
    failed: total('Failed.'),
    inconclusive: total('With too few samples.'),
    noData: total('Without data.'),
    error: total('That came to nothing.'),
  }),
  measurements: list('The last 20.', measurement, { maxItems: 20 }),
  query: string('As it was sent last.'),
  baselineQuery: string('As it was sent last for the stable version.'),
  window: object('From where the counts of the gateways count.', {
    since: time('When it began.'),
    readings: list(
      'What they had counted then.',
      object('One gateway and version.', {
        instance: string('The gateway.'),
        version: string('The version.'),
        requests: integer('Requests.'),
        errors: integer('Answers 5xx.'),
        durations: list('By how long they took.', integer('Requests.'), { maxItems: 64 }),
      }),
      { maxItems: 64 },
    ),
  }),
});

/** `status.checks` of a Release. */
export const checkRunsSchema: Schema = list('Runs of checks, oldest first.', run, { maxItems: 64 });
