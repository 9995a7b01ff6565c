/**
 * Reads the report of a test run, and that of a second try if there was one, and prints `PASSED FAILED` on its last line. A
 * skipped test counts as failed and is named: where this script runs, everything that a test can ask for has been installed.
 *
 *     node scripts/count-tests.ts REPORT.json [SECOND.json]
 *     node scripts/count-tests.ts --again REPORT.json    the files that a second try is worth, a line each
 */
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export interface TestReport {
  readonly testResults: readonly SuiteReport[];
}

interface SuiteReport {
  /** Path of the file. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>;
}

/** More than these have not failed by chance. */
const mostFilesAgain = 3;

/**
 * The files that failed beside others, if they are few: what the machine did just then may be the cause, and alone they
 * tell. Fast tests too read disks and start processes, and one that is unsteady is named as such, to be mended.
 */
export function filesToTryAgain({ testResults }: TestReport): readonly string[] {
  const failed = new Set(testResults.filter((suite) => faultsOf(suite).length > 0).map(({ name }) => name));
  return failed.size <= mostFilesAgain ? [...failed] : [];
}

/** What the run comes to, a line for each test that is not well; `second` stands for the files that it has. */
export function countTests(
  first: TestReport,
  second: TestReport = { testResults: [] },
): { readonly lines: readonly string[]; readonly passed: number; readonly failed: number } {
  // A file that runs on two databases is there twice: what fails on either counts.
  const again = new Map(
    second.testResults.toSorted((a, b) => faultsOf(a).length - faultsOf(b).length).map((suite) => [suite.name, suite]),
  );
  const final = first.testResults.map((suite) => again.get(suite.name) ?? suite);
  const bad = final.flatMap(faultsOf);
  const unsteady = first.testResults
    .flatMap(faultsOf)
    .filter((fault) => !bad.includes(fault))
    .map((fault) => `unsteady, passed alone: ${fault}`);
  const passed = final.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'passed'));
  return { lines: [...unsteady, ...bad], passed: passed.length, failed: bad.length };
}

function faultsOf({ name, status, assertionResults }: SuiteReport): readonly string[] {
  // A file that could not be loaded has no tests to fail.
  if (status === 'failed' && assertionResults.length === 0) return [`failed to load: ${name}`];
  const faults = assertionResults
    .filter((test) => test.status !== 'passed')
    .map((test) => `${test.status}: ${test.fullName}`);
  // What stands around the tests may fail where each of them passed.
  return status === 'failed' && faults.length === 0 ? [`failed outside its tests: ${name}`] : faults;
}

function read(path: string): TestReport {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function main(words: readonly string[]): void {
  const paths = words.filter((word) => word !== '--again');
  const [first, second] = paths;
  if (first === undefined) throw new Error('usage: node scripts/count-tests.ts [--again] REPORT.json [SECOND.json]');
  if (paths.length < words.length) {
    for (const path of filesToTryAgain(read(first))) console.log(path);
    return;
  }
  const hasSecond = second !== undefined && existsSync(second);
  const { lines, passed, failed } = countTests(read(first), hasSecond ? read(second) : undefined);
  for (const line of lines) console.log(line);
  console.log(`${passed} ${failed}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
