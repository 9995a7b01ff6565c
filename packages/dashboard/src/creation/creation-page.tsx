import { useDeferredValue, useMemo, useState } from 'react';
import { stringify } from 'yaml';
import type { AcceptedAnswer, ApplicationAnswer, List } from '../api/answers.ts';
import { pathOf } from '../api/client.ts';
import type { FieldFault } from '../api/problem.ts';
import { StageChart } from '../application/stage-chart.tsx';
import { planStages } from '../application/stages.ts';
import { Chip, Notice, ProblemNotice, Skeleton } from '../parts/small.tsx';
import { go, Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk } from '../session/desk.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { useResource } from '../state/use-resource.ts';
import { changeUnlessChanged } from './change-unless-changed.ts';
import { otherFaults } from './faults.ts';
import { Form, paths } from './form.tsx';
import { editManifest, firstManifest, readManifest, type Manifest } from './manifest.ts';
import { useValidation, type Validation } from './use-validation.ts';
import type { Mode, Unknown } from './validate.ts';
import { Title } from '../parts/title.tsx';

/** A new application, by form and by text. */
export default function CreationPage() {
  return <Editor mode="create" text={firstManifest} generation={undefined} />;
}

export interface ChangePageProps {
  readonly namespace: string;
  readonly name: string;
}

/** The same of one that is there. */
export function ChangePage({ namespace, name }: ChangePageProps) {
  const { data, problem } = useResource<ApplicationAnswer>(pathOf(namespace, 'applications', name));
  if (data === undefined)
    return (
      <>
        <Title>Change {name}</Title>
        {problem === undefined ? <Skeleton height={480} /> : <ProblemNotice problem={problem} />}
      </>
    );
  const text = stringify(
    { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { namespace, name }, spec: data.spec },
    { lineWidth: 0 },
  );
  return <Editor mode="change" text={text} generation={data.generation} />;
}

interface EditorProps {
  readonly mode: Mode;
  readonly text: string;
  /** That was read. */
  readonly generation: number | undefined;
}

function Editor({ mode, text: first, generation }: EditorProps) {
  const [text, setText] = useState(first);
  const reading = useMemo(() => readManifest(text), [text]);
  const [last, setLast] = useState<Manifest>();
  if (reading.manifest !== undefined && reading.manifest !== last) setLast(reading.manifest);
  const manifest = reading.manifest ?? last;
  const environments = useResource<List<{ readonly namespace: string }>>('/api/v1/environments');
  const { save, isBusy, problem } = useSaving(generation);
  const [isPressed, press] = useState(mode === 'change');
  const isBegun = isPressed || text !== first;
  const validation = useValidation(reading.manifest, { mode, isBegun });
  const faults = faultsOf(validation, isBegun);
  const isReady = reading.manifest !== undefined && validation.state === 'valid';
  return (
    <>
      <Head mode={mode} manifest={manifest} />
      <div className="editor">
        <section className="card" aria-label="Form">
          <div className="inside stack">
            {manifest === undefined ? (
              <Skeleton height={400} />
            ) : (
              <Form
                manifest={manifest}
                faults={faults}
                namespaces={(environments.data?.items ?? []).map(({ namespace }) => namespace)}
                isNamed={mode === 'change'}
                onEdit={(path, value) => setText((current) => editManifest(current, path, value))}
              />
            )}
            <Preview manifest={manifest} />
          </div>
        </section>
        <section className="card text" aria-labelledby="yaml">
          <header>
            <h2 id="yaml">YAML</h2>
            <span className="push">
              <State fault={reading.fault} validation={validation} />
            </span>
          </header>
          <textarea
            aria-labelledby="yaml"
            aria-invalid={reading.fault !== undefined}
            value={text}
            spellCheck={false}
            autoCapitalize="off"
            wrap="off"
            onChange={({ target }) => setText(target.value)}
          />
        </section>
      </div>
      <Findings fault={reading.fault} validation={validation} />
      {problem !== undefined && <ProblemNotice problem={problem} />}
      <div className="row">
        <button
          type="button"
          className="button primary"
          aria-disabled={!isReady || isBusy}
          onClick={() => {
            if (isBusy) return;
            press(true);
            if (isReady) void save(reading.manifest);
            else document.querySelector<HTMLElement>('.editor [aria-invalid=true], .editor input:invalid')?.focus();
          }}
        >
          {mode === 'create' ? 'Create and release' : 'Save and release'}
        </button>
        <p className="small soft">
          {mode === 'create'
            ? 'Its first version is released at once.'
            : 'A release begins where the template, its configuration or the version has changed.'}
        </p>
      </div>
    </>
  );
}

