import type { Environment } from '@marcbachmann/cel-js';
import { isQuantity, parseQuantityMilli } from '../quantity.ts';
import { CelEvaluationError } from './types.ts';

/** An amount such as `1.5Gi`, in thousandths. */
class Quantity {
  readonly milli: bigint;

  constructor(milli: bigint) {
    this.milli = milli;
  }
}

export function addQuantities(environment: Environment): void {
  const compare = (a: Quantity, b: Quantity): bigint => (a.milli < b.milli ? -1n : a.milli > b.milli ? 1n : 0n);
  environment
    .registerType('Quantity', Quantity)
    .registerOperator('Quantity == Quantity', (a: Quantity, b: Quantity) => a.milli === b.milli)
    .registerFunction('quantity(string): Quantity', quantity)
    .registerFunction('isQuantity(string): bool', (text: string) => isQuantity(text))
    .registerFunction('Quantity.isInteger(): bool', ({ milli }: Quantity) => isInteger(milli))
    .registerFunction('Quantity.asInteger(): int', asInteger)
    .registerFunction('Quantity.asApproximateFloat(): double', ({ milli }: Quantity) => Number(milli) / 1_000)
    .registerFunction('Quantity.sign(): int', ({ milli }: Quantity) => (milli < 0n ? -1n : milli > 0n ? 1n : 0n))
    .registerFunction('Quantity.add(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.milli + b.milli))
    .registerFunction('Quantity.add(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.milli + b * 1_000n))
    .registerFunction('Quantity.sub(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.milli - b.milli))
    .registerFunction('Quantity.sub(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.milli - b * 1_000n))
    .registerFunction('Quantity.compareTo(Quantity): int', compare)
    .registerFunction('Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => compare(a, b) < 0n)
    .registerFunction('Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => compare(a, b) > 0n);
}

function quantity(text: string): Quantity {
  const milli = parseQuantityMilli(text);
  if (milli === undefined)
    throw new CelEvaluationError(
      `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    );
  return new Quantity(milli);
}

/** Up to what an integer of 64 bits holds. */
function isInteger(milli: bigint): boolean {
  return milli % 1_000n === 0n && BigInt.asIntN(64, milli / 1_000n) === milli / 1_000n;
}

function asInteger({ milli }: Quantity): bigint {
  if (!isInteger(milli)) throw new CelEvaluationError('cannot convert value to integer');
  return milli / 1_000n;
}
