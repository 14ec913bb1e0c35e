import ts from 'typescript';

/**
 * Which rooms of `src` may know which. `types` of a room are `import type` only: they leave nothing in the running
 * program. `packages` undefined: any. The same table is in words in docs and CONTRIBUTING.
 */
interface Room {
  readonly imports: readonly string[];
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
}

const PORTS = ['engine/ports', 'engine/events.ts', 'engine/cycle.ts', 'engine/target.ts'];
const CORE = ['sync', 'lib', 'formats'];

const ROOMS: Readonly<Record<string, Room>> = {
  lib: { imports: ['lib'] },
  sync: { imports: ['sync', 'lib'], packages: ['ignore'] },
  formats: { imports: ['formats', 'sync', 'lib'], types: PORTS },
  engine: { imports: ['engine', 'remote-log', ...CORE] },
  'remote-log': { imports: ['remote-log', ...CORE], types: PORTS },
  stores: { imports: ['stores', ...CORE], types: PORTS },
  local: { imports: ['local', ...CORE], types: PORTS },
  config: { imports: ['config', ...CORE], types: PORTS },
  report: { imports: ['report', 'sync', 'lib'], types: PORTS, packages: [] },
  ui: {
    imports: ['ui', 'report', 'sync', 'lib'],
    // What the add wizard offers is data of the configuration, handed to it.
    types: [...PORTS, 'config/providers.ts', 'config/aws-profiles.ts'],
    packages: ['ink', 'react', 'react/jsx-runtime', 'string-width', 'node:process', 'node:stream'],
  },
  daemon: { imports: ['daemon', 'engine', 'config', 'report', 'remote-log', ...CORE] },
  commands: {
    imports: ['commands', 'compose.ts', 'daemon', 'ui', 'report', 'config', 'engine', 'remote-log', ...CORE],
    // The contract of what compose builds names what the adapter says.
    types: ['stores/prepare.ts', 'stores/examine.ts', 'stores/s3/uploads.ts'],
  },
  'compose.ts': { imports: ['*'] },
  'cli.ts': { imports: ['commands', 'lib'] },
};

/** One import that the table does not allow, and why it stays. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/commands/rm.ts -> src/local/forget-state.ts': 'removes .s4 of a target that can no longer be opened',
};

const MAX_LINES = 400;
const CLOCKS = /^(?:Date\.now|Math\.random|performance\.now)$/;
const EFFECTS = new Set([
  ...['process', 'console', 'globalThis', 'fetch', 'crypto', 'performance', 'Promise'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);

export interface Violation {
  readonly file: string;
  readonly rule: string;
  readonly detail: string;
}

/** @param path - from the project's root, with slashes: `src/sync/path.ts` */
export function violationsOf(path: string, text: string): readonly Violation[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Violation[] = [];
  const report = (rule: string, detail: string) => found.push({ file: path, rule, detail });
  checkFile(path, text, report);
  for (const statement of source.statements) checkExports(statement, report);
  const room = ROOMS[roomOf(path)];
  if (room === undefined) report('room', `${roomOf(path)} is not in the table`);
  else for (const used of importsOf(source)) checkImport(path, room, used, report);
  if (roomOf(path) === 'sync') checkPurity(source, report);
  return found;
}

type Report = (rule: string, detail: string) => void;

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function checkFile(path: string, text: string, report: Report): void {
  const lines = text.trimEnd().split('\n').length;
  if (lines > MAX_LINES) report('size', `${lines} lines`);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const pattern = name.endsWith('.tsx') ? /^[A-Z][A-Za-z0-9]*\.tsx$/ : /^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/;
  const folders = path.split('/').slice(0, -1);
  if (!pattern.test(name) || folders.some((folder) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(folder))) {
    report('name', 'kebab-case.ts, PascalCase.tsx');
  }
}

function checkExports(statement: ts.Statement, report: Report): void {
  if (ts.isExportAssignment(statement)) report('default-export', 'export default');
  if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
    report('barrel', `export from ${statement.moduleSpecifier.getText()}`);
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) {
    report('default-export', 'export default');
  }
}

interface UsedImport {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(source: ts.SourceFile): readonly UsedImport[] {
  const used: UsedImport[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      used.push({ specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node.importClause) });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      used.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      used.push({ specifier: node.argument.literal.getText().slice(1, -1), typeOnly: true });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      const specifier = argument !== undefined && ts.isStringLiteral(argument) ? argument.text : '(computed)';
      used.push({ specifier, typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings } = clause;
  if (clause.name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings))
    return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((each) => each.isTypeOnly);
}

function checkImport(path: string, room: Room, used: UsedImport, report: Report): void {
  const { specifier, typeOnly } = used;
  if (!specifier.startsWith('.')) {
    if (room.packages !== undefined && !room.packages.includes(specifier)) report('package', specifier);
    return;
  }
  const target = resolvePath(path, specifier);
  if (!/^src\//.test(target)) {
    if (!target.endsWith('package.json')) report('import', target);
    return;
  }
  const allowed = typeOnly ? [...room.imports, ...(room.types ?? [])] : room.imports;
  const inside = target.slice('src/'.length);
  const isAllowed = allowed.some((each) => each === '*' || inside === each || inside.startsWith(`${each}/`));
  const edge = `${path} -> ${target}`;
  if (!isAllowed && EXCEPTIONS[edge] === undefined) report('import', target);
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** No clock, chance, waiting, logging or module state: the same input gives the same output. */
function checkPurity(source: ts.SourceFile, report: Report): void {
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement) && !(statement.declarationList.flags & ts.NodeFlags.Const)) {
      report('pure', 'module state');
    }
  }
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) report('pure', 'async');
    if (ts.isPropertyAccessExpression(node) && CLOCKS.test(node.getText())) report('pure', node.getText());
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) {
      report('pure', 'new Date()');
    }
    if (ts.isIdentifier(node) && EFFECTS.has(node.text) && isGlobalUse(node)) report('pure', node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Not the name of a property, as in `row.process` or `{ process: 1 }`. */
function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  return !(ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) || parent.name !== node;
}
