/** What the router of a route cannot do makes the Application invalid: silence would be taken for success. */
import { foreignRouters, type ForeignRouter } from '@slipway/kube/split';
import type { StatusCause } from '@slipway/kube/status-error';
import type { ApplicationRoute, ApplicationSpec, CanaryMatch } from '../api/application.ts';
import { isCovered } from '../route-rule.ts';

interface Limit {
  /** Paths of the fields that ask for it, as far as they are there. */
  readonly fieldsOf: (spec: ApplicationSpec) => readonly string[];
  readonly routers: readonly ForeignRouter[];
  readonly why: string;
}

const byGateway = 'only the gateway of Slipway can do that: set spec.route.through to gateway, or remove the field';

const limits: readonly Limit[] = [
  {
    fieldsOf: ({ route }) => (route?.redirectWww === true ? ['spec.route.redirectWww'] : []),
    routers: ['gatewayApi', 'istio'],
    why: byGateway,
  },
  {
    fieldsOf: ({ route }) => (route?.compression === true ? ['spec.route.compression'] : []),
    routers: foreignRouters,
    why: 'whether answers are compressed is set for the router as a whole: set it there, and remove the field',
  },
  {
    fieldsOf: ({ route }) =>
      Object.keys(route?.responseHeaders ?? {}).length > 0 ? ['spec.route.responseHeaders'] : [],
    routers: ['ingressNginx'],
    why: 'an Ingress can set headers only by snippets, which most clusters forbid: remove the field',
  },
  {
    fieldsOf: ({ route }) => (route?.tls === undefined ? [] : ['spec.route.tls']),
    routers: ['gatewayApi', 'istio'],
    why: 'the certificate belongs to the listener of the Gateway: name it there, and remove the field',
  },
  {
    fieldsOf: ({ strategy }) =>
      (strategy?.recreate?.holdSeconds ?? 0) > 0 ? ['spec.strategy.recreate.holdSeconds'] : [],
    routers: foreignRouters,
    why: `requests cannot wait there: ${byGateway}`,
  },
  {
    fieldsOf: ({ strategy }) => (strategy?.type === 'recreate' ? ['spec.strategy.type'] : []),
    routers: ['ingressNginx'],
    why: 'an Ingress that leads to nobody is none, and recreate needs one for a while: choose another strategy or router',
  },
  {
    fieldsOf: ({ strategy }) =>
      strategy?.canary?.stickySeconds === undefined ? [] : ['spec.strategy.canary.stickySeconds'],
    routers: foreignRouters,
    why: `users cannot be kept with a version there: ${byGateway}`,
  },
  {
    fieldsOf: ({ strategy }) => (strategy?.type === 'rainbow' ? ['spec.strategy.type'] : []),
    routers: foreignRouters,
    why: `sessions cannot be kept with a version there: set spec.route.through to gateway, or choose another strategy`,
  },
  {
    fieldsOf: (spec) => stepsWith(spec, 'mirror', ({ mirror }) => (mirror?.percent ?? 0) > 0),
    routers: ['ingressNginx'],
    why: 'requests cannot be mirrored to a version beside a canary: remove the step, or choose another router',
  },
  {
    fieldsOf: (spec) => stepsWith(spec, 'match', ({ match = {} }) => conditionCount(match) > 1),
    routers: ['ingressNginx'],
    why: 'a canary Ingress has one condition: give one header or one cookie',
  },
  {
    fieldsOf: (spec) =>
      stepsWith(spec, 'match', ({ match }) => (match?.cookies ?? []).some(({ exact }) => exact !== 'always')),
    routers: ['ingressNginx'],
    why: 'a canary Ingress knows one value of a cookie: it must be exact, and "always"',
  },
  {
    fieldsOf: (spec) => stepsWith(spec, 'match', ({ match = {} }) => hasHeaderTwice(match)),
    routers: ['gatewayApi', 'istio'],
    why: 'each header can have one condition, and all cookies are one header: give one condition on each',
  },
  {
    fieldsOf: ({ checks = [] }) =>
      checks.flatMap(({ provider }, index) =>
        provider.gateway === undefined ? [] : [`spec.checks[${index}].provider.gateway`],
      ),
    routers: foreignRouters,
    why: 'the gateway of Slipway counts what comes by it, and nothing does: ask another provider',
  },
  {
    fieldsOf: ({ route, strategy }) =>
      (strategy?.blueGreen?.previewHosts ?? []).some((host) => isCovered(host, route?.hosts ?? []))
        ? ['spec.strategy.blueGreen.previewHosts']
        : [],
    routers: ['ingressNginx'],
    why: 'spec.route.hosts cover them, and an Ingress cannot take them out while nothing is previewed: give others',
  },
];

