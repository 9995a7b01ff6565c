import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';

const hidden = ['help', 'deployment-process', 'server-process'];
const commands = createProgram().commands.filter((command) => !hidden.includes(command.name()));

describe.each(commands.map((command) => ({ name: command.name(), command })))('slipway $name', ({ command }) => {
  it('takes the options that every command takes', () => {
    const flags = command.options.map(({ long }) => long);
    expect(flags).toEqual(expect.arrayContaining(['--kubeconfig', '--context', '--namespace', '--output']));
    expect(command.options.map(({ short }) => short)).toEqual(expect.arrayContaining(['-n', '-o']));
  });

  it('says what each of its options means', () => {
    expect(command.options.filter(({ description }) => description === '')).toEqual([]);
    expect(command.summary()).not.toBe('');
  });

  it('says in its help what it does, and nothing of what is off by default', () => {
    const [, description = ''] = command.helpInformation().split('\n\n');
    expect(description).toMatch(/^[A-Z][^]*\.$/);
    expect(command.helpInformation()).not.toMatch(/default:\s+(?:false|\[\])/);
  });
});
