import { useState } from 'react';
import { roles, type Grant, type List, type Role, type TokenAnswer } from '../api/answers.ts';
import { ApiProblem } from '../api/problem.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ChoiceField, TextField } from '../parts/field.tsx';
import { textOf, wordsOf } from '../parts/form-words.ts';
import { Loaded } from '../parts/loaded.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Chip, Notice, ProblemNotice } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { useResource } from '../state/use-resource.ts';

const path = '/api/v1/tokens';

type Asked = { readonly type: 'create' } | { readonly type: 'revoke'; readonly token: TokenAnswer };

/** Who may come in by a token, and with which roles. */
export function TokensPage() {
  const { client } = useDesk();
  const tokens = useResource<List<TokenAnswer>>(path);
  const [asked, setAsked] = useState<Asked>();
  const [made, setMade] = useState<string>();
  const close = (): void => {
    setAsked(undefined);
    tokens.reload();
  };
  return (
    <>
      <PageHead title="Tokens">
        <button type="button" className="button primary" onClick={() => setAsked({ type: 'create' })}>
          New token
        </button>
      </PageHead>
      {made !== undefined && (
        <Notice tone="good">
          <p>This is the token. It is shown this once; keep it where secrets are kept.</p>
          <p className="mono secret">{made}</p>
        </Notice>
      )}
      <Loaded resource={tokens} height={200}>
        {({ items }) => <TokenTable tokens={items} onRevoke={(token) => setAsked({ type: 'revoke', token })} />}
      </Loaded>
      {asked?.type === 'create' && (
        <CreateDialog
          onClose={(token) => {
            if (token !== undefined) setMade(token);
            close();
          }}
        />
      )}
      {asked?.type === 'revoke' && (
        <ConfirmDialog
          title={`Revoke ${asked.token.name}?`}
          confirm="Revoke"
          isDangerous
          perform={() => client.send('DELETE', `${path}/${encodeURIComponent(asked.token.id)}`)}
          onClose={close}
        >
          The token ends at once, with every login and stream that began with it. It cannot be taken back.
        </ConfirmDialog>
      )}
    </>
  );
}

interface TokenTableProps {
  readonly tokens: readonly TokenAnswer[];
  readonly onRevoke: (token: TokenAnswer) => void;
}

function TokenTable({ tokens, onRevoke }: TokenTableProps) {
  return (
    <section className="card" aria-label="Tokens">
      <Table label="Tokens" columns={['Name', 'Roles', 'Made', 'Used', 'Ends', { head: 'Revoke', isUnseen: true }]}>
        {tokens.map((token) => {
          const { id, name, grants, createdAt, createdBy, usedAt, expiresAt, revokedAt } = token;
          return (
            <tr key={id}>
              <td>{name}</td>
              <td>{grants.map(describeGrant).join('; ')}</td>
              <td className="soft" data-head="made">
                <RelativeTime at={createdAt} /> by {createdBy}
              </td>
              <td className="soft" data-head="used">
                {usedAt === undefined ? 'never' : <RelativeTime at={usedAt} />}
              </td>
              <td className="soft" data-head="ends">
                {expiresAt === undefined ? 'never' : <RelativeTime at={expiresAt} />}
              </td>
              <td className="number">
                {revokedAt === undefined ? (
                  <button type="button" className="button danger slim" onClick={() => onRevoke(token)}>
                    Revoke<span className="unseen"> {name}</span>
                  </button>
                ) : (
                  <Chip tone="calm">revoked</Chip>
                )}
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

function describeGrant({ role, namespaces }: Grant): string {
  return `${role} in ${namespaces.includes('*') ? 'all namespaces' : namespaces.join(', ')}`;
}

function CreateDialog({ onClose }: { readonly onClose: (token?: string) => void }) {
  const { client } = useDesk();
  const { isBusy, problem, run } = useAction();
  const key = useRequestKey();
  const create = async (data: FormData): Promise<void> => {
    const body = readToken(data);
    const made = await client.send<{ readonly token: string }>('POST', path, { body, key: key.of(path, body) });
    onClose(made.token);
  };
  return (
    <Dialog
      title="New token"
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
        hint="Stands beside everything that is done with it."
      />
      <ChoiceField label="Role" name="role" choices={roles.map((role) => ({ name: role, label: role }))} />
      <TextField
        label="Namespaces"
        name="namespaces"
        defaultValue="*"
        required
        hint="Separated by spaces; * is all of them."
      />
      <TextField label="Ends (optional)" name="expiresAt" type="date" />
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

function readToken(data: FormData) {
  const namespaces = wordsOf(textOf(data, 'namespaces'));
  const role = roles.find((each) => each === textOf(data, 'role')) satisfies Role | undefined;
  if (role === undefined || namespaces.length === 0) throw new ApiProblem(0, 'choose a role, and a namespace for it');
  const day = textOf(data, 'expiresAt');
  return {
    name: textOf(data, 'name'),
    grants: [{ role, namespaces }],
    ...(day === '' ? {} : { expiresAt: `${day}T00:00:00Z` }),
  };
}
