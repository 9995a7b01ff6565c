import { describeShares, shareOut } from './shares.ts';

export interface SplitBarProps {
  readonly split: Readonly<Record<string, number>>;
  /** The version that comes. */
  readonly candidate?: string | undefined;
}

/** Shares of the traffic, what serves on the left and what comes on the right. */
export function SplitBar({ split, candidate }: SplitBarProps) {
  const shares = shareOut(split, candidate);
  return (
    <div className="splitbar" role="img" aria-label={describeShares(shares)} title={describeShares(shares)}>
      {shares.map(({ version, percent, isCandidate }) => (
        <span key={version} className={isCandidate ? 'candidate' : undefined} style={{ flexGrow: percent }} />
      ))}
    </div>
  );
}
