import { lazy, Suspense, useEffect, useRef } from 'react';
import { AuditPage } from './administration/audit-page.tsx';
import { TokensPage } from './administration/tokens-page.tsx';
import { ApplicationPage } from './application/application-page.tsx';
import { ApprovalsPage } from './approvals/approvals-page.tsx';
import { EnvironmentsPage } from './environments/environments-page.tsx';
import { ComparePage } from './history/compare-page.tsx';
import { HistoryPage } from './history/history-page.tsx';
import { NotificationsPage } from './notifications/notifications-page.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { BrokenPage } from './parts/broken-page.tsx';
import { Empty, Skeleton } from './parts/small.tsx';
import { ReleasePage } from './release/release-page.tsx';
import { Link, useLocation } from './routing/navigation.tsx';
import type { Place } from './routing/routes.ts';
import { WebhooksPage } from './webhooks/webhooks-page.tsx';
import { awaitTitle, forgetTitle, Title } from './parts/title.tsx';

// The only pages that read and write YAML.
const CreationPage = lazy(() => import('./creation/creation-page.tsx'));
const ChangePage = lazy(async () => ({ default: (await import('./creation/creation-page.tsx')).ChangePage }));

/** The page of the place; a new place begins at its heading, for who cannot see that everything has changed. */
export function Pages() {
  const { place, path } = useLocation();
  const first = useRef(true);
  useEffect(() => {
    const heading = document.querySelector('h1');
    if (!first.current && heading === null) awaitTitle();
    if (!first.current) heading?.focus();
    first.current = false;
    return forgetTitle;
  }, [path]);
  return (
    <div className="page" key={path}>
      <BrokenPage>
        <Suspense fallback={<Skeleton height={480} />}>{show(place)}</Suspense>
      </BrokenPage>
    </div>
  );
}

function show(place: Place) {
  switch (place.page) {
    case 'overview':
      return <OverviewPage />;
    case 'application':
      return <ApplicationPage namespace={place.namespace} name={place.name} />;
    case 'release':
      return <ReleasePage namespace={place.namespace} name={place.name} />;
    case 'approvals':
      return <ApprovalsPage />;
    case 'webhooks':
      return <WebhooksPage />;
    case 'notifications':
      return <NotificationsPage />;
    case 'environments':
      return <EnvironmentsPage />;
    case 'tokens':
      return <TokensPage />;
    case 'audit':
      return <AuditPage />;
    case 'new':
      return <CreationPage />;
    case 'edit':
      return <ChangePage namespace={place.namespace} name={place.name} />;
    case 'history':
      return <HistoryPage />;
    case 'compare':
      return <ComparePage />;
    default:
      return (
        <Empty>
          <Title>Nothing is here</Title>
          <p>
            The address leads nowhere. <Link to="/">Go to the overview</Link>
          </p>
        </Empty>
      );
  }
}
