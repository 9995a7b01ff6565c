/** What was refused is not released again before a person says so, or spec or its configuration changes. */
import type { Application } from '../src/api/application.ts';
import { isFinished, type Release } from '../src/api/release.ts';
import type { Verb } from '../src/api/release-command.ts';
import { Violation } from './violation.ts';
import type { World } from './simulation/world.ts';

export interface Refusals {
  /** How often spec, its configuration or a person has given a reason to try again. */
  reasons: number;
  /** The count of reasons when the content was refused, by content. */
  readonly refused: Map<string, number>;
}

export function noRefusals(): Refusals {
  return { reasons: 0, refused: new Map() };
}

const tryingVerbs: readonly Verb[] = ['retry', 'rollback', 'undo'];

export function isTrying(verb: Verb): boolean {
  return tryingVerbs.includes(verb);
}

/** After whatever the controller has written. */
export function checkRefusals(refusals: Refusals, before: World, after: World): void {
  const isAsked = before.commands.some(({ spec }) => isTrying(spec.verb));
  if (before.releases !== after.releases) {
    const old = new Map(before.releases.map((release) => [release.metadata.name, release]));
    for (const release of after.releases) {
      const known = old.get(release.metadata.name);
      if (known === release) continue;
      const at = refusals.refused.get(contentOf(release));
      if (isBegun(known, release) && at === refusals.reasons && !isAsked)
        throw new Violation(`refusals: ${release.metadata.name} begins, its content was refused and nothing changed`);
      note(refusals, known, release);
    }
  }
  if (before.application !== after.application) noteWritten(refusals, before.application, after.application);
  if (before.commands.length !== after.commands.length && isAsked) refusals.reasons += 1;
}

function contentOf({ spec: { identity } }: Release): string {
  return `${identity.template}/${identity.configuration}`;
}

/** Made, or tried once more. */
function isBegun(known: Release | undefined, release: Release): boolean {
  if (known === undefined) return true;
  const wasFinished = known.status !== undefined && isFinished(known.status.phase);
  return wasFinished && release.status !== undefined && !isFinished(release.status.phase);
}

function note({ refused, reasons }: Refusals, known: Release | undefined, release: Release): void {
  const content = contentOf(release);
  if (release.status?.phase === 'Succeeded' || isBegun(known, release)) refused.delete(content);
  if (isRefused(release) && !isRefused(known) && !refused.has(content)) refused.set(content, reasons);
}

/** With the Application the refusal may be written earlier, and what changes after that is a reason. */
function noteWritten({ refused, reasons }: Refusals, before: Application, { status }: Application): void {
  const old = new Set(before.status?.refused?.map(({ hash, at }) => `${hash} ${at}`));
  for (const { hash, at, lifted } of status?.refused ?? [])
    if (lifted !== true && !old.has(`${hash} ${at}`) && !refused.has(hash)) refused.set(hash, reasons);
}

function isRefused(release: Release | undefined): boolean {
  const ending = release?.status?.ending;
  return ending !== undefined && ending.phase !== 'Superseded';
}
