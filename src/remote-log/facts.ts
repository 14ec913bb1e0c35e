import type { LogFact as Fact } from '../formats/log-fact.ts';

/** What the engine hands to `publish`. */
export type LogFact = Fact;
