import { describe, expect, test } from 'vitest';
import { CelScope } from './cel.ts';
import { CelCompileError, CelEvaluationError, CelLimitError, type CelField, type CelType } from './cel/types.ts';

const string: CelType = { kind: 'string' };
const int: CelType = { kind: 'int' };

function object(fields: Readonly<Record<string, CelType>>): CelType {
  return {
    kind: 'object',
    fields: new Map(Object.entries(fields).map(([name, type]): [string, CelField] => [name, { name, type }])),
  };
}

const part = object({ name: string, size: int });
const self = object({
  name: string,
  size: int,
  ratio: { kind: 'double' },
  port: { kind: 'dyn' },
  since: { kind: 'timestamp' },
  timeout: { kind: 'duration' },
  words: { kind: 'list', items: string },
  tags: { kind: 'list', items: string, isSet: true },
  sizes: { kind: 'list', items: int },
  parts: { kind: 'list', items: part },
  byName: { kind: 'map', values: part },
  one: part,
});

const value = {
  name: 'Shöp',
  size: 3,
  ratio: 2,
  port: 8080,
  since: '2026-01-02T03:04:05Z',
  timeout: '1m30s',
  words: ['b', 'a'],
  tags: ['x', 'y'],
  sizes: [1, 2, 3],
  parts: [
    { name: 'a', size: 1 },
    { name: 'b', size: 2 },
  ],
  byName: { a: { name: 'a', size: 1 } },
  one: { name: 'a', size: 1 },
};

const scope = new CelScope({ self, before: { kind: 'optional', of: self } });

function evaluate(expression: string): unknown {
  return scope.compile(expression).evaluate({ self: value, before: undefined });
}

describe('an expression holds', () => {
  test.each([
    ['integers are ints', 'self.size / 2 == 1'],
    ['numbers are doubles', 'self.ratio / 4.0 == 0.5'],
    ['a number without a type is an int where it is whole', 'type(self.port) == int && self.port == 8080'],
    ['a field that is there', 'has(self.name) && has(self.one.name)'],
    [
      'all, exists, exists_one',
      "self.parts.all(p, p.size > 0) && self.sizes.exists(s, s == 2) && self.words.exists_one(w, w == 'a')",
    ],
    ['map and filter', "self.parts.filter(p, p.size > 1).map(p, p.name) == ['b']"],
    ['keys of a map', "self.byName.all(key, self.byName[key].name == key) && 'a' in self.byName"],
    ['objects are compared by their fields', 'self.one == self.parts[0] && self.one != self.parts[1]'],
    ['lists of objects', 'self.one in self.parts'],
    ['a set has no order', "self.tags == self.tags && self.tags.size() == 2 && 'x' in self.tags"],
    ['times and durations', "self.since > timestamp('2025-01-01T00:00:00Z') && self.timeout == duration('90s')"],
    ['a missing optional', '!before.hasValue() && before.?size.orValue(7) == 7'],
    [
      'what becomes of an optional',
      'before.optMap(b, b.size).orValue(7) == 7 && optional.of(1).optMap(n, n + 1).value() == 2',
    ],
    ['an optional of an optional', '!optional.of(1).optFlatMap(n, optional.ofNonZeroValue(n - 1)).hasValue()'],
    ['joined and split', "self.words.join('-') == 'b-a' && 'a,b,c'.split(',', 2) == ['a', 'b,c']"],
    [
      'positions count characters',
      "self.name.indexOf('p') == 3 && self.name.substring(2, 3) == 'ö' && self.name.charAt(2) == 'ö'",
    ],
    ['only ASCII changes its case', "self.name.upperAscii() == 'SHöP' && 'ÄB'.lowerAscii() == 'Äb'"],
    ['replaced and trimmed', "' a.b.c '.trim().replace('.', '-', 1) == 'a-b.c' && 'abab'.lastIndexOf('ab') == 2"],
    [
      'formatted, of several types',
      "'%s has %d, %.1f'.format([self.name, self.size, self.ratio]) == 'Shöp has 3, 2.0'",
    ],
    [
      'patterns',
      "self.name.matches('^S.*p$') && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1'.find('[0-9]') == '1'",
    ],
    ['patterns with flags of Go', "'SHOP'.matches('(?i)^shop\\\\z')"],
    [
      'lists of numbers',
      'self.sizes.isSorted() && self.sizes.sum() == 6 && self.sizes.min() == 1 && self.sizes.max() == 3',
    ],
    ['places in lists', "self.words.indexOf('a') == 1 && self.words.lastIndexOf('z') == -1 && !self.words.isSorted()"],
    ['sets', "sets.contains(self.words, ['a']) && sets.equivalent(['a', 'b'], self.words)"],
    ['quantities', "quantity('1Gi').isGreaterThan(quantity('1G')) && isQuantity('5m') && !isQuantity('x')"],
    [
      'sums of quantities',
      "quantity('1k').add(quantity('500')).compareTo(quantity('1500')) == 0 && quantity('2k').asInteger() == 2000",
    ],
    [
      'addresses of the web',
      "url('https://a.org:80/b?c=d&c=e').getHost() == 'a.org:80' && url('/b?c=d').getQuery()['c'] == ['d']",
    ],
    ['what is no such address', "!isURL('a b') && isURL('/path') && url('https://[::1]:80/').getHostname() == '::1'"],
    [
      'IP addresses',
      "ip('10.0.0.1').family() == 4 && ip('::1').isLoopback() && !isIP('300.1.1.1') && string(ip('1:0::2')) == '1::2'",
    ],
    ['ranges of them', "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('fd00::/8').containsCIDR('fe00::/16')"],
    ['an error beside an or', 'self.parts[9].size == 1 || self.size == 3'],
  ])('%s', (_, expression) => {
    expect(evaluate(expression)).toBe(true);
  });
});

