import { useEffect, useState } from 'react';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import { RetryingRead } from '../state/retrying-read.ts';
import type { Manifest } from './manifest.ts';
import { validate, type Mode, type Verdict } from './validate.ts';

/** With why nobody has said yet what is wrong with it. */
export type Validation = Verdict | { readonly state: 'asking'; readonly problem?: unknown };

/** After so long without a letter it is asked. */
const pauseMilliseconds = 400;

/** What the server would say to it; nothing is changed. */
export function useValidation(
  manifest: Manifest | undefined,
  { mode, isBegun }: { readonly mode: Mode; readonly isBegun: boolean },
): Validation {
  const { client } = useDesk();
  const [validation, setValidation] = useState<Validation>({ state: 'asking' });
  const text = JSON.stringify(manifest);
  useEffect(() => {
    if (text === undefined) return;
    setValidation({ state: 'asking' });
    const asking = new RetryingRead<Verdict>({
      clock: browserClock,
      random: drawRandom,
      read: (signal) => validate(client, { manifest: JSON.parse(text) as Manifest, mode, isBegun, signal }),
      onAnswer: setValidation,
      onProblem: (problem) => setValidation({ state: 'asking', problem }),
    });
    const cancel = browserClock.schedule(pauseMilliseconds, () => asking.ask());
    return () => {
      cancel();
      asking.stop();
    };
  }, [client, text, mode, isBegun]);
  return validation;
}
