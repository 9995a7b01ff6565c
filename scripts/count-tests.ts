/**
 * Reads a report of the test runner and prints `PASSED FAILED` on its last line. A skipped test counts as failed and is
 * named: where this script runs, everything that a test can ask for has been installed.
 *
 *     node scripts/count-tests.ts REPORT.json
 */
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly testResults: ReadonlyArray<{
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>;
  }>;
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/count-tests.ts REPORT.json');
const report: Report = JSON.parse(readFileSync(file, 'utf8'));

const bad = report.testResults.flatMap((suite) => {
  const tests = suite.assertionResults
    .filter((test) => test.status !== 'passed')
    .map((test) => `${test.status}: ${test.fullName}`);
  // A file that could not be loaded has no tests to fail.
  return suite.status === 'failed' && suite.assertionResults.length === 0 ? [`failed to load: ${suite.name}`] : tests;
});

for (const line of bad) console.log(line);
console.log(`${report.numPassedTests} ${bad.length}`);
