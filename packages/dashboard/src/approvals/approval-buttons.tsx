import { useState } from 'react';
import { pathOf } from '../api/client.ts';
import { Dialog } from '../parts/dialog.tsx';
import { textOf } from '../parts/form-words.ts';
import { ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { isOffered } from '../session/permissions.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { findAwaited } from './awaited.ts';

export interface ApprovalButtonsProps {
  readonly namespace: string;
  readonly release: string;
  readonly waitingFor: string | undefined;
}

/** One for each hook that waits for somebody who agrees. */
export function ApprovalButtons({ namespace, release, waitingFor }: ApprovalButtonsProps) {
  const { session } = useDesk();
  const [hook, setHook] = useState<string>();
  if (!isOffered(session, 'approve', namespace)) return null;
  return (
    <>
      {findAwaited(waitingFor).map((each) => (
        <button key={each} type="button" className="button primary slim" onClick={() => setHook(each)}>
          Approve {each}
        </button>
      ))}
      {hook !== undefined && (
        <ApprovalDialog namespace={namespace} release={release} hook={hook} onClose={() => setHook(undefined)} />
      )}
    </>
  );
}

interface ApprovalDialogProps {
  readonly namespace: string;
  readonly release: string;
  readonly hook: string;
  readonly onClose: () => void;
}

function ApprovalDialog({ namespace, release, hook, onClose }: ApprovalDialogProps) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const key = useRequestKey();
  const agree = async (reason: string): Promise<void> => {
    const body = { hook, ...(reason === '' ? {} : { reason }) };
    const path = pathOf(namespace, 'releases', release, 'approvals');
    await client.send('POST', path, { body, key: key.of(path, body) });
    onClose();
  };
  return (
    <Dialog
      title={`Approve ${hook}?`}
      confirm="Approve"
      isBusy={isBusy}
      onConfirm={(data) => run(() => agree(textOf(data, 'reason')))}
      onClose={onClose}
    >
      <p className="soft">
        Release <span className="mono">{release}</span> goes on past {hook}. It cannot be taken back, but the release
        can be aborted.
      </p>
      <div className="field">
        <label htmlFor="approval-reason">Reason (optional)</label>
        <input id="approval-reason" name="reason" className="input" maxLength={1_000} autoComplete="off" />
      </div>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
