import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noRootReason } from '../../../testing/isolated-process.ts';
import { ImageStore, type StoredImage } from '../image-store.ts';
import { buildImage } from './build-image.ts';
import { chooseRunner } from './choose-runner.ts';

let directory: string;
let store: ImageStore;
let lines: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-build-'));
  store = new ImageStore(join(directory, 'images'));
  lines = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function writeContext(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, 'context', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

async function build(
  dockerfile: string,
  options: { readonly level?: 'root' | 'plain'; readonly target?: string; readonly args?: Record<string, string> } = {},
): Promise<StoredImage> {
  await writeContext({ Dockerfile: dockerfile });
  const searchPath = process.env['PATH'] ?? '';
  return buildImage({
    contextDirectory: join(directory, 'context'),
    tag: 'test:v1',
    buildArguments: options.args ?? {},
    target: options.target,
    output: (line) => lines.push(line),
    store,
    runner: await chooseRunner({ searchPath, nodeProgram: process.execPath, level: options.level ?? 'plain' }),
    signal: new AbortController().signal,
  });
}

async function read(image: StoredImage, path: string): Promise<string> {
  return readFile(join(await store.mergeLayers(image.layers), path), 'utf8');
}

describe('buildImage', () => {
  it('keeps the settings of the last stage', async () => {
    await writeContext({ 'a.txt': 'a' });
    const image = await build(`
      ARG BASE=scratch
      FROM $BASE AS one
      FROM one
      ARG GREETING=hello
      ENV A=1 B="two words" \\
          # a comment between
          C=\${GREETING}-\${NONE:-none}
      LABEL x=y
      EXPOSE 80 443/tcp 8000-8010/udp
      WORKDIR /app
      WORKDIR sub
      VOLUME ["/data"]
      USER 1000:1000
      STOPSIGNAL SIGINT
      HEALTHCHECK --interval=5s CMD true
      ENTRYPOINT ["/app/run"]
      CMD serve $A
    `);
    expect(image.config).toEqual({
      entrypoint: ['/app/run'],
      command: ['/bin/sh', '-c', 'serve $A'],
      environment: { A: '1', B: 'two words', C: 'hello-none' },
      workingDirectory: '/app/sub',
      user: '1000:1000',
      exposedPorts: ['80', '443/tcp', '8000-8010/udp'],
      volumes: ['/data'],
      labels: { x: 'y' },
      stopSignal: 'SIGINT',
    });
    expect(image.onMachineRoot).toBe(false);
    expect(await store.find({ repository: 'docker.io/library/test', tag: 'v1', digest: undefined })).toEqual(image);
  });

  it.each([
    { name: 'a file to a name', copy: 'COPY a.txt /x/b.txt', path: 'x/b.txt', content: 'a' },
    { name: 'a file into a directory', copy: 'COPY a.txt /x/', path: 'x/a.txt', content: 'a' },
    { name: 'the contents of a directory', copy: 'COPY src /x', path: 'x/deep/c.txt', content: 'c' },
    { name: 'several files', copy: 'COPY a.txt src/b.txt ./', path: 'w/b.txt', content: 'b' },
    { name: 'names in JSON', copy: 'COPY ["a.txt", "/x/with space"]', path: 'x/with space', content: 'a' },
    { name: 'a pattern', copy: 'COPY src/*.txt /x/', path: 'x/b.txt', content: 'b' },
    { name: 'everything', copy: 'COPY . .', path: 'w/src/deep/c.txt', content: 'c' },
    { name: 'with ADD', copy: 'ADD a.txt /x/', path: 'x/a.txt', content: 'a' },
  ])('copies $name', async ({ copy, path, content }) => {
    await writeContext({ 'a.txt': 'a', 'src/b.txt': 'b', 'src/deep/c.txt': 'c' });
    expect(await read(await build(`FROM scratch\nWORKDIR /w\n${copy}`), path)).toBe(content);
  });

  it('shows each step as it is written, with its flags', async () => {
    await writeContext({ 'a.txt': 'a' });
    await build('FROM scratch AS b\nCOPY a.txt /\nFROM scratch\nCOPY --from=b --chmod=600 a.txt /');
    expect(lines).toContain('[1 1/1] COPY --from=b --chmod=600 a.txt /');
  });

  it.each([
    { name: 'a link to a file', link: 'a.txt', copy: 'COPY link /x/', path: 'x/link' },
    { name: 'a link to a file by an absolute path', link: '/a.txt', copy: 'COPY link /x', path: 'x' },
    { name: 'what lies behind a link', link: 'src', copy: 'COPY link/b.txt /x', path: 'x' },
    { name: 'a name that begins with two dots', link: 'a.txt', copy: 'COPY ..name /x', path: 'x' },
  ])('copies $name', async ({ link, copy, path }) => {
    await writeContext({ 'a.txt': 'a', 'src/b.txt': 'a', '..name': 'a' });
    await symlink(link, join(directory, 'context/link'));
    const image = await build(`FROM scratch\n${copy}`);
    expect((await lstat(join(await store.mergeLayers(image.layers), path))).isFile()).toBe(true);
    expect(await read(image, path)).toBe('a');
  });

  it.each([
    { name: 'a link', link: '../secret/key', copy: 'COPY link /x' },
    { name: 'a linked directory', link: '../secret', copy: 'COPY link/key /x' },
    { name: 'a pattern', link: '../secret/key', copy: 'COPY lin* /x/' },
    { name: 'a link by an absolute path', link: '/etc/passwd', copy: 'COPY link /x' },
  ])('refuses $name that leads out of the context', async ({ link, copy }) => {
    await writeContext({ 'a.txt': 'a', '../secret/key': 'secret' });
    await symlink(link, join(directory, 'context/link'));
    await expect(build(`FROM scratch\n${copy}`)).rejects.toThrow(
      /^Dockerfile:2: "link.*" leads out of the build context/,
    );
  });

  it('follows absolute links of an earlier stage within that stage', async () => {
    await writeContext({ 'fs/etc/passwd': 'of the image', 'a.txt': 'a' });
    await symlink('/etc/passwd', join(directory, 'context/fs/link'));
    const image = await build('FROM scratch AS one\nCOPY fs /\nFROM scratch\nCOPY --from=one /link /x');
    expect(await read(image, 'x')).toBe('of the image');
  });

  it('leaves out what .dockerignore names', async () => {
    await writeContext({
      '.dockerignore': '*.log\nnode_modules\n!keep.log\n',
      'a.log': '',
      'keep.log': '',
      'node_modules/m': '',
      'b/c.log': '',
    });
    const image = await build('FROM scratch\nCOPY . /w/');
    const files = await readdir(join(await store.mergeLayers(image.layers), 'w'), { recursive: true });
    expect(files.toSorted()).toEqual(['.dockerignore', 'Dockerfile', 'b', 'b/c.log', 'keep.log']);
  });

  it('says what it ignores', async () => {
    await build(
      'FROM --platform=linux/riscv64 scratch\nCOPY --chown=app Dockerfile /x\nHEALTHCHECK CMD true\nSTOPSIGNAL 3',
    );
    expect(lines.filter((line) => line.includes('ignored'))).toEqual([
      '[0] --platform is ignored: images are built for this machine',
      '  --chown is ignored: files belong to whoever builds',
      '  HEALTHCHECK is ignored, as by Kubernetes: give the container a livenessProbe or readinessProbe',
    ]);
  });

  it('builds the stages that the target needs, and no others', async () => {
    await writeContext({ 'a.txt': 'a' });
    const image = await build(
      'FROM scratch AS base\nCOPY a.txt /a\nFROM scratch AS broken\nCOPY none /\nFROM scratch AS last\nCOPY --from=base /a /b\nFROM broken',
      { target: 'last' },
    );
    expect(await read(image, 'b')).toBe('a');
  });

  it('takes an image that was built here as base', async () => {
    await writeContext({ 'a.txt': 'a' });
    await build('FROM scratch\nENV A=1\nCOPY a.txt /a\nCMD ["a"]');
    const image = await build('FROM test:v1\nENTRYPOINT ["e"]');
    expect(image.config).toMatchObject({ environment: { A: '1' }, entrypoint: ['e'], command: [] });
    expect(await read(image, 'a')).toBe('a');
  });

  it('gives the same image for the same content', async () => {
    await writeContext({ 'a.txt': 'a' });
    const one = await build('FROM scratch\nCOPY a.txt /');
    await writeContext({ 'a.txt': 'a' });
    expect((await build('FROM scratch\nCOPY a.txt /')).id).toBe(one.id);
    await writeContext({ 'a.txt': 'b' });
    expect((await build('FROM scratch\nCOPY a.txt /')).id).not.toBe(one.id);
  });

  it.each([
    {
      name: 'unsupported instruction',
      text: 'FROM scratch\n\nONBUILD RUN x',
      message: 'Dockerfile:3: the instruction ONBUILD is not supported',
    },
    {
      name: 'here-document',
      text: 'FROM scratch\nRUN <<EOF\nx\nEOF',
      message: 'Dockerfile:2: here-documents are not supported in RUN',
    },
    { name: 'no FROM', text: 'ARG A=1', message: 'Dockerfile:1: there is no FROM' },
    { name: 'too early', text: 'RUN x\nFROM scratch', message: 'Dockerfile:1: RUN stands before the first FROM' },
    {
      name: 'missing source',
      text: 'FROM scratch\nCOPY none /',
      message: 'Dockerfile:2: "none" is not in the build context',
    },
    {
      name: 'source outside',
      text: 'FROM scratch\nCOPY ../x /',
      message: 'Dockerfile:2: "../x" lies outside the build context',
    },
    {
      name: 'remote source',
      text: 'FROM scratch\nADD https://example.org/x /',
      message: 'Dockerfile:2: "https://example.org/x" is remote',
    },
    {
      name: 'unknown stage',
      text: 'FROM scratch AS one\nCOPY --from=later /a /b\nFROM one AS later',
      message: '"later" is neither an earlier stage',
    },
    { name: 'several files to one', text: 'FROM scratch\nCOPY Dockerfile Dockerfile /x', message: 'must end with /' },
    { name: 'open quote', text: 'FROM scratch\nENV A="x', message: 'Dockerfile:2: the quote " is not closed' },
    {
      name: 'required variable',
      text: 'FROM scratch\nUSER ${U:?say who}',
      message: 'the variable U must be set: say who',
    },
    {
      name: 'unsupported flag',
      text: 'FROM scratch\nCOPY --parents a /b',
      message: 'Dockerfile:2: COPY --parents is not supported; supported are --chmod, --chown, --from, --link',
    },
    {
      name: 'mount that a step needs',
      text: 'FROM scratch\nRUN --mount=type=cache,target=/c --mount=type=secret,id=k true',
      message: 'Dockerfile:2: RUN --mount=type=secret,id=k is not supported; supported are --mount=type=cache',
    },
    {
      name: 'mount of files of the context',
      text: 'FROM scratch\nRUN --mount=type=bind,target=/src true',
      message: 'Dockerfile:2: RUN --mount=type=bind,target=/src is not supported',
    },
    {
      name: 'cache that another stage has filled',
      text: 'FROM scratch\nRUN --mount=type=cache,target=/c,from=0 true',
      message: 'Dockerfile:2: RUN --mount=type=cache,target=/c,from=0 is not supported',
    },
    { name: 'port in words', text: 'FROM scratch\nEXPOSE 80 abc', message: 'Dockerfile:2: "abc" is no port' },
    { name: 'port that is too large', text: 'FROM scratch\nEXPOSE 80-65536', message: '"80-65536" is no port' },
    {
      name: 'mode in words',
      text: 'FROM scratch\nCOPY --chmod=u+x Dockerfile /x',
      message: 'is no mode; expected octal',
    },
    { name: 'archive to unpack', text: 'FROM scratch\nADD a.tar.gz /x', message: 'Dockerfile:2: ADD does not unpack' },
    { name: 'unknown signal', text: 'FROM scratch\nSTOPSIGNAL BYE', message: 'Dockerfile:2: "BYE" is no signal' },
    { name: 'nothing to do', text: 'FROM scratch\nRUN', message: 'Dockerfile:2: RUN needs at least one argument' },
    {
      name: 'command that fails',
      text: 'FROM node:24\nRUN echo oh >&2; exit 3',
      message: 'Dockerfile:2: RUN echo oh >&2; exit 3: the command failed with exit code 3',
    },
  ])('refuses: $name', async ({ text, message }) => {
    await expect(build(text)).rejects.toThrow(message);
    expect(await store.listTags()).toEqual([]);
  });

  it('says what is missing without a Dockerfile, a context or a proper name', async () => {
    const options = {
      tag: 'a:b',
      buildArguments: {},
      output: () => {},
      store,
      runner: await chooseRunner({ searchPath: '', nodeProgram: '', level: 'plain' }),
      signal: new AbortController().signal,
    };
    await mkdir(join(directory, 'empty'));
    await expect(buildImage({ ...options, contextDirectory: join(directory, 'empty') })).rejects.toThrow(
      'there is no Dockerfile at',
    );
    await expect(buildImage({ ...options, contextDirectory: '/nowhere' })).rejects.toThrow('expected a directory');
    await expect(buildImage({ ...options, tag: 'A B', contextDirectory: '/' })).rejects.toThrow(
      '"A B" is no name of an image',
    );
  });

  describe.each(['plain', 'root'] as const)('RUN at level %s', (level) => {
    const reason = level === 'root' ? noRootReason : undefined;
    it.skipIf(reason !== undefined)(
      `runs in the stage's files${reason === undefined ? '' : ` (skipped: ${reason})`}`,
      async () => {
        await writeContext({ 'in.txt': 'in' });
        const image = await build(
          `FROM node:24 AS builder
         ARG VERSION
         WORKDIR /build/deep
         COPY in.txt .
         RUN node -e "fs.writeFileSync('out.txt', fs.readFileSync('/build/deep/in.txt') + process.env.VERSION)" && mkdir -p /made/here && echo x >/made/here/file
         RUN ["rm", "in.txt"]
         FROM scratch
         COPY --from=builder /build/deep/out.txt /made/here/file /`,
          { level, args: { VERSION: '-v9' } },
        );
        expect(await read(image, 'out.txt')).toBe('in-v9');
        expect(await read(image, 'file')).toBe('x\n');
        expect(lines).toContain('[builder] node:24 is not on this machine: the files of this machine stand in for it');
        const parts = await Promise.all(
          ['build/deep/in.txt', 'etc/hosts', 'etc/resolv.conf'].map((path) => exists(join('/', path))),
        );
        expect(parts[0]).toBe(false);
      },
    );

    it.skipIf(reason !== undefined)('takes from an earlier build what is the same', async () => {
      const dockerfile = 'FROM node:24\nWORKDIR /w\nRUN date +%N >stamp';
      const first = await build(dockerfile, { level });
      expect((await build(dockerfile, { level })).id).toBe(first.id);
      expect(lines).toContain('  unchanged: taken from an earlier build');
    });
  });
});

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