describe('an expression is refused', () => {
  test.each([
    ['an unknown field', 'self.sise == 3', "ERROR: <input>:1:5: undefined field 'sise'\n | self.sise == 3\n | ....^"],
    ['an unknown field in has', 'has(self.sise)', "1:9: undefined field 'sise'"],
    ['an unknown variable', 'selv.size == 3', "1:1: undeclared reference to 'selv' (in container '')"],
    [
      'types that do not go together',
      "self.size == 'x'",
      "1:11: found no matching overload for '_==_' applied to '(int, string)'",
    ],
    ['a negated number', '!self.size', "found no matching overload for '!_' applied to '(int)'"],
    ['an unknown function', 'self.name.nosuch()', "undeclared reference to 'nosuch'"],
    ['a wrong argument', 'self.name.matches(1)', "found no matching overload for 'matches' applied to 'string.(int)'"],
    ['items of several types', "self.name in ['a', 1]", "expected type 'string' but found 'int'"],
    ['what cannot be read', 'self.size >', '1:12: Syntax error: '],
    ['what is too long', `'${'x'.repeat(40_000)}' == ''`, 'at most 32768 are read'],
    ['what is nested too deeply', `${'!'.repeat(30_000)}true`, 'expression is nested too deeply'],
    ['what has too many parts', `1${' + 1'.repeat(8_000)} > 1`, 'Exceeded maxAstNodes'],
    ['what the library alone knows', 'cel.bind(a, 1, a == 1)', "undeclared reference to 'bind'"],
  ])('%s', (_, expression, message) => {
    expect(() => scope.compile(expression)).toThrow(CelCompileError);
    expect(() => scope.compile(expression)).toThrow(message);
  });
});

describe('an evaluation fails', () => {
  test.each([
    ['at a field that is not there', 'before.value().size == 1', 'Optional value is not present'],
    ['at an item that is not there', 'self.words[5] == "a"', 'index out of bounds: 5'],
    ['at a key that is not there', "self.byName['z'].size == 1", 'no such key: z'],
    ['at a division by nothing', '1 / (self.size - 3) == 1', 'division by zero'],
    ['at a pattern that Go does not know', "self.name.matches('(?=a)')", 'error parsing regexp'],
    ['at a quantity that is none', 'quantity(self.name).isInteger()', 'quantities must match the regular expression'],
  ])('%s', (_, expression, message) => {
    expect(() => evaluate(expression)).toThrow(CelEvaluationError);
    expect(() => evaluate(expression)).toThrow(message);
  });

  test('when loops take too many steps', () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const program = scope.compile(
      'self.sizes.all(a, self.sizes.all(b, self.sizes.map(c, c + 1).exists(c, c < 0) || a + b >= 0))',
    );
    expect(() => program.evaluate({ self: { sizes: numbers } })).toThrow(CelLimitError);
  });

  test('when a value grows without bounds', () => {
    const program = scope.compile('self.sizes.map(a, self.sizes.map(b, self.sizes + self.sizes)).size() > 0');
    const sizes = Array.from({ length: 400 }, (_, index) => index);
    expect(() => program.evaluate({ self: { sizes } })).toThrow(/limit exceeded: more than/);
  });

  test.each(['^(a+)+$', '^(a|a)*$', '^(a*)*b$'])('when a pattern goes back and forth for ever: %s', (pattern) => {
    const program = scope.compile(`self.name.matches('${pattern}')`);
    const { user, system } = process.cpuUsage();
    expect(() => program.evaluate({ self: { name: `${'a'.repeat(60)}!` } })).toThrow(
      'limit exceeded: more than 100 ms',
    );
    const used = process.cpuUsage({ user, system });
    // Without a bound it would take years; with it, and beside other work of this process, far less than this.
    expect((used.user + used.system) / 1_000).toBeLessThan(10_000);
  });

  test('when many patterns do so, together and not each', () => {
    const program = scope.compile("self.sizes.all(n, self.name.matches('^(a+)+$') || true)");
    const sizes = Array.from({ length: 1_000 }, (_, index) => index);
    expect(() => program.evaluate({ self: { name: `${'a'.repeat(60)}!`, sizes } })).toThrow(CelLimitError);
  });
});

test('numbers of a metric are compared whatever their types', () => {
  const numbers = new CelScope({ value: { kind: 'double' }, baseline: { kind: 'double' }, samples: int });
  const program = numbers.compile('samples >= 50 && value < baseline * 2.0 && value < 1');
  expect(program.evaluate({ value: 0.1, baseline: 0.06, samples: 50 })).toBe(true);
  expect(program.evaluate({ value: 0.2, baseline: 0.06, samples: 50 })).toBe(false);
  expect(() => numbers.compile('value + 1 < 2.0')).toThrow("'_+_' applied to '(double, int)'");
});
