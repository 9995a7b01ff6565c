import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { describeDiskFailure } from './disk-failure.ts';

const path = tmpdir();

function refusal(code: string): Error {
  return Object.assign(new Error(code), { code });
}

it.each(['ENOSPC', 'EDQUOT'])('calls a disk full that said so (%s), though there is space again', (code) => {
  const full = /^cannot write to .*: the disk is full \(\d+ bytes free\); nothing was changed$/;
  expect(describeDiskFailure({ path, cause: refusal(code) })).toMatch(full);
  const settled = new Error('what was before it could not be settled', { cause: refusal(code) });
  expect(describeDiskFailure({ path, cause: settled })).toMatch(full);
});

it('does not where it said something else', () => {
  expect(describeDiskFailure({ path, cause: refusal('EIO') })).toContain('the disk does not take the write');
});
