/** What the version that spec asks for needs and nobody has made: it is not begun, and all of it is told at once. */
import { referencesOf, type Asked } from './asked.ts';
import { findLacks } from './configuration/needs-beside.ts';
import { missingKeys, type Source } from './configuration/content.ts';
import { referenceKey, type Reference } from './configuration/references.ts';
import type { Observation } from './observation.ts';

interface Question extends Pick<Observation, 'application' | 'sources'> {
  readonly asked: Pick<Asked, 'missing'>;
}

/** A sentence for each kind of it. None: everything is there, as far as it could be read. */
export function findLacking({ application, sources, asked: { missing } }: Question): readonly string[] {
  const keys = findMissingKeys({ application, sources });
  return [
    ...(missing.length === 0
      ? []
      : [
          `the pod template refers to what does not exist: ${missing.join(', ')}; create it, or mark the reference optional`,
        ]),
    ...(keys.length === 0
      ? []
      : [`the pod template names keys that are missing: ${keys.join('; ')}; add them, or mark the reference optional`]),
    ...findLacks({ application, sources }),
  ];
}

/** `"url", "user" of Secret/database`. What is live is not copied, and may get its keys at any time. */
function findMissingKeys({ application: { spec }, sources }: Omit<Question, 'asked'>): readonly string[] {
  const live = new Set(spec.configuration?.live);
  const isCopied = ({ name }: Reference, source: Source | undefined): boolean =>
    !live.has(name) && source?.isLive !== true;
  return referencesOf(spec).flatMap((reference) => {
    const source = sources.get(referenceKey(reference));
    const missing = isCopied(reference, source) ? missingKeys(source, reference.keys) : [];
    return missing.length === 0 ? [] : [`${missing.map((key) => `"${key}"`).join(', ')} of ${referenceKey(reference)}`];
  });
}
