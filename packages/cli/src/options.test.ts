import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { chooseManifests, parseNetwork, parseOrigin, withManifests, withWait } from './options.ts';

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

describe('where manifests are', () => {
  function choose(words: readonly string[]): string {
    const command = withManifests(new Command('deploy').exitOverride());
    command.configureOutput({ writeErr: () => undefined }).parse(words, { from: 'user' });
    return chooseManifests(command.args[0], command.opts()['filename']);
  }

  it.each([
    { name: 'a word', words: ['a.yaml'], path: 'a.yaml' },
    { name: 'standard input', words: ['-'], path: '-' },
    { name: 'what -f names', words: ['-f', 'a.yaml'], path: 'a.yaml' },
    { name: 'standard input by -f', words: ['-f', '-'], path: '-' },
  ])('is $name', ({ words, path }) => {
    expect(choose(words)).toBe(path);
  });

  it.each([
    { name: 'nothing', words: [], message: 'no manifest is named: expected a file, a directory, or -' },
    { name: 'an empty name', words: [''], message: 'no manifest is named' },
    { name: 'both', words: ['a.yaml', '-f', 'b.yaml'], message: 'both a.yaml and --filename b.yaml are named' },
    { name: 'two by -f', words: ['-f', 'a.yaml', '-f', 'b.yaml'], message: 'put several into a directory' },
  ])('is not $name', ({ words, message }) => {
    expect(() => choose(words)).toThrow(message);
  });
});

describe('a network', () => {
  it.each(['10.1.2.3', '10.0.0.0/8', '::1', 'fd00::/64'])('may be %s', (value) => {
    expect(parseNetwork(value, ['192.0.2.1'])).toEqual(['192.0.2.1', value]);
  });

  it.each(['proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', ''])('is not "%s"', (value) => {
    expect(() => parseNetwork(value, [])).toThrow('expected an address or a network');
  });
});

describe('an origin', () => {
  it('is what a browser says of a page', () => {
    expect(parseOrigin('https://portal.example.org:8443', [])).toEqual(['https://portal.example.org:8443']);
  });

  it.each(['portal.example.org', 'https://portal.example.org/', 'https://a/b', 'null', '*'])('is not %s', (value) => {
    expect(() => parseOrigin(value, [])).toThrow('expected an origin');
  });
});
