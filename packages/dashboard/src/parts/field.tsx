import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react';

interface Named {
  readonly label: string;
  readonly name: string;
  readonly hint?: string | undefined;
}

/** A line of text with its label. */
export function TextField({ label, hint, ...input }: Named & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        {...input}
      />
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
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
