/** Checks against a real Prometheus, by a person's words in Secrets of the cluster that the tests of delivery have. */
import type { Check, CheckState } from '@slipway/delivery/api/check';
import { startCheck } from '@slipway/delivery/gates/metric/check-state';
import { advanceCheck, decideCheck } from '@slipway/delivery/gates/metric/decide-check';
import { createMeasuringPorts } from '@slipway/delivery/gates/metric/measuring-ports';
import { takeMeasurement, type MeasuringPorts } from '@slipway/delivery/gates/metric/take-measurement';
import { delay } from '@slipway/kube/clock';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { secrets } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterTitle, startPlace, type Place } from './support/delivery-cluster.ts';
import { missing } from './support/execute.ts';
import { serveMetrics, startPrometheus, type RunningPrometheus } from './support/prometheus.ts';

const reason = await missing('prometheus');

/** A version that ends a string and a selector where it is not escaped. */
const candidate = { version: '1.4.0"} or vector(0) #', service: 'shop-1-4-0-aaaaaaaa' };
const stable = { version: '1.3.0', service: 'shop-1-3-0-bbbbbbbb' };
const subject = { namespace: 'default', application: 'shop', candidate, stable };

/** Every scrape finds ten requests more of each version; of the candidate's half, of stable's a tenth failed. */
let scrapes = 0;

function metrics(): string {
  scrapes += 1;
  const lines = [
    [candidate.version, 10 * scrapes, 5 * scrapes],
    [stable.version, 10 * scrapes, scrapes],
  ].flatMap(([version, requests, errors]) => [
    `http_requests_total{version=${JSON.stringify(version)}} ${requests}`,
    `http_errors_total{version=${JSON.stringify(version)}} ${errors}`,
  ]);
  return ['# TYPE http_requests_total counter', '# TYPE http_errors_total counter', ...lines.toSorted(), ''].join('\n');
}

const share = `sum(rate(http_errors_total{version="{{version}}"}[5s])) / sum(rate(http_requests_total{version="{{version}}"}[5s]))`;

describe.skipIf(reason !== undefined)(`a real Prometheus, ${reason ?? clusterTitle}`, () => {
  let place: Place;
  let target: Awaited<ReturnType<typeof serveMetrics>>;
  let prometheus: RunningPrometheus;
  let ports: MeasuringPorts;

  beforeAll(async () => {
    place = await startPlace();
    target = await serveMetrics(metrics);
    prometheus = await startPrometheus(target.target);
    const { authority, username, password } = prometheus;
    const { client, namespace } = place;
    const access = { username, password, 'ca.crt': authority };
    const guess = { ...access, password: 'wrong horse' };
    for (const [name, stringData] of Object.entries({ access, guess, stranger: { username, password } }))
      await client.create(secrets, { metadata: { namespace, name }, stringData });
    ports = await createMeasuringPorts({ client, clock: systemClock, loopback: true })(namespace);
  });

  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
    await place?.stop();
  });

  /** As a controller does it: measure, write down, wait, until there is a verdict. */
  async function run(query: string, more: Partial<Check> = {}, secret = 'access'): Promise<CheckState> {
    const check: Check = {
      name: 'errors',
      provider: { prometheus: { address: prometheus.address, query, secretRef: { name: secret } } },
      successWhen: 'value < 0.05',
      interval: '1s',
      ...more,
    };
    const { signal } = new AbortController();
    let state = startCheck({ check, during: 'release', attempt: 1, patienceSeconds: 30, now: systemClock.now() });
    while (state.outcome === undefined) {
      const plan = decideCheck(check, state, systemClock.now());
      if (plan.type === 'wait') await delay(systemClock, plan.until - systemClock.now());
      const taken =
        plan.type === 'measure'
          ? await takeMeasurement({ check, state, subject, split: undefined, signal }, ports)
          : undefined;
      state = advanceCheck(check, state, { taken, now: systemClock.now() });
    }
    return state;
  }

  it('fails a version that is worse than stable, after waiting for data', async () => {
    const state = await run(share, {
      baseline: true,
      successWhen: 'value <= baseline * 1.5',
      count: 3,
      failureLimit: 1,
    });
    expect(state).toMatchObject({
      outcome: 'failed',
      totals: { failed: 2, error: 0, passed: 0 },
      message: expect.stringMatching(/^check errors failed 2 times, 1 allowed: value .+, baseline .+: not value <= /),
    });
    expect(state.query).toContain(String.raw`{version="1.4.0\"} or vector(0) #"}`);
    expect(state.baselineQuery).toContain('{version="1.3.0"}');
    const { value, baseline } = state.measurements.at(-1) ?? {};
    expect(Number(value)).toBeCloseTo(0.5);
    expect(Number(baseline)).toBeCloseTo(0.1);
  });

  it('passes one that is good enough, by a regular expression as well', async () => {
    const state = await run(share.replaceAll('version=', 'version=~'), { successWhen: 'value < 0.51', count: 2 });
    expect(state).toMatchObject({ outcome: 'passed', totals: { passed: 2 } });
  });

  it('tells what is no data from what is an error', async () => {
    const absent = await run('http_requests_total{version="none"}', { onNoData: 'fail' });
    expect(absent).toMatchObject({ outcome: 'failed', totals: { noData: 1, failed: 0 } });
    const undefinedShare = await run('vector(0) / vector(0)', { onNoData: 'pass' });
    expect(undefinedShare).toMatchObject({ outcome: 'passed', totals: { noData: 1 } });
    expect(undefinedShare.measurements[0]?.reason).toBe('the value is not a number (NaN)');
  });

  it('names the series where there are several, and what Prometheus says of a query that is none', async () => {
    const several = await run(
      'label_replace(vector(1), "a", "x", "", "") or label_replace(vector(2), "a", "y", "", "")',
      {
        errorLimit: 0,
      },
    );
    expect(several).toMatchObject({ outcome: 'error', totals: { error: 1 } });
    expect(several.message).toContain('the query comes to 2 series, expected one: {a="x"}, {a="y"}');
    const wrong = await run('sum(', { errorLimit: 0 });
    expect(wrong.message).toContain('Prometheus answered 400: bad_data:');
  });

  it('lets in who has the password and the authority, and tells neither', async () => {
    const guess = await run('vector(0)', { errorLimit: 0 }, 'guess');
    expect(guess).toMatchObject({ outcome: 'error', message: expect.stringContaining('Prometheus answered 401') });
    const stranger = await run('vector(0)', { errorLimit: 0 }, 'stranger');
    expect(stranger).toMatchObject({ outcome: 'error', message: expect.stringContaining('could not be asked') });
    expect(JSON.stringify([guess, stranger])).not.toContain('horse');
  });
});
