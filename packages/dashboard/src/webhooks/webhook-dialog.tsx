import { useState } from 'react';
import type { WebhookSecretAnswer } from '../api/answers.ts';
import { ApiProblem, type FieldFault } from '../api/problem.ts';
import { faultsAt } from '../creation/faults.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Check, ChoiceField, TextField } from '../parts/field.tsx';
import { ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { asksRegistry, policies, readWebhook, senders } from './webhook-form.ts';

const targets = [
  { name: 'images', label: 'Images become releases' },
  { name: 'manifests', label: 'Manifests are applied' },
] as const;
type Target = (typeof targets)[number]['name'];

const path = '/api/v1/webhooks';
const noFaults: readonly FieldFault[] = [];

/** A new webhook: who sends, and what is done with what he tells. */
export function WebhookDialog({ onClose }: { readonly onClose: (made?: WebhookSecretAnswer) => void }) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const key = useRequestKey();
  const [sender, setSender] = useState(senders[0]);
  const [wanted, setWanted] = useState<Target>('images');
  const offered = targets.filter(({ name }) => sender?.brings.includes(name));
  const faults = problem instanceof ApiProblem ? problem.faults : noFaults;
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
      {target === 'images' ? <Rules faults={faults} /> : <Manifests faults={faults} />}
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

interface FaultsProps {
  readonly faults: readonly FieldFault[];
}

const firstRule = { key: 0, policy: policies[0].name } as const;

interface RuleDraft {
  readonly key: number;
  readonly policy: string;
}

function Rules({ faults }: FaultsProps) {
  const [rules, setRules] = useState<readonly RuleDraft[]>([firstRule]);
  // Faults name rules by their place, which is another one once there are others.
  const [outdated, setOutdated] = useState<readonly FieldFault[]>();
  const shown = faults === outdated ? noFaults : faults;
  const change = (next: readonly RuleDraft[]): void => {
    setRules(next);
    setOutdated(faults);
  };
  return (
    <>
      {rules.map((rule, index) => (
        <fieldset key={rule.key} className="steps form">
          <legend>{rules.length === 1 ? 'Rule' : `Rule ${index + 1}`}</legend>
          <Rule
            policy={rule.policy}
            networkFaults={faultsAt(shown, ['target', 'images', index, 'allowAddresses'])}
            onPolicy={(policy) => change(rules.map((each) => (each === rule ? { ...rule, policy } : each)))}
          />
          {rules.length > 1 && (
            <button
              type="button"
              className="button plain slim"
              onClick={() => change(rules.filter((each) => each !== rule))}
            >
              Remove<span className="unseen"> rule {index + 1}</span>
            </button>
          )}
        </fieldset>
      ))}
      <div>
        <button
          type="button"
          className="button slim"
          onClick={() => change([...rules, { ...firstRule, key: (rules.at(-1)?.key ?? 0) + 1 }])}
        >
          Another rule
        </button>
      </div>
      {rules.some(({ policy }) => asksRegistry(policy)) && (
        <fieldset className="steps form">
          <legend>Where the registry is asked for a digest</legend>
          <Credentials faults={shown} hint="Of the registry, where the sender does not say the digest." />
        </fieldset>
      )}
    </>
  );
}

interface RuleProps {
  readonly policy: string;
  readonly networkFaults: readonly string[];
  readonly onPolicy: (policy: string) => void;
}

function Rule({ policy, networkFaults, onPolicy }: RuleProps) {
  const example = policies.find(({ name }) => name === policy)?.example;
  return (
    <>
      <TextField label="Repository" name="repository" required maxLength={255} placeholder="ghcr.io/acme/shop" />
      <ChoiceField
        label="Takes"
        name="policy"
        choices={policies}
        value={policy}
        onChange={({ target }) => onPolicy(target.value)}
      />
      <TextField label="Range, form or tag" name="value" required maxLength={128} placeholder={example} />
      <TextField label="Namespaces" name="namespaces" required defaultValue="default" />
      <TextField
        label="Applications (optional)"
        name="applications"
        hint="All that have a container of it, if empty."
      />
      {asksRegistry(policy) ? (
        <Networks faults={networkFaults} hint="A registry in a private network is asked if that is named here." />
      ) : (
        // Each rule has its place among the fields of one name.
        <input type="hidden" name="allowAddresses" />
      )}
    </>
  );
}

interface GivenProps {
  readonly faults: readonly string[];
  readonly hint: string;
}

function Networks({ faults, hint }: GivenProps) {
  return (
    <TextField
      label="Private networks (optional)"
      name="allowAddresses"
      placeholder="10.1.0.0/16"
      faults={faults}
      hint={hint}
    />
  );
}

interface CredentialsProps extends FaultsProps {
  readonly hint?: string;
}

/** Both or neither. */
function Credentials({ faults, hint }: CredentialsProps) {
  const [hasUser, setHasUser] = useState(false);
  const [hasPassword, setHasPassword] = useState(false);
  return (
    <>
      <TextField
        label="User (optional)"
        name="username"
        maxLength={200}
        // Neither spaces alone nor a colon, which ends a name where both are sent.
        pattern="[^:]*[^:\s][^:]*"
        title="A name without a colon"
        required={hasPassword}
        faults={faultsAt(faults, ['credentials'])}
        hint={hint}
        onChange={({ target }) => setHasUser(target.value !== '')}
      />
      <TextField
        label="Password or token of that user"
        name="password"
        type="password"
        maxLength={1_000}
        autoComplete="new-password"
        required={hasUser}
        hint="It is not shown again."
        onChange={({ target }) => setHasPassword(target.value !== '')}
      />
    </>
  );
}

function Manifests({ faults }: FaultsProps) {
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
      <Networks
        faults={faultsAt(faults, ['target', 'manifests', 'allowAddresses'])}
        hint="What is in a private network is fetched if that is named here."
      />
      <Credentials faults={faults} />
      <Check name="force">Take over fields that somebody else has written</Check>
      <Check name="prune">Remove what it has applied and what is no longer in the directory</Check>
    </>
  );
}
