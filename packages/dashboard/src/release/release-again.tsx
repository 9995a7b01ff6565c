import { useId, useState } from 'react';
import type { ReleaseAnswer, ReleasedAgainAnswer } from '../api/answers.ts';
import { pathOf } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { drawKey } from '../platform/browser.ts';
import { go } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk } from '../session/desk.ts';
import { isOffered } from '../session/permissions.ts';
import { describeChanged, nameChanged } from './changed-words.ts';
import { describeEnding } from './ending-words.ts';

interface Asked {
  readonly key: string;
  /** As it was then: once it is released again, the new one may have its name. */
  readonly release: ReleaseAnswer;
}

/** The way back to a version that the cluster has forgotten. */
export function ReleaseAgain({ release }: { readonly release: ReleaseAnswer }) {
  const { client, session } = useDesk();
  const [asked, setAsked] = useState<Asked>();
  const [changed, setChanged] = useState<readonly string[]>([]);
  const { namespace, name, application, version, deletedAt } = release;
  const goOn = (): void => go(formatPlace({ page: 'application', namespace, name: application }));
  const perform = async (key: string): Promise<void> => {
    const path = `${pathOf(namespace, 'releases', name)}/again`;
    const { changedConfiguration = [] } = await client.send<ReleasedAgainAnswer>('POST', path, { key });
    setChanged(changedConfiguration);
    if (changedConfiguration.length === 0) goOn();
  };
  if (changed.length > 0) return <Changed version={version} changed={changed} onClose={goOn} />;
  if (asked === undefined && (deletedAt === undefined || !isOffered(session, 'operate', namespace))) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setAsked({ key: drawKey(), release })}>
        Release {version} again
      </button>
      {asked !== undefined && (
        <ConfirmDialog
          title={`Release ${version} again?`}
          confirm="Release"
          perform={() => perform(asked.key)}
          onClose={() => setAsked(undefined)}
        >
          <p>{describeEnding(asked.release)}</p>
          <p>
            The cluster has forgotten this version. The application is asked for its template again, with its strategy
            and the configuration as they are now.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

interface ChangedProps {
  readonly version: string;
  readonly changed: readonly string[];
  readonly onClose: () => void;
}

/** It is done: every way out of it leads to where the release is seen. */
function Changed({ version, changed, onClose }: ChangedProps) {
  const text = useId();
  return (
    <Dialog
      title={`Version ${version} is released again`}
      confirm="Go to application"
      isDone
      describedBy={text}
      onConfirm={onClose}
      onClose={onClose}
    >
      <div id={text} className="soft">
        <p>{describeChanged(changed)}</p>
        <ul>
          {changed.map((part) => (
            <li key={part} className="mono part">
              {nameChanged(part)}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
