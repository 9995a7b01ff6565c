/** Quantities of Kubernetes (`100m`, `1.5Gi`, `2e3`), reckoned to a thousandth. */

const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffixes = {
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
} as const;
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;

/** In thousandths, rounded up in magnitude as Kubernetes rounds what it cannot hold. Undefined for text that is no quantity. */
export function parseQuantityMilli(quantity: string | number): bigint | undefined {
  return parseScaled(quantity, 3);
}

/** Longer than anybody says one: to reckon with as many digits as a body may hold takes seconds. */
const maximumLength = 256;

/** In units of so many decimals. */
function parseScaled(quantity: string | number, decimals: number): bigint | undefined {
  const text = String(quantity);
  const match = text.length > maximumLength ? null : pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const { factor, exponent } = scaleOf(suffix);
  const numerator = BigInt(`${whole}${fraction}` === '' ? '0' : `${whole}${fraction}`) * factor;
  const power = exponent + decimals - fraction.length;
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
  const decimal = Object.hasOwn(decimalSuffixes, suffix)
    ? decimalSuffixes[suffix as keyof typeof decimalSuffixes]
    : undefined;
  return decimal === undefined ? { factor: 1n, exponent: Number(suffix.slice(1)) } : { factor: 1n, exponent: decimal };
}

function divideUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator > 0n && quotient * denominator !== numerator ? quotient + 1n : quotient;
}

/** In the form of the first that is not zero, as Kubernetes adds them: `500m` and `1` are `1500m`, `1Gi` and `1M` are `1074741824`. */
export function addQuantities(a: string | number, b: string | number): string {
  const [x, y] = [parseQuantityMilli(a) ?? 0n, parseQuantityMilli(b) ?? 0n];
  return writtenQuantity(formatQuantity(x + y, isBinary(x === 0n ? b : a)));
}

export function subtractQuantities(a: string | number, b: string | number): string {
  const [x, y] = [parseQuantityMilli(a) ?? 0n, parseQuantityMilli(b) ?? 0n];
  return writtenQuantity(formatQuantity(x - y, isBinary(x === 0n ? b : a)));
}

function isBinary(quantity: string | number): boolean {
  return /[KMGTPE]i$/.test(String(quantity));
}

const nano = 9;
/** As much as one with a binary suffix holds. */
const maximumBinary = 2n ** 63n - 1n;

/**
 * As Kubernetes writes what it has read, exact to a billionth: with the largest suffix that leaves a whole number, of the kind
 * that was given. `0.5` is `500m`, `1024Mi` is `1Gi`, `1.5Gi` is `1536Mi`. What is nearly so stays as it was given, as `1.001G`.
 * Text that is no quantity does too. https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 */
export function writtenQuantity(quantity: string | number): string {
  // Numbers beyond a certain size are texts with an exponent; Kubernetes writes no sign into it.
  const text = typeof quantity === 'number' ? String(quantity).replace('e+', 'e') : quantity;
  const value = parseScaled(text, nano);
  if (value === undefined || staysAsGiven(text)) return text;
  const one = 10n ** BigInt(nano);
  const isSmall = value > -1_024n * one && value < 1_024n * one;
  if (isBinary(text) && !isSmall && value % one === 0n) return formatBinary(value / one);
  return formatDecimal(value, isExponent.test(text) ? 'e' : 'suffix');
}

const isExponent = /[eE][+-]?\d+$/;
/** Digits of what it reads in one piece. */
const maximumDigits = 18;
const maximumBinaryDigits = 14;

/** Kubernetes keeps the text where it takes that for what it would write. */
function staysAsGiven(quantity: string): boolean {
  const [, , digits = '', suffix = ''] = pattern.exec(quantity) ?? [];
  const [whole = '', fraction = ''] = digits.split('.');
  const read = `${whole.replace(/^0+/, '') || '0'}${fraction}`;
  const binary = binarySuffixes.indexOf(suffix) + 1;
  if (binary > 0) return fraction === '' && read.length <= maximumBinaryDigits - 3 * binary && Number(read) % 8 !== 0;
  const scale = scaleOf(suffix).exponent - fraction.length;
  if (read.length > maximumDigits || scale < -nano || scale % 3 !== 0) return false;
  return !read.startsWith('0') && !read.endsWith('000');
}

function formatBinary(value: bigint): string {
  const held = value > maximumBinary ? maximumBinary : value < -maximumBinary ? -maximumBinary : value;
  return formatQuantity(held * 1_000n, true);
}

/** A value in billionths. */
function formatDecimal(value: bigint, form: 'e' | 'suffix'): string {
  if (value === 0n) return '0';
  let exponent = -nano;
  let mantissa = value;
  const maximum = form === 'e' ? Number.POSITIVE_INFINITY : decimalSuffixes['E'];
  for (; mantissa % 1_000n === 0n && exponent < maximum; exponent += 3) mantissa /= 1_000n;
  if (form === 'e') return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
  const [suffix = ''] = Object.entries(decimalSuffixes).find(([, power]) => power === exponent) ?? [];
  return `${mantissa}${suffix}`;
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
