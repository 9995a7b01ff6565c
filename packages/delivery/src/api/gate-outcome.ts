/** How a gate ended; none stands for another. */
export const gateOutcomes = ['passed', 'failed', 'inconclusive', 'noData', 'error', 'cancelled'] as const;
export type GateOutcome = (typeof gateOutcomes)[number];
