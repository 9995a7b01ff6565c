import { errorAt, type SourceLine } from '../build-error.ts';

const variable = /\\\$|\$(?:\{([a-zA-Z_]\w*)(?:(:?[-+?])([^}]*))?\}|([a-zA-Z_]\w*))/g;

/** Replaces `$A`, `${A}`, `${A:-default}` and `${A:+other}`; `\$` stays a dollar. An unknown variable is empty. */
export function substitute(text: string, variables: Readonly<Record<string, string>>, at: SourceLine): string {
  return text.replaceAll(variable, (whole: string, braced?: string, operator?: string, word = '', plain?: string) => {
    const name = braced ?? plain;
    if (name === undefined) {
      return '$';
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const isSet = operator?.startsWith(':') === true ? value !== undefined && value !== '' : value !== undefined;
    switch (operator?.replace(':', '')) {
      case '-':
        return isSet ? (value ?? '') : substitute(word, variables, at);
      case '+':
        return isSet ? substitute(word, variables, at) : '';
      case '?':
        if (!isSet) throw errorAt(at, `the variable ${name} must be set: ${word || whole}`);
        return value ?? '';
      default:
        return value ?? '';
    }
  });
}
