/** How a release moves from one version to the next, as a field of an Application. */
import { host, hosts } from './host-schema.ts';
import { boolean, integer, intOrString, list, object, rules, seconds, string } from './schema.ts';
import { condition } from './split-definition.ts';

/** What this version can carry out. A later one adds a name here with the file that does it. */
const supportedStrategies = ['rolling', 'recreate', 'blueGreen', 'canary', 'rainbow'] as const;

const amount = rules([
  "type(self) == int ? self >= 0 : self.matches('^(0|[1-9][0-9]{0,4})%$')",
  'must be a number of pods or a percentage such as "25%"',
]);
const part = rules([
  "type(self) == int ? self >= 0 : self.matches('^(0|[1-9][0-9]?|100)%$')",
  'must be a number of pods or a percentage of at most "100%"',
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

function lifetime(description: string): ReturnType<typeof integer> {
  return integer(description, { minimum: 1, maximum: 31_536_000 });
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
      amount,
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

export const strategySchema = object(
  'How a release moves from the stable version to the new one. In force from the next release.',
  {
    type: string('The strategy.', { enum: supportedStrategies }),
    rolling: object(
      'Of strategy rolling: pods change a few at a time; both versions serve meanwhile.',
      {
        maxSurge: intOrString('Pods above replicas: a number, or a percentage rounded up. Default 25%.', amount),
        maxUnavailable: intOrString(
          'Pods that may be missing: a number, or a percentage rounded down. Default 0.',
          part,
        ),
      },
      rules([
        `!(${isZero('maxSurge')} && (!has(self.maxUnavailable) || (${isZero('maxUnavailable')})))`,
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
    rainbow: object(
      'Of strategy rainbow: new sessions go to the newest version, and others keep theirs until they end.',
      {
        maxVersions: integer(
          'Versions that have sessions once a release has succeeded, the newest among them. Default 3.',
          { minimum: 2, maximum: 16 },
        ),
        maxAgeSeconds: lifetime(
          'How long a version keeps its sessions after a newer one has become stable. Default 86400.',
        ),
        idleSeconds: lifetime('Without a request for so long a session is over. Default 1800.'),
      },
    ),
  },
  {
    required: ['type'],
    ...rules(...supportedStrategies.map(parametersOf), [
      "self.type != 'canary' || has(self.canary)",
      'a canary needs steps: give some in canary.steps, such as {setWeight: 20}',
    ]),
  },
);
