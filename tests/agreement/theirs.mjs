// The official tool on a running server, with authspec as its browser.
import { spawn } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { visit } from './ours.mjs';

const PACKAGE = '@modelcontextprotocol/conformance';
const root = dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** Name and version of the tool. */
export const tool = `${PACKAGE} ${version}`;

/** Where the tool waits for the callback; the clients of the target files have this redirect URI. */
const PORT = 39417;
export const CALLBACK = `http://127.0.0.1:${PORT}/callback`;

/** The tool's checks on an issuer: a list of `id`, `status`, `errorMessage`, `details`. */
export async function checks(folder, { issuer, resource, version, client }) {
  const out = join(folder, 'theirs');
  await rm(out, { recursive: true, force: true });
  const options = ['--url', issuer, '--port', String(PORT), '--spec-version', version, '-o', out];
  if (resource) options.push('--resource', resource);
  if (client) options.push('--client-id', client.client_id);
  if (client?.client_secret) options.push('--client-secret', client.client_secret);
  const child = spawn(process.execPath, [join(root, 'dist/index.js'), 'authorization', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  let request;
  let stranded;
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^https?:\/\//.test(line)) request = line;
    // The request is printed before anybody listens at the callback.
    if (!line.startsWith('Callback server started')) continue;
    const answer = await visit(folder, request);
    if (answer.callback?.startsWith(CALLBACK)) await (await fetch(answer.callback)).text();
    else {
      // The tool would wait five minutes more for a browser that does not come.
      stranded = answer;
      child.kill('SIGTERM');
    }
  }
  await ended;
  const found = [];
  for (const scenario of await readdir(out)) {
    const file = join(out, scenario, 'checks.json');
    found.push(...JSON.parse(await readFile(file, 'utf8').catch(() => '[]')));
  }
  if (stranded) {
    const { callback, page, gave_up } = stranded;
    const end = callback ?? gave_up ?? `page ${page.status} ${page.title}`;
    found.push({ id: 'authorization-code-grant', status: 'FAILURE', errorMessage: `No callback received (${end})` });
  }
  return found;
}
