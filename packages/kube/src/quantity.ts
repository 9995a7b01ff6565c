/** Quantities of Kubernetes (`100m`, `1.5Gi`, `2e3`), exact to a thousandth. */

const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;

/** In thousandths, rounded up in magnitude as Kubernetes rounds what it cannot hold. Undefined for text that is no quantity. */
export function parseQuantityMilli(quantity: string | number): bigint | undefined {
  const match = pattern.exec(String(quantity));
  if (match === null) return undefined;
  const [, sign, digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const { factor, exponent } = scaleOf(suffix);
  const numerator = BigInt(`${whole}${fraction}` === '' ? '0' : `${whole}${fraction}`) * factor * 1_000n;
  const power = exponent - fraction.length;
  const magnitude = power >= 0 ? numerator * 10n ** BigInt(power) : divideUp(numerator, 10n ** BigInt(-power));
  return sign === '-' ? -magnitude : magnitude;
}

export function isQuantity(quantity: string | number): boolean {
  return parseQuantityMilli(quantity) !== undefined;
}

/** The value as a number of whole units, rounded up; 0 for absent or unreadable ones. */
export function quantityValue(quantity: string | number | undefined): number {
  const milli = quantity === undefined ? undefined : parseQuantityMilli(quantity);
  return milli === undefined ? 0 : Number(divideUp(milli, 1_000n));
}

/** The value in thousandths as a number, as CPU is counted; 0 for absent or unreadable ones. */
export function quantityMilliValue(quantity: string | number | undefined): number {
  return Number((quantity === undefined ? undefined : parseQuantityMilli(quantity)) ?? 0n);
}

export function compareQuantities(a: string | number, b: string | number): number {
  const difference = (parseQuantityMilli(a) ?? 0n) - (parseQuantityMilli(b) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaleOf(suffix: string): { readonly factor: bigint; readonly exponent: number } {
  const binary = binarySuffixes.indexOf(suffix);
  if (binary >= 0) return { factor: 1_024n ** BigInt(binary + 1), exponent: 0 };
  const decimal = decimalSuffixes[suffix];
  return decimal === undefined ? { factor: 1n, exponent: Number(suffix.slice(1)) } : { factor: 1n, exponent: decimal };
}

function divideUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator > 0n && quotient * denominator !== numerator ? quotient + 1n : quotient;
}

/** In the form of the first that is not zero, as Kubernetes adds them: `500m` and `1` are `1500m`, `1Gi` and `1M` are `1074741824`. */
export function addQuantities(a: string | number, b: string | number): string {
  const [x, y] = [parseQuantityMilli(a) ?? 0n, parseQuantityMilli(b) ?? 0n];
  return formatQuantity(x + y, isBinary(x === 0n ? b : a));
}

export function subtractQuantities(a: string | number, b: string | number): string {
  const [x, y] = [parseQuantityMilli(a) ?? 0n, parseQuantityMilli(b) ?? 0n];
  return formatQuantity(x - y, isBinary(x === 0n ? b : a));
}

function isBinary(quantity: string | number): boolean {
  return /[KMGTPE]i$/.test(String(quantity));
}

/** The shortest text that is exact: with the largest suffix that leaves a whole number. */
function formatQuantity(milli: bigint, hasBinarySuffix: boolean): string {
  if (milli % 1_000n !== 0n) return `${milli}m`;
  const suffixes = hasBinarySuffix ? binarySuffixes : ['k', 'M', 'G', 'T', 'P', 'E'];
  const base = hasBinarySuffix ? 1_024n : 1_000n;
  let value = milli / 1_000n;
  let suffix = '';
  for (const next of suffixes) {
    if (value === 0n || value % base !== 0n) break;
    value /= base;
    suffix = next;
  }
  return `${value}${suffix}`;
}
