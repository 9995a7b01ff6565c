/** CEL for `successWhen`. It is loaded with the first check: most controllers never meet one. */
import type { CelProgram, CelScope } from '@slipway/kube/cel';
import type { CelType } from '@slipway/kube/cel/types';
import type { CheckVariables, CompileExpression } from './judge-sample.ts';

/** Expressions are few and met again at every look. */
const maximumPrograms = 1_000;

export async function loadCompile(): Promise<CompileExpression> {
  const { CelScope: Scope } = await import('@slipway/kube/cel');
  const scopes = new Map<string, CelScope>();
  const programs = new Map<string, CelProgram>();
  const scopeOf = (variables: CheckVariables, names: string): CelScope => {
    const scope = scopes.get(names) ?? new Scope(typesOf(variables));
    scopes.set(names, scope);
    return scope;
  };
  return (expression, variables) => {
    const names = Object.keys(variables).toSorted().join();
    const key = `${names}\n${expression}`;
    const program = programs.get(key) ?? scopeOf(variables, names).compile(expression);
    programs.set(key, program);
    const oldest = programs.size > maximumPrograms ? programs.keys().next().value : undefined;
    if (oldest !== undefined) programs.delete(oldest);
    return program;
  };
}

function typesOf(variables: CheckVariables): Readonly<Record<string, CelType>> {
  return Object.fromEntries(Object.entries(variables).map(([name, kind]) => [name, { kind }]));
}
