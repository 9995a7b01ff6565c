/** What the suites of others ask of a rollout, and no other table of ours: in which order things come, and what stays as it is. */
import { fieldScenarios } from '../../testing/scenarios/field.ts';
import { testScripts } from '../../testing/test-scripts.ts';

testScripts(fieldScenarios);