/** Whoever has not begun has left nothing out. */
function faultsOf(validation: Validation, isBegun: boolean): readonly FieldFault[] {
  const isShown = validation.state === 'invalid' || (validation.state === 'incomplete' && isBegun);
  return isShown ? validation.faults : [];
}

interface Saving {
  readonly save: (wanted: Manifest) => Promise<void>;
  readonly isBusy: boolean;
  readonly problem: unknown;
}

/** Creates, or changes what is as it was read, and goes on to it. */
function useSaving(generation: number | undefined): Saving {
  const { client } = useDesk();
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const key = useRequestKey();
  const save = async (wanted: Manifest): Promise<void> => {
    setBusy(true);
    try {
      const { namespace, name, spec } = wanted;
      const path = pathOf(namespace, 'applications');
      const body = { name, spec };
      if (generation !== undefined) await changeUnlessChanged(client, wanted, generation);
      else await client.send<AcceptedAnswer>('POST', path, { body, key: key.of(path, body) });
      go(formatPlace({ page: 'application', namespace, name }));
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return { save, isBusy, problem };
}

function Head({ mode, manifest }: { readonly mode: Mode; readonly manifest: Manifest | undefined }) {
  if (mode === 'create' || manifest === undefined)
    return (
      <div className="page-head">
        <Title>New application</Title>
      </div>
    );
  const { namespace, name } = manifest;
  return (
    <div className="page-head">
      <div className="titles">
        <p className="crumbs">
          <Link to="/">Overview</Link> / {namespace} /{' '}
          <Link to={formatPlace({ page: 'application', namespace, name })}>{name}</Link>
        </p>
        <Title>Change {name}</Title>
      </div>
    </div>
  );
}

/** The steps as they will run. */
function Preview({ manifest }: { readonly manifest: Manifest | undefined }) {
  const spec = useDeferredValue(manifest?.spec);
  if (spec === undefined) return null;
  const { strategy = { type: 'rolling' }, hooks, guardSeconds } = spec;
  return (
    <div className="stack preview">
      <h3>How it will be released</h3>
      <StageChart stages={planStages({ strategy, hooks, guardSeconds })} />
    </div>
  );
}

interface StateProps {
  readonly fault: string | undefined;
  readonly validation: Validation;
}

function State({ fault, validation: { state } }: StateProps) {
  if (fault !== undefined) return <Chip tone="bad">not readable</Chip>;
  if (state === 'asking') return <Chip tone="calm">asking</Chip>;
  if (state === 'incomplete') return <Chip tone="calm">incomplete</Chip>;
  return state === 'valid' ? <Chip tone="good">valid</Chip> : <Chip tone="bad">not valid</Chip>;
}

/** What no field of the form shows. */
function Findings({ fault, validation }: StateProps) {
  if (fault !== undefined) return <Notice tone="bad">{fault}</Notice>;
  if (validation.state === 'valid') return <NotLookedAt {...validation.unknown} />;
  if (validation.state !== 'invalid') return null;
  const { faults, message } = validation;
  const others = otherFaults(faults, Object.values(paths));
  if (faults.length === 0) return <Notice tone="bad">{message}</Notice>;
  if (others.length === 0) return null;
  return (
    <Notice tone="bad">
      <ul>
        {others.map(({ field, message: why }) => (
          <li key={`${field} ${why}`}>
            {field !== '' && <code>{field}</code>} {why}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** A release may fail over it all the same. */
function NotLookedAt({ unread, untried }: Unknown) {
  if (unread.length + untried.length === 0) return null;
  return (
    <Notice tone="calm">
      {unread.length > 0 && (
        <p>Whether the version finds what it needs in {listed(unread)} is not known: the server may not read that.</p>
      )}
      {untried.length > 0 && (
        <p>
          What the cluster has against the version’s {listed(untried)} is not known: the server may not try to create
          that.
        </p>
      )}
    </Notice>
  );
}

/** `a`, `b and c`, `d, e and f`. */
function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names);
}
