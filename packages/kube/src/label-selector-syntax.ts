/** Label selectors as requests write them, with faults in the words of Kubernetes. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api */
import type { Selector, SelectorOperator, SelectorRequirement } from './selector.ts';
import { StatusError } from './status-error.ts';

interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
}

const maximumLength = 64 * 1024;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws a `BadRequest`. What keys and values may be is for others to say. */
export function parseLabelSelector(text: string): Selector {
  if (text.length > maximumLength)
    throw badSelector(`a label selector may not be longer than ${maximumLength} characters`);
  return text.trim() === '' ? [] : new SelectorParser(tokensOf(text)).parse();
}

/** The refusal of what stands at one requirement. */
export function badRequirement(why: string): StatusError {
  return badSelector(`unable to parse requirement: ${why}`);
}

function badSelector(why: string): StatusError {
  return new StatusError('BadRequest', why);
}

function tokensOf(text: string): readonly Token[] {
  const found = text.matchAll(/(==|!=|[=!(),<>])|[^\s=!(),<>]+/g);
  return Array.from(found, ([token, symbol]): Token => ({
    kind: symbol === undefined ? 'word' : 'symbol',
    text: token,
  }));
}

const end: Token = { kind: 'end', text: '' };

/** `in` and `notin` are words like others where no operator may stand. */
const operators = new Map<string, SelectorOperator>([
  ['in', 'In'],
  ['notin', 'NotIn'],
  ['=', 'In'],
  ['==', 'In'],
  ['!=', 'NotIn'],
  ['>', 'Gt'],
  ['<', 'Lt'],
]);

class SelectorParser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Selector {
    if (!this.#isRequirement()) throw badSelector(`${this.#found()}, expected: !, identifier, or 'end of string'`);
    const requirements: SelectorRequirement[] = [];
    for (;;) {
      requirements.push(this.#requirement());
      if (this.#next.kind === 'end') return requirements;
      if (!this.#is(',')) throw badSelector(`${this.#found()}, expected: ',' or 'end of string'`);
      this.#take();
      if (!this.#isRequirement()) throw badSelector(`${this.#found()}, expected: identifier after ','`);
    }
  }

  get #next(): Token {
    return this.#tokens[this.#position] ?? end;
  }

  #take(): string {
    const { text } = this.#next;
    this.#position++;
    return text;
  }

  #is(symbol: string): boolean {
    return this.#next.kind === 'symbol' && this.#next.text === symbol;
  }

  #found(): string {
    return `found '${this.#next.text}'`;
  }

  #isRequirement(): boolean {
    return this.#next.kind === 'word' || this.#is('!');
  }

  #isAtEnd(): boolean {
    return this.#next.kind === 'end' || this.#is(',');
  }

  #requirement(): SelectorRequirement {
    const isNegated = this.#is('!');
    if (isNegated) this.#take();
    if (this.#next.kind !== 'word') throw badRequirement(`${this.#found()}, expected: identifier`);
    const key = this.#take();
    if (isNegated) return { key, operator: 'DoesNotExist', values: [] };
    if (this.#isAtEnd()) return { key, operator: 'Exists', values: [] };
    const operator = operators.get(this.#next.text);
    if (operator === undefined) throw badRequirement(`${this.#found()}, expected: in, notin, =, ==, !=, gt, lt`);
    const isSet = this.#next.kind === 'word';
    this.#take();
    return { key, operator, values: isSet ? this.#set() : [this.#value()] };
  }

  #value(): string {
    if (this.#isAtEnd()) return '';
    if (this.#next.kind !== 'word') throw badRequirement(`${this.#found()}, expected: identifier`);
    return this.#take();
  }

  /** Between commas may be nothing, which is a value too. */
  #set(): readonly string[] {
    if (!this.#is('(')) throw badRequirement(`${this.#found()} expected: '('`);
    this.#take();
    const values = new Set<string>();
    for (;;) {
      values.add(this.#next.kind === 'word' ? this.#take() : '');
      if (this.#is(')')) break;
      if (!this.#is(',')) throw badRequirement(`${this.#found()}, expected: ',' or ')'`);
      this.#take();
    }
    this.#take();
    return [...values].toSorted();
  }
}
