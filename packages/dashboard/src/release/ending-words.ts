/** How it went with a release of before, for who is about to ask for it again. Pure. */
const words: Readonly<Record<string, string>> = {
  Succeeded: 'It had succeeded, and served.',
  Superseded: 'It was superseded by another one, perhaps before it took any traffic.',
  RolledBack: 'It had been rolled back.',
  Failed: 'It had failed.',
};

/** Of its phase, and what is known of why. */
export function describeEnding({
  phase,
  reason,
}: {
  readonly phase: string;
  readonly reason?: string | undefined;
}): string {
  const ending = words[phase] ?? 'It was deleted before it had ended.';
  return reason === undefined ? ending : `${ending.slice(0, -1)}: ${reason}`;
}
