// reports/agreement.md: every row, and every explanation once.
import { agree } from './compare.mjs';

const head = tool => `# Agreement with the official conformance tool

${tool} has a mode for authorization servers. \`tests/agreement/run\` runs it on each live authorization
server of \`fixtures/targets/\`, with authspec's form driver as its browser (\`authspec visit\`), runs
authspec's own checks of the same claims beside it, and writes this page. It fails where the two differ
and nobody has explained why.

The tool makes no hostile request: it has the three checks below. Each server is judged by the MCP
version that its \`findings.yaml\` names; variants with the same result share a row. Where its browser
comes to no callback, the tool would wait five minutes and fail; it is ended at once then.
`;

/** The page as Markdown. */
export function page({ rows, servers, checks, left_out, differences, explained, tool }) {
  const note = row => (explained.has(row) ? `differs (${differences.indexOf(explained.get(row)) + 1})` : 'agrees');
  const parts = [head(tool), summary(rows)];
  for (const [check, own] of Object.entries(checks)) {
    const list = own.map(name => `- ${code(name)}`).join('\n');
    const table = tabulate(rows.filter(row => row.check === check), servers, note);
    parts.push(`## ${check}\n`, `Beside it:\n\n${list}\n`, table);
  }
  parts.push('## Where they differ\n', ...differences.map(({ why, right }, at) => `${at + 1}. ${why} Right: ${right}.\n`));
  const out = Object.entries(left_out);
  if (out.length > 0) parts.push('## Left out\n', ...out.map(([name, why]) => `- ${code(name)}: ${why}`), '');
  return parts.join('\n');
}

function summary(rows) {
  const same = rows.filter(agree).length;
  const servers = new Set(rows.map(({ name }) => name)).size;
  return `${rows.length} verdicts on ${servers} servers: ${same} agree, ${rows.length - same} differ, each for a reason below.\n`;
}

function tabulate(rows, servers, note) {
  const merged = new Map();
  for (const row of rows) {
    const { name, variant, theirs, message, ours, deciding } = row;
    const said = message ? `${theirs}: ${message}` : theirs;
    const cells = [cell(said), [ours, ...deciding.map(code)].join(' '), note(row)];
    const key = JSON.stringify([name, ...cells]);
    const one = merged.get(key) ?? { server: servers[name], variants: [], cells };
    one.variants.push(variant);
    merged.set(key, one);
  }
  const lines = [...merged.values()].map(({ server, variants, cells }) => {
    const named = variants.join() === 'default' ? '' : ` (${variants.join(', ')})`;
    return `| ${[server + named, ...cells].join(' | ')} |`;
  });
  return ['| server | official tool | authspec | |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

const cell = text => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
const code = text => `\`${text}\``;
