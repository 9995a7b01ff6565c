import { useEffect, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import { pathOf } from '../api/client.ts';
import { ApiProblem, type FieldFault } from '../api/problem.ts';
import { browserClock } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import type { Manifest } from './manifest.ts';

export type Validation =
  | { readonly state: 'asking' }
  | { readonly state: 'valid' }
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
    const cancel = browserClock.schedule(pauseMilliseconds, () => {
      const wanted = JSON.parse(text) as Manifest;
      void validate(client, { manifest: wanted, mode, signal: leaving.signal }).then((found) => {
        if (!leaving.signal.aborted) setValidation(found);
      });
    });
    return () => {
      cancel();
      leaving.abort();
    };
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
  if (missing.length > 0) return { state: 'invalid', message: 'something is missing', faults: missing };
  const path = pathOf(namespace, 'applications');
  try {
    if (mode === 'create') await client.send('POST', `${path}?dryRun=true`, { body: { name, spec }, signal });
    else await client.send('PUT', `${path}/${encodeURIComponent(name)}?dryRun=true`, { body: { spec }, signal });
    return { state: 'valid' };
  } catch (error) {
    if (!(error instanceof ApiProblem)) return { state: 'asking' };
    const faults = error.status === 409 ? [{ field: 'metadata.name', message: error.message }] : error.faults;
    return { state: 'invalid', message: error.message, faults };
  }
}

/** What a person has not got to yet. */
function findMissing({ namespace, name }: Manifest): readonly FieldFault[] {
  return [
    ...(namespace === '' ? [{ field: 'metadata.namespace', message: 'say where it is to run' }] : []),
    ...(name === '' ? [{ field: 'metadata.name', message: 'give it a name' }] : []),
  ];
}
