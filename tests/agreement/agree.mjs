// Runs both on the servers, compares, and writes the rows and the page. Ends with 1 where a
// difference has no explanation, or an explanation no difference.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { client } from './client.mjs';
import { explain, stable, verdict } from './compare.mjs';
import * as ours from './ours.mjs';
import { page } from './page.mjs';
import { beside } from './server.mjs';
import * as theirs from './theirs.mjs';

const [tree, ...only] = process.argv.slice(2);
const targets = join(tree, 'fixtures/targets');
const kept = join(tree, 'reports/agreement.json');
const read = path => parse(readFileSync(path, 'utf8'));
const { checks, left_out, differences } = read(join(tree, 'tests/agreement/agreement.yaml'));
const cases = Object.values(checks).flat();

const folders = readdirSync(targets, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && !(entry.name in left_out))
  .map(entry => entry.name);
const chosen = only.length > 0 ? only : folders;
const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : [];
const rows = before.filter(({ name }) => folders.includes(name) && !chosen.includes(name));
for (const name of chosen) {
  rows.push(...(await compare(name)));
  rows.sort((a, b) => folders.indexOf(a.name) - folders.indexOf(b.name));
  // Kept at once: a server that does not start costs no row of the others.
  writeFileSync(kept, `[\n${rows.map(row => JSON.stringify(row)).join(',\n')}\n]\n`);
}

const { explained, wrong } = explain(rows, differences);
const untested = folders.filter(folder => !rows.some(({ name }) => name === folder));
wrong.push(...untested.map(name => `${name} is not compared yet: tests/agreement/run ${name}`));
const servers = Object.fromEntries(folders.map(name => [name, read(join(targets, name, 'findings.yaml')).server]));
if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exitCode = 1;
} else {
  const text = page({ rows, servers, checks, left_out, differences, explained, tool: theirs.tool });
  writeFileSync(join(tree, 'reports/agreement.md'), text);
}

/** The rows of a server. */
async function compare(name) {
  const path = join(targets, name);
  const rows = [];
  for (const [variant, settings] of distinct(read(join(path, 'findings.yaml')).variants)) {
    const version = settings.mcp_version ?? '2025-11-25';
    const [result, found] = await beside(path, settings, ({ folder, target }) => both(folder, target, version));
    for (const { id, status, errorMessage } of found) {
      const row = { name, variant, check: id, theirs: status, message: stable(errorMessage), ...verdict(result.cases, checks[id] ?? []) };
      rows.push(row);
      console.log(Object.values(row).join(' | '));
    }
  }
  return rows;
}

/** Both on a running server: our result document, their checks. */
async function both(folder, target, version) {
  const result = await ours.test(folder, version, cases);
  const looked = await theirs.checks(folder, { ...result.target, version });
  const metadata = looked.find(({ id }) => id === 'authorization-server-metadata')?.details?.body;
  const asked = {
    // Until 2025-03-26 nobody names an issuer to the client: it is the one of the metadata.
    issuer: version === '2025-03-26' ? metadata?.issuer ?? result.target.issuer : result.target.issuer,
    resource: result.target.resource,
    client: await client(target, metadata, theirs.CALLBACK),
    version,
  };
  return [result, await theirs.checks(folder, asked)];
}

/** The variants that are started differently, each once. */
function distinct(variants) {
  const started = new Map();
  for (const entry of Object.entries(variants)) {
    const key = JSON.stringify(entry[1].env ?? {});
    if (!started.has(key)) started.set(key, entry);
  }
  return started.values();
}
