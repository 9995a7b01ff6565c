/**
 * What every runtime that runs programs must do beyond the lifecycle contract, whatever it runs them in. The suite asks
 * only through the interface.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  StartError,
  type ContainerExit,
  type ContainerRequest,
  type OpenExecRequest,
  type RunningCommand,
  type Runtime,
  type Sandbox,
  type SandboxRequest,
} from '../src/node/runtime.ts';

export interface RuntimeUnderTest {
  readonly runtime: Runtime;
  close(): Promise<void>;
}

/** What an ordinary container looks like; tests override what they are about. */
type ContainerWish = Partial<ContainerRequest> & { readonly command: readonly string[] };

interface RunningContainer {
  readonly id: string;
  readonly exit: Promise<ContainerExit>;
  output(): string;
  /** Resolves when the output contains the text. */
  says(text: string): Promise<void>;
}

export class RuntimeHarness {
  readonly runtime: Runtime;
  private readonly exits = new Map<string, (exit: ContainerExit) => void>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    runtime.onExit((exit) => this.exits.get(exit.containerId)?.(exit));
  }

  createSandbox(hostname = 'web-0', wish: Pick<SandboxRequest, 'sharesProcesses'> = {}): Promise<Sandbox> {
    return this.runtime.createSandbox({
      podUid: randomUUID(),
      namespace: 'default',
      name: hostname,
      hostname,
      hostNetwork: false,
      hosts: ['10.1.2.3\tfriend'],
      resolvConf: 'nameserver 10.9.9.9\n',
      ...wish,
    });
  }

  async start(sandbox: Sandbox, wish: ContainerWish): Promise<RunningContainer> {
    const id = randomUUID();
    let output = '';
    const listeners = new Set<() => void>();
    const exit = new Promise<ContainerExit>((resolve) => this.exits.set(id, resolve));
    await this.runtime.startContainer({
      podUid: sandbox.podUid,
      containerId: id,
      name: 'main',
      image: 'machine',
      environment: { ...sandbox.environment },
      workingDirectory: '/',
      user: '',
      mounts: [],
      resources: {},
      securityContext: undefined,
      tty: false,
      onOutput: (_stream, chunk) => {
        output += Buffer.from(chunk).toString();
        for (const listener of listeners) listener();
      },
      ...wish,
    });
    const says = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (output.includes(text)) {
            listeners.delete(check);
            resolve();
          }
        };
        listeners.add(check);
        check();
      });
    return { id, exit, output: () => output, says };
  }

  /** The output and exit code of a shell command. */
  async run(
    wish: Omit<ContainerWish, 'command'> & { readonly script: string; readonly sandbox?: Sandbox },
  ): Promise<{ readonly exitCode: number; readonly output: string }> {
    const { script, sandbox = await this.createSandbox(), ...rest } = wish;
    const container = await this.start(sandbox, { ...rest, command: ['/bin/sh', '-c', script] });
    const { exitCode } = await container.exit;
    await this.runtime.removeSandbox(sandbox.podUid);
    return { exitCode, output: container.output() };
  }
}

function openExec(runtime: Runtime, containerId: string, request: OpenExecRequest): Promise<RunningCommand> {
  if (runtime.openExec === undefined) throw new Error('a runtime that runs programs opens commands');
  return runtime.openExec(containerId, request);
}

/** So many, since a limit that comes late comes soon after: with more to do at once it comes after the first instruction. */
const startsAtOnce = 10;

/** Where the groups of the machine are seen, of version 1 if it has them. */
const memoryGroups = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find((path) => existsSync(path)) ?? tmpdir();

/** Without another program, which would take longer than a limit that is late. The file of a group of version 1, else 2. */
const sayOwnMemoryLimit = [
  'limit=none',
  'while IFS=: read -r number controllers group; do',
  '  case "$controllers" in',
  '    memory) file="$LIMITS$group/memory.limit_in_bytes" ;;',
  '    "") file="$LIMITS$group/memory.max" ;;',
  '    *) continue ;;',
  '  esac',
  '  if [ -r "$file" ]; then read -r limit <"$file"; fi',
  'done </proc/self/cgroup',
  'echo "$limit"',
].join('\n');

