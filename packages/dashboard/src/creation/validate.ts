/** What the server has against a manifest that somebody writes; nothing is changed. */
import type { AcceptedAnswer } from '../api/answers.ts';
import { pathOf, type ApiClient } from '../api/client.ts';
import { ApiProblem, describeProblem, isPassing, type FieldFault } from '../api/problem.ts';
import type { Manifest } from './manifest.ts';

export type Mode = 'create' | 'change';

export type Verdict =
  | { readonly state: 'valid'; readonly unknown: Unknown }
  /** Something is left out that a person has not got to yet. */
  | { readonly state: 'incomplete'; readonly faults: readonly FieldFault[] }
  | { readonly state: 'invalid'; readonly message: string; readonly faults: readonly FieldFault[] };

/** What the server has no right to look at: the release may fail over it all the same. */
export interface Unknown {
  /** Secrets and ConfigMaps, such as `Secret/database`. */
  readonly unread: readonly string[];
  /** Kinds of objects that a release is made of, such as `Job`. */
  readonly untried: readonly string[];
}

export interface Asking {
  readonly manifest: Manifest;
  readonly mode: Mode;
  /** Whether somebody has written anything: what lacks before that is known. */
  readonly isBegun: boolean;
  readonly signal: AbortSignal;
}

/** Rejects with what passes: then nobody has said yet what is wrong with it. */
export async function validate(client: Pick<ApiClient, 'send'>, asking: Asking): Promise<Verdict> {
  const { manifest, isBegun } = asking;
  const missing = findMissing(manifest);
  // Nobody says what holds in no namespace.
  if (manifest.namespace === '' || (missing.length > 0 && !isBegun)) return { state: 'incomplete', faults: missing };
  const named = findUnfitName(manifest);
  const isUnnamed = missing.length + named.length > 0;
  const found = await ask(client, isUnnamed ? { ...asking, manifest: { ...manifest, name: standIn } } : asking);
  // Another name would be taken or not.
  const asked = isUnnamed ? found.faults.filter(({ field }) => field !== 'metadata.name') : found.faults;
  const faults = [...missing, ...named, ...asked];
  if (missing.length > 0) return { state: 'incomplete', faults };
  if (named.length > 0) return { state: 'invalid', message: unfitName, faults };
  const { refusal, unknown } = found;
  return refusal === undefined ? { state: 'valid', unknown } : { state: 'invalid', message: refusal, faults };
}

/** Until it has one that fits, everything else is judged under this. */
const standIn = 'to-be-named';

interface Found {
  /** Absent: there is nothing against it. */
  readonly refusal?: string;
  readonly faults: readonly FieldFault[];
  readonly unknown: Unknown;
}

const nothingUnknown: Unknown = { unread: [], untried: [] };

async function ask(client: Pick<ApiClient, 'send'>, asking: Asking): Promise<Found> {
  try {
    const { unread = [], untried = [] } = await dryRun(client, asking);
    return { faults: [], unknown: { unread, untried } };
  } catch (error) {
    if (isPassing(error)) throw error;
    const refusal = describeProblem(error);
    if (!(error instanceof ApiProblem)) return { refusal, faults: [], unknown: nothingUnknown };
    const faults = error.status === 409 ? [{ field: 'metadata.name', message: refusal }] : error.faults;
    return { refusal, faults, unknown: nothingUnknown };
  }
}

function dryRun(
  client: Pick<ApiClient, 'send'>,
  { manifest: { namespace, name, spec }, mode, signal }: Asking,
): Promise<AcceptedAnswer> {
  const path = pathOf(namespace, 'applications');
  return mode === 'create'
    ? client.send('POST', `${path}?dryRun=true`, { body: { name, spec }, signal })
    : client.send('PUT', `${path}/${encodeURIComponent(name)}?dryRun=true`, { body: { spec }, signal });
}

function findMissing({ namespace, name }: Manifest): readonly FieldFault[] {
  return [
    ...(namespace === '' ? [{ field: 'metadata.namespace', message: 'say where it is to run' }] : []),
    ...(name === '' ? [{ field: 'metadata.name', message: 'give it a name' }] : []),
  ];
}

/** A Service is named after it: https://www.rfc-editor.org/rfc/rfc1035 */
function findUnfitName({ name }: Manifest): readonly FieldFault[] {
  const isFit = name === '' || (name.length <= 40 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name));
  return isFit ? [] : [{ field: 'metadata.name', message: unfitName }];
}

const unfitName = 'begin with a lower-case letter; then letters, digits and -, at most 40 in all';
