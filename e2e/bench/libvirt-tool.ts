// virt-qemu-sev-validate as a peer, where it is installed and starts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const TOOL = '/usr/bin/virt-qemu-sev-validate';
const PYTHON = '/usr/bin/python3';

export type LibvirtTool = { readonly command: readonly [string, string] } | { readonly missing: string };

export function libvirtTool(): LibvirtTool {
  if (!existsSync(TOOL)) return { missing: 'virt-qemu-sev-validate is not installed' };
  const { status, stderr } = spawnSync(PYTHON, [TOOL, '--help'], { encoding: 'utf8' });
  if (status === 0) return { command: [PYTHON, TOOL] };
  return { missing: `virt-qemu-sev-validate does not start: ${stderr?.trim().split('\n').at(-1) ?? ''}` };
}
