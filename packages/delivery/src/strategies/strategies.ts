import { blueGreen } from './blue-green.ts';
import { canary } from './canary.ts';
import { rainbow } from './rainbow.ts';
import { recreate } from './recreate.ts';
import { rolling } from './rolling.ts';
import type { Strategy as StrategySpec } from '../api/application.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy there is. Adding one is adding a file and its line here. */
export const strategies: Readonly<Record<string, Strategy>> = { blueGreen, canary, rainbow, recreate, rolling };

/** How many of so many pods may be missing under a strategy; without one, and under most, none. */
export function maxUnavailableOf(spec: StrategySpec | undefined, replicas: number): number {
  return spec === undefined ? 0 : (strategies[spec.type]?.calculateMaxUnavailable?.(spec, replicas) ?? 0);
}
