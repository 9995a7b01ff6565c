/**
 * Where delivery and the data planes meet: kind `Split` (slipway.dev/v1alpha1). Delivery writes `spec`; every gateway
 * instance writes its own entry of `status.instances`. A Split is confirmed when each instance with a live Lease has
 * reported the generation.
 */
import type { KubeObject, ResourceType } from './object.ts';

export interface Split extends KubeObject {
  readonly spec: SplitSpec;
  readonly status?: SplitStatus | undefined;
}

export interface SplitSpec {
  /** Name of the Application in the same namespace; metrics carry it. */
  readonly application: string;
  readonly rules: readonly SplitRule[];
  /** Seconds that open requests and connections of a backend that lost its weight may take to end. */
  readonly drainSeconds?: number | undefined;
  /** Who carries the requests: absent, our own gateways, which leave a Split of anybody else alone. */
  readonly through?: ForeignRouter | undefined;
  /** Who carries them too, and confirms each change as well: clients may still come that way. */
  readonly alsoThrough?: readonly FormerCarrier[] | undefined;
  /** Where a foreign router takes the requests in: Gateways. */
  readonly parentRefs?: readonly ParentReference[] | undefined;
  /** How long a foreign router may take to follow what it has accepted. */
  readonly propagationSeconds?: number | undefined;
}

/** Routers of other projects: a controller of ours writes their objects, and confirms in their name. */
export const foreignRouters = ['gatewayApi', 'ingressNginx', 'istio'] as const;
export type ForeignRouter = (typeof foreignRouters)[number];

export type Carrier = 'gateway' | ForeignRouter;

/** One that carried the requests alone, with what it was told then. */
export interface FormerCarrier extends Pick<SplitSpec, 'parentRefs' | 'propagationSeconds'> {
  readonly name: Carrier;
}

/** Everybody who is to carry the requests. */
export function carriersOf({
  through,
  alsoThrough = [],
}: Pick<SplitSpec, 'through' | 'alsoThrough'>): readonly Carrier[] {
  return [through ?? 'gateway', ...alsoThrough.map(({ name }) => name)];
}

/** As in the Gateway API; without `namespace` in that of the Split. */
export interface ParentReference {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
}

/** Requests for one of `hosts` under one of `paths` go to `backends` by weight. The longest matching path wins. */
export interface SplitRule {
  /** `shop.example.org` or `*.example.org`. Empty: every host. */
  readonly hosts: readonly string[];
  /** Path prefixes by whole elements, as Ingress `Prefix`. Empty: `/`. */
  readonly paths: readonly string[];
  readonly backends: readonly SplitBackend[];
  /** Answers requests for `example.org` with a redirect to `www.example.org`, where the latter is the host of the rule, and the other way round. */
  readonly redirectWww?: boolean | undefined;
  readonly compression?: boolean | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly tls?: { readonly secretName: string } | undefined;
  /** In their order; the first that fits decides, whatever the weights are. None fits: the weights decide. */
  readonly matches?: readonly SplitMatch[] | undefined;
  readonly mirror?: SplitMirror | undefined;
  /** While no backend has a weight, or none that has one has a ready pod, requests wait instead of being answered 503. */
  readonly hold?: SplitHold | undefined;
  readonly sticky?: SplitSticky | undefined;
  readonly sessions?: SplitSessions | undefined;
}

/** What a rule does with requests beside weighing them. */
export type SplitHandling = Pick<SplitRule, 'matches' | 'mirror' | 'hold' | 'sticky' | 'sessions'>;

/** A/B: requests that fulfil every condition go to one backend. */
export interface SplitMatch {
  readonly headers?: readonly SplitCondition[] | undefined;
  readonly cookies?: readonly SplitCondition[] | undefined;
  /** Which of the backends of the rule, by its Service. One without a ready pod does not fit. */
  readonly service: string;
}

/**
 * Neither `exact` nor `prefix`: it is there, with any value. There are no patterns, because who sends requests would choose
 * how long they take.
 */
export interface SplitCondition {
  /** Of a header in any case, of a cookie exactly. */
  readonly name: string;
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
}

/**
 * A copy of the requests goes to this backend too, and its answer to nobody. Only of what changes nothing (GET, HEAD,
 * OPTIONS) and has no body; a copy that would have to wait is not sent.
 */
