/** Headers that a route sets: what gateways would leave out is said, and not dropped without a word. */
import type { StatusCause } from '@slipway/kube/status-error';
import type { ApplicationSpec } from '../api/application.ts';

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t -~\x80-\xff]*$/;
/** The gateway's own business: where a message ends, and what is about one connection. */
const framing =
  /^(?:connection|content-(?:encoding|length|range)|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

export function validateHeaders({ route }: Pick<ApplicationSpec, 'route'>): readonly StatusCause[] {
  return Object.entries(route?.responseHeaders ?? {}).flatMap(([name, value]) => {
    const message = describeFault(name, value);
    const field = `spec.route.responseHeaders[${JSON.stringify(name)}]`;
    return message === undefined ? [] : [{ reason: 'FieldValueInvalid', field, message }];
  });
}

function describeFault(name: string, value: string): string | undefined {
  if (!fieldName.test(name)) return 'is not the name of a header, expected one such as X-Frame-Options';
  if (framing.test(name)) return 'frames a message or names a connection, which only a gateway can: remove it';
  return fieldValue.test(value)
    ? undefined
    : 'must be one line of visible characters, or answers could be forged by it';
}
