/** Jobs by the ordinary kubectl: from creation to their logs, their failure and their deletion. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

function manifest(name: string, program: string, spec: object): string {
  const containers = [{ name: 'main', image: 'node:24', command: ['node', '-e', program] }];
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers } };
  return JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template, ...spec } });
}

const forever = 'setInterval(()=>{},1000)';
const reason = await missing('kubectl');

describe.skipIf(reason !== undefined)(`Jobs${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(() => cluster.stop());

  async function apply(name: string, program: string, spec: object): Promise<void> {
    const file = join(cluster.directory, `${name}.json`);
    await writeFile(file, manifest(name, program, spec));
    await cluster.ask('apply', '-f', file);
  }

  it('one that is created completes and shows its log', async () => {
    await cluster.ask(
      'create',
      'job',
      'hello',
      '--image=node:24',
      '--',
      'node',
      '-e',
      'console.log("hello from a job")',
    );
    expect(await cluster.ask('wait', '--for=condition=complete', 'job/hello', '--timeout=30s')).toBe(
      'job.batch/hello condition met',
    );
    expect(await cluster.ask('logs', 'job/hello')).toBe('hello from a job');
    expect(await cluster.ask('get', 'job', 'hello', '--no-headers')).toMatch(/^hello +Complete +1\/1 +\d+s +\d+s$/);
  });

  it('describe tells its pods and its end', async () => {
    const text = await cluster.ask('describe', 'job', 'hello');
    expect(text).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
    expect(text).toMatch(/SuccessfulCreate .* job-controller +Created pod: hello-/);
    expect(text).toMatch(/Completed .* job-controller +Job completed/);
  });

  it('an indexed one gives each pod its number', async () => {
    await apply('numbered', 'console.log("index",process.env.JOB_COMPLETION_INDEX,require("os").hostname())', {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
    });
    await cluster.ask('wait', '--for=condition=complete', 'job/numbered', '--timeout=30s');
    expect(await cluster.ask('get', 'job', 'numbered', '-o', 'jsonpath={.status.completedIndexes}')).toBe('0-2');
    const selector = ['-l', 'batch.kubernetes.io/job-completion-index=2'];
    expect(await cluster.ask('logs', ...selector)).toMatch(/^index 2 /);
  });

  it('one that fails says why, and waits before it gives up', async () => {
    await apply('broken', 'process.exit(3)', { backoffLimit: 0 });
    await cluster.ask('wait', '--for=condition=failed', 'job/broken', '--timeout=30s');
    const path = 'jsonpath={.status.failed} {.status.conditions[?(@.type=="Failed")].reason}';
    expect(await cluster.ask('get', 'job', 'broken', '-o', path)).toBe('1 BackoffLimitExceeded');
  });

  it('a rule about an exit code ends it at once', async () => {
    await apply('ruled', 'process.exit(42)', {
      backoffLimit: 6,
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    });
    await cluster.ask('wait', '--for=condition=failed', 'job/ruled', '--timeout=30s');
    const message = await cluster.ask(
      'get',
      'job',
      'ruled',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Failed")].message}',
    );
    expect(message).toMatch(
      /^Container main for pod default\/ruled-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
    );
  });

  it('a deadline ends what runs', async () => {
    await apply('late', forever, { activeDeadlineSeconds: 1 });
    await cluster.ask('wait', '--for=condition=failed', 'job/late', '--timeout=30s');
    const path = 'jsonpath={.status.conditions[?(@.type=="Failed")].reason}';
    expect(await cluster.ask('get', 'job', 'late', '-o', path)).toBe('DeadlineExceeded');
  });

  it('a suspended one has no pods until it is resumed', async () => {
    await apply('asleep', 'console.log("awake")', { suspend: true });
    await cluster.ask('wait', '--for=condition=suspended', 'job/asleep', '--timeout=30s');
    expect(await cluster.ask('get', 'pods', '-l', 'job-name=asleep', '-o', 'name')).toBe('');
    await cluster.ask('patch', 'job', 'asleep', '-p', '{"spec":{"suspend":false}}');
    await cluster.ask('wait', '--for=condition=complete', 'job/asleep', '--timeout=30s');
  });

  it.each(['background', 'foreground'])('goes with its pods: %s', async (cascade) => {
    await apply(`gone-${cascade}`, forever, { parallelism: 2 });
    const selector = ['-l', `job-name=gone-${cascade}`];
    await cluster.ask('wait', '--for=jsonpath={.status.active}=2', `job/gone-${cascade}`, '--timeout=30s');
    await cluster.ask('delete', 'job', `gone-${cascade}`, `--cascade=${cascade}`, '--timeout=30s');
    await cluster.ask('wait', '--for=delete', 'pod', ...selector, '--timeout=30s');
    expect(await cluster.ask('get', 'pods', ...selector, '-o', 'name')).toBe('');
  });

  it('leaves its pods where that is asked', async () => {
    await apply('kept', forever, {});
    await cluster.ask('wait', '--for=jsonpath={.status.active}=1', 'job/kept', '--timeout=30s');
    await cluster.ask('delete', 'job', 'kept', '--cascade=orphan', '--timeout=30s');
    const selector = ['-l', 'job-name=kept'];
    expect(await cluster.ask('get', 'pods', ...selector, '-o', 'name')).toMatch(/^pod\/kept-\w+$/);
    await cluster.ask('delete', 'pods', ...selector, '--timeout=30s');
  });

  it('one that may not be says what is wrong', async () => {
    const spec = { template: { spec: { containers: [{ name: 'main', image: 'node:24' }] } } };
    const file = join(cluster.directory, 'wrong.json');
    await writeFile(file, manifest('wrong', '', spec));
    const { exitCode, stderr } = await cluster.kubectl('apply', '-f', file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'The Job "wrong" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    );
  });
});
