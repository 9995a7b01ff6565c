import { otherScenarios } from '../../testing/scenarios/other.ts';
import { testScripts } from '../../testing/test-scripts.ts';

testScripts(otherScenarios);
