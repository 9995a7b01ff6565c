/** What a version that is released again runs with that is not as it was then. Pure. */

/** Before the list of them: each has changed, or was there then alone, or is there now alone. */
export function describeChanged(changed: readonly string[]): string {
  return changed.length === 1
    ? 'It runs with what this holds now, which is not what it held then:'
    : 'It runs with what these hold now, which is not what they held then:';
}

/** `ConfigMap settings`, of `ConfigMap/settings`. */
export function nameChanged(part: string): string {
  return part.replace('/', ' ');
}
