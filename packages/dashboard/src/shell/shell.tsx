import { useEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from 'react';
import { isOffered, isOfferedSomewhere } from '../session/permissions.ts';
import { useDesk, useFleet } from '../session/desk.ts';
import { Link, useLocation } from '../routing/navigation.tsx';
import { formatPlace, type Place } from '../routing/routes.ts';
import { Chip } from '../parts/small.tsx';
import { awaitsApproval } from '../approvals/awaited.ts';
import { keepFocus } from './keep-focus.ts';
import { Mark } from './mark.tsx';
import { chooseTheme, theme, themes } from './theme.ts';

interface Entry {
  readonly page: Exclude<Place['page'], 'application' | 'edit' | 'release' | 'unknown'>;
  readonly text: string;
  readonly count?: number;
}

const placesOf: Readonly<Record<string, Entry['page']>> = {
  application: 'overview',
  edit: 'overview',
  release: 'history',
};

/** The way around: beside the page, or behind a button where there is no room. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { session } = useDesk();
  const { place, path } = useLocation();
  const [isOpen, setOpen] = useState(false);
  const { applications } = useFleet();
  const waiting = [...applications.values()].filter(awaitsApproval).length;
  useEffect(keepFocus, []);
  useEffect(() => setOpen(false), [path]);
  const button = useRef<HTMLButtonElement>(null);
  const close = ({ key }: KeyboardEvent): void => {
    if (key !== 'Escape' || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  const current = placesOf[place.page] ?? place.page;
  const main: readonly Entry[] = [
    { page: 'overview', text: 'Overview' },
    { page: 'history', text: 'History' },
    { page: 'approvals', text: 'Approvals', count: waiting },
    { page: 'environments', text: 'Environments' },
    ...(isOfferedSomewhere(session, 'operate') ? [{ page: 'new', text: 'New application' } as const] : []),
  ];
  const administration: readonly Entry[] = [
    { page: 'webhooks', text: 'Webhooks' },
    { page: 'notifications', text: 'Notifications' },
    { page: 'tokens', text: 'Tokens' },
    { page: 'audit', text: 'Audit' },
  ];
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className={isOpen ? 'side open' : 'side'} onKeyDown={close}>
        <div className="bar">
          <Link to="/" className="brand">
            <Mark />
            Slipway
          </Link>
          <button
            ref={button}
            type="button"
            className="button slim menu-button"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            Menu
          </button>
        </div>
        <nav aria-label="Pages">
          <Entries entries={main} current={current} />
          {isOffered(session, 'admin') && (
            <>
              <p className="heading">Administration</p>
              <Entries entries={administration} current={current} />
            </>
          )}
        </nav>
        <Foot />
      </header>
      <main className="main" id="main" tabIndex={-1}>
        {children}
      </main>
      <Connection />
    </div>
  );
}

function Entries({ entries, current }: { readonly entries: readonly Entry[]; readonly current: string }) {
  return entries.map(({ page, text, count = 0 }) => (
    <Link key={page} to={formatPlace({ page })} aria-current={page === current ? 'page' : undefined}>
      {text}
      {count > 0 && <span className="count">{count}</span>}
    </Link>
  ));
}

function Foot() {
  const { session, logOut } = useDesk();
  const chosen = useSyncExternalStore(theme.subscribe, theme.read);
  return (
    <div className="foot">
      <div className="themes" role="group" aria-label="Colours">
        {themes.map((each) => (
          <button key={each} type="button" aria-pressed={each === chosen} onClick={() => chooseTheme(each)}>
            {each === 'auto' ? 'Auto' : each === 'light' ? 'Light' : 'Dark'}
          </button>
        ))}
      </div>
      <div className="who small soft">
        <span className="cut" title={`${session.name} (${session.source})`}>
          {session.name}
        </span>
        <button type="button" className="button plain slim push" onClick={logOut}>
          {session.source === 'anonymous' ? 'Log in' : 'Log out'}
        </button>
      </div>
    </div>
  );
}

/** Says so when what is shown may be old. */
function Connection() {
  const { connection } = useDesk().fleet;
  const state = useSyncExternalStore(connection.subscribe, connection.read);
  const isLost = state === 'waiting' || state === 'ended';
  return (
    <div role="status" className={isLost ? 'connection' : undefined}>
      {isLost && <Chip tone="wait">Not connected: this is how it was. Connecting again…</Chip>}
    </div>
  );
}
