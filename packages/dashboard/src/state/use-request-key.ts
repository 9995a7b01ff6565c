import { useState } from 'react';
import { RequestKey } from '../api/request-key.ts';
import { drawKey } from '../platform/browser.ts';

/** For whatever is made or done by asking for it: who presses again after a broken connection gets it once. */
export function useRequestKey(): RequestKey {
  const [key] = useState(() => new RequestKey(drawKey));
  return key;
}
