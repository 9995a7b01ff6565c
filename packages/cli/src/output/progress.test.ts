import { describe, expect, it } from 'vitest';
import { plainProgress, terminalProgress } from './progress.ts';

function watch(): { readonly lines: string[]; at(milliseconds: number, stage: string, detail?: string): void } {
  const lines: string[] = [];
  let time = 0;
  const progress = plainProgress({ write: (text) => lines.push(text.trimEnd()) }, () => time);
  return {
    lines,
    at: (milliseconds, stage, detail) => {
      time = milliseconds;
      progress.update({ lines: [], stage, detail });
    },
  };
}

describe('plainProgress', () => {
  it('prints a stage when it begins, and once', () => {
    const { lines, at } = watch();
    at(0, 'Pending');
    at(200, 'Pending');
    at(400, 'Promoting');
    expect(lines).toEqual(['Pending', 'Promoting']);
  });

  it('prints what is waited for only when it lasts, and once', () => {
    const { lines, at } = watch();
    at(0, 'Progressing', 'waiting for 0 of 3 pods');
    at(500, 'Progressing', 'waiting for 1 of 3 pods');
    at(1_400, 'Progressing', 'waiting for 1 of 3 pods');
    expect(lines).toEqual(['Progressing']);
    at(1_600, 'Progressing', 'waiting for 1 of 3 pods');
    at(9_000, 'Progressing', 'waiting for 1 of 3 pods');
    expect(lines).toEqual(['Progressing', 'Progressing, waiting for 1 of 3 pods']);
  });

  it('prints how things stand when a stage begins', () => {
    const written: string[] = [];
    const progress = plainProgress({ write: (text) => written.push(text) }, () => 0);
    progress.update({ lines: [], stage: 'Guarding', facts: ['3/3 pods ready', '0 failed'] });
    progress.update({ lines: [], stage: 'Guarding', facts: ['2/3 pods ready', '0 failed'] });
    expect(written).toEqual(['Guarding, 3/3 pods ready, 0 failed\n']);
  });
});

describe('terminalProgress', () => {
  it('draws a picture of another height anew, also where only a long line has become shorter', () => {
    const calls: string[] = [];
    const redraw = Object.assign((text: string) => calls.push(text), {
      clear: () => calls.push('clear'),
      done: () => calls.push('done'),
    });
    const { update } = terminalProgress(redraw, () => 10);
    const show = (...lines: readonly string[]): void => update({ lines, stage: '' });
    show('one', 'two');
    show('uno', 'two');
    show('a line of more than ten', 'two');
    show('one', 'two');
    expect(calls).toEqual([
      'clear',
      'one\ntwo',
      'uno\ntwo',
      'clear',
      'a line of more than ten\ntwo',
      'clear',
      'one\ntwo',
    ]);
  });
});
