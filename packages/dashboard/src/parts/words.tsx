import { splitAtInstants } from './instants.ts';
import { describeClock, describeInstant } from './time-words.ts';

/** A sentence of the server; a time in it is told by the clock of who reads it. */
export function Words({ text }: { readonly text: string }) {
  return splitAtInstants(text).map((part, index) => {
    if (index % 2 === 0) return part;
    const at = Date.parse(part);
    return (
      <time key={part} dateTime={part} title={describeInstant(at)}>
        {describeClock(at)}
      </time>
    );
  });
}
