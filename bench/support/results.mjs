// Medians of all rounds as a Markdown table, beside rclone.

export function createResults() {
  const works = new Map();
  const bytes = [];
  return {
    /** @param {import('./contenders.mjs').Work} measured */
    add: (work, name, measured) => {
      const programs = works.get(work) ?? new Map();
      works.set(work, programs);
      programs.set(name, [...(programs.get(name) ?? []), measured]);
    },
    bytes: (work, name, counted) => bytes.push({ work, name, ...counted }),
    markdown: () => [...timeTable(works), '', ...byteTable(bytes), ''].join('\n'),
  };
}

function timeTable(works) {
  const lines = [
    '| Work | Program | Wall s | CPU s | Peak MiB | Wall / rclone | Requests of s4 |',
    '|---|---|---:|---:|---:|---:|---|',
  ];
  for (const [work, programs] of works) {
    const rclone = medianOf(programs.get('rclone'), 'wallS');
    for (const [name, runs] of programs) {
      const wall = medianOf(runs, 'wallS');
      const ratio = rclone === undefined ? '' : (wall / rclone).toFixed(2);
      const cells = [work, name, wall.toFixed(2), medianOf(runs, 'cpuS').toFixed(2)];
      cells.push(medianOf(runs, 'peakMib')?.toFixed(0) ?? '', ratio, requestsOf(runs.at(-1)));
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  return lines;
}

function byteTable(rows) {
  if (rows.length === 0) return [];
  const lines = [
    '| Work | Program | Bytes sent | Bytes received | Own local state written |',
    '|---|---|---:|---:|---:|',
  ];
  for (const { work, name, sentBytes, receivedBytes, stateBytes } of rows) {
    const cells = [work, name, ...[sentBytes, receivedBytes, stateBytes].map(grouped)];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines;
}

function grouped(bytes) {
  return bytes === undefined ? '' : bytes.toLocaleString('en-US');
}

function requestsOf({ requests = {} }) {
  return Object.entries(requests)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}

function medianOf(runs, field) {
  const values = (runs ?? [])
    .map((run) => run[field])
    .filter((value) => value !== undefined)
    .sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  if (values.length % 2 === 1) return values[middle];
  return values.length === 0 ? undefined : (values[middle - 1] + values[middle]) / 2;
}