export function describeProgramRuntime(name: string, create: () => Promise<RuntimeUnderTest>): void {
  /** Of this suite alone, among all that may run on the machine at once: so many seconds and a fraction. */
  const sleeping = (seconds: number): string => `sleep ${seconds}.${mark}`;
  const mark = Number.parseInt(randomUUID().slice(0, 8), 16);

  describe(`runtime contract: ${name}`, () => {
    let underTest: RuntimeUnderTest;
    let harness: RuntimeHarness;
    let directory: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'slipway-runtime-'));
      underTest = await create();
      harness = new RuntimeHarness(underTest.runtime);
    });

    afterAll(async () => {
      await underTest.close();
      await rm(directory, { recursive: true, force: true });
    });

    /** Whether the runtime says nothing of a limit that this machine does not let the kernel keep. */
    const holds = (what: string): boolean =>
      !underTest.runtime.limitations.some((sentence) =>
        new RegExp(`of .*${what}.* (are not enforced|and not by the kernel): \\S`).test(sentence),
      );

    it.each([
      { rule: 'success', script: 'exit 0', exitCode: 0 },
      { rule: 'a code of its own', script: 'exit 7', exitCode: 7 },
      { rule: 'a killed child, as the shell says it', script: 'sh -c "kill -KILL \\$\\$"; exit $?', exitCode: 137 },
      { rule: 'its own answer to SIGTERM', script: 'trap "exit 143" TERM; kill -TERM $$; exit 1', exitCode: 143 },
    ])('reports the exit code of $rule', async ({ script, exitCode }) => {
      expect((await harness.run({ script })).exitCode).toBe(exitCode);
    });

    it('sends SIGTERM to the first process and keeps what it says last', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', 'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done'],
      });
      await container.says('up');
      await underTest.runtime.signalContainer(container.id, 'SIGTERM');
      expect((await container.exit).exitCode).toBe(3);
      expect(container.output()).toBe('up\nbye\n');
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('kills a container that ignores SIGTERM, with all that it started', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, {
        command: [
          '/bin/sh',
          '-c',
          'trap "" TERM; (sh -c "trap : TERM; sleep 1000") & setsid sleep 1000 & echo up; wait',
        ],
      });
      await container.says('up');
      await underTest.runtime.signalContainer(container.id, 'SIGTERM');
      await underTest.runtime.signalContainer(container.id, 'SIGKILL');
      expect((await container.exit).exitCode).toBe(137);
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('ends a container that uses more memory than its limit', async () => {
      const sandbox = await harness.createSandbox();
      const greedy =
        'const kept = []; for (let i = 0; i < 40; i += 1) kept.push(Buffer.alloc(4 << 20, 1)); setInterval(() => kept.length, 1e6)';
      const container = await harness.start(sandbox, {
        command: ['node', '-e', greedy],
        resources: { limits: { memory: '96Mi' } },
      });
      const { exitCode, oomKilled } = await container.exit;
      expect({ exitCode, oomKilled }).toEqual({ exitCode: 137, oomKilled: true });
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('stops a fork bomb at a limit of processes, or has said that it does not', async () => {
      const script = 'i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i+1)); done 2>/dev/null; echo all';
      expect((await harness.run({ script })).output).toBe(holds('number of processes') ? '' : 'all\n');
      expect(await harness.run({ script: 'echo fine' })).toEqual({ exitCode: 0, output: 'fine\n' });
    });

    it('holds what is executed in a container to the same limits', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', 'cat /proc/self/cgroup; echo up; exec sleep 1000'],
        resources: { limits: { cpu: '100m', memory: '64Mi' } },
      });
      await container.says('up');
      const command = ['cat', '/proc/self/cgroup'];
      const { stdout } = await underTest.runtime.exec(container.id, { command, timeoutMilliseconds: 60_000 });
      expect(`${text(stdout)}up\n`).toBe(container.output());
      expect(/:(.*,)?cpu(,.*)?:.*slipway-|^0::.*slipway-/m.test(text(stdout))).toBe(holds('CPU'));
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('holds a container to its limit before its first instruction, or has said that it does not', async () => {
      const sandbox = await harness.createSandbox();
      const starts = Array.from({ length: startsAtOnce }, () =>
        harness.start(sandbox, {
          command: ['/bin/sh', '-c', sayOwnMemoryLimit],
          resources: { limits: { memory: '67108864' } },
          environment: { ...sandbox.environment, LIMITS: '/limits' },
          mounts: [{ hostPath: memoryGroups, containerPath: '/limits', readOnly: true }],
        }),
      );
      const containers = await Promise.all(starts);
      await Promise.all(containers.map(({ exit }) => exit));
      const isHeld = containers.map((container) => container.output() === '67108864\n');
      expect(isHeld).toEqual(Array.from({ length: startsAtOnce }, () => holds('memory')));
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('takes signals for containers that are gone', async () => {
      await expect(underTest.runtime.signalContainer('unknown', 'SIGTERM')).resolves.toBeUndefined();
      await expect(underTest.runtime.removeSandbox('unknown')).resolves.toBeUndefined();
    });

    it('lists what runs, and kills it when the sandbox is removed', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'echo up; exec sleep 1000'] });
      const [pod] = (await underTest.runtime.list()).filter((running) => running.sandbox.podUid === sandbox.podUid);
      expect(pod?.sandbox).toEqual(sandbox);
      expect(pod?.containers.map(({ containerId }) => containerId)).toEqual([container.id]);
      await underTest.runtime.removeSandbox(sandbox.podUid);
      expect((await container.exit).exitCode).toBe(137);
      expect(await underTest.runtime.list()).not.toContainEqual(expect.objectContaining({ sandbox }));
    });

    it('tells what the processes of its containers use', async () => {
      const { runtime } = harness;
      const sandbox = await harness.createSandbox();
      const work = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; sleep 600';
      const { id, says } = await harness.start(sandbox, { command: ['sh', '-c', `(${work}) & wait`] });
      await says('done');
      const usage = (await runtime.usage?.())?.find(({ containerId }) => containerId === id);
      expect(usage?.podUid).toBe(sandbox.podUid);
      expect(usage?.cpuNanoseconds).toBeGreaterThan(0);
      expect(usage?.memoryBytes).toBeGreaterThan(0);
      await runtime.removeSandbox(sandbox.podUid);
      expect((await runtime.usage?.())?.some(({ containerId }) => containerId === id)).toBe(false);
    });

    it('gives every pod an address of its own', async () => {
      const sandboxes = await Promise.all(['a', 'b', 'c'].map((hostname) => harness.createSandbox(hostname)));
      expect(new Set(sandboxes.map(({ podIP }) => podIP)).size).toBe(3);
      await Promise.all(sandboxes.map(({ podUid }) => underTest.runtime.removeSandbox(podUid)));
    });

    it('separates the two streams and gives variables', async () => {
      const result = await harness.run({ script: 'echo "out $A"; echo err >&2', environment: { A: 'one two' } });
      expect(result.output.split('\n').toSorted()).toEqual(['', 'err', 'out one two']);
    });

    it('gives variables that no shell could set, to what is executed too', async () => {
      const show = 'tr "\\0" "\\n" </proc/$$/environ | grep "^a[.]b"';
      const value = `it's "$A" \\n`;
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', `${show}; exec sleep 1000`],
        environment: { ...sandbox.environment, 'a.b': value, 'a.b-c': 'two', '-i': '', '--split-string': 'false' },
      });
      await container.says('a.b-c=two\n');
      expect(container.output()).toBe(`a.b=${value}\na.b-c=two\n`);
      const command = ['/bin/sh', '-c', show];
      const { stdout } = await underTest.runtime.exec(container.id, { command, timeoutMilliseconds: 60_000 });
      expect(text(stdout)).toBe(`a.b=${value}\na.b-c=two\n`);
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('has node in PATH', async () => {
      expect((await harness.run({ script: 'node --version' })).output).toBe(`${process.version}\n`);
    });

    it('starts in the working directory of a mount and writes through it', async () => {
      await writeFile(join(directory, 'in.txt'), 'hello');
      const result = await harness.run({
        script: 'cat in.txt; echo written > out.txt',
        workingDirectory: '/data',
        mounts: [{ hostPath: directory, containerPath: '/data', readOnly: false }],
      });
      expect(result).toEqual({ exitCode: 0, output: 'hello' });
      expect(await readFile(join(directory, 'out.txt'), 'utf8')).toBe('written\n');
    });

    it.each([
      {
        command: 'no-such-program',
        says: 'exec: "no-such-program": executable file not found in $PATH',
        exitCode: 127,
      },
      { command: '/no/such', says: 'exec: "/no/such": stat /no/such: no such file or directory', exitCode: 127 },
      { command: '/etc/passwd', says: 'permission denied', exitCode: 126 },
    ])('refuses the command $command', async ({ command, says, exitCode }) => {
      const sandbox = await harness.createSandbox();
      const failure = await harness.start(sandbox, { command: [command] }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StartError);
      expect(failure).toMatchObject({ reason: 'StartError', exitCode, message: expect.stringContaining(says) });
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('gives a command its input, whose end it sees, and tells what it writes and how it ends', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'echo up; exec sleep 1000'] });
      await container.says('up');
      const script = 'cat /dev/stdin; echo done >&2; exit 7';
      const request = { command: ['/bin/sh', '-c', script], stdin: true, tty: false };
      const command = await openExec(underTest.runtime, container.id, request);
      command.stdin?.end('some input');
      const output = await Promise.all([textOf(command.stdout), textOf(command.stderr ?? Readable.from([]))]);
      expect({ output, exitCode: await command.exitCode }).toEqual({ output: ['some input', 'done\n'], exitCode: 7 });
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('gives a command a terminal, whose keys send signals', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'echo up; exec sleep 1000'] });
      await container.says('up');
      const script = 'trap "stty size; exit 5" INT; test -t 0 && test -t 1 && echo ready; while :; do sleep 0.05; done';
      const request = { command: ['/bin/sh', '-c', script], stdin: true, tty: true };
      const command = await openExec(underTest.runtime, container.id, request);
      let output = '';
      for await (const chunk of command.stdout.setEncoding('utf8') as AsyncIterable<string>) {
        output += chunk;
        if (!output.endsWith('ready\r\n')) continue;
        command.resize({ columns: 101, rows: 33 });
        command.stdin?.write('\u0003');
      }
      expect({ output, exitCode: await command.exitCode }).toEqual({ output: 'ready\r\n^C33 101\r\n', exitCode: 5 });
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it.each([
      { what: 'pipes', tty: false, begun: 'hello\n' },
      { what: 'a terminal', tty: true, begun: 'hello\r\n' },
    ])('tells the first who attaches how a program began, with $what', async ({ tty, begun }) => {
      const sandbox = await harness.createSandbox();
      const command = ['/bin/sh', '-c', 'echo hello; read line'];
      const container = await harness.start(sandbox, { command, stdin: true, tty });
      await container.says('hello');
      const heard = [0, 1].map(() => {
        let output = '';
        const attachment = underTest.runtime.attach?.(container.id);
        attachment?.onOutput((_stream, chunk) => {
          output += Buffer.from(chunk).toString();
        });
        return { attachment, output: () => output };
      });
      expect(heard.map(({ output }) => output())).toEqual([begun, '']);
      heard[0]?.attachment?.stdin?.write('\n');
      expect(await heard[0]?.attachment?.exitCode).toBe(0);
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it.each([
      { what: 'pipes', tty: false, said: 'some input' },
      { what: 'a terminal', tty: true, said: 'some input\r\nsome input\r\n' },
    ])('attaches to the program of a container, with $what', async ({ tty, said }) => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, { command: ['cat'], stdin: true, tty });
      const attachment = underTest.runtime.attach?.(container.id);
      let attached = '';
      attachment?.onOutput((_stream, chunk) => {
        attached += Buffer.from(chunk).toString();
      });
      // In a terminal the second key says that there is no more.
      if (tty) attachment?.stdin?.write('some input\n\u0004');
      else attachment?.stdin?.end('some input');
      expect(await attachment?.exitCode).toBe(0);
      expect({ attached, logged: container.output() }).toEqual({ attached: said, logged: said });
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('lets a container see the processes of another one, where those of containers are apart', async () => {
      const sandbox = await harness.createSandbox();
      const target = await harness.start(sandbox, { command: ['/bin/sh', '-c', `echo up; exec ${sleeping(987)}`] });
      await target.says('up');
      const script = 'tr "\\0" " " </proc/1/cmdline; exit 3';
      const look = await harness.start(sandbox, { command: ['/bin/sh', '-c', script], processesOf: target.id });
      expect((await look.exit).exitCode).toBe(3);
      const first = await readFile('/proc/1/cmdline', 'utf8');
      expect([`${sleeping(987)} `, first.replaceAll('\0', ' ')]).toContain(look.output());
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('ends all processes of a container that sees those of another, and no others', async () => {
      const sandbox = await harness.createSandbox();
      const target = await harness.start(sandbox, { command: ['/bin/sh', '-c', `echo up; exec ${sleeping(986)}`] });
      await target.says('up');
      const script = `setsid ${sleeping(985)} & echo up; wait`;
      const guest = await harness.start(sandbox, { command: ['/bin/sh', '-c', script], processesOf: target.id });
      await guest.says('up');
      await vi.waitFor(async () => expect(await commandsOf('sleep')).toContain(sleeping(985)), 30_000);
      await underTest.runtime.signalContainer(guest.id, 'SIGKILL');
      await guest.exit;
      await vi.waitFor(async () => expect(await commandsOf('sleep')).not.toContain(sleeping(985)), 30_000);
      expect(await commandsOf('sleep')).toContain(sleeping(986));
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('lets the containers of a pod share their processes, and ends each without the others', async () => {
      const sandbox = await harness.createSandbox('web-0', { sharesProcesses: true });
      const { runtime } = underTest;
      const first = await harness.start(sandbox, { command: ['/bin/sh', '-c', `echo up; exec ${sleeping(984)}`] });
      await first.says('up');
      const script = `setsid ${sleeping(983)} & until pgrep -f "^${sleeping(984)}" >/dev/null; do sleep 0.05; done; echo seen; wait`;
      const second = await harness.start(sandbox, { command: ['/bin/sh', '-c', script] });
      await second.says('seen');
      await vi.waitFor(async () => expect(await commandsOf('sleep')).toContain(sleeping(983)), 30_000);
      await runtime.signalContainer(second.id, 'SIGKILL');
      expect((await second.exit).exitCode).toBe(137);
      await vi.waitFor(async () => expect(await commandsOf('sleep')).not.toContain(sleeping(983)), 30_000);
      // Without a handler of its own, for it is not process 1 of anything.
      await runtime.signalContainer(first.id, 'SIGTERM');
      expect((await first.exit).exitCode).toBe(143);
      const again = await harness.start(sandbox, { command: ['/bin/sh', '-c', `echo up; exec ${sleeping(982)}`] });
      await again.says('up');
      await runtime.removeSandbox(sandbox.podUid);
      expect(await commandsOf('sleep')).not.toContain(sleeping(982));
    });

    it("reaches what listens on a pod's own 127.0.0.1, where it has one", async () => {
      const { runtime } = harness;
      const sandbox = await harness.createSandbox();
      const script = `const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => console.log('port', server.address().port));`;
      const container = await harness.start(sandbox, { command: ['node', '-e', script] });
      await container.says('\n');
      const echo = async (port: number): Promise<string | undefined> => {
        const socket = await runtime.dialLoopback?.(sandbox.podUid, port);
        return socket && textOf(socket.end('there and back'));
      };
      const answer = echo(Number(container.output().split(' ')[1])).catch(({ message }: Error) => message);
      const hasOwn = !runtime.limitations.some((said) => said.includes('share the network'));
      expect(await answer).toMatch(hasOwn ? /^there and back$/ : /no loopback address of its own$/);
      await expect(echo(1)).rejects.toThrow(hasOwn ? 'ECONNREFUSED' : 'no loopback');
      await runtime.removeSandbox(sandbox.podUid);
    });

    it('executes commands inside, with a limit of time', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', 'echo up; exec sleep 1000'],
        environment: { ...sandbox.environment, A: 'b' },
      });
      await container.says('up');
      const done = await underTest.runtime.exec(container.id, {
        command: ['/bin/sh', '-c', 'echo "$A"; echo oh >&2; exit 5'],
        timeoutMilliseconds: 60_000,
      });
      expect({ ...done, stdout: text(done.stdout), stderr: text(done.stderr) }).toEqual({
        exitCode: 5,
        stdout: 'b\n',
        stderr: 'oh\n',
        timedOut: false,
      });
      const late = await underTest.runtime.exec(container.id, { command: ['sleep', '1000'], timeoutMilliseconds: 50 });
      expect(late.timedOut).toBe(true);
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });

    it('ends a pod in which commands were killed together with their children', async () => {
      const sandbox = await harness.createSandbox();
      const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'echo up; exec sleep 1000'] });
      await container.says('up');
      const command = ['/bin/sh', '-c', 'sleep 1000 & sleep 1000 & exec sleep 1000'];
      const late = await Promise.all(
        Array.from({ length: 8 }, () => underTest.runtime.exec(container.id, { command, timeoutMilliseconds: 300 })),
      );
      expect(late.map(({ timedOut }) => timedOut)).toEqual(late.map(() => true));
      await underTest.runtime.removeSandbox(sandbox.podUid);
    });
  });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Of all processes of that program which can be seen from here. */
async function commandsOf(program: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One that ends meanwhile has none.
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.map((line) => line.replaceAll('\0', ' ').trim()).filter((line) => line.startsWith(`${program} `));
}
