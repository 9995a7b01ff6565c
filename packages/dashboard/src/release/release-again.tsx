import { useState } from 'react';
import type { ReleaseAnswer } from '../api/answers.ts';
import { pathOf } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { drawKey } from '../platform/browser.ts';
import { go } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk } from '../session/desk.ts';
import { isOffered } from '../session/permissions.ts';
import { describeEnding } from './ending-words.ts';

/** The way back to a version that the cluster has forgotten. */
export function ReleaseAgain({ release }: { readonly release: ReleaseAnswer }) {
  const { client, session } = useDesk();
  const [key, setKey] = useState<string>();
  const { namespace, name, application, version, deletedAt } = release;
  if (deletedAt === undefined || !isOffered(session, 'operate', namespace)) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setKey(drawKey())}>
        Release {version} again
      </button>
      {key !== undefined && (
        <ConfirmDialog
          title={`Release ${version} again?`}
          confirm="Release"
          perform={async () => {
            await client.send('POST', `${pathOf(namespace, 'releases', name)}/again`, { key });
            go(formatPlace({ page: 'application', namespace, name: application }));
          }}
          onClose={() => setKey(undefined)}
        >
          <p>{describeEnding(release)}</p>
          <p>
            The cluster has forgotten this version. The application is asked for its template again, with its strategy
            and the configuration as they are now.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
