import { useId, useState, type ReactNode } from 'react';
import type { CanaryStep } from '@slipway/delivery/api/application';
import type { FieldFault } from '../api/problem.ts';
import { faultsAt } from './faults.ts';
import { getAt, type Manifest, type Path } from './manifest.ts';
import { StepsEditor } from './steps-editor.tsx';
import { keepTyped, splitList } from './lists.ts';
import { firstSteps } from './steps.ts';

export interface FormProps {
  readonly manifest: Manifest;
  readonly faults: readonly FieldFault[];
  readonly namespaces: readonly string[];
  /** Of one that is there: where and what it is stays. */
  readonly isNamed: boolean;
  /** Undefined takes the field away. */
  readonly onEdit: (path: Path, value: unknown) => void;
}

const container = ['spec', 'template', 'spec', 'containers', 0] as const;
export const paths = {
  namespace: ['metadata', 'namespace'],
  name: ['metadata', 'name'],
  version: ['spec', 'version'],
  replicas: ['spec', 'replicas'],
  image: [...container, 'image'],
  port: [...container, 'ports', 0, 'containerPort'],
  hosts: ['spec', 'route', 'hosts'],
  cpu: [...container, 'resources', 'limits', 'cpu'],
  memory: [...container, 'resources', 'limits', 'memory'],
  healthPath: ['spec', 'healthCheck', 'path'],
  healthType: ['spec', 'healthCheck', 'type'],
  strategy: ['spec', 'strategy', 'type'],
  steps: ['spec', 'strategy', 'canary', 'steps'],
  autoPromote: ['spec', 'strategy', 'blueGreen', 'autoPromote'],
  guard: ['spec', 'guardSeconds'],
} as const satisfies Readonly<Record<string, Path>>;

/** What most applications need; everything else stands in the text beside it. */
export function Form({ manifest, faults, namespaces, isNamed, onEdit }: FormProps) {
  const value = { metadata: { namespace: manifest.namespace, name: manifest.name }, spec: manifest.spec };
  const text = (path: Path): string => {
    const found = getAt(value, path);
    return Array.isArray(found) ? found.join(', ') : typeof found === 'object' ? '' : String(found ?? '');
  };
  const field = (path: Path) => ({ value: text(path), faults: faultsAt(faults, path), onEdit: editor(path, onEdit) });
  const number = (path: Path) => ({ ...field(path), onEdit: (given: string) => onEdit(path, asNumber(given)) });
  const [typedHosts, typeHosts] = useState('');
  const hosts = (given: string): void => {
    typeHosts(given);
    onEdit(paths.hosts, splitList(given));
  };
  return (
    <div className="form">
      <div className="fields">
        <TextField label="Namespace" {...field(paths.namespace)} options={namespaces} isReadOnly={isNamed} isRequired />
        <TextField label="Name" {...field(paths.name)} isReadOnly={isNamed} isRequired />
        <TextField label="Version" hint="Empty: the next" {...field(paths.version)} />
        <TextField label="Replicas" type="number" {...number(paths.replicas)} />
      </div>
      <div className="fields">
        <TextField label="Image" {...field(paths.image)} span={2} isRequired />
        <TextField label="CPU limit" hint="Such as 500m" {...field(paths.cpu)} />
        <TextField label="Memory limit" hint="Such as 256Mi" {...field(paths.memory)} />
      </div>
      <div className="fields">
        <TextField
          label="Front-end hosts"
          hint="Separated by commas"
          {...field(paths.hosts)}
          value={keepTyped(typedHosts, text(paths.hosts))}
          onEdit={hosts}
          span={3}
        />
        <TextField label="Port" type="number" hint="Of the container" {...number(paths.port)} />
      </div>
      <div className="fields">
        <TextField label="Health path" hint="Such as /health" {...field(paths.healthPath)} />
        <SelectField
          label="Health answer"
          span={2}
          {...field(paths.healthType)}
          options={[
            ['', 'Any 2xx'],
            ['probe', '{"healthy": true}'],
          ]}
        />
        <TextField label="Guard (s)" hint="Empty: 300" type="number" {...number(paths.guard)} />
      </div>
      <Strategy manifest={manifest} field={field} onEdit={onEdit} />
    </div>
  );
}

