/** What `no-restricted-properties` cannot say: a Date without a time is the time of the machine's clock. */

interface Node {
  readonly callee: { readonly type: string; readonly name?: string };
  readonly arguments: readonly unknown[];
}

interface Context {
  report(fault: { readonly node: Node; readonly message: string }): void;
}

const message = 'Take a Clock: real time is read in the platform folder and the composition root only.';

function isDate({ callee }: Node): boolean {
  return callee.type === 'Identifier' && callee.name === 'Date';
}

export default {
  meta: { name: 'slipway' },
  rules: {
    'no-current-date': {
      create: (context: Context) => ({
        NewExpression: (node: Node) => {
          if (isDate(node) && node.arguments.length === 0) context.report({ node, message });
        },
        // Called without `new` it takes no notice of what it is given.
        CallExpression: (node: Node) => {
          if (isDate(node)) context.report({ node, message });
        },
      }),
    },
  },
};
