import type { Container, LifecycleHandler, Pod } from '@slipway/kube/api.generated';
import { delay, type Clock } from '@slipway/kube/clock';
import { probeHttp } from '../probes/http-probe.ts';
import { resolvePort } from '../probes/prober.ts';
import type { Runtime } from '../runtime.ts';

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

/** Runs postStart and preStop handlers. A handler that fails rejects; one that takes longer than it may counts as failed. */
export class LifecycleHooks {
  readonly #runtime: Runtime;
  readonly #clock: Clock;

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  async run(handler: LifecycleHandler, target: HookTarget, timeoutMilliseconds: number): Promise<void> {
    if (handler.exec !== undefined) {
      const request = { command: handler.exec.command ?? [], timeoutMilliseconds };
      const result = await this.#runtime.exec(target.containerId, request);
      if (result.timedOut) throw new Error(`the command took longer than ${timeoutMilliseconds} ms`);
      if (result.exitCode !== 0) throw new Error(`the command ended with exit code ${result.exitCode}`);
    } else if (handler.sleep !== undefined) {
      await delay(this.#clock, Math.min(handler.sleep.seconds * 1000, timeoutMilliseconds));
    } else if (handler.httpGet !== undefined && this.#runtime.probe === undefined) {
      await this.#request(handler.httpGet, target, timeoutMilliseconds);
    }
  }

  async #request(
    action: NonNullable<LifecycleHandler['httpGet']>,
    target: HookTarget,
    milliseconds: number,
  ): Promise<void> {
    const timeout = new AbortController();
    const cancel = this.#clock.schedule(milliseconds, () => timeout.abort());
    const port = resolvePort(action.port, target.container);
    const host = action.host ?? target.podIP;
    try {
      const outcome = await probeHttp(action, { host, port, userAgent: 'kube-lifecycle/1.32', signal: timeout.signal });
      if (outcome.result === 'failure') throw new Error(outcome.output);
    } finally {
      cancel();
    }
  }
}
