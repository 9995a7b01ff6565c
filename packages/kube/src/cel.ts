/**
 * Expressions in CEL, as Kubernetes evaluates them: typed, without effects, and bounded in time. Import it where the first
 * expression is met and not before: most processes never meet one.
 */
import { Environment, EvaluationError, ParseError, TypeError as CheckError } from '@marcbachmann/cel-js';
import { addAddresses } from './cel/addresses.ts';
import { withinBudget } from './cel/budget.ts';
import { addLists } from './cel/lists.ts';
import { estimateCost } from './cel/estimate.ts';
import { describeCompileError, describeEvaluationError } from './cel/messages.ts';
import { addOptionals } from './cel/optionals.ts';
import { addQuantities } from './cel/quantities.ts';
import { addStrings } from './cel/strings.ts';
import { withAuthorsNames } from './cel/names.ts';
import { checkLiterals, prepare } from './cel/syntax.ts';
import { CelCompileError, CelEvaluationError, type CelType, type ObjectType } from './cel/types.ts';
import { addUrls } from './cel/urls.ts';
import { CelObject, isSameValue, toCelValue, type ObjectClass } from './cel/values.ts';

/** Longer expressions are not read. */
const maximumLength = 32_768;
const limits = { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 };

export interface CelProgram {
  /** `bool`, `string`, `list<int>`, `dyn`, ... */
  readonly resultType: string;
  /** Names of variables that the expression reads. */
  readonly variables: ReadonlySet<string>;
  /** Operations that an evaluation takes at most, by the sizes that the types of the variables allow. */
  readonly cost: number;
  /** Values in JSON, by the names of the variables. Throws `CelEvaluationError`. */
  evaluate(values: Readonly<Record<string, unknown>>): unknown;
}

/** The variables of expressions, and all functions that Kubernetes has. */
export class CelScope {
  readonly #environment: Environment;
  readonly #classes = new Map<ObjectType, ObjectClass>();
  readonly #names = new Map<ObjectType, string>();
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #words: ReadonlySet<string> | undefined;

  /**
   * Where all `expressions` to come are known, fields that none of them names are not declared: the schema of a pod has
   * two hundred types, and a rule over it reads two.
   */
  constructor(variables: Readonly<Record<string, CelType>>, expressions?: readonly string[]) {
    this.#environment = functions().clone();
    this.#words = expressions === undefined ? undefined : new Set(expressions.join(' ').match(/\w+/g));
    this.#variables = new Map(Object.entries(variables));
    for (const [name, type] of this.#variables) this.#environment.registerVariable(name, this.#nameOf(type));
  }

  /** Throws `CelCompileError` with the place and the cause. */
  compile(expression: string): CelProgram {
    if (expression.length > maximumLength)
      throw new CelCompileError(
        `expression is ${expression.length} characters long: at most ${maximumLength} are read`,
      );
    return compiling(expression, () => this.#compile(expression));
  }

  #compile(expression: string): CelProgram {
    const parsed = this.#environment.parse(expression);
    const { variables, isCostly } = prepare(parsed.ast);
    const { valid, type = 'dyn', error } = parsed.check();
    if (!valid) throw compileError(expression, error);
    checkLiterals(parsed.ast);
    const read = [...this.#variables].filter(([name]) => variables.has(name));
    const evaluate = (values: Readonly<Record<string, unknown>>): unknown => {
      const given = read.filter(([name, declared]) => declared.kind === 'optional' || values[name] !== undefined);
      return evaluating(() =>
        parsed(new Map(given.map(([name, declared]) => [name, toCelValue(values[name], declared, this.#classes)]))),
      );
    };
    return {
      resultType: withAuthorsNames(type),
      variables,
      cost: estimateCost(parsed.ast, this.#variables),
      evaluate: isCostly ? (values) => withinBudget(() => evaluate(values)) : evaluate,
    };
  }

  /** The name of a type in the environment; object types are made known there. */
  #nameOf(type: CelType): string {
    switch (type.kind) {
      case 'list':
        return `list<${this.#nameOf(type.items)}>`;
      case 'map':
        return `map<string, ${this.#nameOf(type.values)}>`;
      case 'optional':
        return `optional<${this.#nameOf(type.of)}>`;
      case 'object':
        return this.#names.get(type) ?? this.#declare(type);
      case 'timestamp':
        return 'google.protobuf.Timestamp';
      case 'duration':
        return 'google.protobuf.Duration';
      default:
        return type.kind;
    }
  }

  #declare(type: ObjectType): string {
    const name = `object_${this.#names.size + 1}`;
    const Class = class extends CelObject {};
    this.#names.set(type, name);
    this.#classes.set(type, Class);
    const named = [...type.fields].filter(([field]) => this.#words?.has(field) !== false);
    const fields = Object.fromEntries(named.map(([field, { type }]) => [field, this.#nameOf(type)]));
    this.#environment.registerType(name, { ctor: Class, fields });
    this.#environment.registerOperator(`${name} == ${name}`, (a: CelObject, b: CelObject) =>
      isSameValue(a.json, b.json, type),
    );
    return name;
  }
}

let shared: Environment | undefined;

/** Made once: every scope is a copy of it. */
function functions(): Environment {
  if (shared !== undefined) return shared;
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits });
  addStrings(environment);
  addLists(environment);
  addOptionals(environment);
  addQuantities(environment);
  addUrls(environment);
  addAddresses(environment);
  shared = environment;
  return environment;
}

function compiling<T>(expression: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw compileError(expression, error);
  }
}

function compileError(expression: string, error: unknown): unknown {
  // The stack is full.
  if (error instanceof RangeError) return new CelCompileError('expression is nested too deeply', { cause: error });
  if (!(error instanceof ParseError || error instanceof CheckError || error instanceof EvaluationError)) return error;
  const { summary, range } = error;
  const names = functions()
    .getDefinitions()
    .functions.map(({ name }) => withAuthorsNames(name));
  const message = describeCompileError({
    expression,
    summary,
    start: range?.start ?? 0,
    isSyntax: error instanceof ParseError,
    functions: new Set(names),
  });
  return new CelCompileError(message, { cause: error });
}

function evaluating<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof RangeError)
      throw new CelEvaluationError('expression is nested too deeply, or a value too large', { cause: error });
    if (!(error instanceof EvaluationError)) throw error;
    throw new CelEvaluationError(describeEvaluationError(error.summary), { cause: error });
  }
}
