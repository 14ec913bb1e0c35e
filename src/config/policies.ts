/** What `--conflicts` and a target's policy may say. Apart from the schema, so that `--help` loads no validator. */
export const CONFLICT_POLICIES = ['local', 'remote', 'both', 'newer', 'merge', 'skip'] as const;
