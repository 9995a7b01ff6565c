/** What CEL has for values that may be missing and the library has not: `optMap`, `optFlatMap`, `optional.ofNonZeroValue`. */
import { Optional, type Environment } from '@marcbachmann/cel-js';
import { CelCompileError } from './types.ts';

interface Type {
  readonly kind: string;
  readonly valueType?: Type;
}

interface Context {
  forkWithVariable(name: string, type: unknown): Context;
  reuse(parent: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}

interface Checker {
  readonly dynType: Type;
  readonly registry: { getOptionalType(type: unknown): Type };
  check(node: unknown, context: Context): Type;
}

interface Evaluator {
  run(node: unknown, context: Context): unknown;
}

interface Call {
  readonly receiver: unknown;
  readonly args: readonly { readonly op?: unknown; readonly args?: unknown }[];
}

export function addOptionals(environment: Environment): void {
  environment
    .registerFunction('optional.optMap(ast, ast): dyn', (call: Call) => transformation(call, 'value'))
    .registerFunction('optional.optFlatMap(ast, ast): dyn', (call: Call) => transformation(call, 'optional'))
    .registerFunction('OptionalNamespace.ofNonZeroValue(A): optional<A>', (_: unknown, value: unknown) =>
      isZero(value) ? Optional.none() : Optional.of(value),
    );
}

/** `maybe.optMap(value, expression)`: the expression over the value that is there, or nothing. */
function transformation({ receiver, args }: Call, gives: 'value' | 'optional') {
  const [name, expression] = args;
  if (name?.op !== 'id' || typeof name.args !== 'string')
    throw new CelCompileError('the first argument of optMap and optFlatMap must be a name');
  const variable = name.args;
  let inside: Context | undefined;
  return {
    async: false,
    typeCheck: (checker: Checker, _: unknown, context: Context): Type => {
      const { valueType = checker.dynType } = checker.check(receiver, context);
      inside = context.forkWithVariable(variable, valueType);
      const type = checker.check(expression, inside);
      return gives === 'value' ? checker.registry.getOptionalType(type) : type;
    },
    evaluate: (evaluator: Evaluator, _: unknown, context: Context): unknown => {
      const maybe = evaluator.run(receiver, context);
      if (!(maybe instanceof Optional) || !maybe.hasValue() || inside === undefined) return Optional.none();
      const result = evaluator.run(expression, inside.reuse(context).setIterValue(maybe.value(), evaluator));
      return gives === 'value' ? Optional.of(result) : result;
    },
  };
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return [null, false, 0, 0n, ''].some((zero) => zero === value);
}
