import type { CommandAnswer } from '../api/answers.ts';
import { pathOf, type ApiClient } from '../api/client.ts';
import { Dialog } from '../parts/dialog.tsx';
import { textOf } from '../parts/form-words.ts';
import { ProblemNotice } from '../parts/small.tsx';
import { browserClock, type Clock } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import type { Offer } from './verbs.ts';

export interface CommandDialogProps {
  readonly namespace: string;
  readonly application: string;
  readonly offer: Offer;
  /** With what came of it; absent: nothing was asked. */
  readonly onClose: (answer?: CommandAnswer) => void;
}

/** Says what a command will do, and gives it. */
export function CommandDialog({ namespace, application, offer, onClose }: CommandDialogProps) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  // Never forgotten: who asks again because its outcome could not be read asks for the same command.
  const key = useRequestKey();
  const give = async (reason: string): Promise<void> => {
    const path = pathOf(namespace, 'applications', application, 'commands');
    const body = {
      verb: offer.verb,
      ...(offer.version === undefined ? {} : { version: offer.version }),
      ...(reason === '' ? {} : { reason }),
    };
    const asked = await client.send<CommandAnswer>('POST', path, { body, key: key.of(path, body) });
    onClose(await awaitOutcome({ client, clock: browserClock, path: `${path}/${asked.name}` }, asked));
  };
  return (
    <Dialog
      title={`${offer.label}?`}
      confirm={offer.label}
      isDangerous={offer.isDangerous}
      isBusy={isBusy}
      onConfirm={(data) => run(() => give(textOf(data, 'reason')))}
      onClose={() => onClose()}
    >
      <p className="soft">{offer.effect}</p>
      <div className="field">
        <label htmlFor="reason">Reason (optional)</label>
        <input id="reason" name="reason" className="input" maxLength={1_000} autoComplete="off" />
        <p className="hint">Stands in the history beside your name.</p>
      </div>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

interface Awaiting {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly path: string;
}

const looks = 20;
const betweenMilliseconds = 250;

/** What the controller says of it; still `waiting` where it says nothing for five seconds. */
async function awaitOutcome({ client, clock, path }: Awaiting, asked: CommandAnswer): Promise<CommandAnswer> {
  let answer = asked;
  for (let look = 0; look < looks && answer.outcome === 'waiting'; look += 1) {
    await new Promise<void>((resolve) => {
      clock.schedule(betweenMilliseconds, resolve);
    });
    answer = await client.get<CommandAnswer>(path);
  }
  return answer;
}
