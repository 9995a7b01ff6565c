/**
 * Asks a DNS server as fast as it answers, with so many questions under way, and prints an `Outcome`. Each answer is held
 * against its question: anything but one with records counts as wrong.
 */
import { createSocket } from 'node:dgram';

export interface Plan {
  readonly address: string;
  readonly port: number;
  readonly seconds: number;
  readonly underWay: number;
  readonly questions: ReadonlyArray<{ readonly name: string; readonly type: number }>;
}

export interface Outcome {
  readonly answers: number;
  readonly wrong: number;
  readonly lost: number;
  readonly seconds: number;
}

const lostMilliseconds = 1_000;
const plan: Plan = JSON.parse(process.argv[2] ?? '');
const messages = plan.questions.map(({ name, type }) => encode(name, type));
const socket = createSocket('udp4');
const sentAt = new Float64Array(plan.underWay);
let [turn, answers, wrong, lost] = [0, 0, 0, 0];
let isOver = false;

socket.on('message', (message) => {
  const slot = message.readUInt16BE(0);
  if (slot >= plan.underWay) return;
  const isAnswer = ((message[3] ?? 0) & 0xf) === 0 && message.readUInt16BE(6) > 0;
  if (isAnswer) answers += 1;
  else wrong += 1;
  if (!isOver) ask(slot);
});
socket.bind(0, () => {
  socket.setRecvBufferSize(4_194_304);
  socket.connect(plan.port, plan.address, begin);
});

function begin(): void {
  const startedAt = performance.now();
  for (let slot = 0; slot < plan.underWay; slot++) ask(slot);
  const looking = setInterval(askLostAgain, lostMilliseconds / 4);
  setTimeout(() => {
    isOver = true;
    clearInterval(looking);
    const seconds = (performance.now() - startedAt) / 1_000;
    const outcome: Outcome = { answers, wrong, lost, seconds };
    console.log(JSON.stringify(outcome));
    socket.close();
  }, plan.seconds * 1_000);
}

function ask(slot: number): void {
  const message = messages[turn++ % messages.length];
  if (message === undefined) throw new Error('there is nothing to ask');
  sentAt[slot] = performance.now();
  const own = Buffer.from(message);
  own.writeUInt16BE(slot, 0);
  socket.send(own);
}

function askLostAgain(): void {
  const now = performance.now();
  for (const [slot, at] of sentAt.entries()) {
    if (now - at < lostMilliseconds) continue;
    lost += 1;
    ask(slot);
  }
}

/** One question, recursion desired. */
function encode(name: string, type: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, type, 0, 1])]);
}
