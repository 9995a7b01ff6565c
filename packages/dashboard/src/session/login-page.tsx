import { useState, type SubmitEvent } from 'react';
import type { LoginMethods, SessionAnswer } from '../api/answers.ts';
import type { ApiClient } from '../api/client.ts';
import { ProblemNotice } from '../parts/small.tsx';
import { Mark } from '../shell/mark.tsx';

export interface LoginPageProps {
  readonly client: ApiClient;
  /** Why who was logged in is not any more. */
  readonly reason?: string | undefined;
  readonly methods: LoginMethods;
  readonly onLogin: (session: SessionAnswer) => void;
}

export function LoginPage({ client, reason, methods, onLogin }: LoginPageProps) {
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const logIn = async (token: string): Promise<void> => {
    setBusy(true);
    try {
      onLogin(await client.send<SessionAnswer>('POST', '/api/v1/session', { body: { token } }));
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isBusy) return;
    const token = new FormData(event.currentTarget).get('token');
    void logIn(typeof token === 'string' ? token.trim() : '');
  };
  return (
    <main className="login">
      <div className="card">
        <div className="brand">
          <Mark />
          <h1>Slipway</h1>
        </div>
        {methods.oidc !== undefined && <SingleSignOn {...methods.oidc} />}
        <form className="login-form" onSubmit={submit}>
          <div className="field">
            <label htmlFor="token">Token</label>
            <input
              id="token"
              name="token"
              className="input mono"
              type="password"
              autoComplete="current-password"
              required
              autoFocus={methods.oidc === undefined}
              spellCheck={false}
              aria-describedby="token-hint"
            />
            <p id="token-hint" className="hint">
              The first one of a server stands in the file <code>server-token</code> of its data directory.
            </p>
          </div>
          {problem !== undefined ? (
            <ProblemNotice problem={problem} />
          ) : (
            reason !== undefined && <p className="notice wait">{reason}</p>
          )}
          <button
            type="submit"
            className={methods.oidc === undefined ? 'button primary' : 'button'}
            aria-disabled={isBusy}
          >
            Log in
          </button>
        </form>
      </div>
    </main>
  );
}

/** A browser goes there and comes back logged in: no link of ours, which would stay on the page. */
function SingleSignOn({ issuer, path }: NonNullable<LoginMethods['oidc']>) {
  return (
    <>
      <a className="button primary" href={path}>
        Log in at {URL.parse(issuer)?.host ?? issuer}
      </a>
      <p className="or">or with a token</p>
    </>
  );
}
