/** The rules of one place in a schema, compiled when the first value comes to it. */
import { CelScope, type CelProgram } from '@slipway/kube/cel';
import { CelCompileError, type CelType } from '@slipway/kube/cel/types';
import type { StructuralSchema, ValidationRule } from '../structural-schema.ts';
import { celTypeOf } from './rule-types.ts';

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: CelProgram;
  readonly message: CelProgram | undefined;
  /** It speaks of the value before, and so says nothing where there was none. */
  readonly isTransition: boolean;
}

export interface RuleFault {
  readonly rule: ValidationRule;
  readonly place: 'rule' | 'messageExpression';
  readonly detail: string;
}

export type Compilation = CompiledRule | RuleFault;

export function isRuleFault(compilation: Compilation): compilation is RuleFault {
  return 'detail' in compilation;
}

const silentRule: ValidationRule = { rule: '' };

const compiled = new WeakMap<StructuralSchema, readonly Compilation[]>();

/** In the order of the rules. */
export function compileRules(schema: StructuralSchema): readonly Compilation[] {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  // One that says nothing, as null does too, has come this far to be told so.
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ ...silentRule, ...rule }));
  const made = compileAll(rules, celTypeOf(schema));
  compiled.set(schema, made);
  return made;
}

function compileAll(rules: readonly ValidationRule[], self: CelType | undefined): readonly Compilation[] {
  if (self === undefined)
    return rules.map((rule) => ({
      rule,
      place: 'rule',
      detail: 'a rule needs a schema that says of what type its value is',
    }));
  // Rules of one place share their variables, which cost more than a rule.
  const texts = rules.flatMap(({ rule, messageExpression = '' }) => [rule, messageExpression]);
  const scopes = new Map<boolean, CelScope>();
  const scopeOf = (isOptional: boolean): CelScope => {
    const oldSelf: CelType = isOptional ? { kind: 'optional', of: self } : self;
    const scope = scopes.get(isOptional) ?? new CelScope({ self, oldSelf }, texts);
    scopes.set(isOptional, scope);
    return scope;
  };
  return rules.map((rule) => compileRule(rule, scopeOf(rule.optionalOldSelf === true)));
}

function compileRule(rule: ValidationRule, scope: CelScope): Compilation {
  const program = compile(rule.rule, scope);
  if (typeof program === 'string') return { rule, place: 'rule', detail: `compilation failed: ${program}` };
  if (program.resultType !== 'bool') return { rule, place: 'rule', detail: 'cel expression must evaluate to a bool' };
  const message = rule.messageExpression === undefined ? undefined : compile(rule.messageExpression, scope);
  if (typeof message === 'string')
    return { rule, place: 'messageExpression', detail: `messageExpression compilation failed: ${message}` };
  if (message !== undefined && message.resultType !== 'string')
    return { rule, place: 'messageExpression', detail: 'messageExpression must evaluate to a string' };
  return { rule, program, message, isTransition: program.variables.has('oldSelf') };
}

function compile(expression: string, scope: CelScope): CelProgram | string {
  try {
    return scope.compile(expression);
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
}
