// virt-qemu-sev-validate beside us: one run as a process of its own, or many in one process, since most of the time of
// a run goes into starting Python.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const TOOL = process.env['VIRT_QEMU_SEV_VALIDATE'] ?? '/usr/bin/virt-qemu-sev-validate';
// The tool wants the system's Python, where its libraries are.
const PYTHON = ['/usr/bin/python3', 'python3'].find((path) => !path.startsWith('/') || existsSync(path))!;

export interface ToolRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Why it cannot be run here; undefined when it can. */
export const toolMissing: string | undefined = findOut();

function findOut(): string | undefined {
  if (!existsSync(TOOL)) return 'virt-qemu-sev-validate is not installed (Debian: libvirt-clients-qemu)';
  const { status, stderr } = runTool('--help');
  if (status === 0) return undefined;
  return `virt-qemu-sev-validate does not start: ${stderr.trim().split('\n').at(-1)} (Debian: python3-lxml)`;
}

function runTool(...args: readonly string[]) {
  return spawnSync(PYTHON, [TOOL, ...args], { encoding: 'utf8' });
}

/** One run in a process of its own. */
export function runToolOnce(args: readonly string[]): ToolRun {
  const { status, stdout, stderr } = runTool(...args);
  return { code: status ?? -1, out: stdout, err: stderr };
}

/** Loads the tool as it is, then runs its main once for each line of JSON. */
const DRIVER = `
import contextlib, importlib.machinery, importlib.util, io, json, sys
loader = importlib.machinery.SourceFileLoader("tool", sys.argv[1])
tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("tool", loader))
loader.exec_module(tool)
for line in sys.stdin:
    sys.argv = ["virt-qemu-sev-validate", *json.loads(line)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            tool.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), flush=True)
`;

export interface ToolDriver {
  run(args: readonly string[]): Promise<ToolRun>;
  close(): void;
}

/** Starts one process for many runs. */
export function startToolDriver(): ToolDriver {
  const child = spawn(PYTHON, ['-c', DRIVER, TOOL], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  return {
    run: (args) =>
      new Promise((resolve) => {
        waiting.push((line) => resolve(JSON.parse(line) as ToolRun));
        child.stdin.write(`${JSON.stringify(args)}\n`);
      }),
    close: () => child.stdin.end(),
  };
}
