/**
 * Releases through routers of other projects under load. The routers are models, which read their objects as the documentation
 * of each says, follow them late, and refuse: none of this was run against the real products.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { KubeObject } from '@slipway/kube/object';
import { gatewayApi } from '@slipway/delivery/routers/gateway-api';
import { ingressNginx } from '@slipway/delivery/routers/ingress-nginx';
import { istio } from '@slipway/delivery/routers/istio';
import type { Router } from '@slipway/delivery/routers/router';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canaryIngressModel } from '../../packages/delivery/testing/routers/canary-ingress-model.ts';
import { httpRouteDefinition, virtualServiceDefinition } from '../../packages/delivery/testing/routers/definitions.ts';
import { httpRouteModel } from '../../packages/delivery/testing/routers/http-route-model.ts';
import type { TrafficModel } from '../../packages/delivery/testing/routers/traffic-model.ts';
import { virtualServiceModel } from '../../packages/delivery/testing/routers/virtual-service-model.ts';
import { clusterTitle, needsEmbedded, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import { startModelGateway, type ModelGateway } from './support/model-gateway.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';
import { startTraffic, type Traffic } from './support/traffic/traffic.ts';

const lagMilliseconds = 1_000;
/** With room for a machine on which everything else runs too. */
const propagationSeconds = 5;
const requestsPerSecond = 10;
const patienceMilliseconds = 60_000;
const pace = {
  slowEveryMilliseconds: 1_000,
  postEveryMilliseconds: 500,
  uploadEveryMilliseconds: 1_500,
  webSockets: 0,
  messageEveryMilliseconds: 1_000,
};
const strategy = { type: 'canary', canary: { steps: [{ setWeight: 30 }, { pause: {} }] } } as const;

interface Act {
  readonly application: ReleasedApplication;
  readonly gateway: ModelGateway;
  readonly traffic: Traffic;
}

const reason = needsEmbedded('the kinds of routers that do not run');

describe.skipIf(reason !== undefined)(
  `routers of other projects, as models, ${clusterTitle}${reason === undefined ? '' : `: ${reason}`}`,
  { timeout: 300_000 },
  () => {
    let cluster: DeliveryCluster;
    const undo: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      cluster = await startDeliveryCluster({ leaseSeconds: 5 });
      for (const definition of [httpRouteDefinition({ hasMirrorShare: true }), virtualServiceDefinition])
        await cluster.client.create(customResourceDefinitions, definition);
      for (const type of [gatewayApi.type, istio.type]) while (!(await isServed(cluster, type))) await pause(100);
    });
    afterAll(async () => {
      for (const each of undo.toReversed()) await each();
      await cluster?.stop();
    });

    async function begin<T extends KubeObject>(router: Router<T>, model: TrafficModel<T>): Promise<Act> {
      const { client, namespace } = cluster;
      const gateway = await startModelGateway({ client, namespace, model, lagMilliseconds });
      undo.push(() => gateway.stop());
      const name = router.name.toLowerCase();
      const parents = router.name === 'gatewayApi' ? { parentRefs: [{ name: 'public' }] } : {};
      const route = { hosts: [`${name}.localhost`], through: router.name, propagationSeconds, ...parents };
      const application = await applicationOn(cluster, name, { strategy, replicas: 2, guardSeconds: 1, route });
      undo.push(async () => application.close());
      await application.ask('v1');
      await application.reaches({ version: 'v1', phases: ['Succeeded'] });
      const common = { rate: requestsPerSecond, patienceMilliseconds, pace };
      const traffic = await startTraffic({ ...common, target: gateway.url, host: application.host, versions: ['v1'] });
      undo.push(() => traffic.stop());
      return { application, gateway, traffic };
    }

    /** A release that a person takes to its end, and one that is aborted on its way. */
    async function release({ application, traffic }: Act): Promise<void> {
      await traffic.load.allow(['v1', 'v2']);
      await application.ask('v2');
      await application.stands('v2', 30);
      await application.command('resume');
      await application.reaches({ version: 'v2', phases: ['Succeeded'] });
      await traffic.load.allow(['v2', 'v3']);
      await application.ask('v3');
      await application.stands('v3', 30);
      await application.command('abort');
      await application.reaches({ version: 'v3', phases: ['RolledBack'] });
      await traffic.load.allow(['v2']);
    }

    async function expectNothingLost({ traffic }: Act, versions: readonly string[]): Promise<void> {
      const { load, clients } = await traffic.stop();
      expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
      expect(load.succeeded).toBe(load.sent);
      expect(Object.keys(load.byVersion).toSorted()).toEqual(versions);
    }

    it.concurrent('istio: no request is lost, though it follows late', async () => {
      const act = await begin(istio, virtualServiceModel);
      await release(act);
      await expectNothingLost(act, ['v1', 'v2', 'v3']);
    });

    it.concurrent('ingressNginx: no request is lost, though it follows late', async () => {
      const act = await begin(ingressNginx, canaryIngressModel);
      await release(act);
      await expectNothingLost(act, ['v1', 'v2', 'v3']);
    });

    it.concurrent('gatewayApi: no request is lost, though it follows late, nor moved by a route that it refuses', async () => {
      const act = await begin(gatewayApi, httpRouteModel);
      await release(act);
      const { application, gateway } = act;
      gateway.takesChanges(false);
      await application.ask('v4');
      await application.until('v4', ({ waitingFor = '' }) => waitingFor.includes('RouteRefused'));
      gateway.takesChanges(true);
      await application.command('abort');
      await application.reaches({ version: 'v4', phases: ['RolledBack'] });
      await expectNothingLost(act, ['v1', 'v2', 'v3']);
    });
  },
);

async function isServed(
  { client, namespace }: DeliveryCluster,
  type: Parameters<DeliveryCluster['client']['list']>[0],
): Promise<boolean> {
  try {
    await client.list(type, { namespace });
    return true;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return false;
    throw error;
  }
}
