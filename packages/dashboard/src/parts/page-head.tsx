import type { ReactNode } from 'react';
import { Title } from './title.tsx';

export interface PageHeadProps {
  readonly title: string;
  /** What can be done on the page, as buttons. */
  readonly children?: ReactNode;
}

/** What the page is, where who comes by keyboard begins. */
export function PageHead({ title, children }: PageHeadProps) {
  return (
    <div className="page-head">
      <Title>{title}</Title>
      {children !== undefined && <div className="actions">{children}</div>}
    </div>
  );
}
