import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Person } from '../support/person.ts';
import { forever, mainOf, soon, type PodLives } from '../support/pod-lives.ts';

const dockerfile = `
ARG BASE=node:24
FROM $BASE AS builder
ARG WORD
WORKDIR /build
COPY . .
RUN echo "built $WORD" >built.txt && ls >>built.txt
FROM $BASE
ENV PLACE=/srv/out GREETING="hello there"
WORKDIR /srv
COPY --from=builder /build/built.txt out/
EXPOSE 8080
HEALTHCHECK CMD true
ENTRYPOINT ["sh", "-c", "cat $PLACE/built.txt; echo $GREETING $0; pwd"]
CMD ["nobody"]
`;

export function images(pods: PodLives, person: Person): void {
  async function build(name: string, text: string) {
    const context = join(pods.cluster.directory, 'contexts', name);
    await mkdir(context, { recursive: true });
    const files = { Dockerfile: text, '.dockerignore': 'secret.*\n', 'secret.key': 'x', 'seen.txt': 'x' };
    for (const [file, content] of Object.entries(files)) await writeFile(join(context, file), content);
    await chmod(context, 0o755);
    const words = ['--data-dir', pods.cluster.directory, '-t', `${name}:v1`, '--build-arg', 'WORD=well', context];
    return person.slipway('build', ...words);
  }

  it('made by slipway build run with their own commands and with others', async () => {
    const built = await build('greeter', dockerfile);
    expect(built).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('HEALTHCHECK is ignored') });
    const container = { name: 'main', image: 'greeter:v1' };
    const [plain, other] = [{ container }, { container: { ...container, args: ['you'] } }].map(
      ({ container }, index) => ({
        apiVersion: 'v1' as const,
        kind: 'Pod' as const,
        metadata: { name: `greeter-${index}` },
        spec: { restartPolicy: 'Never' as const, containers: [container] },
      }),
    );
    if (plain === undefined || other === undefined) throw new Error('two pods are made');
    await pods.apply(plain, other);
    expect(await pods.result('greeter-0')).toEqual([
      'built well',
      'Dockerfile',
      'built.txt',
      'seen.txt',
      'hello there nobody',
      expect.stringMatching(/srv$/),
    ]);
    expect((await pods.result('greeter-1')).at(-2)).toBe('hello there you');
    const imageId = mainOf(await pods.when('greeter-0', () => true))?.imageID ?? '';
    expect(built.stdout).toContain(imageId.slice(0, 19));
    expect(imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('are asked to end in their own way', async () => {
    const lines = [
      'FROM node:24',
      'STOPSIGNAL SIGINT',
      // Long enough to be followed by a kubectl that is slow to start.
      `CMD trap 'echo interrupted; sleep 5; exit 0' INT; echo began; ${forever}`,
    ];
    expect(await build('interrupted', lines.join('\n'))).toMatchObject({ exitCode: 0 });
    await pods.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'interrupted' },
      spec: { terminationGracePeriodSeconds: 20, containers: [{ name: 'main', image: 'interrupted:v1' }] },
    });
    await pods.wait('interrupted', 'condition=Ready');
    await soon(() => pods.logs('interrupted')).toBe('began');
    const followed = pods.logs('interrupted', '--follow');
    await pods.cluster.ask('delete', 'pod', 'interrupted');
    expect(await followed).toBe('began\ninterrupted');
  });

  it.each([
    { name: 'onbuild', line: 'ONBUILD RUN true', message: 'Dockerfile:2: the instruction ONBUILD is not supported' },
    {
      name: 'secret',
      line: 'RUN --mount=type=secret,id=k true',
      message: 'Dockerfile:2: RUN --mount=type=secret,id=k is not supported',
    },
    { name: 'failing', line: 'RUN exit 9', message: 'Dockerfile:2: RUN exit 9: the command failed with exit code 9' },
  ])('that cannot be built say where: $line', async ({ name, line, message }) => {
    const outcome = await build(name, `FROM node:24\n${line}\n`);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain(message);
  });
}