interface Bound {
  readonly value: string;
  readonly faults: readonly string[];
  readonly onEdit: (value: string) => void;
}

interface StrategyProps extends Pick<FormProps, 'manifest' | 'onEdit'> {
  readonly field: (path: Path) => Bound;
}

const strategies = [
  ['rolling', 'Rolling: pod by pod'],
  ['blueGreen', 'Blue-green: all at once'],
  ['canary', 'Canary: step by step'],
  ['rainbow', 'Rainbow: sessions keep theirs'],
  ['recreate', 'Recreate: the old ends first'],
] as const;

function Strategy({ manifest, field, onEdit }: StrategyProps) {
  const { type = 'rolling', canary, blueGreen } = manifest.spec.strategy ?? {};
  const choose = (chosen: string): void =>
    onEdit(['spec', 'strategy'], {
      type: chosen,
      ...(chosen === 'canary' ? { canary: { steps: canary?.steps ?? firstSteps } } : {}),
    });
  return (
    <>
      <div className="fields">
        <SelectField
          label="Strategy"
          {...field(paths.strategy)}
          value={type}
          onEdit={choose}
          options={strategies}
          span={2}
        />
        {type === 'blueGreen' && (
          <label className="row check">
            <input
              type="checkbox"
              checked={blueGreen?.autoPromote === false}
              onChange={({ target }) => onEdit(paths.autoPromote, target.checked ? false : undefined)}
            />
            Wait for somebody to promote it
          </label>
        )}
      </div>
      {type === 'canary' && (
        <StepsEditor
          steps={canary?.steps ?? []}
          checks={(manifest.spec.checks ?? []).map(({ name }) => name)}
          faults={field(paths.steps).faults}
          onChange={(steps: readonly CanaryStep[]) => onEdit(paths.steps, steps)}
        />
      )}
    </>
  );
}

/** Of the four columns. */
type Span = 2 | 3;

interface TextFieldProps extends Bound {
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'number';
  readonly options?: readonly string[];
  readonly span?: Span;
  readonly isReadOnly?: boolean;
  readonly isRequired?: boolean;
}

function TextField({ label, hint, type = 'text', options = [], ...props }: TextFieldProps) {
  const id = useId();
  const { value, faults, onEdit, span, isReadOnly, isRequired } = props;
  return (
    <Labelled id={id} label={label} hint={hint} faults={faults} span={span}>
      <input
        id={id}
        className="input"
        type={type}
        min={type === 'number' ? 0 : undefined}
        value={value}
        readOnly={isReadOnly}
        required={isRequired}
        autoComplete="off"
        spellCheck={false}
        list={options.length > 0 ? `${id}-list` : undefined}
        aria-invalid={faults.length > 0}
        aria-describedby={`${id}-about`}
        onChange={({ target }) => onEdit(target.value)}
      />
      {options.length > 0 && (
        <datalist id={`${id}-list`}>
          {options.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </Labelled>
  );
}

interface SelectFieldProps extends Bound {
  readonly label: string;
  readonly options: ReadonlyArray<readonly [value: string, text: string]>;
  readonly span?: Span;
}

function SelectField({ label, value, faults, onEdit, options, span }: SelectFieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} faults={faults} span={span}>
      <select
        id={id}
        className="input"
        value={value}
        aria-describedby={`${id}-about`}
        onChange={({ target }) => onEdit(target.value)}
      >
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

interface LabelledProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly faults: readonly string[];
  readonly span?: Span | undefined;
  readonly children: ReactNode;
}

function Labelled({ id, label, hint, faults, span, children }: LabelledProps) {
  return (
    <div className={span === undefined ? 'field' : `field span-${span}`}>
      <label htmlFor={id}>{label}</label>
      {children}
      <p id={`${id}-about`} className={faults.length > 0 ? 'fault' : 'hint'}>
        {faults.length > 0 ? faults.join('; ') : hint}
      </p>
    </div>
  );
}

function editor(path: Path, onEdit: FormProps['onEdit']): (value: string) => void {
  return (value) => onEdit(path, value);
}

function asNumber(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}
