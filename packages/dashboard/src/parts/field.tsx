import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react';

interface Named {
  readonly label: string;
  readonly name: string;
  readonly hint?: string | undefined;
}

export type TextFieldProps = Named &
  InputHTMLAttributes<HTMLInputElement> & {
    /** What the server has said against it. */
    readonly faults?: readonly string[];
  };

/** A line of text with its label, and what is wrong with it in place of the hint. */
export function TextField({ label, hint, faults = [], ...input }: TextFieldProps) {
  const id = useId();
  const isFaulty = faults.length > 0;
  const about = isFaulty ? faults.join('; ') : hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={isFaulty || undefined}
        aria-describedby={about === undefined ? undefined : `${id}-about`}
        {...input}
      />
      {about !== undefined && (
        <p className={isFaulty ? 'fault' : 'hint'} id={`${id}-about`}>
          {about}
        </p>
      )}
    </div>
  );
}

export interface Choice {
  readonly name: string;
  readonly label: string;
}

export type ChoiceFieldProps = Named &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'children'> & { readonly choices: readonly Choice[] };

/** One of a few. */
export function ChoiceField({ label, hint, choices, ...select }: ChoiceFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" {...select}>
        {choices.map((choice) => (
          <option key={choice.name} value={choice.name}>
            {choice.label}
          </option>
        ))}
      </select>
      {hint !== undefined && <p className="hint">{hint}</p>}
    </div>
  );
}

export type CheckProps = InputHTMLAttributes<HTMLInputElement> & { readonly children: ReactNode };

export function Check({ children, ...input }: CheckProps) {
  return (
    <label className="row check">
      <input type="checkbox" {...input} />
      <span>{children}</span>
    </label>
  );
}
