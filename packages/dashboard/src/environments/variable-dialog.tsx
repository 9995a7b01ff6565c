import type { VariableAnswer } from '../api/answers.ts';
import { Check, TextField } from '../parts/field.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';

export interface VariableDialogProps {
  /** Of all variables of the namespace. */
  readonly path: string;
  /** Absent: a new one. */
  readonly variable?: VariableAnswer | undefined;
  readonly onClose: () => void;
}

/** A value that is secret is never there to be shown: what stays empty stays as it is. */
export function VariableDialog({ path, variable, onClose }: VariableDialogProps) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const isSecret = variable?.secret === true;
  const save = async (data: FormData): Promise<void> => {
    const name = variable?.name ?? String(data.get('name') ?? '').trim();
    const value = String(data.get('value') ?? '');
    const secret = data.get('secret') !== null;
    const wanted = { name, secret, ...(isSecret && value === '' ? {} : { value }) };
    await client.send('PATCH', path, { body: { variables: [wanted] } });
    onClose();
  };
  return (
    <Dialog
      title={variable === undefined ? 'New variable' : `Change ${variable.name}`}
      confirm="Save"
      isBusy={isBusy}
      onConfirm={(data) => run(() => save(data))}
      onClose={onClose}
    >
      {variable === undefined && (
        <TextField label="Name" name="name" required maxLength={253} pattern="[A-Za-z_][A-Za-z0-9_]*" />
      )}
      <div className="field">
        <label htmlFor="variable-value">Value</label>
        <textarea
          id="variable-value"
          name="value"
          className="input mono"
          defaultValue={variable?.value ?? ''}
          placeholder={isSecret ? 'Stays as it is while this is empty' : undefined}
          maxLength={65_536}
          autoComplete="off"
          spellCheck={false}
        />
      </div>
      <Check name="secret" defaultChecked={isSecret}>
        Secret: its value is never shown again
      </Check>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
