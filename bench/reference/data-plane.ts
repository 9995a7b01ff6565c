/** A data plane alone with one route, as the counterpart of the naive proxy. Arguments: port of the application, which one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataPlane } from '@slipway/gateway/open-data-plane';
import { emptyRoutingTable, type RouteRule } from '@slipway/gateway/routing/routing-table';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';

const [application, choice] = process.argv.slice(2);
const rule: RouteRule = {
  backends: [
    {
      namespace: 'default',
      application: 'bench',
      service: 'bench',
      version: '1',
      weight: 100,
      drainSeconds: 1,
      endpoints: [{ address: '127.0.0.1', port: Number(application) }],
    },
  ],
  compression: false,
  responseHeaders: new Map(),
};
const directory = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const { dataPlane } = await openDataPlane({
  choice: choice === 'haproxy' ? 'haproxy' : 'built-in',
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
  directory: join(directory, 'haproxy'),
});
process.once('SIGTERM', () => {
  void dataPlane.close(0).then(() => {
    rmSync(directory, { recursive: true, force: true });
    process.exit();
  });
});
await dataPlane.install({ ...emptyRoutingTable, rules: [rule], anyHost: [{ path: '/', match: 'Prefix', rule }] });
process.stdout.write(`${await dataPlane.listen({ host: '127.0.0.1', port: 0 })}\n`);
