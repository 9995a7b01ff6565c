import type { Container, ExecAction, Pod, Probe } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { Runtime } from '../runtime.ts';
import { probeHttp, type ProbeOutcome } from './http-probe.ts';
import { probeGrpc } from './grpc-probe.ts';
import type { ProbeKind } from './probe-schedule.ts';
import { probeTcp } from './tcp-probe.ts';

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

/** Carries out one attempt of a probe. Rejects if there is no answer because of a fault on our side; that changes nothing. */
export class Prober {
  readonly #runtime: Runtime;
  readonly #clock: Clock;

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  async probe(kind: ProbeKind, probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<ProbeOutcome> {
    const milliseconds = (probe.timeoutSeconds ?? 1) * 1000;
    if (this.#runtime.probe !== undefined) {
      const answer = await this.#runtime.probe({ pod: target.pod, containerId: target.containerId, kind, probe });
      return { result: answer.success ? 'success' : 'failure', output: answer.output };
    }
    if (probe.exec !== undefined) return this.#execute(probe.exec, target, milliseconds);
    return this.#withTimeout(milliseconds, signal, (limited) => dial(probe, target, { milliseconds, signal: limited }));
  }

  async #execute(
    { command = [] }: ExecAction,
    target: ProbeTarget,
    timeoutMilliseconds: number,
  ): Promise<ProbeOutcome> {
    const result = await this.#runtime.exec(target.containerId, { command, timeoutMilliseconds });
    if (result.timedOut) return { result: 'failure', output: `command ${JSON.stringify(command.join(' '))} timed out` };
    const output = Buffer.concat([result.stdout, result.stderr])
      .subarray(0, 10 * 1024)
      .toString();
    return { result: result.exitCode === 0 ? 'success' : 'failure', output };
  }

  async #withTimeout<T>(
    milliseconds: number,
    signal: AbortSignal,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = new AbortController();
    const cancel = this.#clock.schedule(milliseconds, () => timeout.abort());
    try {
      return await act(AbortSignal.any([signal, timeout.signal]));
    } finally {
      cancel();
    }
  }
}

interface DialLimit {
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

const userAgent = 'kube-probe/1.32';

async function dial(probe: Probe, target: ProbeTarget, { milliseconds, signal }: DialLimit): Promise<ProbeOutcome> {
  if (probe.httpGet !== undefined) {
    const port = resolvePort(probe.httpGet.port, target.container);
    return probeHttp(probe.httpGet, {
      host: probe.httpGet.host ?? target.podIP,
      port,
      userAgent,
      signal,
    });
  }
  if (probe.tcpSocket !== undefined) {
    const port = resolvePort(probe.tcpSocket.port, target.container);
    return probeTcp({ host: probe.tcpSocket.host ?? target.podIP, port, signal });
  }
  if (probe.grpc !== undefined) {
    const { port, service = '' } = probe.grpc;
    return probeGrpc({ host: target.podIP, port, service, userAgent, timeoutMilliseconds: milliseconds, signal });
  }
  throw new Error(`missing probe handler for ${target.pod.metadata.name ?? ''}:${target.container.name}`);
}

/** A number, or the name of one of the container's ports. */
export function resolvePort(port: string | number, container: Container): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new Error(
      `container ${container.name} has no port named "${port}"; give a number or one of its ports[].name`,
    );
  }
  return number;
}
