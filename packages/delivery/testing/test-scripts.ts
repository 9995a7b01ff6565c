import { test } from 'vitest';
import { play, type Script } from './scripted-release.ts';
import { playStopped } from './stopped-scripts.ts';

/** In virtual time: this ends what hangs, and nothing that is slow. */
const timeout = 120_000;

export interface TestOptions {
  /** What the name of each goes on. */
  readonly subject?: string;
}

/** So many are played again with controllers that are killed; `npm run simulate -- --stopped`, and CI, play them all so. */
const stoppedOnce = 24;

export function testScripts(scripts: readonly Script[], { subject }: TestOptions = {}): void {
  for (const [index, script] of scripts.entries())
    test(
      subject === undefined ? script.name : `${subject} ${script.name}`,
      async () => {
        const isRested = index % stoppedOnce === 0;
        const undisturbed = await play(script, { isRested });
        if (isRested) await playStopped(script, { stop: 'eachAction', undisturbed });
      },
      timeout,
    );
}