export interface SplitMirror {
  readonly service: string;
  readonly port: string | number;
  readonly version: string;
  /** Of the requests, 1 to 100. */
  readonly percent: number;
}

export interface SplitHold {
  /** How long one request waits at most; then it is answered 503 with Retry-After. */
  readonly seconds: number;
}

/**
 * A user stays where he is as long as the weights allow, and never moves back as the weight of the last backend grows: the
 * cookie holds the user's place among a hundred, and the weights divide the places, first backends first.
 */
export interface SplitSticky {
  readonly cookie: string;
  /** How long the cookie lives after it was last given. */
  readonly seconds: number;
}

/**
 * A session stays with its version, also without weight, while that is one of the backends; new ones, and requests without
 * the cookie, go by weight. The gateway gives and signs the cookie.
 */
export interface SplitSessions {
  readonly cookie: string;
  /** Without a request for so long a session is over. */
  readonly idleSeconds: number;
  /** Secret in the same namespace whose `key`, of 16 bytes or more, signs for every instance. */
  readonly secretName: string;
}

export interface SplitBackend {
  /** Name of a Service in the same namespace. */
  readonly service: string;
  /** Number or name of the Service's port. */
  readonly port: string | number;
  /** The raw version that answers there; metrics carry it. */
  readonly version: string;
  /** 0 to 100. The weights of a rule sum to 100. With weight 0 a backend only finishes what it has. */
  readonly weight: number;
}

export interface SplitStatus {
  readonly instances?: readonly SplitInstanceStatus[] | undefined;
}

export interface SplitInstanceStatus {
  /** Name of the instance and of its Lease in `gatewayLeaseNamespace`. */
  readonly name: string;
  /** The generation that every new request has been answered by since `inForceSince`. */
  readonly observedGeneration: number;
  /** MicroTime. */
  readonly inForceSince: string;
  readonly backends?:
    | ReadonlyArray<{
        readonly service: string;
        readonly version: string;
        readonly openConnections: number;
        readonly openRequests: number;
        /**
         * That sent a request within `idleSeconds`; only where a rule has `sessions`, and current to a second or to a
         * twentieth. Absent while none was seen and the instance has not looked for `idleSeconds` yet: there may be some
         * from before it started, so that absent is not 0. While there are sessions the other two numbers are as old.
         */
        readonly sessions?: number | undefined;
      }>
    | undefined;
  /** While `countTrafficUntilAnnotation` asks for it: running totals of every version, from the start of the instance. */
  readonly traffic?:
    | ReadonlyArray<{
        readonly version: string;
        readonly requests: number;
        /** Answers 5xx. */
        readonly serverErrors: number;
        /** Requests by how long they took: one number for each of `trafficDurationBounds`, and the last for longer ones. */
        readonly durations?: readonly number[] | undefined;
      }>
    | undefined;
  /** Why a part of a rule is not served, for example another claimant of the host: a sentence for each host and path. */
  readonly conflicts?: readonly string[] | undefined;
  /** Indexes of the rules of which nothing is served, every host and path being somebody else's. Beside `conflicts`. */
  readonly unservedRules?: readonly number[] | undefined;
}

export const splits: ResourceType<Split> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'Split',
  plural: 'splits',
  namespaced: true,
};

/** Seconds from the head of a request to the end of its answer. Each bound counts what took longer than the one before it. */
export const trafficDurationBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/**
 * On a Split: until then (RFC 3339) every instance keeps its `traffic` current to about a second. An annotation, because
 * it asks for no other routing and so for no new generation to confirm.
 */
export const countTrafficUntilAnnotation = 'slipway.dev/count-traffic-until';

/** Every gateway instance renews a Lease with this label in this namespace. */
export const gatewayLeaseNamespace = 'kube-system';
export const gatewayLeaseLabel = 'slipway.dev/gateway';

/**
 * On a gateway's Lease: the highest resourceVersion of any EndpointSlice whose change has reached its routing. A node
 * that is about to stop a pod waits until every live gateway (and its own service proxy) is past the one in which the pod
 * was no longer ready, one second at most.
 */
export const observedEndpointsAnnotation = 'slipway.dev/observed-endpoints';
