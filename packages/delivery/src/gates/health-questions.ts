/** The pods that are being asked for their health: each once, and a bounded number at a time. */
import { attemptOf } from '../release-status.ts';
import { statusOf } from '../release-changes.ts';
import { askHealth, type HealthQuestion } from './ask-health.ts';

/** More wait for the next look. */
const maximumRunning = 256;

/** Nobody waits for the answers: a look that did would hold up other Applications by pods that do not answer. */
export class HealthQuestions {
  readonly #signal: AbortSignal;
  readonly #running = new Set<string>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  begin(question: HealthQuestion): void {
    const attempt = attemptOf(statusOf(question.release));
    for (const pod of question.pods) {
      const key = `${pod.metadata.uid ?? ''}\n${attempt}`;
      if (this.#running.has(key)) continue;
      if (this.#running.size >= maximumRunning || this.#signal.aborted) return;
      this.#running.add(key);
      void askHealth({ ...question, pods: [pod] }).finally(() => this.#running.delete(key));
    }
  }
}
