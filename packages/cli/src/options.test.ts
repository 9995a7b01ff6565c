import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { withWait } from './options.ts';

function parse(words: readonly string[]): Command {
  const command = new Command('deploy').argument('[file]').exitOverride();
  // What it would print is in the error too.
  command.configureOutput({ writeErr: () => undefined });
  return withWait(command, 'wait').parse(words, { from: 'user' });
}

describe('--wait', () => {
  it.each([
    { name: 'is succeeded where no phase is given', words: ['a.yaml', '--wait'], phase: 'succeeded' },
    { name: 'takes a phase behind an equals sign', words: ['--wait=promoted', 'a.yaml'], phase: 'promoted' },
    { name: 'takes the next word that is a phase', words: ['--wait', 'promoted', 'a.yaml'], phase: 'promoted' },
    { name: 'is not there unless it is given', words: ['a.yaml'], phase: undefined },
  ])('$name', ({ words, phase }) => {
    const command = parse(words);
    expect(command.opts()['wait']).toBe(phase);
    expect(command.args).toEqual(['a.yaml']);
  });

  it('says how to write it before another word', () => {
    expect(() => parse(['--wait', 'a.yaml'])).toThrow(
      'If "a.yaml" is not meant as the phase, put --wait last, or write --wait=promoted or --wait=succeeded.',
    );
  });
});
