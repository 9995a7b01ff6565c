/** What a .dockerignore leaves out: patterns in order, the last that matches wins, `!` takes in again. */
export interface IgnoreRules {
  isIgnored(path: string): boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly isException: boolean;
}

/** https://docs.docker.com/build/concepts/context/#dockerignore-files */
export function parseIgnoreRules(content: string): IgnoreRules {
  const rules = content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseRule);
  return {
    isIgnored(path) {
      const last = rules.findLast(({ pattern }) => pattern.test(path));
      return last !== undefined && !last.isException;
    },
  };
}

function parseRule(line: string): Rule {
  const isException = line.startsWith('!');
  const glob = line
    .slice(isException ? 1 : 0)
    .trim()
    .replace(/^\.?\/+/, '')
    .replace(/\/+$/, '');
  return { pattern: globToPattern(glob), isException };
}

/** A pattern that matches a directory matches all in it. `**` is any number of directories. */
export function globToPattern(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*\/?|\*|\?|\[[^\]]*\]|[.+^${}()|\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    return token.startsWith('[') ? token : `\\${token}`;
  });
  return new RegExp(`^${source}(?:/.*)?$`);
}
