import type { UpgradeAnswer, UpgradeRequest } from '@slipway/cluster/api/node-connector';
import { request as requestHttp } from '@slipway/kube/platform/http';
import { StatusError } from '@slipway/kube/status-error';

/** Asks the node at the socket for a connection of streams. */
export function upgradeAt(socketPath: string, { method, path, headers }: UpgradeRequest): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp({ socketPath, method, path, headers: { ...headers, host: 'node' }, agent: false });
    sent.on('upgrade', ({ rawHeaders }, connection, head) => {
      if (head.length > 0) connection.unshift(head);
      resolve({ kind: 'streams', rawHeaders, connection });
    });
    sent.on('response', (response) => {
      const named = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
      const answered = { status: response.statusCode ?? 502, headers: Object.fromEntries(named), body: response };
      resolve({ kind: 'refused', response: answered });
    });
    sent.on('error', (error) =>
      reject(new StatusError('ServiceUnavailable', `the node cannot be reached: ${error.message}`, { cause: error })),
    );
    sent.end();
  });
}
