export interface Share {
  readonly version: string;
  readonly percent: number;
  readonly isCandidate: boolean;
}

/** Of the versions that have some; what comes is the last one. */
export function shareOut(split: Readonly<Record<string, number>>, candidate: string | undefined): readonly Share[] {
  return Object.entries(split)
    .map(([version, percent]) => ({ version, percent, isCandidate: version === candidate }))
    .filter(({ percent, isCandidate }) => percent > 0 || isCandidate)
    .toSorted((one, other) => Number(one.isCandidate) - Number(other.isCandidate));
}

export function describeShares(shares: readonly Share[]): string {
  if (shares.length === 0) return 'no version takes traffic';
  return shares.map(({ version, percent }) => `${version} takes ${formatPercent(percent)}`).join(', ');
}

/** `12.5 %`, without more digits than say something. */
export function formatPercent(percent: number): string {
  return `${Math.round(percent * 10) / 10} %`;
}
