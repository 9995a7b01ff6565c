import { describe, expect, it } from 'vitest';
import { Latencies } from './latency.ts';

describe('percentiles', () => {
  it('are 0 without any latency', () => {
    expect(new Latencies().percentile(0.99)).toBe(0);
  });

  it('are within a tenth of the truth', () => {
    const latencies = new Latencies();
    for (let value = 1; value <= 1_000; value++) latencies.record(value);
    expect(latencies.percentile(0.5)).toBeGreaterThanOrEqual(500);
    expect(latencies.percentile(0.5)).toBeLessThan(551);
    expect(latencies.percentile(0.99)).toBeGreaterThanOrEqual(990);
    expect(latencies.percentile(0.99)).toBeLessThan(1_090);
  });
});
