import { delay, type Clock } from '@slipway/kube/clock';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';
import { isUntrusted } from '../describe-error.ts';
import { fetchVersion } from './cluster-report.ts';
import type { Connection } from './connection.ts';

/** After this time without an answer somebody wonders what is going on. */
const patienceMilliseconds = 800;
const attemptMilliseconds = 10_000;
const retryMilliseconds = 1_000;

export interface AwaitServerOptions {
  readonly connection: { readonly client: Pick<Connection['client'], 'request'>; readonly server: string };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called for what is new only. */
  readonly say: (sentence: string) => void;
}

/**
 * Resolves when the API server answers, however long that takes: a part that runs until it is stopped lives through a
 * restart of the server, and begins without one too. Rejects after the signal, and where trying again does not help.
 */
export async function awaitServer({ connection, clock, signal, say }: AwaitServerOptions): Promise<void> {
  const { server } = connection;
  let said = '';
  const sayOnce = (sentence: string): void => {
    if (sentence !== said) say(sentence);
    said = sentence;
  };
  for (;;) {
    const cancelNotice = clock.schedule(patienceMilliseconds, () => {
      if (said === '') sayOnce(`The API server at ${server} has not answered yet; waiting for it.`);
    });
    const fault = await tryOnce({ connection, clock, signal }).finally(cancelNotice);
    if (fault === undefined) break;
    sayOnce(`${fault}; trying again until it answers.`);
    await delay(clock, retryMilliseconds, signal);
  }
  if (said !== '') say(`The API server at ${server} answers.`);
}

/** Why it does not answer (yet); undefined when it does. */
async function tryOnce({ connection, clock, signal }: Omit<AwaitServerOptions, 'say'>): Promise<string | undefined> {
  const message = `no answer within ${attemptMilliseconds / 1_000} s`;
  using limit = limitTime({ clock, milliseconds: attemptMilliseconds, signal, message });
  try {
    // A credential plugin that hangs is waited for no longer than the server.
    await Promise.race([fetchVersion(connection, limit.signal), aborted(limit.signal)]);
    limit.signal.throwIfAborted();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) return `The API server at ${connection.server} cannot be reached: ${message}`;
    if (!(error instanceof StatusError) || isFinal(error)) throw error;
    if (isAnswer(error)) return undefined;
    return error.cause === undefined
      ? `The API server at ${connection.server} answers with code ${error.code} (${error.message})`
      : capitalised(error.message);
  }
}

/** Another server, or one that does not know us. */
function isFinal(error: StatusError): boolean {
  return isUntrusted(error) || isStatusReason(error, 'Unauthorized');
}

/** Who may not ask for the version may still ask for what is needed. */
function isAnswer({ code }: StatusError): boolean {
  return code < 500 && code !== 429;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
