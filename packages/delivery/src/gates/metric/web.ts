/** A number out of the JSON that an HTTP server answers with. */
import { parseJson } from './json.ts';
import { parseJsonPath, readJsonPath } from './json-path.ts';
import { failure, noData, parseValue, value, type Sample } from './sample.ts';

export function readWeb(status: number, body: string, jsonPath: string): Sample {
  if (status < 200 || status > 299) return failure(`the server answered ${status}, expected 2xx`);
  const document = parseJson(body);
  if (document === undefined) return failure(`the server answered ${status} without JSON`);
  const steps = parseJsonPath(jsonPath);
  if (steps === undefined) return failure(`jsonPath "${jsonPath}" is none`);
  const found = readJsonPath(document, steps);
  if ('missing' in found) return failure(`the answer has nothing at ${found.missing}`);
  if (found.value === null) return noData(`the answer has null at ${jsonPath}`);
  const number = parseValue(found.value);
  return number === undefined
    ? failure(`the answer has no number at ${jsonPath}, but ${kindOf(found.value)}`)
    : value(number);
}

function kindOf(found: unknown): string {
  if (Array.isArray(found)) return 'a list';
  return typeof found === 'object' ? 'an object' : `a ${typeof found}`;
}
