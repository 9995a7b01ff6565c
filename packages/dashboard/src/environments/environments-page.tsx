import { useState } from 'react';
import type { EnvironmentAnswer, List, VariableAnswer } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Chip, Empty } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import { Link, useLocation } from '../routing/navigation.tsx';
import { useDesk } from '../session/desk.ts';
import { useResource } from '../state/use-resource.ts';
import { VariableDialog } from './variable-dialog.tsx';

const lookMilliseconds = 10_000;

/** Namespaces, and the variables that every program in each of them is given. */
export function EnvironmentsPage() {
  const { query } = useLocation();
  const environments = useResource<List<EnvironmentAnswer>>('/api/v1/environments', {
    everyMilliseconds: lookMilliseconds,
  });
  const all = environments.data?.items ?? [];
  const asked = query.get('namespace') ?? 'default';
  const chosen = all.find(({ namespace }) => namespace === asked) ?? all[0];
  return (
    <>
      <PageHead title="Environments" />
      <Loaded resource={environments} height={300}>
        {() => (
          <>
            <EnvironmentTable environments={all} chosen={chosen?.namespace} />
            {chosen !== undefined && <Variables key={chosen.namespace} environment={chosen} />}
          </>
        )}
      </Loaded>
    </>
  );
}

const environmentColumns = [
  'Namespace',
  { head: 'Applications', isNumber: true },
  { head: 'Releases under way', isNumber: true },
  { head: 'Not all pods ready', isNumber: true },
  'You may',
];

interface EnvironmentTableProps {
  readonly environments: readonly EnvironmentAnswer[];
  readonly chosen: string | undefined;
}

function EnvironmentTable({ environments, chosen }: EnvironmentTableProps) {
  return (
    <section className="card" aria-label="Namespaces">
      <Table className="bounded" label="Namespaces" columns={environmentColumns}>
        {environments.map(({ namespace, applications, underWay, unready, permissions }) => (
          <tr key={namespace} className={namespace === chosen ? 'chosen' : undefined}>
            <td>
              <Link
                to={withQuery('/environments', { namespace })}
                aria-current={namespace === chosen ? 'true' : undefined}
              >
                {namespace}
              </Link>
            </td>
            <td className={toneOfCount(applications)} data-head="applications">
              {applications}
            </td>
            <td className={toneOfCount(underWay)} data-head="under way">
              {underWay}
            </td>
            <td className={`${toneOfCount(unready)} ${unready > 0 ? 'bad-text' : ''}`} data-head="not ready">
              {unready}
            </td>
            <td className="soft">{permissions.join(', ')}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** What is nought steps back. */
function toneOfCount(count: number): string {
  return count === 0 ? 'number faint' : 'number';
}

type Asked =
  | { readonly type: 'set'; readonly variable?: VariableAnswer | undefined }
  | { readonly type: 'remove'; readonly name: string };

function Variables({ environment: { namespace, permissions } }: { readonly environment: EnvironmentAnswer }) {
  const { client } = useDesk();
  const path = `/api/v1/environments/${encodeURIComponent(namespace)}/variables`;
  const variables = useResource<List<VariableAnswer>>(path, { everyMilliseconds: lookMilliseconds });
  const [asked, setAsked] = useState<Asked>();
  const mayChange = permissions.includes('operate');
  const close = (): void => {
    setAsked(undefined);
    variables.reload();
  };
  return (
    <section className="card" aria-labelledby="variables">
      <header>
        <h2 id="variables">Variables of {namespace}</h2>
        {mayChange && (
          <button type="button" className="button slim push" onClick={() => setAsked({ type: 'set' })}>
            New variable
          </button>
        )}
      </header>
      <p className="inside small soft">
        Every container of every application here is given them, from its next release on. What runs goes on with what
        it has, and what a template says of a variable wins.
      </p>
      <Loaded resource={variables} height={120}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              <p>There is no variable yet.</p>
            </Empty>
          ) : (
            <VariableTable variables={items} onAsk={mayChange ? setAsked : undefined} />
          )
        }
      </Loaded>
      {asked?.type === 'set' && <VariableDialog path={path} variable={asked.variable} onClose={close} />}
      {asked?.type === 'remove' && (
        <ConfirmDialog
          title={`Remove ${asked.name}?`}
          confirm="Remove"
          isDangerous
          perform={() => client.send('PATCH', path, { body: { remove: [asked.name] } })}
          onClose={close}
        >
          Releases that begin from now on are not given it. What runs keeps it.
        </ConfirmDialog>
      )}
    </section>
  );
}

interface VariableTableProps {
  readonly variables: readonly VariableAnswer[];
  readonly onAsk: ((asked: Asked) => void) | undefined;
}

function VariableTable({ variables, onAsk }: VariableTableProps) {
  return (
    <Table label="Variables" columns={['Name', 'Value', { head: 'Change', isUnseen: true }]}>
      {variables.map((variable) => (
        <tr key={variable.name}>
          <td className="mono">{variable.name}</td>
          <td>{variable.value === undefined ? <Chip tone="calm">secret</Chip> : <Value text={variable.value} />}</td>
          <td className="number tools">
            {onAsk !== undefined && (
              <>
                <button type="button" className="button plain slim" onClick={() => onAsk({ type: 'set', variable })}>
                  Change<span className="unseen"> {variable.name}</span>
                </button>
                <button
                  type="button"
                  className="button plain slim"
                  onClick={() => onAsk({ type: 'remove', name: variable.name })}
                >
                  Remove<span className="unseen"> {variable.name}</span>
                </button>
              </>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

const shownCharacters = 300;

function Value({ text }: { readonly text: string }) {
  if (text === '') return <span className="faint">empty</span>;
  if (text.length <= shownCharacters) return <code className="value">{text}</code>;
  return (
    <>
      <code className="value">{text.slice(0, shownCharacters)}…</code>{' '}
      <span className="small faint">{text.length} characters</span>
    </>
  );
}
