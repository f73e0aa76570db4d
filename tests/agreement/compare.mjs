// Verdicts side by side.

/** Our words from the gravest to the mildest; the gravest of several cases is that of them all. */
const GRAVITY = ['error', 'fail', 'warning', 'inconclusive', 'untested', 'not_run', 'pass', 'not_applicable'];

/** Words that say the same. */
const SAME = { SUCCESS: ['pass'], FAILURE: ['fail'], WARNING: ['warning'], SKIPPED: ['untested', 'not_applicable'] };

/** Our verdict on the cases of some checks: `ours`, and the ids that are `deciding` where it is no pass. */
export function verdict(cases, checks) {
  const selected = cases.filter(({ id }) => checks.includes(id.split('[')[0]));
  const ours = GRAVITY.find(word => selected.some(({ verdict }) => verdict === word)) ?? 'none';
  const told = !['pass', 'not_applicable'].includes(ours);
  return { ours, deciding: selected.filter(({ verdict }) => told && verdict === ours).map(({ id }) => id) };
}

/** A message without the ports of this run. */
export const stable = text => text?.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT');

/** Whether both say the same. */
export const agree = row => (SAME[row.theirs] ?? []).includes(row.ours);

/** The explanation of each row that has one, as `explained` (a map), and what is `wrong` otherwise. */
export function explain(rows, differences) {
  const explained = new Map();
  const used = new Set();
  const wrong = [];
  for (const row of rows.filter(row => !agree(row))) {
    const names = [row.name, `${row.name} ${row.variant}`];
    const why = differences.find(({ check, theirs, ours, servers }) =>
      check === row.check && theirs === row.theirs && ours === row.ours && servers.some(server => names.includes(server)));
    if (why) {
      explained.set(row, why);
      names.forEach(name => used.add(`${differences.indexOf(why)} ${name}`));
    } else {
      wrong.push(`${row.name} ${row.variant}: ${row.check} is ${row.theirs} there (${row.message ?? 'no message'}) and ${row.ours} here (${row.deciding.join(', ')}): look at both, and explain it in tests/agreement/agreement.yaml`);
    }
  }
  differences.forEach(({ check, servers }, at) => {
    const stale = servers.filter(server => !used.has(`${at} ${server}`));
    wrong.push(...stale.map(server => `${server}: the difference in ${check} that tests/agreement/agreement.yaml explains did not come: delete it there`));
  });
  return { explained, wrong };
}
