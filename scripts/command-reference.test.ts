import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createProgram } from '../packages/cli/src/program.ts';
import { createReference, referenceFile } from './command-reference.ts';

it('is what docs/commands.md says; if not: node scripts/command-reference.ts', () => {
  expect(readFileSync(referenceFile, 'utf8')).toBe(createReference());
});

it('holds examples of every command', () => {
  const sections = createReference().split('\n## ').slice(1);
  expect(sections.length).toBeGreaterThan(10);
  for (const section of sections) expect(section).toMatch(/\nExamples:\n {2}(slipway|npm)/);
});

it('gives every command a summary', () => {
  const without = createProgram().commands.filter((command) => command.summary() === '');
  expect(without.map((command) => command.name())).toEqual(['deployment-process', 'server-process']);
});
