import { CommandFailure, exitCodes } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { lintManifest, type Finding } from '../lint/lint-manifest.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { colour, print, printList, table } from '../output/output.ts';

export interface LintOptions extends GlobalOptions {
  readonly strict: boolean;
}

interface Report extends Manifest {
  readonly findings: readonly Finding[];
}

/** Ends with 2 where a manifest would be refused, and with --strict with 1 where one is risky. */
export async function lint(path: string, { strict, output }: LintOptions): Promise<void> {
  const manifests = await readManifests(path);
  const reports = await Promise.all(
    manifests.map(async (manifest): Promise<Report> => ({
      ...manifest,
      findings: await lintManifest(manifest.object),
    })),
  );
  if (output === undefined) for (const report of reports) printReport(report);
  else await printList(reports.flatMap(asData), output);
  const findings = reports.flatMap((report) => report.findings);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const summary = `${count(errors, 'error')} and ${count(warnings, 'warning')} in ${count(manifests.length, 'object')}`;
  if (errors > 0) throw new CommandFailure(`${summary}: it would be refused.`, { exitCode: exitCodes.usage });
  if (strict && warnings > 0) throw new CommandFailure(`${summary}, and --strict allows none.`);
  if (output === undefined) print(`${summary}.`);
}

function printReport({ source, object, findings }: Report): void {
  if (findings.length === 0) return;
  print(colour('bold', `${source}: ${object.kind ?? 'object'} ${object.metadata.name ?? ''}`));
  const rows = findings.map(({ severity, rule, field, message }) => [
    `  ${colour(severity === 'error' ? 'red' : 'yellow', severity)}`,
    rule,
    field,
    message,
  ]);
  print(`${table(['  SEVERITY', 'RULE', 'FIELD', 'MESSAGE'], rows)}\n`);
}

function asData({ source, object: { kind, metadata }, findings }: Report): readonly object[] {
  return findings.map((finding) => ({ source, kind, name: metadata.name, ...finding }));
}

/** `1 error`, `2 errors` */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
