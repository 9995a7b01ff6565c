/** Histories of one Application, as data: what happened, in order, so that a failing one is shrunk and run again. */
import type { Carrier } from '@slipway/kube/split';
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Verb } from '../src/api/release-command.ts';
import type { RemovableKind } from './simulation/hands.ts';
import type { JobEnd } from './simulation/hook-effects.ts';

/** Each is kept up to date by a watch of its own, and so each may be behind by itself. */
export const cacheNames = [
  'application',
  'releases',
  'replicaSets',
  'pods',
  'services',
  'slice',
  'split',
  'commands',
  'approvals',
  'copies',
  'budgets',
  'jobs',
  'configuration',
  'gateways',
  'companions',
] as const;

export type CacheName = (typeof cacheNames)[number];

/** Of several Applications, the place of the one that it befalls; absent: the first. */
export type Happening = AnyHappening & { readonly of?: number };

type AnyHappening =
  | {
      readonly type: 'look';
      /** How many of its writes are done before one is not. */
      readonly stopAfter: number;
      readonly lag: number;
      /** Caches that are further behind than the others, and by how many happenings. */
      readonly late?: Partial<Record<CacheName, number>>;
      /** What becomes of the first write that is not done; absent: it is lost, and all after it with it. */
      readonly broken?: BrokenWrite;
    }
  /** What was under way for long arrives: the answer was a time-out, or its sender slept and another one leads by now. */
  | { readonly type: 'arrive' }
  /** Another controller leads, and knows nothing but what the cluster says. */
  | { readonly type: 'restart' }
  /** The clock of the controller is set, by so many seconds. */
  | { readonly type: 'clock'; readonly seconds: number }
  | { readonly type: 'round' }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'replicaSets' | 'endpoints' }
  /** EndpointSlices of the versions' Services follow the pods no more, until they do again. */
  | { readonly type: 'slicesLag' | 'slicesFollow' }
  | {
      readonly type:
        | 'gateway'
        | 'gatewayDies'
        | 'gatewayReturns'
        | 'gatewaySticks'
        /** It learns of no change of the endpoints, until it follows again. */
        | 'gatewayLags'
        | 'gatewayFollows'
        /** It reaches the API server no more, and routes on by what it knows, until it reaches it again. */
        | 'gatewayIsCut'
        | 'gatewayReconnects'
        | 'gatewayRefuses';
      /** Which of them; absent: the first. */
      readonly index?: number;
    }
  | { readonly type: 'ready' | 'unready' | 'die'; readonly pod: number }
  /** Of a node that is drained. */
  | { readonly type: 'evict'; readonly pod: number }
  | { readonly type: 'removed'; readonly kind: RemovableKind; readonly index: number }
  | { readonly type: 'allUnready' }
  | { readonly type: 'deploy'; readonly image: string }
  | { readonly type: 'replicas'; readonly count: number }
  /** By an autoscaler, to that many times of what it counts. */
  | { readonly type: 'autoscale'; readonly factor: number }
  | { readonly type: 'job'; readonly index: number; readonly end: JobEnd }
  | { readonly type: 'webhook'; readonly answers: 'passed' | 'failed' | 'error' }
  /** Somebody agrees to a release: before it begins, or before its promotion. */
  | { readonly type: 'approve'; readonly release: number; readonly hook: 'agree' | 'confirm' }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'configure'; readonly content: string }
  | { readonly type: 'command'; readonly verb: Verb }
  /** A user of an Application with sessions sends a request by one of the gateways. */
  | { readonly type: 'visit'; readonly user: number; readonly gateway: number }
  /** Spec names another router. */
  | { readonly type: 'through'; readonly router: Carrier }
  | { readonly type: 'strategy'; readonly strategy: History['strategy'] }
  /** One of two ReleaseGroups names other members, by their places, or is deleted. A place that nobody has is one that is missing. */
  | { readonly type: 'regroup'; readonly group: number; readonly order: GroupOrder | null }
  /** Spec names others that it depends on, by their places. */
  | { readonly type: 'depend'; readonly on: readonly number[] }
  /** Of the Application, by a person; with `foreground` what it owns goes before it. */
  | { readonly type: 'delete'; readonly foreground: boolean }
  /** Of the manifest, again: where the Application is gone it is made anew. */
  | { readonly type: 'apply' };

/** A write that nobody heard the end of, or that was refused. */
export interface BrokenWrite {
  /** Of several requests that make up one write: a bit for each that is done all the same. */
  readonly part: number;
  /** Whether the rest of it is done much later, or never. */
  readonly end: 'lost' | 'late';
  /** Whether the controller lives: it writes what stands beside the actions, and remembers what it was told. */
  readonly lives: boolean;
}

export interface GroupOrder {
  readonly members: readonly number[];
  readonly together: boolean;
}

/** Several Applications that are alike, and released one after the other. */
export interface Group {
  readonly members: number;
  /** What says so: a ReleaseGroup, or each of them, which depends on the one before it. */
  readonly by: 'group' | 'dependsOn';
  /** Whether they go back as one; by a ReleaseGroup only. */
  readonly together: boolean;
}

export interface History {
  readonly strategy: NonNullable<ApplicationSpec['strategy']>;
  readonly routed: boolean;
  readonly replicas: number;
  /** Whether it has hooks, of each time and kind. */
  readonly hooked?: boolean;
  /** Whether somebody has to agree, before it begins and before its promotion. */
  readonly approved?: boolean;
  /** Whether its pods are not asked for their health. */
  readonly unasked?: boolean;
  /** Whether its first version serves already, and nothing is under way. */
  readonly serving?: boolean;
  /** Whether routers of other projects go on refusing until another one takes over: nothing else mends them. */
  readonly isRefusalLasting?: boolean;
  /** Whether the second gateway never reaches the API server again where it was cut off. */
  readonly isCutLasting?: boolean;
  /** Absent: it is alone. */
  readonly group?: Group;
  readonly happenings: readonly Happening[];
}
