/** Reads out of the linter's configuration what we have decided ourselves, beside the categories that oxlint fills. */
import { readFile } from 'node:fs/promises';

export interface Scope {
  /** Globs of files; the first of them stands for all. */
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, RuleSetting>>;
}

/** `error`, or that with options. */
export type RuleSetting = string | readonly [severity: string, ...options: readonly RuleOptions[]];

interface RuleOptions {
  readonly max?: number;
  readonly name?: string;
  readonly object?: string;
  readonly property?: string;
  readonly message?: string;
  readonly patterns?: readonly { readonly regex: string; readonly message: string }[];
}

/** What is said of one rule for the files of one scope. */
export interface Decision {
  readonly files: readonly string[];
  readonly rule: string;
  readonly options: readonly RuleOptions[];
}

/** For every file, and then for those of each override. */
export async function readScopes(file: string): Promise<readonly Scope[]> {
  const { rules, overrides }: { readonly rules: Scope['rules']; readonly overrides: readonly Scope[] } = JSON.parse(
    await readFile(file, 'utf8'),
  );
  return [{ files: ['packages/kube/src/**'], rules }, ...overrides];
}

export function findDecisions(scopes: readonly Scope[]): readonly Decision[] {
  return scopes.flatMap(({ files, rules }) =>
    Object.entries(rules).flatMap(([rule, setting]) => {
      const [severity, ...options] = typeof setting === 'string' ? [setting] : setting;
      return severity === 'error' ? [{ files, rule, options }] : [];
    }),
  );
}

/** `eslint(max-lines)`, as findings name the rule `max-lines`. */
export function codeOf(rule: string): string {
  const [plugin, name] = rule.includes('/') ? rule.split('/') : ['eslint', rule];
  return `${plugin}(${name})`;
}
