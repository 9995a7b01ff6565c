import { useCallback, useEffect, useMemo, useState } from 'react';
import type { LoginMethods, SessionAnswer } from './api/answers.ts';
import { ApiClient } from './api/client.ts';
import { Pages } from './pages.tsx';
import { ProblemNotice } from './parts/small.tsx';
import { awaitTitle } from './parts/title.tsx';
import { browserClock, drawRandom } from './platform/browser.ts';
import { openSocket } from './platform/socket.ts';
import { DeskProvider, type Desk } from './session/desk.ts';
import { LoginPage } from './session/login-page.tsx';
import { Shell } from './shell/shell.tsx';
import { FleetStore } from './state/fleet-store.ts';
import { RetryingRead } from './state/retrying-read.ts';

type Login =
  | { readonly state: 'unknown' }
  | { readonly state: 'unreachable'; readonly problem: unknown }
  | { readonly state: 'none'; readonly reason?: string | undefined }
  | { readonly state: 'some'; readonly session: SessionAnswer };

/** Who is there decides what is shown: a login, or everything else. */
export function App() {
  const [login, setLogin] = useState<Login>({ state: 'unknown' });
  const end = useCallback((reason?: string) => setLogin({ state: 'none', reason }), []);
  const client = useMemo(
    () => new ApiClient({ fetch: (...given) => fetch(...given), onLoginEnded: () => end('The login has ended.') }),
    [end],
  );
  const [methods, setMethods] = useState<LoginMethods>({});
  useEffect(() => {
    const asking = new RetryingRead<LoginMethods>({
      clock: browserClock,
      random: drawRandom,
      // Who is not logged in has made no mistake: that is no error, and with it comes how to log in.
      read: (signal) => client.get('/api/v1/session/methods', signal),
      onAnswer: (found) => {
        setMethods(found);
        setLogin(found.session === undefined ? { state: 'none' } : { state: 'some', session: found.session });
      },
      onProblem: (problem) => setLogin({ state: 'unreachable', problem }),
    });
    asking.ask();
    return () => asking.stop();
  }, [client]);
  switch (login.state) {
    case 'unknown':
      return null;
    case 'unreachable':
      return (
        <main className="login">
          <ProblemNotice problem={login.problem} />
        </main>
      );
    case 'none':
      return (
        <LoginPage
          client={client}
          methods={methods}
          reason={login.reason}
          onLogin={(session) => {
            awaitTitle();
            setLogin({ state: 'some', session });
          }}
        />
      );
    case 'some':
      return <LoggedIn key={login.session.csrf ?? ''} client={client} session={login.session} onEnd={end} />;
  }
}

interface LoggedInProps {
  readonly client: ApiClient;
  readonly session: SessionAnswer;
  readonly onEnd: (reason?: string) => void;
}

function LoggedIn({ client, session, onEnd }: LoggedInProps) {
  client.useCsrf(session.csrf);
  const [fleet, setFleet] = useState<FleetStore>();
  useEffect(() => {
    const store = new FleetStore({
      clock: browserClock,
      random: drawRandom,
      open: openSocket,
      // A socket is refused without a word: whether it is for the login, the server says to a plain question.
      onRefused: () => void client.get('/api/v1/applications?limit=1').catch(() => onEnd('The login has ended.')),
    });
    const hurry = (): void => store.hurry();
    store.start();
    setFleet(store);
    addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    return () => {
      removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
      store.stop();
    };
  }, [client, onEnd]);
  const desk = useMemo((): Desk | undefined => {
    if (fleet === undefined) return undefined;
    const logOut = (): void => {
      if (session.source === 'anonymous') return onEnd();
      void client.send('DELETE', '/api/v1/session').then(
        () => onEnd(),
        () => onEnd('The server did not answer; the login ends there by itself.'),
      );
    };
    return { client, session, fleet, logOut };
  }, [client, session, fleet, onEnd]);
  if (desk === undefined) return null;
  return (
    <DeskProvider value={desk}>
      <Shell>
        <Pages />
      </Shell>
    </DeskProvider>
  );
}
