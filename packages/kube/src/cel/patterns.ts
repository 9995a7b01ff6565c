/** Regular expressions of Go, which most patterns write as JavaScript does. */
import { mayRunAway, requireWatch, spendSteps } from './budget.ts';
import { CelEvaluationError } from './types.ts';

const maximumText = 65_536;
/** Names of objects and hosts. Longer ones take even a tame pattern a time that grows with their square or cube. */
const shortText = 256;
const maximumKept = 256;
/** Go knows neither: what they would mean is refused rather than allowed here alone. */
const foreign = /(?:^|[^\\])(?:\\\\)*(?:\(\?(?:[=!]|<[=!])|\\[1-9])/;

const known = new Map<string, RegExp>();

export function patternOf(source: string): RegExp {
  const kept = known.get(source);
  if (kept !== undefined) return kept;
  const made = compile(source);
  const oldest = known.keys().next();
  if (known.size >= maximumKept && oldest.done !== true) known.delete(oldest.value);
  known.set(source, made);
  return made;
}

function compile(source: string): RegExp {
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
  const translated = rest
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^')
    .replaceAll('(?P<', '(?<')
    .replaceAll('[[:alpha:]]', '[A-Za-z]')
    .replaceAll('[[:digit:]]', '[0-9]')
    .replaceAll('[[:alnum:]]', '[0-9A-Za-z]')
    .replaceAll('[[:space:]]', '[\\t\\n\\v\\f\\r ]');
  if (!foreign.test(source))
    for (const unicode of ['u', '']) {
      try {
        return new RegExp(translated, `${flags}${unicode}g`);
      } catch {
        // Without the flag more escapes are allowed, as in Go; what fails then too is named below.
      }
    }
  throw new CelEvaluationError(`error parsing regexp: ${JSON.stringify(source)} is not a regular expression of Go`);
}

export function isMatch(text: string, source: string): boolean {
  const pattern = ofBoundedText(text, source);
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** At most `limit` matches; all of them where it is negative. */
export function findMatches(text: string, source: string, limit: number): readonly string[] {
  const found: string[] = [];
  if (limit === 0) return found;
  for (const [match] of text.matchAll(ofBoundedText(text, source))) {
    found.push(match);
    spendSteps(match.length / 10 + 1);
    if (found.length === limit) break;
  }
  return found;
}

function ofBoundedText(text: string, source: string): RegExp {
  if (text.length > maximumText)
    throw new CelEvaluationError(`a text of ${text.length} characters is not matched: at most ${maximumText} are`);
  if (text.length > shortText || mayRunAway(source)) requireWatch();
  return patternOf(source);
}
