// The sender of orders and results, as a real one behaves: an input without a good answer is posted again until it has one.
import { setTimeout as pause } from 'node:timers/promises';
import type { Exam, Step } from './cases.ts';

export interface Acknowledged { name: string; at: number; posts: number; url: string }

export interface Sender {
  acknowledged: Acknowledged[];
  /** Allows that many exams more. */
  allow(exams: number): void;
  /** Resolves when everything is acknowledged. */
  done: Promise<void>;
  /** Resolves when everything that was begun is acknowledged; nothing more is begun. */
  finish(): Promise<void>;
  /** Called with each acknowledgement, before anything else happens; returns the way to stop. */
  onAnswer(listener: () => void): () => void;
  stop(): void;
}

const LANES = 5;
const ANSWER_WITHIN_MS = 15_000;
const PAUSE_MS = 60;

/** The status, or null when there was no answer. */
const post = async (url: string, { name, body }: Step): Promise<number | null> => {
  try {
    const headers = { 'content-type': 'application/json', 'x-file-name': name };
    const answer = await fetch(`${url}iris`, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return null;
  }
};

/** Several urls: the instances are asked in turn. */
export const startSender = (urls: string[], exams: Exam[]): Sender => {
  const waiting = [...exams];
  const acknowledged: Acknowledged[] = [];
  const listeners = new Set<() => void>();
  let [allowed, stopped, turn] = [0, false, 0];

  const hand = async (step: Step): Promise<void> => {
    for (let posts = 1; !stopped; posts += 1) {
      const url = urls[turn++ % urls.length]!;
      const status = await post(url, step);
      if (status !== null && step.answers.includes(status)) {
        acknowledged.push({ name: step.name, at: Date.now(), posts, url });
        for (const listener of [...listeners]) listener();
        return;
      }
      // Anything but no answer and "not now" would be answered the same way for ever.
      if (status !== null && status < 500 && status !== 404) throw new Error(`${step.name} was answered with ${status}`);
      await pause(PAUSE_MS);
    }
  };

  const lane = async (): Promise<void> => {
    while (waiting.length > 0 && !stopped) {
      if (allowed <= 0) {
        await pause(10);
        continue;
      }
      allowed -= 1;
      for (const step of waiting.shift()!.steps) await hand(step);
    }
  };

  const done = Promise.all(Array.from({ length: LANES }, lane)).then(() => undefined);
  done.catch(() => undefined);
  return {
    acknowledged, done,
    allow: (more) => { allowed += more; },
    finish: async () => {
      waiting.splice(0);
      await done;
    },
    onAnswer: (listener) => {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    stop: () => { stopped = true; },
  };
};
