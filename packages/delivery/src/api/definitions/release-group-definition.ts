import { releaseGroups } from '../release-group.ts';
import { ageColumn, column, defineKind, wideColumn } from './definition.ts';
import { applicationName, boolean, conditions, integer, list, object, string } from './schema.ts';

export const releaseGroupDefinition = defineKind({
  type: releaseGroups,
  singular: 'releasegroup',
  shortNames: ['rg'],
  description: 'Applications that are released together: each takes traffic when those before it have all of theirs.',
  spec: object(
    'Which, and what becomes of all when one goes back.',
    {
      members: list(
        'Applications of the namespace, in the order in which they take traffic.',
        string('Name of an Application.', applicationName),
        { minItems: 1, maxItems: 64, 'x-kubernetes-list-type': 'set' },
      ),
      abortTogether: boolean(
        'One that goes back takes all with it that are being released, the last one first. Default false.',
      ),
    },
    { required: ['members'] },
  ),
  status: object('What is.', {
    observedGeneration: integer('The generation that this status is about.'),
    phase: string('Phase of all together.'),
    waitingFor: string('What is waited for.'),
    released: string('How many members have what their specs ask for in front of their users.'),
    members: list(
      'In order.',
      object('One member.', {
        name: string('Of the Application.'),
        phase: string('Of the Application; Missing where there is none.'),
        version: string('That is being released, or else serves.'),
        waitingFor: string('What it waits for.'),
      }),
    ),
    conditions,
  }),
  columns: [
    column('Phase', '.status.phase', 'Phase of all together.'),
    column('Released', '.status.released', 'Members that have what their specs ask for in front of their users.'),
    { ...column('Together', '.spec.abortTogether', 'One that goes back takes all with it.'), type: 'boolean' },
    wideColumn('Members', '.spec.members', 'In order.'),
    wideColumn('Waiting For', '.status.waitingFor', 'What is waited for.'),
    ageColumn,
  ],
});
