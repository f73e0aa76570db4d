// authspec on a running server: as a tester, and as the browser of somebody else's test.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The result document of the cases that `checks` selects. */
export async function test(folder, version, checks) {
  const out = join(folder, 'ours');
  const filters = checks.flatMap(check => ['--check', check]);
  const options = ['--mcp-version', version, '--out', out, '--format', 'json', '-q'];
  // What fails is told by the document.
  await run(process.env.AUTHSPEC, ['run', join(folder, 'target.yaml'), ...options, ...filters]).catch(() => {});
  return JSON.parse(await readFile(join(out, 'result.json'), 'utf8'));
}

/** Goes from an authorization request to the callback, which is not requested: the answer of `authspec visit`. */
export async function visit(folder, request) {
  const { stdout } = await run(process.env.AUTHSPEC, ['visit', join(folder, 'target.yaml'), request]).catch(e => e);
  return JSON.parse(stdout);
}
