import { dirname, join } from 'node:path';
import type { NodeRanges } from '../../network/ranges.ts';
import type { GroupLocations } from '../control-groups/find-control-groups.ts';
import type { IsolationLevel } from '../runtimes/process/isolation.ts';

/** What the server tells the helper, as one JSON argument. */
export interface HelperOptions {
  readonly dataDirectory: string;
  /** Of the store whose pods it runs. */
  readonly storeIdentity: string;
  /** One agent each; the first is the node whose address the machine's own traffic comes from. */
  readonly nodeNames: readonly string[];
  /** Where the API server answers the first node over plain HTTP. */
  readonly apiSocket: string;
  readonly level: IsolationLevel;
  readonly ranges: NodeRanges;
  readonly limitations: readonly string[];
  readonly controlGroups: GroupLocations;
}

/** What a running helper says of itself on its control socket. */
export interface HelperStatus {
  readonly protocol: number;
  /** As the machine numbers processes. */
  readonly pid: number;
  readonly dataDirectory: string;
  readonly storeIdentity: string;
  readonly nodeNames: readonly string[];
  readonly level: IsolationLevel;
  readonly limitations: readonly string[];
  readonly ranges: NodeRanges;
  /** Its pods are ending and then it will: nobody can take it over any more. */
  readonly isStopping: boolean;
}

/** Raised when a server could not work with an older helper. */
export const helperProtocol = 5;

/** Descriptors that the server opens for the helper. */
export const reportFd = 3;
export const hostNetworkFd = 4;

/** The helper's number as the machine has it: in its own namespace it has another one. */
export const pidVariable = 'SLIPWAY_HELPER_PID';

export type HelperReport =
  | { readonly kind: 'ready'; readonly status: HelperStatus }
  | { readonly kind: 'failed'; readonly message: string };

/** Where the agent of the node answers the API server. */
export function nodeSocketOf(dataDirectory: string, nodeName: string): string {
  return `${dataDirectory}/run/node-${nodeName}.sock`;
}

/** Where the API server answers a node: it knows by the socket which one asks. */
export function apiSocketOf(
  { apiSocket, nodeNames }: Pick<HelperOptions, 'apiSocket' | 'nodeNames'>,
  nodeName: string,
): string {
  return nodeName === nodeNames[0] ? apiSocket : join(dirname(apiSocket), `api-${nodeName}.sock`);
}

/** Where the server forwards questions to the resolvers of the machine. */
export function dnsSocketOf(dataDirectory: string): string {
  return `${dataDirectory}/run/dns.sock`;
}

export function controlSocketOf(dataDirectory: string): string {
  return `${dataDirectory}/run/helper.sock`;
}

export function parseHelperOptions(text: string): HelperOptions {
  return JSON.parse(text) as HelperOptions;
}

export function parseHelperStatus(text: string): HelperStatus {
  return JSON.parse(text) as HelperStatus;
}

export function parseHelperReport(text: string): HelperReport {
  return JSON.parse(text) as HelperReport;
}
