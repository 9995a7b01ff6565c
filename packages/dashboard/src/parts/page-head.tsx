import type { ReactNode } from 'react';

export interface PageHeadProps {
  readonly title: string;
  /** What can be done on the page, as buttons. */
  readonly children?: ReactNode;
}

/** What the page is, where who comes by keyboard begins. */
export function PageHead({ title, children }: PageHeadProps) {
  return (
    <div className="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {children !== undefined && <div className="actions">{children}</div>}
    </div>
  );
}
