import type { Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { services } from '@slipway/kube/resources';
import { ServiceProxy } from './service-proxy.ts';
import { keyOfListener, nodePortsOf, type ServiceListener } from './service-table.ts';
import { tellFaults } from './tell-faults.ts';
import { TableUpdates } from './table-updates.ts';

export interface MachinePortsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Where NodePorts are opened: the loopback address of the machine. */
  readonly address: string;
  /** Where the node answers for them. */
  readonly nodeAddress: string;
  readonly signal: AbortSignal;
}

/**
 * NodePorts on the loopback address of a machine whose nodes have a network of their own, which nobody outside of it can
 * listen in. What comes is passed on to the node, which knows who answers. Runs until the signal; `done` resolves when all
 * that was to be told of is written.
 */
export function openMachinePorts(options: MachinePortsOptions): { readonly done: Promise<void> } {
  const { client, clock, random, logger, address, nodeAddress, signal } = options;
  // Others have no such ports, and most clusters no others.
  const informer = new Informer({
    client,
    clock,
    random,
    logger,
    type: services,
    fieldSelector: 'spec.type!=ClusterIP',
  });
  const events = new EventRecorder({ client, clock, logger, component: 'kube-proxy' });
  const proxy = new ServiceProxy({ clock, logger, onFault: tellFaults(informer, events) });
  const calculate = () => calculateMachineTable({ services: informer.list(), address, nodeAddress });
  const updates = new TableUpdates({ proxy, calculate, clock, logger, signal });
  informer.onChange(() => updates.request());
  informer.start(signal);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    proxy.close();
    resolve(events.end());
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return { done };
}

export interface MachineTableInput {
  readonly services: readonly Service[];
  readonly address: string;
  readonly nodeAddress: string;
}

/** Every NodePort on `address`, and the same port of the node as its only target. */
export function calculateMachineTable({
  services: all,
  address,
  nodeAddress,
}: MachineTableInput): ReadonlyMap<string, ServiceListener> {
  const listeners = all.flatMap((service) =>
    nodePortsOf(service).map((found) => ({
      ...found,
      address,
      targets: [{ kind: 'tcp' as const, address: nodeAddress, port: found.port }],
    })),
  );
  return new Map(listeners.map((listener) => [keyOfListener(listener), listener]));
}
