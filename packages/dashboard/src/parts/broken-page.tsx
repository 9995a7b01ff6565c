import { Component, type ReactNode } from 'react';
import { describeProblem } from '../api/problem.ts';
import { Notice } from './small.tsx';
import { Title } from './title.tsx';

interface State {
  readonly fault?: unknown;
}

/**
 * A page that cannot be drawn says so, and the way around stays. Most often its files are gone: a server of another version
 * has other ones, which come with the page that is loaded again.
 */
export class BrokenPage extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = {};

  static getDerivedStateFromError(fault: unknown): State {
    return { fault };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (!('fault' in this.state)) return this.props.children;
    return (
      <>
        <Title>This page cannot be shown</Title>
        <Notice tone="bad">{describeProblem(fault)}</Notice>
        <div>
          <button type="button" className="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </div>
      </>
    );
  }
}
