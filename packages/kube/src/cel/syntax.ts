/**
 * The tree of a parsed expression, before and after it is checked. The parser's own types do not tell of the parts that
 * are changed here, so what is taken from it is looked at first.
 */
import { spendSteps } from './budget.ts';
import { describeCompileError } from './messages.ts';
import { replacedName } from './names.ts';
import { CelCompileError } from './types.ts';

export interface Node {
  readonly op: string;
  readonly args: unknown;
  readonly input: string;
  readonly start: number;
  readonly meta: { readonly alternate?: unknown; readonly macro?: unknown; readonly evaluate?: unknown };
  readonly checkedType?: { readonly name: string; readonly kind: string };
  setMeta(key: string, value: unknown): unknown;
}

interface Checker {
  check(node: unknown, context: unknown): unknown;
}

interface Macro {
  typeCheck(checker: Checker, macro: unknown, context: unknown): unknown;
}

const replaced = new Set([
  'matches',
  'lowerAscii',
  'upperAscii',
  'indexOf',
  'lastIndexOf',
  'substring',
  'split',
  'trim',
]);
/** Functions that the library has and Kubernetes has not. */
const foreign = new Set(['json', 'hex', 'base64', 'at', 'string', 'bind']);

export interface Preparation {
  /** Names of variables that the expression reads. */
  readonly variables: ReadonlySet<string>;
  /** Whether it can take longer than it is long. */
  readonly isCostly: boolean;
}

/** Makes a parsed expression mean what it means in Kubernetes, and every turn of its loops counted. */
export function prepare(root: unknown): Preparation {
  const variables = new Set<string>();
  let isCostly = false;
  for (const node of nodesOf(root)) {
    if (node.op === 'id' && typeof node.args === 'string') variables.add(node.args);
    if (node.op === 'rcall' || node.op === '+') isCostly = true;
    const [name] = Array.isArray(node.args) ? (node.args as readonly unknown[]) : [];
    if (node.op === 'rcall' && typeof name === 'string') prepareMethod(node, name);
    if (node.op === 'call' && name === 'has') checkArgument(node);
    countTurns(node.meta.alternate);
    if (node.op === '+') countSize(node);
  }
  return { variables, isCostly };
}

function prepareMethod(node: Node, name: string): void {
  if (foreign.has(name)) throw faultAt(node, `Unknown variable: ${name}`);
  if (replaced.has(name) && Array.isArray(node.args)) node.args[0] = replacedName(name);
}

/** The library takes any field in `has(self.field)`; one that no schema knows is a mistake of the author. */
function checkArgument(node: Node): void {
  const { macro } = node.meta;
  const field = childrenOf(node.args)[0];
  if (!isMacro(macro) || field === undefined) return;
  node.setMeta('macro', {
    ...macro,
    typeCheck: (checker: Checker, self: unknown, context: unknown) => {
      checker.check(field, context);
      return macro.typeCheck(checker, self, context);
    },
  });
}

/** Counted where the loop asks whether to go on: an error there ends it, where one inside a turn may be held back. */
function countTurns(loop: unknown): void {
  if (!isNode(loop) || loop.op !== 'comprehension') return;
  const { args } = loop;
  if (typeof args !== 'object' || args === null) return;
  const condition: unknown = Reflect.get(args, 'condition');
  Reflect.set(args, 'condition', (value: unknown) => {
    spendSteps(1);
    return typeof condition === 'function' ? condition(value) : true;
  });
}

/** Texts and lists that are put together grow with every turn. */
function countSize(node: Node): void {
  const { evaluate } = node.meta;
  if (typeof evaluate !== 'function') return;
  node.setMeta('evaluate', (...values: readonly unknown[]) => {
    const result: unknown = evaluate(...values);
    if (typeof result === 'string' || Array.isArray(result)) spendSteps(result.length / 10);
    return result;
  });
}

/** A list whose items are of several types is a mistake, except for what `format` is given. */
export function checkLiterals(root: unknown): void {
  const nodes = [...nodesOf(root)];
  const given = new Set(nodes.flatMap((node) => (isFormat(node) ? childrenOf(node.args) : [])));
  for (const node of nodes) {
    if (node.op !== 'list' || given.has(node)) continue;
    const [first, ...others] = childrenOf(node.args).filter(({ checkedType }) => checkedType?.kind === 'primitive');
    const other = others.find(({ checkedType }) => checkedType?.name !== first?.checkedType?.name);
    if (other !== undefined)
      throw faultAt(other, `expected type '${first?.checkedType?.name}' but found '${other.checkedType?.name}'`);
  }
}

function faultAt({ input, start }: Node, summary: string): CelCompileError {
  return new CelCompileError(describeCompileError({ expression: input, summary, start, isSyntax: false }));
}

function isFormat({ op, args }: Node): boolean {
  return op === 'rcall' && Array.isArray(args) && args[0] === 'format';
}

function* nodesOf(root: unknown): Generator<Node> {
  const pending = isNode(root) ? [root] : [];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    yield node;
    pending.push(...childrenOf(node.args));
  }
}

/** Arguments are nodes, lists of nodes, or text. */
export function childrenOf(args: unknown): readonly Node[] {
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flatMap(childrenOf) : [];
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'setMeta' in value;
}

function isMacro(value: unknown): value is Macro {
  return typeof value === 'object' && value !== null && 'typeCheck' in value;
}