/** Of the router that is asked for alone: one that carries until then is told its own Gateways. */
const gateways: Limit = {
  fieldsOf: ({ route }) => ((route?.parentRefs ?? []).length > 0 ? ['spec.route.parentRefs'] : []),
  routers: ['ingressNginx'],
  why: 'Gateways belong to the routers gatewayApi and istio: remove the field',
};

/** Nobody carries requests, so nobody does anything to them; hosts and paths say where they would come. */
function validateNoRouter({
  redirectWww,
  compression,
  responseHeaders = {},
  tls,
}: ApplicationRoute): readonly StatusCause[] {
  const asked = {
    redirectWww: redirectWww === true,
    compression: compression === true,
    responseHeaders: Object.keys(responseHeaders).length > 0,
    tls: tls !== undefined,
  };
  return Object.entries(asked)
    .filter(([, isAsked]) => isAsked)
    .map(([name]) =>
      fault(
        `spec.route.${name}`,
        'cannot be had through none: no router carries requests: choose one, or remove the field',
      ),
    );
}

export function validateRouter(spec: ApplicationSpec): readonly StatusCause[] {
  const { route } = spec;
  const router = foreignRouters.find((name) => name === route?.through);
  if (router === undefined)
    return [
      ...(route?.through === 'none' ? validateNoRouter(route) : []),
      ...(route?.parentRefs === undefined ? [] : [foreignOnly('parentRefs')]),
      ...(route?.propagationSeconds === undefined ? [] : [foreignOnly('propagationSeconds')]),
    ];
  const faults = faultsAgainst([...limits, gateways], router, spec);
  const isParentless = router === 'gatewayApi' && (route?.parentRefs ?? []).length === 0;
  return isParentless
    ? [...faults, fault('spec.route.parentRefs', 'gatewayApi needs at least one Gateway, such as [{name: public}]')]
    : faults;
}

/** What is asked for that this router cannot do, whichever one spec names. */
export function faultsThrough(router: ForeignRouter, spec: ApplicationSpec): readonly StatusCause[] {
  return faultsAgainst(limits, router, spec);
}

function faultsAgainst(known: readonly Limit[], router: ForeignRouter, spec: ApplicationSpec): readonly StatusCause[] {
  return known
    .filter(({ routers }) => routers.includes(router))
    .flatMap(({ fieldsOf, why }) =>
      fieldsOf(spec).map((field) => fault(field, `cannot be had through ${router}: ${why}`)),
    );
}

function foreignOnly(name: string): StatusCause {
  return fault(
    `spec.route.${name}`,
    `belongs to routers of other projects: set spec.route.through to one of ${foreignRouters.join(', ')}, or remove the field`,
  );
}

type Step = NonNullable<NonNullable<NonNullable<ApplicationSpec['strategy']>['canary']>['steps']>[number];

function stepsWith(
  { strategy }: ApplicationSpec,
  field: keyof Step,
  isBeyond: (step: Step) => boolean,
): readonly string[] {
  return (strategy?.canary?.steps ?? []).flatMap((step, index) =>
    step[field] !== undefined && isBeyond(step) ? [`spec.strategy.canary.steps[${index}].${field}`] : [],
  );
}

function conditionCount({ headers = [], cookies = [] }: CanaryMatch): number {
  return headers.length + cookies.length;
}

function hasHeaderTwice({ headers = [], cookies = [] }: CanaryMatch): boolean {
  const names = [...headers.map(({ name }) => name.toLowerCase()), ...cookies.map(() => 'cookie')];
  return new Set(names).size < names.length;
}

function fault(field: string, message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}
