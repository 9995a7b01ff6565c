/** The built-in proxy alone with one route, as the counterpart of the naive one. */
import { systemClock } from '@slipway/kube/platform/system-clock';
import { Proxy } from '@slipway/gateway/proxy/proxy';
import { emptyRoutingTable, type RouteRule } from '@slipway/gateway/routing/routing-table';

const rule: RouteRule = {
  backends: [
    {
      namespace: 'default',
      application: 'bench',
      service: 'bench',
      version: '1',
      weight: 100,
      drainSeconds: 1,
      endpoints: [{ address: '127.0.0.1', port: Number(process.argv[2]) }],
    },
  ],
  compression: false,
  responseHeaders: new Map(),
};
const proxy = new Proxy({ clock: systemClock, random: Math.random });
proxy.install({ ...emptyRoutingTable, rules: [rule], anyHost: [{ path: '/', match: 'Prefix', rule }] });
process.stdout.write(`${await proxy.listen({ host: '127.0.0.1', port: 0 })}\n`);
