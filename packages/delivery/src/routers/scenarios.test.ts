import { describe } from 'vitest';
import { canaryIngressModel } from '../../testing/routers/canary-ingress-model.ts';
import { httpRouteDefinition, virtualServiceDefinition } from '../../testing/routers/definitions.ts';
import { httpRouteModel } from '../../testing/routers/http-route-model.ts';
import { describeReleases } from '../../testing/routers/release-scenarios.ts';
import { virtualServiceModel } from '../../testing/routers/virtual-service-model.ts';
import { gatewayApi } from './gateway-api.ts';
import { ingressNginx } from './ingress-nginx.ts';
import { istio } from './istio.ts';

describe('gatewayApi', () => {
  describeReleases({
    router: gatewayApi,
    model: httpRouteModel,
    definitions: [httpRouteDefinition({ hasMirrorShare: true })],
    parentRefs: [{ name: 'public' }],
  });
});

describe('istio', () => {
  describeReleases({ router: istio, model: virtualServiceModel, definitions: [virtualServiceDefinition] });
});

describe('ingressNginx', () => {
  describeReleases({ router: ingressNginx, model: canaryIngressModel, definitions: [] });
});
