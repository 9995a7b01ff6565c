import { releaseCommands, verbs } from '../release-command.ts';
import { ageColumn, column, defineKind } from './definition.ts';
import { applicationName, object, rules, string } from './schema.ts';

export const releaseCommandDefinition = defineKind({
  type: releaseCommands,
  singular: 'releasecommand',
  description: 'What a person asks of a release. It is carried out once, noted in the Release, and removed.',
  spec: object(
    'What is asked.',
    {
      application: string('Name of the Application.', applicationName),
      verb: string('What to do.', { enum: verbs }),
      version: string('Of rollback: the version to return to. Absent: the stable one before.', {
        // A configuration of its own adds a few letters to what an Application may say.
        maxLength: 72,
        pattern: '^[A-Za-z0-9][!-~]*$',
      }),
      reason: string('Why; shown with the outcome.', { maxLength: 1_024 }),
      requestedBy: string('Who asks, as claimed.', { maxLength: 253 }),
    },
    {
      required: ['application', 'verb'],
      ...rules(
        ['self == oldSelf', 'a command is given once and never changed: create another'],
        ["!has(self.version) || self.verb == 'rollback'", 'only rollback names a version: remove it'],
      ),
    },
  ),
  columns: [
    column('Application', '.spec.application', 'The Application.'),
    column('Verb', '.spec.verb', 'What to do.'),
    column('Requested By', '.spec.requestedBy', 'Who asks, as claimed.'),
    ageColumn,
  ],
});
