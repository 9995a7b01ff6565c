import { useState } from 'react';
import type { WebhookSecretAnswer } from '../api/answers.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Check, ChoiceField, TextField } from '../parts/field.tsx';
import { ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { policies, readWebhook, senders } from './webhook-form.ts';

const targets = [
  { name: 'images', label: 'Images become releases' },
  { name: 'manifests', label: 'Manifests are applied' },
] as const;
type Target = (typeof targets)[number]['name'];

const path = '/api/v1/webhooks';

/** A new webhook: who sends, and what is done with what he tells. */
export function WebhookDialog({ onClose }: { readonly onClose: (made?: WebhookSecretAnswer) => void }) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const key = useRequestKey();
  const [sender, setSender] = useState(senders[0]);
  const [wanted, setWanted] = useState<Target>('images');
  const offered = targets.filter(({ name }) => sender?.brings.includes(name));
  const target = offered.find(({ name }) => name === wanted)?.name ?? offered[0]?.name ?? 'images';
  const create = async (data: FormData): Promise<void> => {
    const body = readWebhook(data);
    onClose(await client.send<WebhookSecretAnswer>('POST', path, { body, key: key.of(path, body) }));
  };
  return (
    <Dialog
      title="New webhook"
      confirm="Make it"
      isBusy={isBusy}
      onConfirm={(data) => run(() => create(data))}
      onClose={() => onClose()}
    >
      <TextField
        label="Name"
        name="name"
        required
        maxLength={100}
        hint="Stands beside every release that it leads to."
      />
      <ChoiceField
        label="Sender"
        name="sender"
        choices={senders}
        value={sender?.name}
        onChange={({ target: { value } }) => setSender(senders.find(({ name }) => name === value))}
      />
      <ChoiceField
        label="What is done"
        name="target"
        choices={offered}
        value={target}
        onChange={({ target: { value } }) => setWanted(targets.find(({ name }) => name === value)?.name ?? 'images')}
      />
      {target === 'images' ? <Rules /> : <Manifests />}
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

function Rules() {
  const [keys, setKeys] = useState<readonly number[]>([0]);
  return (
    <>
      {keys.map((key, index) => (
        <fieldset key={key} className="steps form">
          <legend>{keys.length === 1 ? 'Rule' : `Rule ${index + 1}`}</legend>
          <Rule />
          {keys.length > 1 && (
            <button
              type="button"
              className="button plain slim"
              onClick={() => setKeys(keys.filter((each) => each !== key))}
            >
              Remove<span className="unseen"> rule {index + 1}</span>
            </button>
          )}
        </fieldset>
      ))}
      <div>
        <button type="button" className="button slim" onClick={() => setKeys([...keys, (keys.at(-1) ?? 0) + 1])}>
          Another rule
        </button>
      </div>
    </>
  );
}

function Rule() {
  const [policy, setPolicy] = useState<string>(policies[0].name);
  const example = policies.find(({ name }) => name === policy)?.example;
  return (
    <>
      <TextField label="Repository" name="repository" required maxLength={255} placeholder="ghcr.io/acme/shop" />
      <ChoiceField
        label="Takes"
        name="policy"
        choices={policies}
        value={policy}
        onChange={({ target }) => setPolicy(target.value)}
      />
      <TextField label="Range, form or tag" name="value" required maxLength={128} placeholder={example} />
      <TextField label="Namespaces" name="namespaces" required defaultValue="default" />
      <TextField
        label="Applications (optional)"
        name="applications"
        hint="All that have a container of it, if empty."
      />
    </>
  );
}

function Manifests() {
  return (
    <>
      <TextField
        label="Repository"
        name="repository"
        required
        maxLength={500}
        placeholder="https://git.example.org/acme/manifests.git"
      />
      <TextField label="Branch" name="branch" required maxLength={200} defaultValue="main" />
      <TextField label="Directory" name="directory" maxLength={500} hint="Its root, if empty." />
      <TextField
        label="Namespaces"
        name="namespaces"
        required
        defaultValue="default"
        hint="It may write in these alone."
      />
      <TextField label="User (optional)" name="username" maxLength={200} />
      <TextField label="Password or token of that user" name="password" type="password" maxLength={1_000} />
      <Check name="force">Take over fields that somebody else has written</Check>
      <Check name="prune">Remove what it has applied and what is no longer in the directory</Check>
    </>
  );
}
