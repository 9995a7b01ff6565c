import { connect } from 'node:net';
import { describeDialError } from './dial-error.ts';
import type { ProbeOutcome } from './http-probe.ts';

/** Success if a connection can be opened. */
export function probeTcp({
  host,
  port,
  signal,
}: {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<ProbeOutcome> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (outcome: ProbeOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => finish({ result: 'failure', output: `dial tcp ${address}: i/o timeout` });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.once('connect', () => finish({ result: 'success', output: '' }));
    socket.once('error', (error) => finish({ result: 'failure', output: describeDialError(error, address) }));
  });
}
