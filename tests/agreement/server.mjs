// A server of fixtures/targets/: started by its own script on a free port, stopped by its pid.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';

/** The server that runs; it must not outlive this program. */
let running;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    running?.kill('SIGTERM');
    process.exit(1);
  });
}

/** Seconds until a server must be up; the first start installs packages. */
const PATIENCE = 300;

/**
 * Runs `use` beside the server. It gets `folder`, a temporary folder with the target file at the
 * port that the server listens on, and `target`, the file's content.
 */
export async function beside(path, variant, use) {
  const port = await freePort();
  const child = spawn(join(path, 'start'), {
    env: { ...process.env, ...variant.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running = child;
  const ended = new Promise(resolve => child.once('close', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'agreement-'));
  try {
    await ready(child, ended, path);
    const text = atPort(await readFile(join(path, 'target.yaml'), 'utf8'), port);
    await writeFile(join(folder, 'target.yaml'), text);
    return await use({ folder, target: parse(text) });
  } finally {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
    running = undefined;
    await rm(folder, { recursive: true });
  }
}

function ready(child, ended, path) {
  return new Promise((resolve, reject) => {
    const never = () => reject(new Error(`${path}/start did not get ready`));
    const late = setTimeout(never, PATIENCE * 1000);
    createInterface({ input: child.stdout }).on('line', line => {
      if (line.startsWith('ready ')) {
        clearTimeout(late);
        resolve();
      }
    });
    ended.then(never);
  });
}

/** The target file with `port` in place of the one that it names first. */
function atPort(text, port) {
  const { mcp_server, authorization_server } = parse(text);
  const named = new URL(mcp_server ?? authorization_server).port;
  return text.replaceAll(new RegExp(`(127\\.0\\.0\\.1|localhost):${named}\\b`, 'g'), `$1:${port}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
