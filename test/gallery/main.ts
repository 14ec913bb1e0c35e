import process from 'node:process';
import { parseArgs } from 'node:util';
import { drawGalleryScreen } from './gallery-screen.ts';
import { GALLERY } from './screens.ts';

// `npm run gallery -- [--screen NAME] [--columns N] [--rows N] [--ascii] [--list]`
const { values } = parseArgs({
  options: {
    screen: { type: 'string' },
    columns: { type: 'string' },
    rows: { type: 'string' },
    ascii: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const columns = Number(values.columns ?? (process.stdout.columns || 80));
const colours = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
const wanted = GALLERY.filter(({ name }) => values.screen === undefined || name.startsWith(values.screen));

for (const screen of wanted) {
  if (values.list) {
    process.stdout.write(`${screen.name.padEnd(24)} ${screen.about}\n`);
    continue;
  }
  const frame = await drawGalleryScreen(screen, {
    columns,
    colours,
    ...(values.rows === undefined ? {} : { rows: Number(values.rows) }),
    env: { ...process.env, LANG: values.ascii ? 'C' : 'C.UTF-8', LC_ALL: '', LC_CTYPE: '' },
  });
  process.stdout.write(`\n== ${screen.name}: ${screen.about} (${columns} columns)\n\n${frame}\n`);
}
if (wanted.length === 0) {
  process.stderr.write(`There is no screen "${values.screen}"; --list shows them.\n`);
  process.exitCode = 2;
}
