import { useEffect, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import { pathOf } from '../api/client.ts';
import { AnotherTry } from '../api/another-try.ts';
import { ApiProblem, describeProblem, isPassing, type FieldFault } from '../api/problem.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import type { Manifest } from './manifest.ts';

export type Validation =
  /** With why nobody has said yet what is wrong with it. */
  | { readonly state: 'asking'; readonly problem?: unknown }
  | { readonly state: 'valid' }
  /** What cannot be asked about yet. */
  | { readonly state: 'incomplete'; readonly faults: readonly FieldFault[] }
  | { readonly state: 'invalid'; readonly message: string; readonly faults: readonly FieldFault[] };

/** After so long without a letter it is asked. */
const pauseMilliseconds = 400;

export type Mode = 'create' | 'change';

/** What the server would say to it; nothing is changed. */
export function useValidation(manifest: Manifest | undefined, mode: Mode): Validation {
  const { client } = useDesk();
  const [validation, setValidation] = useState<Validation>({ state: 'asking' });
  const text = JSON.stringify(manifest);
  useEffect(() => {
    if (text === undefined) return;
    const leaving = new AbortController();
    setValidation({ state: 'asking' });
    const manifest = JSON.parse(text) as Manifest;
    const again = new AnotherTry({ clock: browserClock, random: drawRandom, ask });
    const cancel = browserClock.schedule(pauseMilliseconds, ask);
    return () => {
      cancel();
      again.stop();
      leaving.abort();
    };

    function ask(): void {
      void validate(client, { manifest, mode, signal: leaving.signal }).then((found) => {
        if (leaving.signal.aborted) return;
        setValidation(found);
        again.hear(found.state === 'asking' ? found.problem : undefined);
      });
    }
  }, [client, text, mode]);
  return validation;
}

interface Asking {
  readonly manifest: Manifest;
  readonly mode: Mode;
  readonly signal: AbortSignal;
}

async function validate(client: ApiClient, { manifest, mode, signal }: Asking): Promise<Validation> {
  const { namespace, name, spec } = manifest;
  const missing = findMissing(manifest);
  if (missing.length > 0) return { state: 'incomplete', faults: missing };
  if (!isName(name))
    return { state: 'invalid', message: unfitName, faults: [{ field: 'metadata.name', message: unfitName }] };
  const path = pathOf(namespace, 'applications');
  try {
    if (mode === 'create') await client.send('POST', `${path}?dryRun=true`, { body: { name, spec }, signal });
    else await client.send('PUT', `${path}/${encodeURIComponent(name)}?dryRun=true`, { body: { spec }, signal });
    return { state: 'valid' };
  } catch (error) {
    if (isPassing(error)) return { state: 'asking', problem: error };
    if (!(error instanceof ApiProblem)) return { state: 'invalid', message: describeProblem(error), faults: [] };
    const faults = error.status === 409 ? [{ field: 'metadata.name', message: error.message }] : error.faults;
    return { state: 'invalid', message: error.message, faults };
  }
}

/** A Service is named after it: https://www.rfc-editor.org/rfc/rfc1035 */
function isName(name: string): boolean {
  return name.length <= 40 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

const unfitName = 'begin with a lower-case letter; then letters, digits and -, at most 40 in all';

/** What a person has not got to yet. */
function findMissing({ namespace, name }: Manifest): readonly FieldFault[] {
  return [
    ...(namespace === '' ? [{ field: 'metadata.namespace', message: 'say where it is to run' }] : []),
    ...(name === '' ? [{ field: 'metadata.name', message: 'give it a name' }] : []),
  ];
}
