import type { FuzzTarget } from './target.ts';
import { argv } from './targets/argv.ts';
import { folder, planted } from './targets/folder.ts';
import { formats, metadata } from './targets/formats.ts';
import { headers } from './targets/headers.ts';
import { ignore } from './targets/ignore.ts';
import { keys } from './targets/keys.ts';
import { bombs, log } from './targets/log.ts';
import { names } from './targets/names.ts';
import { protocol } from './targets/protocol.ts';
import { screen } from './targets/screen.ts';
import { service } from './targets/service.ts';
import { config, halted, python } from './targets/settings.ts';
import { state } from './targets/state.ts';
import { xml } from './targets/xml.ts';

/** Everything that can be fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [
  names,
  formats,
  metadata,
  headers,
  xml,
  screen,
  ignore,
  log,
  bombs,
  state,
  config,
  python,
  halted,
  argv,
  protocol,
  keys,
  folder,
  planted,
  service,
];
