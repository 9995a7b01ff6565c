import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../world.ts';
import { get, type Setting } from './setting.ts';

/** What is counted of the requests. */
export function describeCounting(setting: Setting): void {
  const { call } = setting;

  test('counts clients that leave apart from errors', async () => {
    const held: (() => void)[] = [];
    const backend = await setting.world.backend((incoming, outgoing) => {
      if (incoming.url === '/begun') outgoing.write('begun');
      held.push(() => outgoing.end());
    });
    await setting.world.route([{ endpoints: [backend] }]);
    for (const path of ['/', '/begun']) {
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
      socket.write(get(path));
      await eventually(() => held.length === 1);
      if (path === '/begun') await once(socket, 'data');
      socket.resetAndDestroy();
      const count = path === '/' ? 1 : 2;
      await eventually(() => setting.world.plane.traffic.all()[0]?.requests === count);
      held.pop()?.();
    }
    expect(setting.world.plane.traffic.all()[0]).toMatchObject({ requests: 2, errors: 0, abandoned: 2 });
  });

  test('counts requests, errors and durations by version', async () => {
    const backend = await setting.world.backend((incoming, outgoing) =>
      outgoing.writeHead(incoming.url === '/bad' ? 500 : 200).end(),
    );
    await setting.world.route([{ endpoints: [backend], version: '1.4.0' }]);
    await call();
    await call({ path: '/bad' });
    await eventually(() => setting.world.plane.traffic.all()[0]?.requests === 2);
    const [counters] = setting.world.plane.traffic.all();
    expect(counters).toMatchObject({ requests: 2, errors: 1, labels: { version: '1.4.0', application: 'shop' } });
    expect(counters?.durations.reduce((sum, count) => sum + count)).toBe(2);
  });
}
