/** Says why nothing goes on where the API server refuses what was decided: looks that fail again and again show nothing. */
import type { EventRecorder } from '@slipway/kube/event-recorder';
import { isStatusReason } from '@slipway/kube/status-error';
import { applications, type Application } from '../api/application.ts';
import type { Findings } from './findings.ts';

export interface Teller {
  readonly application: Application;
  readonly findings: Pick<Findings, 'failures' | 'noteFailure' | 'forgetFailure'>;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly lookAgain: () => void;
}

const maximumLength = 512;

/** The next look writes it to the status, and the one after it has succeeded takes it out again. */
export async function tellFailure(teller: Teller, perform: () => Promise<void>): Promise<void> {
  const { application, findings, lookAgain } = teller;
  try {
    await perform();
  } catch (error) {
    const why = describeRefusal(error);
    if (why !== undefined) tell(teller, why);
    throw error;
  }
  if (findings.forgetFailure(application.metadata.uid ?? '')) lookAgain();
}

/** Undefined for what the next look answers by itself: caches that lag behind, and a server that is not there. */
function describeRefusal(error: unknown): string | undefined {
  const isRefused = isStatusReason(
    error,
    'Invalid',
    'BadRequest',
    'Forbidden',
    'MethodNotAllowed',
    'RequestEntityTooLarge',
    'UnsupportedMediaType',
    'InternalError',
    'Unknown',
  );
  return isRefused ? `the API server to take what was decided: ${error.message.slice(0, maximumLength)}` : undefined;
}

function tell({ application, findings, recorder }: Teller, why: string): void {
  const { uid = '' } = application.metadata;
  if (findings.failures.get(uid) === why) return;
  findings.noteFailure(uid, why);
  const message = `waits for ${why}`;
  recorder.event({ object: application, type: applications }, { type: 'Warning', reason: 'WriteRefused', message });
}
