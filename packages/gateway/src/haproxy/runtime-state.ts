import type { EndpointAddress } from '../routing/routing-table.ts';

/**
 * The maps by which HAProxy finds who answers a request; what they do not lead to is the built-in proxy's.
 *
 *     hosts      host                  -> host key
 *     wildcards  what follows `*.`     -> host key
 *     exact      host key, path        -> rule
 *     prefixes   host key, path, `/`   -> rule; the longest wins
 *     headers    rule                  -> header set
 *     rules      rule                  -> slot, or split
 *     splits     split, `.`, turn      -> slot
 *     only       slot                  -> its pod, where it has just one
 */
export const mapNames = ['hosts', 'wildcards', 'exact', 'prefixes', 'headers', 'rules', 'splits', 'only'] as const;
export type MapName = (typeof mapNames)[number];
export type Entries = ReadonlyMap<string, string>;

/** A pod's port behind a slot. One that leaves gets nothing new and goes when nothing is open to it. */
export interface Server extends EndpointAddress {
  readonly state: 'ready' | 'leaving';
  /** 0 where it is the only one of its slot: it is named for what comes, and what it fails is balanced to somebody else. */
  readonly weight: ServerWeight;
}

/** What HAProxy is told with a server, which gets nothing until it is said to be ready. */
export type NewServer = Omit<Server, 'state'>;

/** HAProxy takes up to 256; pods of one version are all alike. */
export const sharedWeight = 4;
export type ServerWeight = typeof sharedWeight | 0;

/** What commands can change in a running HAProxy. */
export interface RuntimeState {
  readonly maps: Readonly<Record<MapName, Entries>>;
  /** By slot and name. */
  readonly servers: ReadonlyMap<string, ReadonlyMap<string, Server>>;
}

/** What a HAProxy has that was just started. */
export const emptyRuntimeState: RuntimeState = {
  maps: {
    hosts: new Map(),
    wildcards: new Map(),
    exact: new Map(),
    prefixes: new Map(),
    headers: new Map(),
    rules: new Map(),
    splits: new Map(),
    only: new Map(),
  },
  servers: new Map(),
};

/**
 * Each slot is two backends of HAProxy with the same servers. One keeps connections to pods and repeats what may be
 * repeated. The other sends every request over a connection of its own: a kept one can be closed by the application just
 * as a request is sent, and a request that must not be carried out twice could then neither be repeated nor given up.
 */
export function backendsOfSlot(slot: string): readonly [kept: string, once: string] {
  return [slot, `${slot}${onceSuffix}`];
}

export function slotOfBackend(backend: string): string {
  return backend.endsWith(onceSuffix) ? backend.slice(0, -onceSuffix.length) : backend;
}

/** Of the proxy behind HAProxy, in each of its backends; no pod has such a name. */
export const builtInServerName = 'built-in';

export const onceSuffix = '.once';
