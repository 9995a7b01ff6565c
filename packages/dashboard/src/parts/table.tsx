import type { ReactNode } from 'react';

export interface Column {
  readonly head: string;
  /** Figures stand right, one below the other. */
  readonly isNumber?: boolean;
  /** For buttons and boxes, which say themselves what they are. */
  readonly isUnseen?: boolean;
}

export interface TableProps {
  readonly label: string;
  readonly columns: ReadonlyArray<string | Column>;
  readonly className?: string;
  /** Its rows. */
  readonly children: ReactNode;
}

/** A table that moves sideways by itself, by keyboard too, where there is no room for it. */
export function Table({ label, columns, className = '', children }: TableProps) {
  return (
    <div className={`scroll-x ${className}`} tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={typeof column === 'string' ? column : column.head} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Head({ column }: { readonly column: string | Column }) {
  const { head, isNumber = false, isUnseen = false }: Column = typeof column === 'string' ? { head: column } : column;
  return (
    <th className={isNumber ? 'number' : undefined}>{isUnseen ? <span className="unseen">{head}</span> : head}</th>
  );
}
