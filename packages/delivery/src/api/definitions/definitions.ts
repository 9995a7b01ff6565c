import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { applicationDefinition } from './application-definition.ts';
import { releaseApprovalDefinition } from './release-approval-definition.ts';
import { releaseCommandDefinition } from './release-command-definition.ts';
import { releaseDefinition } from './release-definition.ts';
import { releaseGroupDefinition } from './release-group-definition.ts';
import { splitDefinition } from './split-definition.ts';

/** Every kind of Slipway's own. */
export const definitions: readonly CustomResourceDefinition[] = [
  applicationDefinition,
  releaseDefinition,
  releaseCommandDefinition,
  releaseApprovalDefinition,
  releaseGroupDefinition,
  splitDefinition,
];
