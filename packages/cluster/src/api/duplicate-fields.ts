/** Fields that a body names twice: JSON takes the last one, and whoever wrote it may have meant the first. */

/** As many as Kubernetes names. */
const maximumNamed = 100;

/** How many fields all objects in a value have. A body that is said to have more names some of them twice. */
export function countFields(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const child of value) count += countFields(child);
  else
    for (const name in value) {
      count += 1;
      count += countFields((value as Readonly<Record<string, unknown>>)[name]);
    }
  return count;
}

/** Whatever stands between two of these is a number, a word or nothing. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

interface Level {
  readonly path: string;
  /** Absent in a list. */
  readonly seen?: Set<string>;
  /** The field or the item that is being read. */
  current: string;
  items: number;
}

/** Their paths, such as `spec.ports[0].port`, in a text that is JSON. */
export function findDuplicateFields(text: string): readonly string[] {
  const levels: Level[] = [];
  const found: string[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') levels.push(openLevel(token, level));
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',' && level !== undefined) level.current = `[${++level.items}]`;
    else if (token === ':' && level?.seen !== undefined) {
      const name: string = JSON.parse(last);
      level.current = level.path === '' ? name : `.${name}`;
      if (level.seen.has(name)) found.push(level.path + level.current);
      level.seen.add(name);
    }
    if (found.length === maximumNamed) break;
    last = token;
  }
  return found;
}

function openLevel(token: string, above: Level | undefined): Level {
  const path = above === undefined ? '' : above.path + above.current;
  return { path, current: '[0]', items: 0, ...(token === '{' ? { seen: new Set<string>() } : {}) };
}
