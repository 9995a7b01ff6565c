/** The traffic model of a router of another project as a gateway: real requests go where its objects lead them, late. */
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { EndpointSlice } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import type { KubeObject } from '@slipway/kube/object';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { endpointSlices } from '@slipway/kube/resources';
import { ModelledRouter, type TrafficModel } from '../../../packages/delivery/testing/routers/traffic-model.ts';

export interface ModelGateway {
  readonly url: string;
  /** Whether the router takes changes of its objects from now on. */
  takesChanges(takes: boolean): void;
  stop(): Promise<void>;
}

export interface ModelGatewayOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly model: TrafficModel<T>;
  readonly lagMilliseconds: number;
}

/** Resolves when it takes requests. */
export async function startModelGateway<T extends KubeObject>(options: ModelGatewayOptions<T>): Promise<ModelGateway> {
  const { client, namespace, model, lagMilliseconds } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const router = new ModelledRouter(model, { client, clock: systemClock, signal, lagMilliseconds });
  router.start();
  const slices = new Informer<EndpointSlice>({ client, clock: systemClock, type: endpointSlices, namespace });
  slices.start(signal);
  await slices.synced();
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const { service } = router.send(asked(incoming));
    const ready = readyOf(slices.list(), service);
    const chosen = ready[(turn += 1) % ready.length];
    if (chosen === undefined) outgoing.writeHead(503).end(`nobody is ready behind ${service ?? 'any route'}`);
    else carry(incoming, outgoing, chosen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    takesChanges: (takes) => {
      router.takes = takes;
    },
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function asked({ headers, url = '/' }: IncomingMessage): Parameters<ModelledRouter<KubeObject>['send']>[0] {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const own = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
  return { host, path: url.split('?')[0] ?? '/', headers: Object.fromEntries(own) };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function readyOf(slices: readonly EndpointSlice[], service: string | undefined): readonly Address[] {
  return slices
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap(({ endpoints, ports = [] }) =>
      endpoints
        .filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true)
        .flatMap(({ addresses: [host] }) => (host === undefined ? [] : [{ host, port: ports[0]?.port ?? 0 }])),
    );
}

/** A connection each: none is kept that a pod may close as a request leaves on it. */
const oneEach = new Agent({ keepAlive: false });

function carry(incoming: IncomingMessage, outgoing: ServerResponse, { host, port }: Address): void {
  const { method, url, headers } = incoming;
  const inner = request({ host, port, method, path: url, headers, agent: oneEach }, (answer) => {
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, rest);
    // Either end is told of a break by its own stream.
    pipeline(answer, outgoing, () => undefined);
  });
  inner.once('error', (error) => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end(error.message);
  });
  pipeline(incoming, inner, () => undefined);
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('the model does not listen');
  return address.port;
}
