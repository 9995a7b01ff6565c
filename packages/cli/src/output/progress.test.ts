import { describe, expect, it } from 'vitest';
import { plainProgress } from './progress.ts';

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
});
