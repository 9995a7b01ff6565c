/** Expressions are read before an Application is looked at: the evaluator is loaded with the first, and a look waits for nothing. */
import type { StatusCause } from '@slipway/kube/status-error';
import type { Check } from '../api/check.ts';
import type { CompileExpression } from '../gates/metric/judge-sample.ts';
import { loadCompile } from '../gates/metric/load-compile.ts';
import { validateExpressions } from '../gates/metric/validate-checks.ts';

export class CheckExpressions {
  #compile: Promise<CompileExpression> | undefined;
  readonly #faults = new WeakMap<readonly Check[], readonly StatusCause[]>();

  /** Of checks as the cache has them, which stay the same object until somebody changes them. */
  async findFaults(checks: readonly Check[] | undefined): Promise<readonly StatusCause[]> {
    if (checks === undefined || checks.length === 0) return [];
    const known = this.#faults.get(checks);
    if (known !== undefined) return known;
    this.#compile ??= loadCompile();
    const faults = validateExpressions({ checks }, await this.#compile);
    this.#faults.set(checks, faults);
    return faults;
  }
}
