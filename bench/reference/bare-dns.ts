/** Answers each question with one address, whatever it was; prints its port. What any answer over UDP costs in Node. */
import { createSocket } from 'node:dgram';

const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]);
const socket = createSocket('udp4');
socket.on('message', (message, { address, port }) => {
  const answer = Buffer.concat([message, record]);
  answer.writeUInt16BE(0x8580, 2);
  answer.writeUInt16BE(1, 6);
  socket.send(answer, port, address);
});
socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));
