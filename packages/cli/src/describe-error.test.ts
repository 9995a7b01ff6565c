import { StatusError } from '@slipway/kube/status-error';
import { describe, expect, it } from 'vitest';
import { describeError } from './describe-error.ts';
import { CommandFailure, usageFailure } from './failure.ts';

function systemError(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: something, open`), { code, syscall: 'open', ...(path ? { path } : {}) });
}

describe('describeError', () => {
  it.each([
    { name: 'a failure of the command, in its own words', error: new CommandFailure('no'), text: 'no', exitCode: 1 },
    { name: 'a wrong command line, with 2', error: usageFailure('what?'), text: 'what?', exitCode: 2 },
    {
      name: 'a refusal by the server',
      error: new StatusError('NotFound', 'pods "a" not found'),
      text: 'pods "a" not found',
      exitCode: 1,
    },
    {
      name: 'every fault of an object, with 2',
      error: new StatusError('Invalid', 'Pod "a" is invalid', {
        details: {
          causes: [
            { reason: 'FieldValueRequired', field: 'spec.a', message: 'Required value' },
            { reason: 'FieldValueInvalid', field: 'spec.b', message: 'Invalid value' },
          ],
        },
      }),
      text: 'Pod "a" is invalid\n  spec.a: Required value\n  spec.b: Invalid value',
      exitCode: 2,
    },
    {
      name: 'a server that is not there, and what to do',
      error: new StatusError('ServiceUnavailable', 'cannot be reached', { cause: systemError('ECONNREFUSED') }),
      text: 'cannot be reached\nDoes the cluster run? (slipway status, slipway up) Name another one with --kubeconfig FILE or --context NAME.',
      exitCode: 1,
    },
    {
      name: 'a server of another authority, and what to do',
      error: new StatusError('ServiceUnavailable', 'no', { cause: systemError('SELF_SIGNED_CERT_IN_CHAIN') }),
      text: expect.stringContaining('its authority has not signed'),
      exitCode: 1,
    },
    {
      name: 'a file that may not be read, without a stack',
      error: systemError('EACCES', '/a/b'),
      text: '/a/b: permission denied.',
      exitCode: 1,
    },
    {
      name: 'a fault of ours, with its stack',
      error: new TypeError('x is not a function'),
      text: expect.stringMatching(/^slipway failed unexpectedly: TypeError: x is not a function\n +at /),
      exitCode: 1,
    },
  ])('shows $name', ({ error, text, exitCode }) => {
    expect(describeError(error)).toEqual({ text, exitCode });
  });
});
