import type { Container, HTTPGetAction, LifecycleHandler, Pod } from '@slipway/kube/api.generated';
import { delay, type Clock } from '@slipway/kube/clock';
import { getHttp, type HttpTarget } from '../probes/http-probe.ts';
import { resolvePort } from '../probes/prober.ts';
import type { Runtime } from '../runtime.ts';

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

/** What is to be said of a handler that has succeeded all the same. */
export interface HookWarning {
  readonly reason: 'LifecycleHTTPFallback';
  readonly message: string;
}

/** Runs postStart and preStop handlers. A handler that fails rejects; one that takes longer than it may counts as failed. */
export class LifecycleHooks {
  readonly #runtime: Runtime;
  readonly #clock: Clock;

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  async run(
    handler: LifecycleHandler,
    target: HookTarget,
    timeoutMilliseconds: number,
  ): Promise<HookWarning | undefined> {
    if (handler.exec !== undefined) {
      const request = { command: handler.exec.command ?? [], timeoutMilliseconds };
      const result = await this.#runtime.exec(target.containerId, request);
      if (result.timedOut) throw new Error(`the command took longer than ${timeoutMilliseconds} ms`);
      if (result.exitCode !== 0) throw new Error(`the command ended with exit code ${result.exitCode}`);
    } else if (handler.sleep !== undefined) {
      await delay(this.#clock, Math.min(handler.sleep.seconds * 1000, timeoutMilliseconds));
    } else if (handler.httpGet !== undefined && this.#runtime.probe === undefined) {
      return this.#request(handler.httpGet, target, timeoutMilliseconds);
    }
    return undefined;
  }

  async #request(action: HTTPGetAction, target: HookTarget, milliseconds: number): Promise<HookWarning | undefined> {
    const timeout = new AbortController();
    const cancel = this.#clock.schedule(milliseconds, () => timeout.abort());
    const port = resolvePort(action.port, target.container);
    const host = action.host ?? target.podIP;
    try {
      return await notify(action, { host, port, userAgent: 'kube-lifecycle/1.32', signal: timeout.signal });
    } finally {
      cancel();
    }
  }
}

/** Whoever answers has heard it, whatever the answer says. A handler for HTTPS that speaks HTTP is told again in HTTP. */
async function notify(action: HTTPGetAction, target: HttpTarget): Promise<HookWarning | undefined> {
  const outcome = await getHttp(action, target);
  if (outcome.kind !== 'failure') return undefined;
  const again = outcome.isPlain ? await getHttp(inPlainHttp(action), target) : outcome;
  if (again.kind === 'failure') throw new Error(outcome.output);
  const address = `${target.host}:${target.port}`;
  const message = `request to HTTPS lifecycle hook ${address} got HTTP response, retry with HTTP succeeded`;
  return { reason: 'LifecycleHTTPFallback', message };
}

/** What was meant for an encrypted connection is not sent over one that is not. */
function inPlainHttp({ httpHeaders = [], ...action }: HTTPGetAction): HTTPGetAction {
  const open = httpHeaders.filter(({ name }) => name.toLowerCase() !== 'authorization');
  return { ...action, scheme: 'HTTP', httpHeaders: open };
}
