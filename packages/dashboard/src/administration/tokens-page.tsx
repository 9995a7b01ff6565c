import { useState } from 'react';
import { roles, type Grant, type List, type Role, type TokenAnswer } from '../api/answers.ts';
import { ApiProblem } from '../api/problem.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Chip, Notice, ProblemNotice, Skeleton } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { useDesk } from '../session/desk.ts';
import { useResource } from '../state/use-resource.ts';

type Asked = { readonly type: 'create' } | { readonly type: 'revoke'; readonly token: TokenAnswer };

/** Who may come in by a token, and with which roles. */
export function TokensPage() {
  const tokens = useResource<List<TokenAnswer>>('/api/v1/tokens');
  const [asked, setAsked] = useState<Asked>();
  const [made, setMade] = useState<string>();
  const close = (): void => {
    setAsked(undefined);
    tokens.reload();
  };
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Tokens</h1>
        <div className="actions">
          <button type="button" className="button primary" onClick={() => setAsked({ type: 'create' })}>
            New token
          </button>
        </div>
      </div>
      {made !== undefined && (
        <Notice tone="good">
          <p>This is the token. It is shown this once; keep it where secrets are kept.</p>
          <p className="mono secret">{made}</p>
        </Notice>
      )}
      {tokens.data === undefined ? (
        tokens.problem === undefined ? (
          <Skeleton height={200} />
        ) : (
          <ProblemNotice problem={tokens.problem} />
        )
      ) : (
        <TokenTable tokens={tokens.data.items} onRevoke={(token) => setAsked({ type: 'revoke', token })} />
      )}
      {asked?.type === 'create' && (
        <CreateDialog
          onClose={(token) => {
            if (token !== undefined) setMade(token);
            close();
          }}
        />
      )}
      {asked?.type === 'revoke' && <RevokeDialog token={asked.token} onClose={close} />}
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
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Tokens">
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Roles</th>
              <th>Made</th>
              <th>Used</th>
              <th>Ends</th>
              <th>
                <span className="unseen">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.map((token) => {
              const { id, name, grants, createdAt, createdBy, usedAt, expiresAt, revokedAt } = token;
              return (
                <tr key={id}>
                  <td>{name}</td>
                  <td>{grants.map(describeGrant).join('; ')}</td>
                  <td className="soft">
                    <RelativeTime at={createdAt} /> by {createdBy}
                  </td>
                  <td className="soft">{usedAt === undefined ? 'never' : <RelativeTime at={usedAt} />}</td>
                  <td className="soft">{expiresAt === undefined ? 'never' : <RelativeTime at={expiresAt} />}</td>
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
          </tbody>
        </table>
      </div>
    </section>
  );
}

function describeGrant({ role, namespaces }: Grant): string {
  return `${role} in ${namespaces.includes('*') ? 'all namespaces' : namespaces.join(', ')}`;
}

function CreateDialog({ onClose }: { readonly onClose: (token?: string) => void }) {
  const { client } = useDesk();
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const create = async (data: FormData): Promise<void> => {
    setBusy(true);
    try {
      const { token } = await client.send<{ readonly token: string }>('POST', '/api/v1/tokens', {
        body: readToken(data),
      });
      onClose(token);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="New token"
      confirm="Make it"
      isBusy={isBusy}
      onConfirm={(data) => void create(data)}
      onClose={() => onClose()}
    >
      <div className="field">
        <label htmlFor="token-name">Name</label>
        <input id="token-name" name="name" className="input" required maxLength={100} autoComplete="off" />
        <p className="hint">Stands beside everything that is done with it.</p>
      </div>
      <div className="field">
        <label htmlFor="token-role">Role</label>
        <select id="token-role" name="role" className="input">
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor="token-namespaces">Namespaces</label>
        <input id="token-namespaces" name="namespaces" className="input" defaultValue="*" required autoComplete="off" />
        <p className="hint">Separated by spaces; * is all of them.</p>
      </div>
      <div className="field">
        <label htmlFor="token-ends">Ends (optional)</label>
        <input id="token-ends" name="expiresAt" type="date" className="input" />
      </div>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

function readToken(data: FormData) {
  const text = (name: string): string => String(data.get(name) ?? '').trim();
  const namespaces = text('namespaces')
    .split(/[\s,]+/)
    .filter((each) => each !== '');
  const role = roles.find((each) => each === text('role')) satisfies Role | undefined;
  if (role === undefined || namespaces.length === 0) throw new ApiProblem(0, 'choose a role, and a namespace for it');
  const day = text('expiresAt');
  return {
    name: text('name'),
    grants: [{ role, namespaces }],
    ...(day === '' ? {} : { expiresAt: `${day}T00:00:00Z` }),
  };
}

function RevokeDialog({ token, onClose }: { readonly token: TokenAnswer; readonly onClose: () => void }) {
  const { client } = useDesk();
  const [problem, setProblem] = useState<unknown>();
  const revoke = async (): Promise<void> => {
    try {
      await client.send('DELETE', `/api/v1/tokens/${encodeURIComponent(token.id)}`);
      onClose();
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <Dialog
      title={`Revoke ${token.name}?`}
      confirm="Revoke"
      isDangerous
      onConfirm={() => void revoke()}
      onClose={onClose}
    >
      <p className="soft">
        The token ends at once, with every login and stream that began with it. It cannot be taken back.
      </p>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
