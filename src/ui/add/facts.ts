import type { AwsProfile } from '../../config/aws-profiles.ts';
import type { Provider } from '../../config/providers.ts';
import type { StatusView } from '../../report/status-view.ts';
import type { Draft, StepId } from './draft.ts';

/** What is known before the first question. */
export interface AddFacts {
  readonly mode: 'add' | 'edit';
  readonly home: string;
  readonly cwd: string;
  readonly providers: readonly Provider[];
  readonly profiles: readonly AwsProfile[];
  /** Keys lie in the environment. */
  readonly environmentKeys: boolean;
  /** Names of targets whose stored credentials can be copied. */
  readonly copyable: readonly string[];
  /** Where stored keys go, for people. */
  readonly configPath: string;
  readonly credentialsPath: string;
  /** Flags that were given and that nobody is asked about, as words of a command. */
  readonly extraWords: readonly string[];
  /** What `edit` found: the answers as they are. */
  readonly before?: Draft;
}

/** A sentence about what is wrong, and what to do about it. */
export interface Trouble {
  readonly message: string;
  readonly hint?: string;
  /** The folder is not there: Enter again makes it. */
  readonly missing?: true;
}

/** What was found in a folder that is to be synced. */
export interface FolderLook {
  readonly files: number;
  readonly folders: number;
  readonly sizeBytes: number;
  /** Still counting, or given up at a large number. */
  readonly partial: boolean;
}

export type CheckId = 'reach' | 'clock' | 'versioning' | 'conditions';

export interface CheckView {
  readonly id: CheckId;
  readonly outcome: 'running' | 'ok' | 'warning' | 'failed';
  readonly message: string;
  readonly hint?: string;
  /** The code of what failed, for the ways out. */
  readonly code?: string;
  /** The region that the service named. */
  readonly region?: string;
}

export interface CostView {
  readonly storage: number;
  readonly polls: number;
  readonly firstSync: number;
  readonly asOf: string;
}

export interface PreviewView {
  readonly status: StatusView;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Undefined where the prices are not known, and for directories. */
  readonly cost: CostView | undefined;
}

export type BucketsView =
  | { readonly kind: 'listed'; readonly names: readonly string[] }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

/** All that the wizard asks of the world. Rejections are S4Errors whose message and hint are shown. */
export interface AddPort {
  /** Folders that the text may become: absolute or as typed, each with a slash at its end. */
  folders(text: string): readonly string[];
  /** What is wrong with the answer of a step, as far as can be told at once. */
  fault(step: StepId, draft: Draft): Trouble | undefined;
  /** Looks at the local folder; tells more as it counts. Writes nothing. */
  look(draft: Draft, tell: (look: FolderLook) => void, signal: AbortSignal): Promise<void>;
  makeFolder(draft: Draft): Promise<Trouble | undefined>;
  buckets(draft: Draft, signal: AbortSignal): Promise<BucketsView>;
  /** Tries the store: the last tell of each check is final. With `wishes` of the draft it makes the bucket, enables versioning. */
  check(draft: Draft, tell: (check: CheckView) => void, signal: AbortSignal): Promise<void>;
  preview(draft: Draft, signal: AbortSignal): Promise<PreviewView>;
  /** Registers (or changes) the target; the trouble when that failed, and nothing was registered. */
  finish(draft: Draft): Promise<Trouble | undefined>;
  /** A starter `.syncignore` can be had: there is none here. */
  offersRules(draft: Draft): boolean;
  /** A name for the target and for the prefix, from the folder. */
  defaultName(draft: Draft): string;
}
