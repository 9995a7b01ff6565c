import { releaseApprovals } from '../release-approval.ts';
import { ageColumn, column, defineKind } from './definition.ts';
import { hookName } from './hook-schema.ts';
import { objectName } from './route-schema.ts';
import { applicationName, object, rules, string } from './schema.ts';

export const releaseApprovalDefinition = defineKind({
  type: releaseApprovals,
  singular: 'releaseapproval',
  description: 'That somebody agrees to a release. It counts once, is noted in the Release, and removed.',
  spec: object(
    'What is agreed to.',
    {
      application: string('Name of the Application.', applicationName),
      release: string('Name of the Release.', objectName),
      hook: string('Name of the hook that waits for it.', hookName),
      reason: string('Why; shown with the outcome.', { maxLength: 512 }),
      approvedBy: string('Who agrees, as claimed.', { maxLength: 253 }),
    },
    {
      required: ['application', 'release', 'hook'],
      ...rules(['self == oldSelf', 'an approval is given once and never changed: create another']),
    },
  ),
  columns: [
    column('Application', '.spec.application', 'The Application.'),
    column('Release', '.spec.release', 'The Release.'),
    column('Hook', '.spec.hook', 'The hook that waits for it.'),
    column('Approved By', '.spec.approvedBy', 'Who agrees, as claimed.'),
    ageColumn,
  ],
});
