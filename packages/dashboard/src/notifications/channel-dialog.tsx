import { useState } from 'react';
import type { ChannelAnswer } from '../api/answers.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Check, ChoiceField, TextField } from '../parts/field.tsx';
import { ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { channelTypes, describeEventType, events, readChannel, type ChannelType } from './channel-form.ts';

export interface ChannelDialogProps {
  /** Of all channels. */
  readonly path: string;
  /** Absent: a new one. */
  readonly channel?: ChannelAnswer | undefined;
  readonly onClose: () => void;
}

/** Where somebody is told, of what, and in which words. */
export function ChannelDialog({ path, channel, onClose }: ChannelDialogProps) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const key = useRequestKey();
  const [type, setType] = useState<ChannelType>(
    channelTypes.find(({ name }) => name === channel?.type)?.name ?? 'slack',
  );
  const save = async (data: FormData): Promise<void> => {
    const body = readChannel(data);
    if (channel === undefined) await client.send('POST', path, { body, key: key.of(path, body) });
    else await client.send('PUT', `${path}/${encodeURIComponent(channel.id)}`, { body });
    onClose();
  };
  return (
    <Dialog
      title={channel === undefined ? 'New channel' : `Change ${channel.name}`}
      confirm="Save"
      isBusy={isBusy}
      onConfirm={(data) => run(() => save(data))}
      onClose={onClose}
    >
      <TextField label="Name" name="name" required maxLength={100} defaultValue={channel?.name} />
      <ChoiceField
        label="Type"
        name="type"
        choices={channelTypes}
        value={type}
        onChange={({ target }) => setType(channelTypes.find(({ name }) => name === target.value)?.name ?? 'slack')}
      />
      <Address type={type} channel={channel?.type === type ? channel : undefined} />
      <Wanted filter={channel?.filter ?? {}} />
      <div className="field">
        <label htmlFor="channel-template">Words (optional)</label>
        <textarea
          id="channel-template"
          name="template"
          className="input mono"
          maxLength={2_000}
          defaultValue={channel?.template}
          placeholder="{{application}} {{version}} in {{namespace}}: {{phase}} {{reason}}"
          aria-describedby="channel-places"
        />
        <p className="hint" id="channel-places">
          {'Also {{event}}, {{release}}, {{at}}, {{requestedBy}} and {{id}}.'}
        </p>
      </div>
      <Check name="enabled" defaultChecked={channel?.enabled ?? true}>
        Tell from now on
      </Check>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

interface AddressProps {
  readonly type: ChannelType;
  /** Of the same type: what is left empty stays as it is. */
  readonly channel: ChannelAnswer | undefined;
}

function Address({ type, channel }: AddressProps) {
  const isKept = channel !== undefined;
  const hint = isKept ? 'Stays as it is while this is empty.' : undefined;
  if (type === 'email') return <Mail mail={channel?.mail} hint={hint} />;
  if (type === 'webhook' || type === 'cloudevents')
    return (
      <>
        <TextField
          label="Address"
          name="url"
          type="url"
          required={!isKept}
          maxLength={2_000}
          placeholder={channel?.url ?? 'https://'}
          hint={hint}
        />
        <TextField
          label={type === 'webhook' ? 'Secret that signs, 16 characters or more' : 'Bearer token (optional)'}
          name="secret"
          type="password"
          required={type === 'webhook' && !isKept}
          autoComplete="new-password"
          hint={hint}
        />
        {type === 'cloudevents' && (
          <ChoiceField label="Mode" name="mode" choices={modes} defaultValue={channel?.mode ?? 'structured'} />
        )}
      </>
    );
  return (
    <TextField
      label="Address of the incoming webhook"
      name="secretUrl"
      type="url"
      required={!isKept}
      maxLength={2_000}
      placeholder={channel?.host ?? 'https://'}
      hint={hint ?? 'Who has it may write there: it is not shown again.'}
    />
  );
}

const modes = [
  { name: 'structured', label: 'Structured' },
  { name: 'binary', label: 'Binary' },
];
const securities = [
  { name: 'tls', label: 'TLS' },
  { name: 'starttls', label: 'STARTTLS' },
  { name: 'none', label: 'None' },
];
const usualPort = 465;

function Mail({ mail, hint }: { readonly mail: ChannelAnswer['mail']; readonly hint: string | undefined }) {
  return (
    <>
      <TextField label="Server" name="host" required maxLength={253} defaultValue={mail?.host} />
      <TextField
        label="Port"
        name="port"
        type="number"
        required
        min={1}
        max={65_535}
        defaultValue={mail?.port ?? usualPort}
      />
      <ChoiceField label="Security" name="security" choices={securities} defaultValue={mail?.security ?? 'tls'} />
      <TextField label="User (optional)" name="user" maxLength={200} defaultValue={mail?.user} />
      <TextField label="Password" name="secret" type="password" autoComplete="new-password" hint={hint} />
      <TextField label="From" name="from" required maxLength={300} defaultValue={mail?.from} />
      <TextField label="To" name="to" required defaultValue={mail?.to.join(', ')} hint="Several with commas between." />
    </>
  );
}

/** Nothing chosen is everything. */
function Wanted({ filter }: { readonly filter: ChannelAnswer['filter'] }) {
  return (
    <>
      <fieldset className="steps">
        <legend>Told of (all, if none is chosen)</legend>
        <div className="checks">
          {events.map((event) => (
            <Check key={event} name="events" value={event} defaultChecked={filter.events?.includes(event) ?? false}>
              {describeEventType(event)}
            </Check>
          ))}
        </div>
      </fieldset>
      <TextField
        label="Applications (all, if empty)"
        name="applications"
        defaultValue={filter.applications?.join(' ')}
      />
      <TextField label="Namespaces (all, if empty)" name="namespaces" defaultValue={filter.namespaces?.join(' ')} />
    </>
  );
}
