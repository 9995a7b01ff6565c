import type { ApplicationStatus } from '@slipway/delivery/api/application';
import type { CommandOutcome, Verb } from '@slipway/delivery/api/release-command';
import type { Release, ReleaseStatus } from '@slipway/delivery/api/release';
import { describe, expect, it } from 'vitest';
import { judgeCommand, type CommandResult } from './command-outcome.ts';
import type { Goal } from './release-outcome.ts';

const name = 'shop-x';

function answer(outcome: CommandOutcome['outcome'] = 'accepted'): CommandOutcome {
  return { name, verb: 'any', at: '', outcome, message: 'as the controller says' };
}

interface Row {
  readonly verb: Verb;
  readonly goal?: Goal;
  readonly release?: Partial<ReleaseStatus>;
  readonly application?: ApplicationStatus;
}

function judge({ verb, goal = 'succeeded', release, application = {} }: Row): CommandResult | undefined {
  const spec = { version: '2' } as Release['spec'];
  const status = release && { phase: 'Progressing' as const, commands: [answer()], ...release };
  return judgeCommand(
    { name, verb, goal },
    {
      current: { metadata: { name: 'shop' }, spec: {}, status: application },
      releases: status === undefined ? [] : [{ metadata: { name: 'shop-2' }, spec, status }],
    },
  );
}

const ending = { phase: 'RolledBack', by: 'gate', reason: 'two pods are not healthy' } as const;

describe('a command', () => {
  it.each<Row & { readonly name: string }>([
    { name: 'that nobody has answered', verb: 'promote', release: { commands: [] } },
    { name: 'whose release moves', verb: 'promote', release: {} },
    { name: 'whose release is guarded', verb: 'promote', release: { phase: 'Guarding' } },
    { name: 'whose release waits for a person again', verb: 'resume', release: { phase: 'Paused' } },
    { name: 'whose release goes back', verb: 'abort', release: { phase: 'RollingBack', ending } },
    {
      name: 'whose release still has traffic of the Service',
      verb: 'abort',
      goal: 'promoted',
      release: { phase: 'RollingBack', ending, replicas: { desired: 2, ready: 2, serving: 1 } },
    },
    {
      name: 'whose release still has traffic of the route',
      verb: 'abort',
      goal: 'promoted',
      release: { phase: 'RollingBack', ending, split: { weights: { 'shop-1': 60, 'shop-2': 40 }, confirmed: true } },
    },
    {
      name: 'whose release has lost its traffic, where it is not known to be so',
      verb: 'abort',
      goal: 'promoted',
      release: { phase: 'RollingBack', ending, split: { weights: { 'shop-1': 100, 'shop-2': 0 }, confirmed: false } },
    },
    {
      name: 'whose release is finished, but not for the Application yet',
      verb: 'retry',
      release: { phase: 'RolledBack', ending },
      application: { candidate: 'shop-2' },
    },
  ])('$name is waited for', (row) => {
    expect(judge(row)).toBeUndefined();
  });

  it.each<Row & { readonly name: string }>([
    { name: 'promoted and succeeded', verb: 'promote', release: { phase: 'Succeeded' } },
    { name: 'promoted, where that is enough', verb: 'promote', goal: 'promoted', release: { phase: 'Guarding' } },
    { name: 'paused', verb: 'pause', release: { phase: 'Paused' } },
    { name: 'aborted', verb: 'abort', release: { phase: 'RolledBack', ending } },
    {
      name: 'aborted, with pods that are kept, where the end of its traffic is enough',
      verb: 'abort',
      goal: 'promoted',
      release: {
        phase: 'RollingBack',
        ending,
        replicas: { desired: 2, ready: 2, serving: 0 },
        split: { weights: { 'shop-1': 100 }, confirmed: true },
      },
    },
    { name: 'aborted before it began', verb: 'abort', release: { phase: 'Superseded', ending } },
    { name: 'aborted where there is no stable one', verb: 'abort', release: { phase: 'Failed', ending } },
    {
      name: 'rolled back while it was under way',
      verb: 'rollback',
      release: { phase: 'RolledBack', ending: { ...ending, command: name } },
    },
    { name: 'rolled back to', verb: 'rollback', release: { phase: 'Succeeded' } },
    { name: 'paused again by an undo', verb: 'undo', release: { phase: 'Paused' } },
    { name: 'kept from being released by an undo', verb: 'undo', release: { phase: 'Superseded', ending } },
  ])('has come about: $name', (row) => {
    expect(judge(row)).toMatchObject({ isReached: true });
  });

  it.each<Row & { readonly name: string; readonly message: string }>([
    {
      name: 'a refusal',
      verb: 'promote',
      release: { commands: [answer('refused')] },
      message: 'was refused: as the controller says',
    },
    {
      name: 'a refusal where there is no release',
      verb: 'rollback',
      application: { commands: [answer('refused')] },
      message: 'was refused: as the controller says',
    },
    {
      name: 'an undo',
      verb: 'promote',
      release: { commands: [answer('undone')] },
      message: 'was taken back by an undo',
    },
    {
      name: 'a failure of the version',
      verb: 'retry',
      release: { phase: 'RolledBack', ending },
      message: 'version 2 is RolledBack: two pods are not healthy',
    },
    {
      name: 'a rollback whose version is not healthy any more',
      verb: 'rollback',
      release: { phase: 'RolledBack', ending },
      message: 'version 2 is RolledBack: two pods are not healthy',
    },
    {
      name: 'a success in spite of an abort',
      verb: 'abort',
      release: { phase: 'Succeeded' },
      message: 'version 2 is Succeeded: no reason was recorded',
    },
  ])('has not come about after $name', ({ message, ...row }) => {
    expect(judge(row)).toMatchObject({ isReached: false, message });
  });

  it('that the Application keeps is done when it is accepted: there is no record to follow', () => {
    expect(judge({ verb: 'rollback', application: { commands: [answer()] } })).toMatchObject({
      isReached: true,
      message: 'as the controller says',
    });
  });
});
