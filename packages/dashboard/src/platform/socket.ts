import type { OpenSocket } from '../api/live-stream.ts';

/** To the server that the page is from. */
export const openSocket: OpenSocket = (path, { onOpen, onMessage, onClose }) => {
  const { protocol, host } = location;
  const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}${path}`);
  const closed = new AbortController();
  const { signal } = closed;
  socket.addEventListener('open', onOpen, { signal });
  socket.addEventListener('message', ({ data }) => onMessage(String(data)), { signal });
  socket.addEventListener('close', ({ code, reason }) => onClose(code, reason), { signal });
  return () => {
    closed.abort();
    socket.close();
  };
};
