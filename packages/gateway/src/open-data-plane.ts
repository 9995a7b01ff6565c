import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { DataPlane } from './data-plane.ts';
import { Proxy } from './proxy/proxy.ts';

/** `auto`: HAProxy where there is a usable one, otherwise the built-in proxy. */
export const dataPlaneChoices = ['auto', 'built-in', 'haproxy'] as const;
export type DataPlaneChoice = (typeof dataPlaneChoices)[number];

export interface OpenDataPlaneOptions {
  readonly choice: DataPlaneChoice;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** For HAProxy's files and sockets: its own, made and removed by it. */
  readonly directory: string;
}

/** HAProxy was asked for, and cannot be used. */
export class DataPlaneError extends Error {
  override readonly name = 'DataPlaneError';
}

export interface OpenedDataPlane {
  readonly dataPlane: DataPlane;
  /** For people: `built-in`, or `HAProxy` with its version. */
  readonly description: string;
}

/** Rejects with `DataPlaneError`. HAProxy starts when it listens. */
export async function openDataPlane({ choice, ...options }: OpenDataPlaneOptions): Promise<OpenedDataPlane> {
  if (choice === 'built-in') return openBuiltIn(options);
  const { findHaproxy } = await import('./haproxy/find-haproxy.ts');
  const found = await findHaproxy();
  if (found.kind === 'unusable') {
    if (choice === 'auto') return openBuiltIn(options);
    throw new DataPlaneError(`HAProxy cannot carry the requests: ${found.reason}, or use the built-in proxy`);
  }
  const { HaproxyDataPlane } = await import('./haproxy/haproxy-data-plane.ts');
  const dataPlane = new HaproxyDataPlane({ ...options, program: found.program });
  return { dataPlane, description: `HAProxy ${found.version}` };
}

function openBuiltIn(options: Pick<OpenDataPlaneOptions, 'clock' | 'random'>): OpenedDataPlane {
  return { dataPlane: new Proxy(options), description: 'built-in' };
}
