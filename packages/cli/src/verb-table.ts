/** The verbs of a person as commands. Data alone: the command line reads it at every start. */
import type { Verb } from '@slipway/delivery/api/release-command';

export const verbs: ReadonlyArray<{
  readonly name: Verb;
  readonly arguments: string;
  readonly summary: string;
  readonly examples: readonly string[];
}> = [
  {
    name: 'promote',
    arguments: '<application>',
    summary: 'let the candidate take all traffic now',
    examples: ['slipway promote shop', 'slipway promote shop --wait --timeout 600'],
  },
  {
    name: 'pause',
    arguments: '<application>',
    summary: 'hold the running release where it is',
    examples: ['slipway pause shop'],
  },
  {
    name: 'resume',
    arguments: '<application>',
    summary: 'let a paused release go on',
    examples: ['slipway resume shop'],
  },
  {
    name: 'abort',
    arguments: '<application>',
    summary: 'end the running release and go back to the stable version',
    examples: ['slipway abort shop', 'slipway abort shop --wait=promoted'],
  },
  {
    name: 'retry',
    arguments: '<application>',
    summary: 'try a refused version again',
    examples: ['slipway retry shop'],
  },
  {
    name: 'rollback',
    arguments: '<application> [version]',
    summary: 'serve an earlier version (default: the previous stable one)',
    examples: ['slipway rollback shop', 'slipway rollback shop 1.4.0'],
  },
  {
    name: 'undo',
    arguments: '<application>',
    summary: 'take back the last of these commands, where it has not taken effect for good',
    examples: ['slipway undo shop'],
  },
];
