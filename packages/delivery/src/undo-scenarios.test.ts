import { undoScenarios } from '../testing/scenarios/undo.ts';
import { testScripts } from '../testing/test-scripts.ts';

testScripts(undoScenarios);
