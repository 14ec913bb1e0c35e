import type { Socket } from 'node:net';
import { type DaemonMessage, encode } from './codec.ts';

/** What waits for a client that reads slowly, in this process's memory. */
export interface OutboxLimits {
  /** Beyond it, what can be told again later is left out: progress, and whatever a subscriber is told. */
  readonly softBytes: number;
  /** Beyond it, every event is left out. Results and errors never are. */
  readonly hardBytes: number;
}

export const OUTBOX_LIMITS: OutboxLimits = { softBytes: 1024 * 1024, hardBytes: 64 * 1024 * 1024 };

/** `must`: an answer. `keep`: an event that a person asked to see. `spare`: one that may be left out. */
export type Weight = 'must' | 'keep' | 'spare';

export interface Outbox {
  /** False when it was left out. Never throws, never waits. */
  send(message: DaemonMessage, weight: Weight): boolean;
}

/** Sends to one client; a client that does not read costs bounded memory and holds up nobody. */
export function createOutbox(socket: Socket, limits: OutboxLimits, redact: (text: string) => string): Outbox {
  return {
    send: (message, weight) => {
      if (!socket.writable) return false;
      const waiting = socket.writableLength;
      if (weight === 'spare' && waiting > limits.softBytes) return false;
      if (weight === 'keep' && waiting > limits.hardBytes) return false;
      const line = lineOf(message);
      if (line === undefined) return false;
      socket.write(redact(line));
      return true;
    },
  };
}

/** Undefined for an event too large to be a string: it is left out like one that nobody had room for. */
function lineOf(message: DaemonMessage): string | undefined {
  try {
    return encode(message);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
