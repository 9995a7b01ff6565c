import { childrenOf, isNode, type Node } from './syntax.ts';
import type { CelType } from './types.ts';

type Variables = ReadonlyMap<string, CelType | undefined>;

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** Items of a list that says nothing of its length, such as the parts of a text. */
const unknownLength = 10_000;

/**
 * How many operations an evaluation takes at most: one for every part of the expression, the parts inside a loop as often
 * as the list may have items.
 *
 *     self.size > 1                                  4
 *     self.names.all(n, n != '')                     names of at most 10: 2 + 10 * (1 + 3) + 1
 */
export function estimateCost(root: unknown, variables: Variables): number {
  return isNode(root) ? costOf(root, variables) : 0;
}

function costOf(node: Node, variables: Variables): number {
  const loop = loopOf(node);
  if (loop === undefined) return childrenOf(node.args).reduce((sum, child) => sum + costOf(child, variables), 1);
  const { range, variable, parts } = loop;
  const type = typeOf(range, variables);
  const inside = new Map([...variables, [variable, itemOf(type)] as const]);
  const turn = parts.reduce((sum, part) => sum + costOf(part, inside), 1);
  return costOf(range, variables) + lengthOf(type) * turn + 1;
}

interface Loop {
  readonly range: Node;
  readonly variable: string;
  readonly parts: readonly Node[];
}

function loopOf({ op, args }: Node): Loop | undefined {
  if (op !== 'rcall' || !Array.isArray(args) || !loops.has(String(args[0]))) return undefined;
  const [range, name, ...parts] = childrenOf(args);
  return range === undefined || name?.op !== 'id' || typeof name.args !== 'string'
    ? undefined
    : { range, variable: name.args, parts };
}

function lengthOf(type: CelType | undefined): number {
  return type?.kind === 'list' || type?.kind === 'map' ? (type.maximum ?? unknownLength) : unknownLength;
}

/** Of a map, the turns of a loop are given the keys. */
function itemOf(type: CelType | undefined): CelType | undefined {
  if (type?.kind === 'map') return { kind: 'string' };
  return type?.kind === 'list' ? type.items : undefined;
}

/** The declared type of what a path reads; undefined for what is calculated. */
function typeOf(node: Node, variables: Variables): CelType | undefined {
  const { op, args } = node;
  if (op === 'id') return typeof args === 'string' ? variables.get(args) : undefined;
  const [of] = childrenOf(args);
  if (of === undefined) return undefined;
  const type = typeOf(of, variables);
  if (op === '[]') return type?.kind === 'map' ? type.values : itemOf(type);
  if (op === '.' && Array.isArray(args)) return fieldOf(type, String(args[1]));
  return loopOf(node) === undefined ? undefined : filtered(type);
}

/** What a filter leaves has no more items than what it was given. */
function filtered(type: CelType | undefined): CelType | undefined {
  return type?.kind === 'map' ? { kind: 'list', items: { kind: 'string' }, maximum: type.maximum } : type;
}

function fieldOf(type: CelType | undefined, name: string): CelType | undefined {
  if (type?.kind === 'map') return type.values;
  return type?.kind === 'object' ? type.fields.get(name)?.type : undefined;
}
