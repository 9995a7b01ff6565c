import { useNow } from './now.ts';
import { describeAge, describeDuration, describeInstant } from './time-words.ts';

/** How long ago; exactly when, for who points at it or asks a screen reader. */
export function RelativeTime({ at }: { readonly at: string }) {
  const time = Date.parse(at);
  const words = useNow((now) => describeAge(time, now));
  return (
    <time dateTime={at} title={describeInstant(time)}>
      {words}
    </time>
  );
}

/** How long something took, or has been going on. */
export function Duration({ from, to }: { readonly from: string; readonly to?: string | undefined }) {
  const words = useNow((now) => {
    const end = to === undefined ? now : Date.parse(to);
    const took = Math.max(0, end - Date.parse(from));
    if (to !== undefined) return describeDuration(took);
    return took < 1_000 ? '0 s' : describeDuration(Math.floor(took / 1_000) * 1_000);
  });
  return <span title={`since ${describeInstant(Date.parse(from))}`}>{words}</span>;
}
