import { describe } from 'vitest';
import { httpRouteDefinition } from '../../testing/routers/definitions.ts';
import { httpRouteModel } from '../../testing/routers/http-route-model.ts';
import { describeReleases } from '../../testing/routers/release-scenarios.ts';
import { gatewayApi } from './gateway-api.ts';

describe('gatewayApi', () => {
  describeReleases({
    router: gatewayApi,
    model: httpRouteModel,
    definitions: [httpRouteDefinition({ hasMirrorShare: true })],
    parentRefs: [{ name: 'public' }],
  });
});
