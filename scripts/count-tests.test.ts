import { describe, expect, it } from 'vitest';
import { countTests, filesToTryAgain, type TestReport } from './count-tests.ts';

function report(files: Readonly<Record<string, readonly string[]>>): TestReport {
  return {
    testResults: Object.entries(files).map(([name, statuses]) => ({
      name,
      status: statuses.every((status) => status === 'passed' || status === 'pending') ? 'passed' : 'failed',
      assertionResults: statuses.map((status, index) => ({ fullName: `${name} ${index + 1}`, status })),
    })),
  };
}

const [pods, kills] = ['/c/test/e2e/pods.test.ts', '/c/test/e2e/kills.test.ts'] as const;

describe('what a test run comes to', () => {
  it('counts what passed, and names what failed or was skipped', () => {
    expect(countTests(report({ [pods]: ['passed', 'failed'], [kills]: ['pending'] }))).toEqual({
      lines: [`failed: ${pods} 2`, `pending: ${kills} 1`],
      passed: 1,
      failed: 2,
    });
  });

  it('takes a file that failed as its second try tells, and says so', () => {
    const first = report({ [pods]: ['passed', 'failed'], [kills]: ['failed'] });
    const second = report({ [pods]: ['passed', 'passed'], [kills]: ['failed'] });
    expect(countTests(first, second)).toEqual({
      lines: [`unsteady, passed alone: failed: ${pods} 2`, `failed: ${kills} 1`],
      passed: 2,
      failed: 1,
    });
  });

  it('counts a file that has failed without a test of its own', () => {
    const broken: TestReport = { testResults: [{ name: pods, status: 'failed', assertionResults: [] }] };
    expect(countTests(broken)).toEqual({ lines: [`failed to load: ${pods}`], passed: 0, failed: 1 });
    const around = {
      testResults: report({ [pods]: ['passed'] }).testResults.map((suite) => ({ ...suite, status: 'failed' })),
    };
    expect(countTests(around)).toEqual({ lines: [`failed outside its tests: ${pods}`], passed: 1, failed: 1 });
  });
});

describe('a second try', () => {
  it('is for few files', () => {
    expect(filesToTryAgain(report({ [pods]: ['failed'], [kills]: ['passed'] }))).toEqual([pods]);
    const many = Object.fromEntries([1, 2, 3, 4].map((n) => [`/c/test/e2e/${n}.test.ts`, ['failed']]));
    expect(filesToTryAgain(report(many))).toEqual([]);
  });

  it('is for a file on two databases once, which is well where it is on both', () => {
    const store = '/c/packages/server/src/database/outbox.test.ts';
    const twice = (one: string, other: string): TestReport => ({
      testResults: [...report({ [store]: [one] }).testResults, ...report({ [store]: [other] }).testResults],
    });
    expect(filesToTryAgain(twice('failed', 'failed'))).toEqual([store]);
    expect(countTests(twice('passed', 'failed'), twice('failed', 'passed')).failed).toBeGreaterThan(0);
    expect(countTests(twice('passed', 'failed'), twice('passed', 'passed')).failed).toBe(0);
  });
});
